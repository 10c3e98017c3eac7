package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

type invalidator interface{ Invalidate(accessToken string) }

func cache(t *testing.T, fn tokenFunc) auth.TokenSource {
	t.Helper()
	src, err := auth.Cache(fromFunc(t, fn))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// counter numbers its tokens; each lives an hour.
type counter struct{ calls atomic.Int32 }

func (c *counter) token(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: fmt.Sprint("token-", c.calls.Add(1)), Expiry: time.Now().Add(time.Hour)}, nil
}

func (c *counter) want(t *testing.T, n int32) {
	t.Helper()
	if got := c.calls.Load(); got != n {
		t.Errorf("the source was asked %d times, want %d", got, n)
	}
}

func TestThousandCallersOneFetch(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	src := clientSecret(t, base, hc)
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			if tok, err := src.Token(t.Context(), auth.TokenRequest{}); err != nil || tok.AccessToken != "token-1" {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if n := e.count(); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

func TestThousandCallersOnAnExpiredToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: numbered(3600)}
		src := clientSecret(t, "http://localhost", serveInMemory(t, e))
		ask(t, src)
		time.Sleep(2 * time.Hour)
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if tok, err := src.Token(t.Context(), auth.TokenRequest{}); err != nil || tok.AccessToken != "token-2" {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		if n := e.count(); n != 2 {
			t.Errorf("%d token requests, want 2", n)
		}
	})
}

func TestThousandCallersOneFailure(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: always(refusal(401, "invalid_client", "AADSTS7000215: no"))}
	base, hc := serve(t, e)
	src := clientSecret(t, base, hc)
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			if _, err := src.Token(t.Context(), auth.TokenRequest{}); !errors.Is(err, auth.ErrToken) {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if n := e.count(); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// The fetch survives the caller who began it.
func TestFetchOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		src := cache(t, func(ctx context.Context, _ auth.TokenRequest) (*oauth2.Token, error) {
			calls.Add(1)
			select {
			case <-time.After(10 * time.Second):
				return &oauth2.Token{AccessToken: "a"}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 5 { // the first leaves after 1 s, the last would after 21 s
			wg.Go(func() {
				timeout := time.Duration(1+5*i) * time.Second
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				_, err := src.Token(ctx, auth.TokenRequest{})
				if want := min(timeout, 10*time.Second); time.Since(start) != want {
					t.Errorf("caller %d left after %s, want %s", i, time.Since(start), want)
				}
				if gaveUp := timeout < 10*time.Second; gaveUp != errors.Is(err, context.DeadlineExceeded) || gaveUp == (err == nil) {
					t.Errorf("caller %d got %v", i, err)
				}
			})
			synctest.Wait() // so that the first one begins the fetch
		}
		wg.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls, want 1", n)
		}
	})
}

func TestFetchEndsWithItsLastCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var ended []time.Duration
		src := cache(t, func(ctx context.Context, _ auth.TokenRequest) (*oauth2.Token, error) {
			if len(ended) > 0 {
				return &oauth2.Token{AccessToken: "second"}, nil
			}
			<-ctx.Done()
			ended = append(ended, time.Since(start))
			return nil, ctx.Err()
		})
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i+1)*time.Second)
				defer cancel()
				if _, err := src.Token(ctx, auth.TokenRequest{}); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		wg.Wait()
		synctest.Wait()
		if !slices.Equal(ended, []time.Duration{3 * time.Second}) {
			t.Errorf("the fetch was cancelled after %v, want 3s", ended)
		}
		// That everybody gave up is not remembered.
		if got := ask(t, src); got != "second" {
			t.Errorf("got %s", got)
		}
	})
}

// Over a connection: the request that nobody waits for is broken off.
func TestTokenRequestEndsWithItsLastCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var gone time.Duration
		e := &endpoint{}
		e.answer = func(n int, _ *http.Request) answer { return tokenAnswer(fmt.Sprint("token-", n), 3600) }
		slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if e.count() == 0 {
				_ = r.ParseForm()
				<-r.Context().Done()
				gone = time.Since(start)
			}
			e.ServeHTTP(w, r)
		})
		src := clientSecret(t, "http://localhost", serveInMemory(t, slow))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := src.Token(ctx, auth.TokenRequest{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if gone != time.Second {
			t.Errorf("the request ended after %s, want 1s", gone)
		}
		if got := ask(t, src); got != "token-2" {
			t.Errorf("then got %s", got)
		}
	})
}

func TestCacheWithContextDone(t *testing.T) {
	t.Parallel()
	var c counter
	src := cache(t, c.token)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 { // without a token in the cache, and with one
		if tok, err := src.Token(ctx, auth.TokenRequest{}); tok != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		ask(t, src)
	}
	c.want(t, 1)
}

func TestLifetimeInTheCache(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ tells, want time.Duration }{
		"none":   {0, 300 * time.Second},
		"hour":   {time.Hour, time.Hour},
		"absurd": {1000 * time.Hour, 28 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				src := cache(t, func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
					calls++
					tok := &oauth2.Token{AccessToken: "a", RefreshToken: "refresh"}
					if tt.tells != 0 {
						tok.Expiry = time.Now().Add(tt.tells)
					}
					return tok, nil
				})
				for range 3 {
					tok, err := src.Token(t.Context(), auth.TokenRequest{})
					if err != nil || time.Until(tok.Expiry) != tt.want || tok.TokenType != "Bearer" || tok.RefreshToken != "" {
						t.Errorf("lives %s, want %s; %v", time.Until(tok.Expiry), tt.want, err)
					}
					tok.AccessToken, tok.Expiry = "changed", time.Time{} // of no concern to others
				}
				time.Sleep(tt.want)
				ask(t, src)
				if calls != 2 {
					t.Errorf("%d calls, want 2", calls)
				}
			})
		})
	}
}

func TestCacheKeys(t *testing.T) {
	t.Parallel()
	var c counter
	src := cache(t, c.token)
	a := ask(t, src, "a", "b")
	if got := ask(t, src, "b", "a", "b"); got != a {
		t.Errorf("the same set of scopes in another order: %s and %s", a, got)
	}
	others := map[string]bool{a: true}
	for _, scopes := range [][]string{nil, {"a"}, {"b"}, {"ab"}, {"a b"}, {"a", "b", "c"}} {
		got := ask(t, src, scopes...)
		if others[got] {
			t.Errorf("%q got the token of other scopes", scopes)
		}
		others[got] = true
	}
}

func TestCacheAndClaims(t *testing.T) {
	t.Parallel()
	var c counter
	var asked []auth.TokenRequest
	src := cache(t, func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		asked = append(asked, r)
		return c.token(ctx, r)
	})
	get := func(claims, want string) {
		t.Helper()
		tok, err := src.Token(t.Context(), auth.TokenRequest{Scopes: []string{"a"}, Claims: claims})
		if err != nil || tok.AccessToken != want {
			t.Errorf("claims %q: got %v, want %s", claims, tok, want)
		}
	}
	get("", "token-1")
	get("x", "token-2") // one without will not do
	get("x", "token-2")
	get("", "token-2") // the one with claims replaces it
	get("y", "token-3")
	get("", "token-3")
	get("x", "token-4")
	if n := len(asked); n != 4 || asked[1].Claims != "x" || asked[2].Claims != "y" || asked[0].Scopes[0] != "a" {
		t.Errorf("asked %+v", asked)
	}
}

func TestInvalidateExactlyThatToken(t *testing.T) {
	t.Parallel()
	var c counter
	src := cache(t, c.token)
	a, b := ask(t, src, "a"), ask(t, src, "b")
	inv, ok := src.(invalidator)
	if !ok {
		t.Fatal("no Invalidate")
	}
	for _, other := range []string{"", "token", "token-", "token-11", "Token-1"} {
		inv.Invalidate(other)
	}
	if ask(t, src, "a") != a || ask(t, src, "b") != b {
		t.Error("a token was dropped that was not named")
	}
	inv.Invalidate(a)
	if got := ask(t, src, "a"); got == a {
		t.Error("the token was not dropped")
	}
	if got := ask(t, src, "b"); got != b {
		t.Error("another token was dropped")
	}
	inv.Invalidate(a) // late: its successor stays
	ask(t, src, "a")
	c.want(t, 3)
}

type ownMemory struct {
	plain
	dropped []string
}

func (s *ownMemory) Invalidate(accessToken string) { s.dropped = append(s.dropped, accessToken) }
func (s *ownMemory) Cloud() auth.Cloud             { return auth.USGovDoD }

func TestCachePassesOn(t *testing.T) {
	t.Parallel()
	var c counter
	inner := &ownMemory{plain: c.token}
	src, err := auth.Cache(inner)
	if err != nil {
		t.Fatal(err)
	}
	src.(invalidator).Invalidate("x")
	if !slices.Equal(inner.dropped, []string{"x"}) {
		t.Errorf("the source was told to drop %q", inner.dropped)
	}
	if k, ok := src.(interface{ Cloud() auth.Cloud }); !ok || k.Cloud() != auth.USGovDoD {
		t.Error("the cloud is lost")
	}
	if _, ok := cache(t, c.token).(interface{ Cloud() auth.Cloud }); ok {
		t.Error("a source that knows no cloud says one")
	}
}

func TestSourceSeesNoCallersContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	src := cache(t, func(ctx context.Context, _ auth.TokenRequest) (*oauth2.Token, error) {
		if ctx.Value(key{}) != nil {
			t.Error("a value of one caller's")
		}
		if _, ok := ctx.Deadline(); ok {
			t.Error("a deadline of one caller's")
		}
		return &oauth2.Token{AccessToken: "a"}, nil
	})
	ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "v"), time.Hour)
	defer cancel()
	if _, err := src.Token(ctx, auth.TokenRequest{}); err != nil {
		t.Error(err)
	}
}

func TestContextErrorsOfTheSource(t *testing.T) {
	t.Parallel()
	for _, own := range []error{context.DeadlineExceeded, context.Canceled, fmt.Errorf("mine: %w", context.Canceled)} {
		calls := 0
		src := cache(t, func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
			calls++
			return nil, own
		})
		for range 2 {
			err := askError(t, src)
			wantText(t, err, own.Error())
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				t.Errorf("%v passes for the caller's", err)
			}
		}
		if calls != 1 {
			t.Errorf("%v: %d calls, want it remembered", own, calls)
		}
	}
}

func TestCallersChangesReachNobody(t *testing.T) {
	t.Parallel()
	scopes := []string{"a", "b"}
	src := cache(t, func(_ context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		r.Scopes[0] = "changed"
		return &oauth2.Token{AccessToken: "a"}, nil
	})
	ask(t, src, scopes...)
	if !slices.Equal(scopes, []string{"a", "b"}) {
		t.Errorf("the caller's scopes became %q", scopes)
	}
}
