package auth_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// What holds for a client secret holds for every other source that asks an
// endpoint.

func TestEverySourceOneFetchForAThousandCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: numbered(3600)}
		for kind, src := range everySource(t, "http://localhost", serveInMemory(t, e)) {
			ask(t, src)
			time.Sleep(2 * time.Hour) // it has expired
			before := e.count()
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() { ask(t, src) })
			}
			wg.Wait()
			if n := e.count() - before; n != 1 {
				t.Errorf("%s: %d token requests, want 1", kind, n)
			}
			if _, ok := src.(interface{ Cloud() auth.Cloud }); !ok {
				t.Errorf("%s does not say its cloud", kind)
			}
		}
	})
}

func TestEverySourceRemembersFailures(t *testing.T) {
	t.Parallel()
	big := strings.Repeat(" ", 2<<20)
	for name, tt := range map[string]struct {
		a    answer
		want string
		keep time.Duration
	}{
		"invalid_client":     {refusal(401, "invalid_client", "no"), "invalid_client", time.Minute},
		"429":                {answer{status: 429, body: "{}"}, "429 Too Many Requests", time.Minute},
		"429 with a pause":   {answer{status: 429, header: map[string]string{"Retry-After": "70"}, body: "{}"}, "429", 70 * time.Second},
		"500":                {answer{status: 500, contentType: "text/html", body: "<html>"}, "500 Internal Server Error", 5 * time.Second},
		"redirect":           {answer{status: 307, header: map[string]string{"Location": "http://evil.example/"}}, "redirect not followed", 5 * time.Second},
		"too large":          {answer{status: 200, body: big}, "larger than 1048576 bytes", 5 * time.Second},
		"too large an error": {answer{status: 400, body: big}, "larger than 1048576 bytes", 5 * time.Second},
		"no token":           {answer{status: 200, body: `{"token_type":"Bearer"}`}, "no access_token", 5 * time.Second},
		"line break":         {answer{status: 200, body: `{"access_token":"a\nb","token_type":"Bearer"}`}, "control character", 5 * time.Second},
		"other type":         {answer{status: 200, body: `{"access_token":"a","token_type":"mac"}`}, "token_type is not Bearer", 5 * time.Second},
		"HTML":               {answer{status: 200, contentType: "text/html", body: "<html>"}, "content type is not JSON", 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				broken := true
				e := &endpoint{answer: func(int, *http.Request) answer {
					if broken {
						return tt.a
					}
					return tokenAnswer("token", 3600)
				}}
				for kind, src := range everySource(t, "http://localhost", serveInMemory(t, e)) {
					broken = true
					before := e.count()
					err := askError(t, src)
					wantText(t, err, tt.want)
					if got, ok := errors.AsType[*auth.Error](err); !ok || got.StatusCode != tt.a.status || !errors.Is(err, auth.ErrToken) {
						t.Errorf("%s: got %#v", kind, err)
					}
					broken = false
					time.Sleep(tt.keep - time.Millisecond)
					wantText(t, askError(t, src), "remembered, no request made for another 1ms")
					time.Sleep(time.Millisecond)
					if got := ask(t, src); got != "token" || e.count()-before != 2 {
						t.Errorf("%s: got %s after %d requests", kind, got, e.count()-before)
					}
				}
			})
		})
	}
}

// Lifetimes are the cautious ones where the endpoint is absurd.
func TestEverySourceIsCautious(t *testing.T) {
	t.Parallel()
	for expiresIn, want := range map[string]time.Duration{
		`-1`: 300 * time.Second, `"x"`: 300 * time.Second, `1e300`: 28 * time.Hour, `"3599"`: 3599 * time.Second, `null`: 300 * time.Second,
	} {
		synctest.Test(t, func(t *testing.T) {
			e := &endpoint{answer: always(answer{status: 200, body: `{"access_token":"a","token_type":"Bearer","expires_in":` + expiresIn + `}`})}
			for kind, src := range everySource(t, "http://localhost", serveInMemory(t, e)) {
				tok, err := src.Token(t.Context(), auth.TokenRequest{})
				if err != nil || time.Until(tok.Expiry) != want {
					t.Errorf("%s, %s: lives %s, want %s; %v", kind, expiresIn, time.Until(tok.Expiry), want, err)
				}
			}
		})
	}
}
