package auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// graph is a service that takes one token and answers 401 to any other.
type graph struct {
	mu       sync.Mutex
	accepts  string
	requests []string // "METHOD /path token body"
}

func (g *graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	token := strings.Join(r.Header.Values("Authorization"), "|")
	g.mu.Lock()
	g.requests = append(g.requests, fmt.Sprintf("%s %s %s %s", r.Method, r.URL.Path, token, body))
	accepted := token == "Bearer "+g.accepts
	g.mu.Unlock()
	if !accepted {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"code":"InvalidAuthenticationToken"}}`)
		return
	}
	_, _ = io.WriteString(w, "fine")
}

func (g *graph) want(t *testing.T, requests ...string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if got, want := strings.Join(g.requests, "\n"), strings.Join(requests, "\n"); got != want {
		t.Errorf("the service received\n%s\nwant\n%s", got, want)
	}
}

func transport(t *testing.T, base http.RoundTripper, src auth.TokenSource, origin string) *auth.Transport {
	t.Helper()
	tr, err := auth.NewTransport(base, src, mustOrigin(t, origin), scope)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, r)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func finish(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	resp.Body.Close()
	return string(b)
}

// numberedSource is cached and makes token-1, token-2, …
func numberedSource(t *testing.T) (auth.TokenSource, *counter) {
	t.Helper()
	c := new(counter)
	return cache(t, c.token), c
}

func TestTransportAddsTheToken(t *testing.T) {
	t.Parallel()
	g := &graph{accepts: "token-1"}
	base, hc := serve(t, g)
	var got auth.TokenRequest
	src := fromFunc(t, func(_ context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		got = r
		return &oauth2.Token{AccessToken: "token-1"}, nil
	})
	tr := transport(t, hc.Transport, src, base)
	req := request(t, "POST", base+"/v1.0/x", "body")
	req.Header["Authorization"] = []string{"Bearer of-the-caller", "another"}
	lower := "authorization" // a map key that is not canonical is sent as it is
	req.Header[lower] = []string{"Bearer in-lower-case"}
	req.Header.Set("X-Other", "kept")
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if text := finish(t, resp); text != "fine" {
		t.Errorf("got %s", text)
	}
	g.want(t, "POST /v1.0/x Bearer token-1 body")
	if len(got.Scopes) != 1 || got.Scopes[0] != scope || got.Claims != "" {
		t.Errorf("asked for %+v", got)
	}
	if req.Header.Get("Authorization") != "Bearer of-the-caller" || req.Header[lower][0] != "Bearer in-lower-case" || len(req.Header) != 3 {
		t.Errorf("the caller's request was changed: %v", req.Header)
	}
	if resp.Request != req {
		t.Error("the answer's request is not the caller's: the token is in it")
	}
	// A request with no header map at all.
	resp, err = tr.RoundTrip(&http.Request{Method: "GET", URL: req.URL})
	if err != nil {
		t.Fatal(err)
	}
	if text := finish(t, resp); text != "fine" {
		t.Errorf("without a header: %s", text)
	}
}

func TestTransportRefusesOtherOrigins(t *testing.T) {
	t.Parallel()
	g := &graph{accepts: "token-1"}
	base, hc := serve(t, g)
	other := &graph{accepts: "token-1"}
	otherURL, _ := serve(t, other)
	port := base[strings.LastIndex(base, ":"):]
	src, c := numberedSource(t)
	tr := transport(t, hc.Transport, src, base)
	for _, u := range []string{
		otherURL, "http://localhost" + port, "https://127.0.0.1" + port, "http://127.0.0.1", "http://127.0.0.2" + port,
		"http://user:hunter2@127.0.0.1" + port, "http://127.0.0.1.example.com" + port,
	} {
		body := &closeRecorder{Reader: strings.NewReader("body")}
		req := request(t, "POST", u+"/secret-path?$skiptoken=hunter2", "")
		req.Body = body
		resp, err := tr.RoundTrip(req)
		oe, ok := errors.AsType[*auth.OriginError](err)
		if !ok || resp != nil {
			t.Fatalf("%s: got %v", u, err)
		}
		if oe.Origin != mustOrigin(t, base) || errors.Is(err, auth.ErrToken) {
			t.Errorf("%s: %#v", u, oe)
		}
		wantText(t, err, "auth: request to "+strings.Replace(u, "user:hunter2@", "[user information]@", 1)+" refused, the token is for "+base+" only")
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "path") {
			t.Errorf("%v repeats the URL", err)
		}
		if !body.closed.Load() {
			t.Error("the body was not closed")
		}
	}
	req := request(t, "GET", base, "")
	req.Host = "evil.example.com\r\n"
	_, err := tr.RoundTrip(req)
	if _, ok := errors.AsType[*auth.OriginError](err); !ok {
		t.Errorf("another Host: %v", err)
	}
	wantText(t, err, "(Host: evil.example.com")
	req = request(t, "GET", base, "")
	req.URL.Opaque = "//evil.example.com/"
	_, err = tr.RoundTrip(req)
	wantText(t, err, "an opaque URL")
	_, err = tr.RoundTrip(&http.Request{})
	wantText(t, err, "a request without URL")
	g.want(t)
	other.want(t)
	c.want(t, 0)
}

type closeRecorder struct {
	io.Reader
	closed atomic.Bool
}

func (r *closeRecorder) Close() error { r.closed.Store(true); return nil }

// An http.Client that follows redirects does not take the token along.
func TestTransportAndRedirects(t *testing.T) {
	t.Parallel()
	other := &graph{accepts: "token-1"}
	otherURL, _ := serve(t, other)
	base, hc := serve(t, http.RedirectHandler(otherURL, http.StatusFound))
	src, _ := numberedSource(t)
	hc.Transport = transport(t, hc.Transport, src, base)
	resp, err := hc.Do(request(t, "GET", base, ""))
	if _, ok := errors.AsType[*auth.OriginError](err); !ok {
		t.Errorf("got %v", err)
	}
	if resp != nil {
		resp.Body.Close()
	}
	other.want(t)
}

func TestTransportWithoutToken(t *testing.T) {
	t.Parallel()
	type result struct {
		token *oauth2.Token
		err   error
		typed bool // an *auth.Error is to be found
	}
	cause := errors.New("cause")
	tests := map[string]result{
		"plain error":   {nil, cause, false},
		"endpoint":      {nil, &auth.Error{Code: "invalid_client"}, true},
		"wrapped":       {nil, fmt.Errorf("mine: %w", &auth.Error{Code: "invalid_client"}), true},
		"RetrieveError": {nil, fmt.Errorf("mine: %w", retrieveError(t)), true},
	}
	for _, bad := range badTokens {
		tests[bad.name] = result{bad.token, nil, false}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &graph{accepts: "token-1"}
			base, hc := serve(t, g)
			tr := transport(t, hc.Transport, plain(func(context.Context, auth.TokenRequest) (*oauth2.Token, error) { return tt.token, tt.err }), base)
			body := &closeRecorder{Reader: strings.NewReader("body")}
			req := request(t, "POST", base, "")
			req.Body = body
			resp, err := tr.RoundTrip(req)
			if resp != nil || !errors.Is(err, auth.ErrToken) {
				t.Fatalf("got %v", err)
			}
			if _, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
				t.Error("x/oauth2's error is still there")
			}
			if tt.err == cause && !errors.Is(err, cause) {
				t.Error("the cause is lost")
			}
			if e, ok := errors.AsType[*auth.Error](err); ok != tt.typed || ok && e.Code != "invalid_client" {
				t.Errorf("got %#v", err)
			}
			noCanary(t, err)
			if !body.closed.Load() {
				t.Error("the body was not closed")
			}
			g.want(t)
		})
	}
}

func TestTransportWithContextDone(t *testing.T) {
	t.Parallel()
	g := &graph{accepts: "token-1"}
	base, hc := serve(t, g)
	src, c := numberedSource(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := transport(t, hc.Transport, src, base).RoundTrip(request(t, "GET", base, "").WithContext(ctx))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	g.want(t)
	c.want(t, 0)
}

// Neither the source nor the base has to look at the context.
func TestTransportLooksAtTheContext(t *testing.T) {
	t.Parallel()
	calls := 0
	base := roundTripper(func(*http.Request) (*http.Response, error) { calls++; return nil, errors.New("sent") })
	src := plain(func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
		calls++
		return &oauth2.Token{AccessToken: "a"}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := &closeRecorder{Reader: strings.NewReader("body")}
	req := request(t, "POST", "https://graph.microsoft.com/", "").WithContext(ctx)
	req.Body = body
	_, err := transport(t, base, src, "https://graph.microsoft.com").RoundTrip(req)
	if err != context.Canceled || calls != 0 || !body.closed.Load() {
		t.Errorf("got %v after %d calls, body closed %t", err, calls, body.closed.Load())
	}
}

func TestTransportStopsWaitingForAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &graph{}
		hc := serveInMemory(t, g)
		src := cache(t, func(ctx context.Context, _ auth.TokenRequest) (*oauth2.Token, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("why"))
		defer cancel()
		start := time.Now()
		_, err := transport(t, hc.Transport, src, "http://localhost").RoundTrip(request(t, "GET", "http://localhost/", "").WithContext(ctx))
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, auth.ErrToken) || time.Since(start) != time.Second {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		wantText(t, err, "auth: stopped waiting for a token: context deadline exceeded: why")
		g.want(t)
	})
}

func TestTransportPassesFailuresOn(t *testing.T) {
	t.Parallel()
	src, _ := numberedSource(t)
	cause := errors.New("cause")
	for _, tt := range []struct {
		base roundTripper
		want string
	}{
		{func(*http.Request) (*http.Response, error) { return nil, cause }, "cause"},
		{func(*http.Request) (*http.Response, error) { return nil, nil }, "auth: base round tripper returned neither"},
	} {
		resp, err := transport(t, tt.base, src, "https://graph.microsoft.com").RoundTrip(request(t, "GET", "https://graph.microsoft.com/", ""))
		if resp != nil || errors.Is(err, auth.ErrToken) {
			t.Errorf("got %v", err)
		}
		wantText(t, err, tt.want)
	}
}

// The trace of a request tells whether it was written: a token request on its
// behalf must not report to it. Other values of the context are the source's to
// see.
func TestTokenRequestIsNotTraced(t *testing.T) {
	t.Parallel()
	g := &graph{accepts: "token-1"}
	base, hc := serve(t, g)
	e := &endpoint{answer: numbered(3600)}
	login, loginClient := serve(t, e)
	type key struct{}
	src := fromFunc(t, func(ctx context.Context, _ auth.TokenRequest) (*oauth2.Token, error) {
		if ctx.Value(key{}) != "v" || ctx.Value("absent") != nil {
			t.Error("the values of the context are not those of the request")
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, login, nil)
		if err != nil {
			return nil, err
		}
		resp, err := loginClient.Do(req)
		if err != nil {
			return nil, err
		}
		finish(t, resp)
		return &oauth2.Token{AccessToken: "token-1"}, nil
	})
	var mu sync.Mutex
	var seen []string
	report := func(event string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, event)
	}
	ctx := httptrace.WithClientTrace(context.WithValue(t.Context(), key{}, "v"), &httptrace.ClientTrace{
		GetConn:      func(string) { report("GetConn") },
		ConnectStart: func(string, string) { report("ConnectStart") },
		WroteHeaders: func() { report("WroteHeaders") },
	})
	resp, err := transport(t, hc.Transport, src, base).RoundTrip(request(t, "GET", base+"/x", "").WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, resp)
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(seen, " "); got != "GetConn ConnectStart WroteHeaders" || e.count() != 1 {
		t.Errorf("the trace saw %s; %d token requests", got, e.count())
	}
}

func TestTransportClosesIdleConnections(t *testing.T) {
	t.Parallel()
	src, _ := numberedSource(t)
	base := new(idler)
	hc := &http.Client{Transport: transport(t, base, src, "https://graph.microsoft.com")}
	hc.CloseIdleConnections()
	if base.closed != 1 {
		t.Errorf("the base was told %d times", base.closed)
	}
	hc.Transport = transport(t, roundTripper(nil), src, "https://graph.microsoft.com")
	hc.CloseIdleConnections() // a base that cannot
}

type idler struct {
	roundTripper
	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

func TestNewTransportRefuses(t *testing.T) {
	t.Parallel()
	src, _ := numberedSource(t)
	o := mustOrigin(t, "https://graph.microsoft.com")
	_, err := auth.NewTransport(nil, nil, o)
	wantText(t, err, "auth: token source is nil")
	_, err = auth.NewTransport(nil, src, auth.Origin{})
	wantText(t, err, "auth: origin is empty")
	_, err = auth.NewTransport(nil, src, o, "a b")
	wantText(t, err, `auth: scope "a b"`)
	if _, err = auth.NewTransport(nil, src, o); err != nil {
		t.Error(err)
	}
}
