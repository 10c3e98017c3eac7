package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	var got []http.Header
	n := 0
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header)
		if n++; n == 1 {
			w.WriteHeader(429)
			return
		}
		reply(w, r, `{"id":"1"}`)
	})
	c := newClient(t, base, withTransport(tr), WithRetryPolicy(quick), WithUserAgent("triage/1.2"))
	for range 2 {
		if err := c.run(t.Context(), opFor(true), "/things", WithHeader("Prefer", "return=representation"), WithHeader("prefer", "x=1")); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range got {
		for name, want := range map[string]string{
			"User-Agent": "triage/1.2 securescore-go/" + version, "Accept": mediaJSON, "Content-Type": mediaJSON, "Authorization": "Bearer " + canaryToken,
			"Prefer": "return=representation", "Accept-Encoding": "gzip",
		} {
			if h.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, h.Get(name), want)
			}
		}
		if len(h.Values("Prefer")) != 2 {
			t.Errorf("Prefer: %q", h.Values("Prefer"))
		}
		if uuid.Validate(h.Get("client-request-id")) != nil {
			t.Errorf("client-request-id %q", h.Get("client-request-id"))
		}
	}
	id := func(i int) string { return got[i].Get("client-request-id") }
	if id(0) != id(1) || id(1) == id(2) {
		t.Errorf("client-request-ids %q %q and %q: one for each operation, the same on its repeats", id(0), id(1), id(2))
	}
}

func TestResponseIsCaptured(t *testing.T) {
	t.Parallel()
	n := 0
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("request-id", "r-"+string(rune('0'+n)))
		if n++; n != 2 {
			w.WriteHeader(503)
			return
		}
		reply(w, r, `{"id":"1"}`)
	})
	c := newClient(t, base, withTransport(tr), WithRetryPolicy(quick))
	const id = "01234567-89ab-cdef-0123-456789abcdef"
	var got Response
	if err := c.run(t.Context(), opFor(false), "/things", WithResponse(&got), WithHeader("client-request-id", id)); err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != 200 || got.RequestID != "r-1" || got.ClientRequestID != id || got.Attempts != 2 || got.Header.Get("Content-Type") == "" {
		t.Errorf("%+v", got)
	}
	if err := c.run(t.Context(), opFor(true), "/things", WithResponse(&got)); err == nil || got.StatusCode != 503 || got.RequestID != "r-2" || got.Attempts != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestODataQuery(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "%24top=1&%24filter=a+eq+%27%24x%2B%27": "$top=1&$filter=a%20eq%20%27%24x%2B%27", "%24count": "$count", "a=%24top": "a=%24top",
	} {
		if got := odataQuery(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	var query string
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) { query = r.URL.RawQuery; reply(w, r, `{"id":"1"}`) })
	c := newClient(t, base, withTransport(tr))
	for verbatim, want := range map[bool]string{false: "$top=1%202", true: "%24top=1+2"} {
		op := opFor(false)
		op.verbatim = verbatim
		if err := c.run(t.Context(), op, "/things?%24top=1+2"); err != nil || query != want {
			t.Errorf("verbatim %t: %q, want %q, %v", verbatim, query, want, err)
		}
	}
}

func TestRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	base, tr := serve(t, false, func(http.ResponseWriter, *http.Request) { hits.Add(1) })
	c := newClient(t, base, withTransport(tr))
	var noContext context.Context
	noRequest := errors.New("no path could be made")
	for name, call := range map[string]func() error{
		"nil context": func() error { return c.do(noContext, opFor(false), nil, nil) },
		"nil option":  func() error { return c.run(t.Context(), opFor(false), "/things", nil) },
		"bad header":  func() error { return c.run(t.Context(), opFor(false), "/things", WithHeader("Authorization", "x")) },
		"bad request": func() error {
			return c.do(t.Context(), opFor(false), nil, func(context.Context) (*http.Response, error) { return nil, noRequest })
		},
		"broken body":  func() error { return c.do(t.Context(), opFor(true), nil, c.post(io.NopCloser(brokenReader{}))) },
		"another host": func() error { return c.run(t.Context(), opFor(true), "https://elsewhere.example/v1.0/things") },
	} {
		if err := call(); !errors.Is(err, ErrInvalid) || errors.Is(err, ErrOutcomeUnknown) || !strings.Contains(err.Error(), "thing: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests", hits.Load())
	}
	req, _ := http.NewRequest(http.MethodGet, c.root(), nil)
	if _, err := c.doer.Do(req); err == nil {
		t.Error("a request of no operation was sent")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("disk on fire") }

func (c *Client) post(body io.Reader) func(context.Context) (*http.Response, error) {
	return func(ctx context.Context) (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.root()+"/things", body)
		if err != nil {
			return nil, err
		}
		return c.doer.Do(req)
	}
}

// A body that comes as a stream is sent whole on each attempt, with its length.
func TestBodyIsReplayed(t *testing.T) {
	t.Parallel()
	n := 0
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if b, _ := io.ReadAll(r.Body); string(b) != "abc" || r.ContentLength != 3 {
			t.Errorf("attempt %d: %q, length %d", n, b, r.ContentLength)
		}
		if n++; n < 3 {
			w.WriteHeader(429)
			return
		}
		reply(w, r, `{"id":"1"}`)
	})
	c := newClient(t, base, withTransport(tr), WithRetryPolicy(quick))
	if err := c.do(t.Context(), opFor(true), nil, c.post(io.MultiReader(strings.NewReader("ab"), strings.NewReader("c")))); err != nil || n != 3 {
		t.Errorf("%d requests, %v", n, err)
	}
}

// mint is a source whose tokens are numbered; each was fetched once.
type mint struct {
	fetched atomic.Int32
	auth.TokenSource
}

func newMint(tb testing.TB) *mint {
	tb.Helper()
	m := &mint{}
	fn, err := auth.Func(func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: "token-" + string(rune('0'+m.fetched.Add(1))), TokenType: "Bearer", ExpiresIn: 3600}, nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	if m.TokenSource, err = auth.Cache(fn); err != nil {
		tb.Fatal(err)
	}
	return m
}

func (m *mint) Invalidate(token string) {
	m.TokenSource.(interface{ Invalidate(string) }).Invalidate(token)
}

func TestUnauthorizedRenewsOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		good     string
		requests int32
		tokens   int32
	}{
		{"first token is good", "token-1", 1, 1},
		{"renewed token is good", "token-2", 2, 2},
		{"no token is good", "none", 2, 2},
	} {
		bothInTurn(t, func(t *testing.T, write bool) {
			var requests atomic.Int32
			base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				if b, _ := io.ReadAll(r.Body); write && string(b) != `{"name":"seven"}` {
					t.Errorf("body %q", b)
				}
				if r.Header.Get("Authorization") != "Bearer "+tt.good {
					w.WriteHeader(401)
					return
				}
				reply(w, r, `{"id":"1"}`)
			})
			m := newMint(t)
			p := quick
			p.MaxAttempts = 1 // the repeat with a new token is not one of these
			c, err := New(m, WithBaseURL(base), withTransport(tr), WithRetryPolicy(p))
			if err != nil {
				t.Fatal(err)
			}
			var resp Response
			err = c.run(t.Context(), opFor(write), "/things", WithResponse(&resp))
			if (err == nil) != (tt.good != "none") || err != nil && (!errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrOutcomeUnknown)) {
				t.Errorf("%s: %v", tt.name, err)
			}
			if requests.Load() != tt.requests || m.fetched.Load() != tt.tokens || resp.Attempts != 1 || c.doer.budget.left != quotaTokens {
				t.Errorf("%s: %d requests, %d tokens, %d attempts", tt.name, requests.Load(), m.fetched.Load(), resp.Attempts)
			}
		})
	}
}

// A connection that breaks on the repeat with a new token is judged by itself: what the refused request did proves
// nothing.
func TestEvidenceBeginsAnewAfter401(t *testing.T) {
	t.Parallel()
	for _, sent := range []bool{false, true} {
		var n atomic.Int32
		base, tr := serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
			if n.Add(1) == 1 {
				w.WriteHeader(401)
				return
			}
			panic(http.ErrAbortHandler)
		})
		if !sent {
			dial := tr.DialContext
			tr.DialContext = dialOnce(dial)
		}
		c, err := New(newMint(t), WithBaseURL(base), withTransport(tr), WithRetryPolicy(quick))
		if err != nil {
			t.Fatal(err)
		}
		if err = c.run(t.Context(), opFor(true), "/things"); errors.Is(err, ErrOutcomeUnknown) != sent || err == nil {
			t.Errorf("sent %t: %v", sent, err)
		}
	}
}

func TestManyRefusedTogetherRenewOnce(t *testing.T) {
	t.Parallel()
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			w.WriteHeader(401)
			return
		}
		reply(w, r, `{"id":"1"}`)
	})
	m := newMint(t)
	c, err := New(m, WithBaseURL(base), withTransport(tr))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := c.run(t.Context(), opFor(false), "/things"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := m.fetched.Load(); got != 2 {
		t.Errorf("%d tokens were fetched, want 2", got)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other, _ := serve(t, false, func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) })
	var here atomic.Int32
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		here.Add(1)
		w.Header().Set("Location", r.URL.Query().Get("to"))
		w.WriteHeader(int(r.URL.Query().Get("status")[2]-'0') + 300)
	})
	c := newClient(t, base, withTransport(tr), WithRetryPolicy(quick))
	calls := int32(0)
	for _, status := range []string{"301", "302", "303", "307", "308"} {
		for _, to := range []string{other, base + "/things", "http://[::1", ""} {
			bothInTurn(t, func(t *testing.T, write bool) {
				calls++
				err := c.run(t.Context(), opFor(write), "/things?status="+status+"&to="+url.QueryEscape(to))
				if e := asError(t, err); !errors.Is(err, ErrRedirect) || e.StatusCode == 0 || errors.Is(err, ErrOutcomeUnknown) != (write && status == "303") {
					t.Errorf("%s to %q: %v", status, to, err)
				}
			})
		}
	}
	if elsewhere.Load() != 0 || here.Load() != calls {
		t.Errorf("%d requests elsewhere, %d here for %d calls", elsewhere.Load(), here.Load(), calls)
	}
}
