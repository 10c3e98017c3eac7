package auth_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestTransportRenewsARefusedToken(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "body"} {
		g := &graph{accepts: "token-2"}
		base, hc := serve(t, g)
		src, c := numberedSource(t)
		tr := transport(t, hc.Transport, src, base)
		req := request(t, "POST", base+"/x", body)
		resp, err := tr.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if text := finish(t, resp); text != "fine" || resp.Request != req {
			t.Errorf("got %s", text)
		}
		g.want(t, "POST /x Bearer token-1 "+body, "POST /x Bearer token-2 "+body)
		c.want(t, 2)
	}
}

func TestTransportReturnsTheSecondRefusal(t *testing.T) {
	t.Parallel()
	g := &graph{accepts: "none"}
	base, hc := serve(t, g)
	src, c := numberedSource(t)
	resp, err := transport(t, hc.Transport, src, base).RoundTrip(request(t, "GET", base+"/x", ""))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("got %v", err)
	}
	if text := finish(t, resp); !strings.Contains(text, "InvalidAuthenticationToken") {
		t.Errorf("the answer's body is %q", text)
	}
	g.want(t, "GET /x Bearer token-1 ", "GET /x Bearer token-2 ")
	c.want(t, 2)
}

func TestTransportReturnsTheFirstRefusal(t *testing.T) {
	t.Parallel()
	static, err := auth.Static("token-1")
	if err != nil {
		t.Fatal(err)
	}
	cachedStatic, err := auth.Cache(static)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		src     auth.TokenSource
		getBody func() (io.ReadCloser, error)
	}{
		{"a source that cannot invalidate", static, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("body")), nil }},
		{"the same token again", cachedStatic, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("body")), nil }},
		{"a body that cannot be had again", nil, nil},
		{"a body that fails the second time", nil, func() (io.ReadCloser, error) { return nil, errors.New("gone") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := &graph{accepts: "token-2"}
			base, hc := serve(t, g)
			src := tt.src
			if src == nil {
				src, _ = numberedSource(t)
			}
			tr := transport(t, hc.Transport, src, base)
			req := request(t, "POST", base+"/x", "body")
			req.GetBody = tt.getBody
			resp, err := tr.RoundTrip(req)
			if err != nil || resp.StatusCode != http.StatusUnauthorized {
				t.Fatalf("got %v", err)
			}
			if text := finish(t, resp); !strings.Contains(text, "InvalidAuthenticationToken") {
				t.Errorf("the answer's body is %q", text)
			}
			g.want(t, "POST /x Bearer token-1 body")
			if tt.src == nil && ask(t, src, scope) != "token-2" {
				t.Error("the refused token was kept")
			}
		})
	}
}

func TestTransportCallersWithOneRefusedToken(t *testing.T) {
	t.Parallel()
	const callers = 50
	g := &graph{accepts: "token-1"}
	base, hc := serve(t, g)
	e := &endpoint{answer: numbered(3600)}
	login, loginClient := serve(t, e)
	tr := transport(t, hc.Transport, clientSecret(t, login, loginClient), base)
	do := func() {
		resp, err := tr.RoundTrip(request(t, "GET", base+"/x", ""))
		if err != nil {
			t.Error(err)
			return
		}
		if text := finish(t, resp); text != "fine" {
			t.Errorf("got %s", text)
		}
	}
	do()
	g.mu.Lock()
	g.accepts = "token-2"
	g.mu.Unlock()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(do)
	}
	wg.Wait()
	if n := e.count(); n != 2 {
		t.Errorf("%d token requests, want 2", n)
	}
	if n := len(g.requests); n > 1+2*callers {
		t.Errorf("%d requests for %d calls", n, callers)
	}
}

func TestTransportCannotRenew(t *testing.T) {
	t.Parallel()
	g := &graph{accepts: "none"}
	base, hc := serve(t, g)
	e := &endpoint{answer: func(n int, _ *http.Request) answer {
		if n == 1 {
			return tokenAnswer(canaryToken, 3600)
		}
		return refusal(401, "invalid_client", "AADSTS7000222: expired")
	}}
	login, loginClient := serve(t, e)
	tr := transport(t, hc.Transport, clientSecret(t, login, loginClient), base)
	_, err := tr.RoundTrip(request(t, "POST", base+"/x", "body"))
	if got, ok := errors.AsType[*auth.Error](err); !ok || got.AADSTS != "AADSTS7000222" || !errors.Is(err, auth.ErrToken) {
		t.Errorf("got %v", err)
	}
	wantText(t, err, "the service refused the token (401) and there is no new one: auth: token request to ")
	noCanary(t, err)
	g.want(t, "POST /x Bearer "+canaryToken+" body")
}

func TestTransportCannotRenewForAnotherReason(t *testing.T) {
	t.Parallel()
	g := &graph{accepts: "none"}
	base, hc := serve(t, g)
	cause := errors.New("cause")
	calls := 0
	src := &ownMemory{plain: func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
		if calls++; calls > 1 {
			return nil, cause
		}
		return &oauth2.Token{AccessToken: "token-1"}, nil
	}}
	_, err := transport(t, hc.Transport, src, base).RoundTrip(request(t, "GET", base+"/x", ""))
	if !errors.Is(err, auth.ErrToken) || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	wantText(t, err, "the service refused the token (401) and there is no new one: cause")
	if len(src.dropped) != 1 || src.dropped[0] != "token-1" {
		t.Errorf("dropped %q", src.dropped)
	}
}

// The refused answer is closed, and read only to where that is cheap.
func TestTransportClosesTheRefusal(t *testing.T) {
	t.Parallel()
	endless := &endlessBody{}
	n := 0
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		n++
		if n == 1 {
			return &http.Response{StatusCode: 401, Body: endless, Request: r}, nil
		}
		return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
	})
	src, _ := numberedSource(t)
	resp, err := transport(t, base, src, "https://graph.microsoft.com").RoundTrip(request(t, "GET", "https://graph.microsoft.com/", ""))
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("got %v", err)
	}
	if !endless.closed || endless.read > 64<<10 {
		t.Errorf("closed %t after %d bytes", endless.closed, endless.read)
	}
}

// A round tripper of the caller's may return no Body at all.
func TestTransportBearsAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	n := 0
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		n++
		return &http.Response{StatusCode: 401, Request: r}, nil
	})
	src, _ := numberedSource(t)
	resp, err := transport(t, base, src, "https://graph.microsoft.com").RoundTrip(request(t, "GET", "https://graph.microsoft.com/", ""))
	if err != nil || resp.StatusCode != 401 || resp.Body == nil || n != 2 {
		t.Errorf("got %v, %v after %d requests", resp, err, n)
	}
}

type endlessBody struct {
	read   int
	closed bool
}

func (b *endlessBody) Read(p []byte) (int, error) { b.read += len(p); return len(p), nil }
func (b *endlessBody) Close() error               { b.closed = true; return nil }
