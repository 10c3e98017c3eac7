package auth_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

type tokenFunc = func(context.Context, auth.TokenRequest) (*oauth2.Token, error)

func fromFunc(t *testing.T, fn tokenFunc) auth.TokenSource {
	t.Helper()
	src, err := auth.Func(fn)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestFuncIsCalledForEveryToken(t *testing.T) {
	t.Parallel()
	type key struct{}
	want := auth.TokenRequest{Scopes: []string{"a", "b"}, Claims: `{"x":1}`}
	calls := 0
	src := fromFunc(t, func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		calls++
		if !reflect.DeepEqual(r, want) || ctx.Value(key{}) != "v" {
			t.Errorf("called with %+v, value %v", r, ctx.Value(key{}))
		}
		return &oauth2.Token{AccessToken: "a"}, nil
	})
	for range 3 {
		if _, err := src.Token(context.WithValue(t.Context(), key{}, "v"), want); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 3 {
		t.Errorf("%d calls, want 3", calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.Token(ctx, want); !errors.Is(err, context.Canceled) || calls != 3 {
		t.Errorf("context done: %v after %d calls", err, calls)
	}
}

func TestFuncNil(t *testing.T) {
	t.Parallel()
	src, err := auth.Func(nil)
	wantText(t, err, "auth: token function is nil")
	if src != nil {
		t.Error("a source beside the error")
	}
}

// badTokens is what no source hands out.
var badTokens = []struct {
	name  string
	token *oauth2.Token
	want  string
}{
	{"nil", nil, "neither a token nor an error"},
	{"empty", &oauth2.Token{}, "access token is empty"},
	{"line break", &oauth2.Token{AccessToken: canaryToken + "\r\nX-Evil: 1"}, "control character"},
	{"not ASCII", &oauth2.Token{AccessToken: canaryToken + "é"}, "not ASCII"},
	{"type", &oauth2.Token{AccessToken: canaryToken, TokenType: "mac"}, "token type is not Bearer"},
	{"expired", &oauth2.Token{AccessToken: canaryToken, Expiry: time.Unix(1, 0)}, "token expired "},
}

func TestSourcesCheckTheirTokens(t *testing.T) {
	t.Parallel()
	for _, tt := range badTokens {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bad := tokenFunc(func(context.Context, auth.TokenRequest) (*oauth2.Token, error) { return tt.token, nil })
			wantText(t, askError(t, fromFunc(t, bad)), "auth: token source", tt.want)

			cached, err := auth.Cache(plain(bad))
			if err != nil {
				t.Fatal(err)
			}
			wantText(t, askError(t, cached), "auth: token source", tt.want)

			from, err := auth.FromOAuth2(oauth2Func(func() (*oauth2.Token, error) { return tt.token, nil }))
			if err != nil {
				t.Fatal(err)
			}
			wantText(t, askError(t, from), "auth: token source", tt.want)

			to, err := auth.ToOAuth2(t.Context(), plain(bad), auth.TokenRequest{})
			if err != nil {
				t.Fatal(err)
			}
			tok, err := to.Token()
			wantText(t, err, "auth: token source", tt.want)
			if tok != nil {
				t.Error("a token beside the error")
			}
		})
	}
}

func TestBearerInAnyCase(t *testing.T) {
	t.Parallel()
	for _, tokenType := range []string{"", "Bearer", "bearer", "BEARER"} {
		src := fromFunc(t, func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
			return &oauth2.Token{AccessToken: "a", TokenType: tokenType}, nil
		})
		if _, err := src.Token(t.Context(), auth.TokenRequest{}); err != nil {
			t.Errorf("%q: %v", tokenType, err)
		}
	}
}

// plain is a source that checks nothing.
type plain tokenFunc

func (f plain) Token(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
	return f(ctx, r)
}

type oauth2Func func() (*oauth2.Token, error)

func (f oauth2Func) Token() (*oauth2.Token, error) { return f() }

// retrieveError is what x/oauth2 returns: it holds and prints the secret.
func retrieveError(t *testing.T) *oauth2.RetrieveError {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://login.example.com/t/token?x=hunter2", formBody())
	if err != nil {
		t.Fatal(err)
	}
	return &oauth2.RetrieveError{
		Response: &http.Response{StatusCode: 401, Status: "401 Unauthorized", Request: req, Header: http.Header{
			"Content-Type": {"application/json"}, "Retry-After": {"7"},
		}},
		Body:      []byte(refusal(401, "invalid_client", "AADSTS7000222: expired: "+canarySecret).body),
		ErrorCode: "invalid_client", ErrorDescription: canarySecret,
	}
}
