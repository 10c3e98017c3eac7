package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestEarlyRenewal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		expiresIn int
		renew     time.Duration // from here on in the background
		wait      time.Duration // from here on the token is not handed out
	}{
		{3600, 55 * time.Minute, 3590 * time.Second},
		{100800, 28*time.Hour - 5*time.Minute, 28*time.Hour - 10*time.Second},
		{300, 240 * time.Second, 290 * time.Second},
		{50, 40 * time.Second, 45 * time.Second},
	} {
		t.Run(fmt.Sprint(tt.expiresIn), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &endpoint{answer: numbered(tt.expiresIn)}
				src := clientSecret(t, "http://localhost", serveInMemory(t, e))
				start := time.Now()
				at := func(d time.Duration, token string, requests int) {
					t.Helper()
					time.Sleep(d - time.Since(start))
					got := ask(t, src)
					synctest.Wait()
					if got != token || e.count() != requests {
						t.Errorf("at %s: got %s after %d requests, want %s after %d", d, got, e.count(), token, requests)
					}
				}
				at(0, "token-1", 1)
				at(tt.renew-1, "token-1", 1)
				at(tt.renew, "token-1", 2) // the old one, at once
				at(tt.renew+1, "token-2", 2)
				// The second is not asked for until it is nearly over.
				at(tt.renew+tt.wait-1, "token-2", 3)
			})
			synctest.Test(t, func(t *testing.T) {
				e := &endpoint{answer: numbered(tt.expiresIn)}
				src := clientSecret(t, "http://localhost", serveInMemory(t, e))
				ask(t, src)
				time.Sleep(tt.wait)
				if got := ask(t, src); got != "token-2" {
					t.Errorf("got %s, want one that is not about to expire", got)
				}
			})
		})
	}
}

func TestRenewalThatFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failure  answer
		requests int
	}{
		"one in 30 s":                   {answer{status: 500}, 1 + 10},
		"one in the time of its memory": {refusal(401, "invalid_client", "no"), 1 + 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &endpoint{answer: func(n int, _ *http.Request) answer {
					if n == 1 {
						return tokenAnswer("token-1", 3600)
					}
					return tt.failure
				}}
				src := clientSecret(t, "http://localhost", serveInMemory(t, e))
				ask(t, src)
				time.Sleep(55 * time.Minute)
				for range 290 { // a call a second, until 10 s before the end
					if got := ask(t, src); got != "token-1" {
						t.Fatalf("got %s", got)
					}
					synctest.Wait()
					time.Sleep(time.Second)
				}
				if n := e.count(); n != tt.requests {
					t.Errorf("%d requests, want %d", n, tt.requests)
				}
				wantText(t, askError(t, src), fmt.Sprint(tt.failure.status))
			})
		})
	}
}

func TestRenewalIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c counter
		var ended time.Duration
		var start time.Time
		src := cache(t, func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
			if c.calls.Load() == 1 {
				c.calls.Add(1)
				start = time.Now()
				<-ctx.Done()
				ended = time.Since(start)
				return nil, ctx.Err()
			}
			return c.token(ctx, r)
		})
		ask(t, src)
		time.Sleep(59 * time.Minute)
		ask(t, src)
		synctest.Wait()
		time.Sleep(31 * time.Second)
		ask(t, src) // does not begin a second one
		synctest.Wait()
		c.want(t, 2)
		// The renewal is under way and the token over: who comes now waits for it.
		time.Sleep(28 * time.Second)
		err := askError(t, src)
		if ended != time.Minute {
			t.Errorf("the renewal ended after %s, want 1m", ended)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("its deadline passes for the caller's")
		}
	})
}

// A renewal that is stuck does not hold those up who come later.
func TestStuckRenewalIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c counter
		release := make(chan struct{})
		src := cache(t, func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
			tok, err := c.token(ctx, r)
			if tok.AccessToken == "token-2" {
				<-release // whatever its context says
			}
			return tok, err
		})
		ask(t, src)
		time.Sleep(56 * time.Minute)
		ask(t, src)
		synctest.Wait()
		time.Sleep(10 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := src.Token(ctx, auth.TokenRequest{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if got := ask(t, src); got != "token-3" {
			t.Errorf("got %s", got)
		}
		close(release)
		synctest.Wait()
		if got := ask(t, src); got != "token-3" { // an older answer does not replace a newer one
			t.Errorf("got %s", got)
		}
	})
}
