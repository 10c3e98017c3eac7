package auth

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"slices"
	"strings"
	"time"
)

// maxDrain is how much of a refused answer is read so that its connection can
// be used again, in bytes.
const maxDrain = 64 << 10

// Transport is the [http.RoundTripper] that adds the bearer token, meant to be
// the innermost but for what guards and makes connections.
//
// A request to another origin, or with a Host header for another, fails with
// an [*OriginError]: it is not sent, without a token either. An Authorization
// header of the request's own is replaced. Where the source fails, or returns
// a token that is no bearer token, the error is an [ErrToken] and nothing was
// sent.
//
// After a 401 a source with Invalidate is told to drop exactly the token that
// was refused, and is asked again. If the new token is another one, and the
// request has no body or has GetBody, the request is sent once more; a second
// 401 is returned as it is. All requests that were refused with one token cause
// one token request if the source is cached. Where no new token is to be had,
// the error is an [ErrToken] that says so.
//
// The 401 may be a claims challenge (continuous access evaluation). Then any
// source is asked, with the decoded claims, and the rest is the same: one new
// token, one repeat. A source that has no use for claims says [ErrNoClaims] or
// returns the same token, and the 401 is returned as it is: [Refusal] finds the
// claims in it. Every token is asked for with EnableCAE (see [TokenRequest]).
//
// The request itself is never changed, and the answer's Request is that one,
// so that the token is not to be found in it. The source does not see the
// request's [httptrace.ClientTrace]: what that reports is the request alone.
type Transport struct {
	roundTrip func(*http.Request) (*http.Response, error)
	closeIdle func()
}

// NewTransport makes a transport that asks src for scopes and sends requests to
// origin through base. Nil for base is [http.DefaultTransport]. With no
// scopes the source is asked for its own, unless it knows its cloud and origin
// is not that of its Graph: it is then asked for origin's, for a token of one
// cloud must not go to another.
func NewTransport(base http.RoundTripper, src TokenSource, origin Origin, scopes ...string) (*Transport, error) {
	if src == nil {
		return nil, errors.New("auth: token source is nil")
	}
	if origin == (Origin{}) {
		return nil, errors.New("auth: origin is empty")
	}
	if err := checkScopes(scopes); err != nil {
		return nil, err
	}
	if k, ok := src.(cloudKnower); ok && len(scopes) == 0 {
		if graph, err := ParseOrigin(k.Cloud().GraphRoot()); err != nil || graph != origin {
			scopes = []string{origin.String() + "/.default"}
		}
	}
	if base == nil {
		base = http.DefaultTransport
	}
	b := &bearer{base: base, src: src, origin: origin, scopes: slices.Clone(scopes)}
	return &Transport{roundTrip: b.roundTrip, closeIdle: (&http.Client{Transport: base}).CloseIdleConnections}, nil
}

// RoundTrip sends req with a bearer token.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) { return t.roundTrip(req) }

// CloseIdleConnections closes those of the base, if it can.
// [http.Client.CloseIdleConnections] calls it.
func (t *Transport) CloseIdleConnections() { t.closeIdle() }

// bearer is reached through a closure only: a source of the caller's may be a
// struct with secrets.
type bearer struct {
	base   http.RoundTripper
	src    TokenSource
	origin Origin
	scopes []string
}

func (b *bearer) roundTrip(req *http.Request) (*http.Response, error) {
	if err := b.checkTarget(req); err != nil {
		closeBody(req)
		return nil, err
	}
	if err := req.Context().Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	accessToken, err := b.token(req.Context(), "")
	if err != nil {
		closeBody(req)
		return nil, asTokenError(err)
	}
	resp, err := b.send(req, req.Body, accessToken)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	return b.afterRefusal(req, resp, accessToken)
}

func (b *bearer) checkTarget(req *http.Request) error {
	if !b.origin.Match(req.URL) {
		return newOriginError(b.origin, req.URL, "")
	}
	if req.Host != "" && !b.origin.matchHost(req.Host) {
		return newOriginError(b.origin, req.URL, req.Host)
	}
	return nil
}

// afterRefusal sends req once more if there is a new token to send it with.
func (b *bearer) afterRefusal(req *http.Request, refusal *http.Response, refused string) (*http.Response, error) {
	claims, _ := claimsChallenge(refusal.Header)
	i, canDrop := b.src.(invalidator)
	if canDrop {
		i.Invalidate(refused)
	}
	body, again := replay(req)
	// With claims the token is asked for even if this request cannot be sent
	// with it: without them the next one would be refused as well.
	if claims == "" && !(canDrop && again) {
		closeUnused(body)
		return refusal, nil
	}
	accessToken, err := b.token(req.Context(), claims)
	if !again || err == nil && accessToken == refused || errors.Is(err, ErrNoClaims) {
		closeUnused(body)
		return refusal, nil
	}
	_, _ = io.CopyN(io.Discard, refusal.Body, maxDrain) // to its end, if that is near
	refusal.Body.Close()
	if err != nil {
		closeUnused(body)
		return nil, cannotRenew(refusal.Header, err)
	}
	return b.send(req, body, accessToken)
}

// replay returns the body of req once more, if it can be had.
func replay(req *http.Request) (body io.ReadCloser, ok bool) {
	if req.Body == nil || req.Body == http.NoBody {
		return req.Body, true
	}
	if req.GetBody == nil {
		return nil, false
	}
	body, err := req.GetBody()
	return body, err == nil
}

func closeUnused(body io.ReadCloser) {
	if body != nil {
		body.Close()
	}
}

func (b *bearer) token(ctx context.Context, claims string) (string, error) {
	t, err := checked(b.src.Token(untraced{ctx}, TokenRequest{
		Scopes: slices.Clone(b.scopes), Claims: claims, EnableCAE: true, // for this answers challenges
	}))
	if err != nil {
		return "", err
	}
	return t.AccessToken, nil
}

func (b *bearer) send(req *http.Request, body io.ReadCloser, accessToken string) (*http.Response, error) {
	out := req.Clone(req.Context())
	out.Body = body
	if out.Header == nil {
		out.Header = make(http.Header)
	}
	for key := range out.Header { // as keys of a map they need not be canonical
		if strings.EqualFold(key, "Authorization") {
			delete(out.Header, key)
		}
	}
	out.Header.Set("Authorization", "Bearer "+accessToken)
	resp, err := b.base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	if resp == nil {
		return nil, errors.New("auth: base round tripper returned neither an answer nor an error")
	}
	resp.Request = req
	if resp.Body == nil { // net/http bears it of a round tripper, so does this one
		resp.Body = http.NoBody
	}
	if resp.StatusCode == http.StatusUnauthorized {
		resp.Body = received{resp.Body, time.Now()}
	}
	return resp, nil
}

// received is the body of an answer that is looked at later: renewing a token
// takes its time, and [Refusal] compares clocks.
type received struct {
	io.ReadCloser
	at time.Time
}

// untraced is a context without its httptrace. A trace in it belongs to the
// request that the token is for: a token request that reported to it as well
// would look like that request being written.
type untraced struct{ context.Context }

func (c untraced) Value(key any) any {
	v := c.Context.Value(key)
	if _, ok := v.(*httptrace.ClientTrace); ok {
		return nil
	}
	// httptrace leaves a second value, for the dialler, of a type of its own.
	if t := reflect.TypeOf(v); t != nil && t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "internal/nettrace" {
		return nil
	}
	return v
}
