package auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func formBody() io.Reader {
	return strings.NewReader(url.Values{"client_secret": {canarySecret}, "grant_type": {"client_credentials"}}.Encode())
}

func fromOAuth2(t *testing.T, fn func() (*oauth2.Token, error)) auth.TokenSource {
	t.Helper()
	src, err := auth.FromOAuth2(oauth2Func(fn))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestFromOAuth2(t *testing.T) {
	t.Parallel()
	expiry := time.Now().Add(time.Hour)
	calls := 0
	src := fromOAuth2(t, func() (*oauth2.Token, error) {
		calls++
		return &oauth2.Token{AccessToken: canaryToken, TokenType: "bearer", RefreshToken: "refresh", Expiry: expiry}, nil
	})
	for range 2 {
		tok, err := src.Token(t.Context(), auth.TokenRequest{Scopes: []string{"any"}})
		if err != nil || tok.AccessToken != canaryToken || !tok.Expiry.Equal(expiry) || tok.RefreshToken != "" {
			t.Errorf("got expiry %v, refresh token present %t, %v", tok.Expiry, tok.RefreshToken != "", err)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls, want one for every token", calls)
	}
	if _, err := src.Token(t.Context(), auth.TokenRequest{Claims: "{}"}); err == nil || calls != 2 {
		t.Errorf("a claims challenge: %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.Token(ctx, auth.TokenRequest{}); !errors.Is(err, context.Canceled) || calls != 2 {
		t.Errorf("context done: %v after %d calls", err, calls)
	}
}

func TestFromOAuth2WaitsByContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		src := fromOAuth2(t, func() (*oauth2.Token, error) {
			calls.Add(1)
			time.Sleep(time.Minute)
			return &oauth2.Token{AccessToken: "a"}, nil
		})
		start := time.Now()
		patient := make(chan error, 1)
		go func() {
			_, err := src.Token(t.Context(), auth.TokenRequest{})
			patient <- err
		}()
		for i := range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := src.Token(ctx, auth.TokenRequest{})
			cancel()
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the caller's deadline", err)
			}
			if waited := time.Since(start); waited != time.Duration(i+1)*time.Second {
				t.Errorf("left after %s", waited)
			}
		}
		if err := <-patient; err != nil || time.Since(start) != time.Minute {
			t.Errorf("the patient caller: %v after %s", err, time.Since(start))
		}
		if n := calls.Load(); n != 1 {
			t.Errorf("%d calls, want one at a time", n)
		}
	})
}

func TestFromOAuth2ReplacesItsErrors(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(error) error{
		"plain":   func(err error) error { return err },
		"wrapped": func(err error) error { return fmt.Errorf("my source: %w", err) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := askError(t, fromOAuth2(t, func() (*oauth2.Token, error) { return nil, wrap(retrieveError(t)) }))
			e, ok := errors.AsType[*auth.Error](err)
			if !ok {
				t.Fatalf("got %T, want *auth.Error", err)
			}
			if _, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
				t.Error("x/oauth2's error is still there")
			}
			if e.StatusCode != 401 || e.Code != "invalid_client" || e.AADSTS != "AADSTS7000222" || e.Endpoint != "login.example.com" || e.RetryAfter != 7*time.Second {
				t.Errorf("fields: %#v", e)
			}
			if want := "AADSTS7000222: expired: [redacted]"; e.Description != want {
				t.Errorf("description %q, want %q", e.Description, want)
			}
			wantText(t, err, "token request to login.example.com: 401 Unauthorized, invalid_client AADSTS7000222, expired: [redacted]", "add a new one")
			noCanary(t, err)
		})
	}
}

func TestPanicsAndGoexit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		fn         func() (*oauth2.Token, error)
	}{
		{"runtime error", "panicked: runtime error: invalid memory address", func() (*oauth2.Token, error) {
			var tok *oauth2.Token
			return nil, errors.New(tok.AccessToken)
		}},
		{"value", "panicked with a value of type string", func() (*oauth2.Token, error) { panic(canarySecret) }},
		{"goexit", "ended its goroutine", func() (*oauth2.Token, error) { runtime.Goexit(); return nil, nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := askError(t, fromOAuth2(t, tt.fn))
			wantText(t, err, "auth: token source", tt.want)
			noCanary(t, err)
			cached, err := auth.Cache(plain(func(context.Context, auth.TokenRequest) (*oauth2.Token, error) { return tt.fn() }))
			if err != nil {
				t.Fatal(err)
			}
			wantText(t, askError(t, cached), "auth: token source", tt.want)
		})
	}
}

func TestToOAuth2(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	want := auth.TokenRequest{Scopes: []string{scope}}
	src := fromFunc(t, func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		if len(r.Scopes) != 1 || r.Scopes[0] != scope {
			t.Errorf("asked for %+v", r)
		}
		return &oauth2.Token{AccessToken: canaryToken}, nil
	})
	to, err := auth.ToOAuth2(ctx, src, want)
	if err != nil {
		t.Fatal(err)
	}
	if tok, err := to.Token(); err != nil || tok.AccessToken != canaryToken {
		t.Errorf("got %v", err)
	}
	cancel()
	if _, err := to.Token(); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context's end: %v", err)
	}
}

func TestAdaptersRefuseNil(t *testing.T) {
	t.Parallel()
	_, err := auth.FromOAuth2(nil)
	wantText(t, err, "auth: oauth2 token source is nil")
	_, err = auth.ToOAuth2(t.Context(), nil, auth.TokenRequest{})
	wantText(t, err, "auth: token source is nil")
	static, _ := auth.Static("a")
	var noContext context.Context
	_, err = auth.ToOAuth2(noContext, static, auth.TokenRequest{})
	wantText(t, err, "auth: context is nil")
	_, err = auth.Cache(nil)
	wantText(t, err, "auth: token source is nil")
}
