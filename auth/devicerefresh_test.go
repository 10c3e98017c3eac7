package auth_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// The person signs in once: other scopes, claims and renewals take the refresh
// token, each the newest.
func TestRefreshTokenSparesThePerson(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEntra()
		prompts := 0
		src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), func(context.Context, auth.DevicePrompt) error {
			prompts++
			return nil
		})
		ask(t, src)
		ask(t, src, "https://other.example.com/.default")
		claims := `{"access_token":{"nbf":{"essential":true}}}`
		tok, err := src.Token(t.Context(), auth.TokenRequest{Claims: claims, EnableCAE: true})
		if err != nil || tok.AccessToken != "token-3" || tok.RefreshToken != "" {
			t.Fatalf("got %v", err)
		}
		_, forms := e.seen()
		if got := forms[3].Get("claims"); !strings.Contains(got, `"nbf"`) || !strings.Contains(got, `"cp1"`) {
			t.Errorf("claims %s", got)
		}
		time.Sleep(56 * time.Minute) // early renewal, in the background
		if got := ask(t, src); got != "token-1" {
			t.Errorf("got %s", got)
		}
		synctest.Wait()
		time.Sleep(2 * time.Hour)
		if got := ask(t, src); got != "token-5" {
			t.Errorf("got %s", got)
		}
		e.want(t, "0s devicecode", "5s token", "5s "+canaryRefresh+"-1", "5s "+canaryRefresh+"-2",
			"56m5s "+canaryRefresh+"-3", "2h56m5s "+canaryRefresh+"-4")
		if prompts != 1 {
			t.Errorf("%d prompts, want 1", prompts)
		}
		noCanary(t, src)
	})
}

// A refused refresh token brings the person back, but not in the background.
func TestRefreshTokenRefused(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"invalid_grant", "interaction_required"} {
		synctest.Test(t, func(t *testing.T) {
			e := newEntra()
			src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), nil)
			ask(t, src)
			e.refresh = []answer{refusal(400, code, "AADSTS50173: revoked: "+canaryRefresh+"-1")}
			time.Sleep(58 * time.Minute)
			for range 4 { // the old one still serves
				if got := ask(t, src); got != "token-1" {
					t.Errorf("got %s", got)
				}
				synctest.Wait()
				time.Sleep(25 * time.Second)
			}
			e.want(t, "0s devicecode", "5s token", "58m5s "+canaryRefresh+"-1")
			time.Sleep(15 * time.Second) // over: now somebody waits, and nothing is remembered against them
			if got := ask(t, src); got != "token-2" {
				t.Errorf("got %s", got)
			}
			e.want(t, "0s devicecode", "5s token", "58m5s "+canaryRefresh+"-1", "1h0m0s devicecode", "1h0m5s token")
		})
	}
}

// That nobody was asked in the background is not held against who comes next.
func TestRefreshTokenRefusedJustBeforeTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEntra()
		src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), nil)
		ask(t, src)
		e.refresh = []answer{refusal(400, "invalid_grant", "AADSTS700082: expired")}
		time.Sleep(time.Hour - 12*time.Second)
		ask(t, src)
		synctest.Wait()
		time.Sleep(2 * time.Second)
		if got := ask(t, src); got != "token-2" {
			t.Errorf("got %s", got)
		}
		e.want(t, "0s devicecode", "5s token", "59m53s "+canaryRefresh+"-1", "59m55s devicecode", "1h0m0s token")
	})
}

// Any other failure is not the person's to mend, and the refresh token is kept.
func TestRefreshThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEntra()
		src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), nil)
		ask(t, src)
		e.refresh = []answer{{status: 500, body: canaryRefresh}}
		time.Sleep(time.Hour)
		err := askError(t, src)
		if got, ok := errors.AsType[*auth.Error](err); !ok || got.StatusCode != 500 {
			t.Errorf("got %v", err)
		}
		noCanary(t, err)
		time.Sleep(5 * time.Second)
		if got := ask(t, src); got != "token-2" {
			t.Errorf("got %s", got)
		}
		e.want(t, "0s devicecode", "5s token", "1h0m5s "+canaryRefresh+"-1", "1h0m10s "+canaryRefresh+"-1")
	})
}

// An endpoint that gives no refresh token makes the person sign in each time.
func TestNoRefreshToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEntra()
		e.token = func(int) answer { return tokenAnswer("token", 3600) }
		src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), nil)
		ask(t, src)
		time.Sleep(58 * time.Minute)
		ask(t, src) // nobody is asked in the background
		synctest.Wait()
		time.Sleep(2 * time.Minute)
		ask(t, src)
		e.want(t, "0s devicecode", "5s token", "1h0m5s devicecode", "1h0m10s token")
	})
}

// Callers for different scopes at once: the person signs in once.
func TestOneSignInAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEntra(pending())
		prompts := 0
		src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), func(context.Context, auth.DevicePrompt) error {
			prompts++
			return nil
		})
		var wg sync.WaitGroup
		for _, s := range []string{"a", "b", "c"} {
			for range 100 {
				wg.Go(func() { ask(t, src, s) })
			}
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := src.Token(ctx, auth.TokenRequest{Scopes: []string{"d"}}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who waits for a turn: %v", err)
		}
		wg.Wait()
		if prompts != 1 || e.count() != 5 {
			t.Errorf("%d prompts, %d requests, want 1 and 5", prompts, e.count())
		}
	})
}
