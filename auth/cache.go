package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

const (
	// earlyRenewal is how long before its end a token is renewed in the
	// background, or a fifth of its life where that is shorter.
	earlyRenewal = 5 * time.Minute
	// expiryMargin is how long before its end a token is no longer handed out:
	// the request has a way to go. Or a tenth of its life.
	expiryMargin = 10 * time.Second
	// renewalTimeout bounds a fetch that nobody waits for.
	renewalTimeout = time.Minute
	// renewalPause is the least time between two attempts at early renewal.
	renewalPause = 30 * time.Second
)

// Cache keeps the tokens of src, one for each tenant, set of scopes and
// willingness to answer challenges ([TokenRequest]), until shortly before they
// expire (10 s, or a tenth of their life if that is shorter). A
// token whose expiry src does not tell lives 300 s here, and none more than
// 28 h; time is counted on the monotonic clock. The tokens that are returned
// say in Expiry what the cache goes by, and are the caller's own.
//
// However many callers wait, src is asked once. Each caller leaves as soon as
// its own context is done, with [context.Canceled] or
// [context.DeadlineExceeded]; the fetch goes on and is cancelled when the last
// caller has left. Hence src sees a context without the values of any caller.
// From 5 minutes before it expires (the last fifth of its life) the next call
// has the token renewed in the background, for at most a minute, and returns
// the old one; after a failure that is not tried again for 30 s.
//
// A failure is remembered and returned without asking src: for an [*Error] 60
// s where its code says that asking again cannot help (invalid_client and its
// kin), the Retry-After of a 429 or 503 (60 s for a 429 without one, 1 h at
// most), 5 s otherwise and for any other error. That callers gave up is not a
// failure. An error of src that is about a context is one, and is returned
// without passing for the caller's own.
//
// A request with claims is answered only with a token that was got with the
// same claims. Such a token replaces the one of the same request without them,
// for that is what the service has refused.
//
// The source also has Invalidate(accessToken string), which drops exactly that
// token and passes the call on to a src that has the method. It has Cloud() if
// src has.
func Cache(src TokenSource) (TokenSource, error) {
	if src == nil {
		return nil, errors.New("auth: token source is nil")
	}
	var invalidate func(string)
	if i, ok := src.(invalidator); ok {
		invalidate = i.Invalidate
	}
	s := newCache(src.Token, invalidate)
	if k, ok := src.(cloudKnower); ok {
		return &cloudSource{cachedSource: *s, cloud: k.Cloud()}, nil
	}
	return s, nil
}

type tokenFunc func(ctx context.Context, r TokenRequest) (*oauth2.Token, error)

func newCache(fetch tokenFunc, invalidate func(string)) *cachedSource {
	c := &cache{fetch: fetch, entries: make(map[entryKey]*entry)}
	return &cachedSource{
		source: source{token: c.token},
		invalidate: func(accessToken string) {
			c.invalidate(accessToken)
			if invalidate != nil {
				invalidate(accessToken)
			}
		},
	}
}

// cache is reached through closures only, for it holds tokens.
type cache struct {
	fetch tokenFunc

	mu      sync.Mutex
	entries map[entryKey]*entry
	flights uint64 // how many were begun
}

// entryKey tells apart what must never be mistaken for one another: the
// tenants, tokens that may be refused with a challenge, the scopes.
type entryKey struct {
	tenantID  string // in lower case
	enableCAE bool
	scopes    string // a set: sorted, each once
}

// entry is what is known for one key.
type entry struct {
	TokenRequest               // without claims
	token        *oauth2.Token // nil: none
	claims       string        // what token was asked for with
	flight       uint64        // number of the flight that brought token
	expires      time.Time     // monotonic
	lifetime     time.Duration
	renew        time.Time // not before then

	// By claims: requests with different claims do not share an answer.
	inFlight map[string]*flight
	failures map[string]failure
}

type failure struct {
	err   error
	until time.Time
}

// usable reports whether the token may be handed out for a request with claims.
func (e *entry) usable(claims string, now time.Time) bool {
	return e.token != nil && (claims == "" || claims == e.claims) &&
		now.Before(e.expires.Add(-min(expiryMargin, e.lifetime/10)))
}

func (c *cache) token(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
	if ctx.Err() != nil {
		return nil, waitError(ctx)
	}
	t, f, err := c.lookup(r)
	if f == nil {
		return t, err
	}
	select {
	case <-f.done:
		if f.err != nil {
			return nil, f.err
		}
		return cloneToken(f.token), nil
	case <-ctx.Done():
		if last := c.leave(f); last != nil {
			return nil, fmt.Errorf("%w; so far: %w", waitError(ctx), last)
		}
		return nil, waitError(ctx)
	}
}

// lookup answers from memory, or returns the flight to wait for.
func (c *cache) lookup(r TokenRequest) (*oauth2.Token, *flight, error) {
	r.Scopes = slices.Clone(r.Scopes)
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry(r)
	if e.usable(r.Claims, now) {
		if !now.Before(e.renew) && e.inFlight[""] == nil && !now.Before(e.failures[""].until) {
			e.renew = now.Add(renewalPause)
			c.begin(e, e.TokenRequest, true)
		}
		return cloneToken(e.token), nil, nil
	}
	if f := e.inFlight[r.Claims]; f != nil {
		f.waiters++
		return nil, f, nil
	}
	if known, ok := e.failures[r.Claims]; ok && now.Before(known.until) {
		return nil, nil, remembered(known.err, known.until.Sub(now))
	}
	f := c.begin(e, r, false)
	f.waiters++
	return nil, f, nil
}

func (c *cache) entry(r TokenRequest) *entry {
	set := slices.Clone(r.Scopes)
	slices.Sort(set)
	key := entryKey{
		tenantID: asciiLower(r.TenantID), enableCAE: r.EnableCAE,
		scopes: strings.Join(slices.Compact(set), "\x00"),
	}
	e := c.entries[key]
	if e == nil {
		r.Claims = ""
		e = &entry{TokenRequest: r, inFlight: make(map[string]*flight), failures: make(map[string]failure)}
		c.entries[key] = e
	}
	return e
}

// keep takes in what a flight brought.
func (c *cache) keep(e *entry, f *flight, claims string, t *oauth2.Token, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.inFlight[claims] == f {
		delete(e.inFlight, claims)
	}
	now := time.Now()
	if err == nil {
		f.token = withLifetime(t, now)
		delete(e.failures, claims)
		delete(e.failures, "")   // the endpoint is well again
		if f.number > e.flight { // else a later one has overtaken it
			life := f.token.Expiry.Sub(now)
			e.token, e.claims, e.flight = f.token, claims, f.number
			e.lifetime, e.expires = life, now.Add(life)
			e.renew = e.expires.Add(-min(earlyRenewal, life/5))
		}
		return
	}
	f.err = err
	if f.abandoned || f.number < e.flight || errors.Is(err, errNeedsPerson) { // of no one, outdated, or passing
		return
	}
	maps.DeleteFunc(e.failures, func(_ string, old failure) bool { return !now.Before(old.until) })
	e.failures[claims] = failure{err: err, until: now.Add(memory(err))}
}

func (c *cache) invalidate(accessToken string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		if e.token != nil && e.token.AccessToken == accessToken {
			e.token, e.claims = nil, ""
		}
	}
}

// withLifetime copies t with the expiry that the cache goes by.
func withLifetime(t *oauth2.Token, now time.Time) *oauth2.Token {
	life := cautiousLifetime
	if !t.Expiry.IsZero() {
		life = min(t.Expiry.Sub(now), maxLifetime)
	}
	t = cloneToken(t)
	t.Expiry = now.Add(life)
	return t
}

// cloneToken leaves out what else the endpoint may have said, and a refresh
// token: a caller has no use for it.
func cloneToken(t *oauth2.Token) *oauth2.Token {
	return &oauth2.Token{AccessToken: t.AccessToken, TokenType: "Bearer", Expiry: t.Expiry}
}
