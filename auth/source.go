package auth

import (
	"context"
	"errors"
	"time"

	"golang.org/x/oauth2"
)

// TokenRequest says what an access token is wanted for.
type TokenRequest struct {
	// Scopes are what the token must be good for. For an application's own
	// permissions that is one: [Cloud.Scope].
	Scopes []string
	// Claims is the decoded JSON of a claims challenge (continuous access
	// evaluation), empty for none. A source that cannot ask for a token with
	// claims answers with [ErrNoClaims].
	Claims string
	// EnableCAE says that whoever sends the token answers claims challenges, as
	// [Transport] does. A source that can ask with claims then declares the
	// client capability cp1: its tokens live up to 28 h, and the service may
	// refuse one at any time with a challenge. Others ignore it.
	EnableCAE bool
	// TenantID is the tenant that the token must be of; empty stands for the
	// source's own. A source of another tenant answers with an error. The same
	// tenant's GUID and its domain names are different ids here.
	TenantID string
}

// TokenSource gives access tokens. It must be safe for concurrent use and must
// return as soon as ctx is done.
//
// A source may do more:
//
//   - interface{ Cloud() Cloud } says for which cloud its tokens are; a client
//     of another Graph refuses it.
//   - interface{ Invalidate(accessToken string) } drops exactly that token, no
//     other, so that the next Token call gets a new one. [Transport] calls it
//     with a token that the service has refused.
type TokenSource interface {
	Token(ctx context.Context, r TokenRequest) (*oauth2.Token, error)
}

// ErrNoClaims is found by [errors.Is] in the error of a source that is asked
// for a token with claims and cannot ask for one. [Transport] then returns the
// service's 401 as it is; [Refusal] has the claims.
var ErrNoClaims = errors.New("auth: this token source cannot answer a claims challenge: sign in again and make a new source")

type (
	cloudKnower interface{ Cloud() Cloud }
	invalidator interface{ Invalidate(accessToken string) }
)

// Func makes a source of a function, which is called for every token: wrap it
// in [Cache] unless the function keeps its tokens itself. What it returns is
// checked: a token must be there, of the type Bearer, not expired, and fit for
// a header. An [oauth2.RetrieveError] in its error is replaced by an [*Error],
// because that one holds secrets.
func Func(fn func(ctx context.Context, r TokenRequest) (*oauth2.Token, error)) (TokenSource, error) {
	if fn == nil {
		return nil, errors.New("auth: token function is nil")
	}
	return &source{token: func(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
		if ctx.Err() != nil {
			return nil, waitError(ctx)
		}
		t, err := fn(ctx, r)
		return checked(t, err)
	}}, nil
}

// checked is what every source's answer goes through.
func checked(t *oauth2.Token, err error) (*oauth2.Token, error) {
	if err != nil {
		return nil, convert(err)
	}
	if err := checkToken(t, time.Now()); err != nil {
		return nil, err
	}
	return t, nil
}

// source is a token source made of closures: whatever prints it, by whatever
// means, finds addresses and no secret.
type source struct {
	token func(ctx context.Context, r TokenRequest) (*oauth2.Token, error)
}

func (s *source) Token(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
	return s.token(ctx, r)
}

// cachedSource can also drop a token.
type cachedSource struct {
	source
	invalidate func(accessToken string)
}

func (s *cachedSource) Invalidate(accessToken string) { s.invalidate(accessToken) }

// cloudSource also knows its cloud.
type cloudSource struct {
	cachedSource
	cloud Cloud
}

func (s *cloudSource) Cloud() Cloud { return s.cloud }
