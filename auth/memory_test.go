package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestFailuresAreRemembered(t *testing.T) {
	t.Parallel()
	retryAfter := func(status int, value string) answer {
		return answer{status: status, header: map[string]string{"Retry-After": value}, body: "{}"}
	}
	for name, tt := range map[string]struct {
		a    answer
		want time.Duration
	}{
		"invalid_client":             {refusal(401, "invalid_client", "AADSTS7000215: no"), time.Minute},
		"invalid_client as 400":      {refusal(400, "invalid_client", "AADSTS7000222: no"), time.Minute},
		"invalid_client as 200":      {refusal(200, "invalid_client", "no"), time.Minute},
		"unauthorized_client":        {refusal(400, "unauthorized_client", "AADSTS700016: no"), time.Minute},
		"invalid_request":            {refusal(400, "invalid_request", "AADSTS90002: no"), time.Minute},
		"invalid_scope":              {refusal(400, "invalid_scope", "AADSTS1002012: no"), time.Minute},
		"temporarily_unavailable":    {refusal(400, "temporarily_unavailable", "no"), 5 * time.Second},
		"server_error":               {refusal(400, "server_error", "no"), 5 * time.Second},
		"invalid_client with 500":    {refusal(500, "invalid_client", "no"), 5 * time.Second},
		"429":                        {answer{status: 429, body: "{}"}, time.Minute},
		"429 with a code":            {refusal(429, "invalid_client", "no"), time.Minute},
		"429 after seconds":          {retryAfter(429, "7"), 7 * time.Second},
		"429 after more than 60 s":   {retryAfter(429, "600"), 10 * time.Minute},
		"429 after a fraction":       {retryAfter(429, "2.128"), 2128 * time.Millisecond},
		"429 after nothing":          {retryAfter(429, "0"), time.Minute},
		"429 after a negative":       {retryAfter(429, "-1"), time.Minute},
		"429 after a day":            {retryAfter(429, "86400"), time.Hour},
		"429 after an overflow":      {retryAfter(429, "1e300"), time.Hour},
		"429 after 1 ms":             {retryAfter(429, "0.001"), time.Second},
		"429 that is too large":      {answer{status: 429, header: map[string]string{"Retry-After": "7"}, body: strings.Repeat(" ", 2<<20)}, 7 * time.Second},
		"503":                        {answer{status: 503}, 5 * time.Second},
		"503 after seconds":          {retryAfter(503, "20"), 20 * time.Second},
		"503 after one second":       {retryAfter(503, "1"), 5 * time.Second},
		"500":                        {answer{status: 500, contentType: "text/html", body: "<html>"}, 5 * time.Second},
		"408":                        {answer{status: 408}, 5 * time.Second},
		"404":                        {answer{status: 404}, 5 * time.Second},
		"redirect":                   {answer{status: 302, header: map[string]string{"Location": "/"}}, 5 * time.Second},
		"200 that holds no token":    {answer{status: 200, body: "{}"}, 5 * time.Second},
		"429 until a date, 30 s off": {answer{status: 429, header: map[string]string{"Date": "Sat, 01 Aug 2026 12:00:00 GMT", "Retry-After": "Sat, 01 Aug 2026 12:00:30 GMT"}}, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &endpoint{answer: func(n int, _ *http.Request) answer {
					if n == 1 {
						return tt.a
					}
					return tokenAnswer("token", 3600)
				}}
				src := clientSecret(t, "http://localhost", serveInMemory(t, e))
				first, ok := errors.AsType[*auth.Error](askError(t, src))
				if !ok || first.Remembered {
					t.Fatalf("the first: %#v", first)
				}
				time.Sleep(tt.want - time.Millisecond)
				var wg sync.WaitGroup
				for range 10 {
					wg.Go(func() {
						err := askError(t, src)
						again, ok := errors.AsType[*auth.Error](err)
						if !ok || !again.Remembered || again.RetryAfter != time.Millisecond || again.Code != first.Code || again.StatusCode != first.StatusCode {
							t.Errorf("remembered as %#v", again)
						}
						wantText(t, err, "remembered, no request made for another 1ms")
					})
				}
				wg.Wait()
				if n := e.count(); n != 1 {
					t.Errorf("%d requests, want 1", n)
				}
				time.Sleep(time.Millisecond)
				if got := ask(t, src); got != "token" || e.count() != 2 {
					t.Errorf("afterwards got %s after %d requests", got, e.count())
				}
			})
		})
	}
}

func TestOtherFailuresAreRememberedFor5s(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("cause")
		calls := 0
		src := cache(t, func(_ context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
			calls++
			return nil, fmt.Errorf("call %d for %q: %w", calls, r.Claims, cause)
		})
		get := func(claims, want string) {
			t.Helper()
			_, err := src.Token(t.Context(), auth.TokenRequest{Claims: claims})
			if !errors.Is(err, cause) {
				t.Errorf("got %v", err)
			}
			wantText(t, err, want)
		}
		get("", `call 1 for ""`)
		time.Sleep(2 * time.Second)
		get("", `call 1 for "": cause (remembered, the token source is not asked again for another 3s)`)
		get("x", `call 2 for "x"`) // another question
		time.Sleep(3 * time.Second)
		get("", `call 3 for ""`)
		get("x", `call 2 for "x": cause (remembered`)
		time.Sleep(2 * time.Second)
		get("x", `call 4 for "x"`)
	})
}
