package auth

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// The token request goes to the login host or nowhere, whatever x/oauth2 does.
func TestEndpointClientKeepsToItsOrigin(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(srv.Close)
	login, err := ParseOrigin("https://login.example.com")
	if err != nil {
		t.Fatal(err)
	}
	body := &closed{Reader: strings.NewReader("form")}
	resp, err := newEndpointClient(srv.Client(), login).Post(srv.URL, "text/plain", body)
	if _, ok := errors.AsType[*OriginError](err); !ok {
		t.Errorf("got %v", err)
	}
	if resp != nil {
		resp.Body.Close()
	}
	if requests.Load() != 0 || !body.done {
		t.Errorf("%d requests, body closed %t", requests.Load(), body.done)
	}
}

type closed struct {
	io.Reader
	done bool
}

func (c *closed) Close() error { c.done = true; return nil }

func TestOwnTransport(t *testing.T) {
	t.Parallel()
	for _, std := range []http.RoundTripper{http.DefaultTransport, http.NewFileTransport(http.Dir("."))} {
		tr := ownTransport(std)
		if http.RoundTripper(tr) == std || !tr.DisableKeepAlives || tr.Proxy == nil || tr.TLSHandshakeTimeout == 0 {
			t.Errorf("made of %T: %+v", std, tr)
		}
	}
	if http.DefaultTransport.(*http.Transport).DisableKeepAlives {
		t.Error("the default transport was changed")
	}
}

func TestEndpointClientWithoutTransport(t *testing.T) {
	t.Parallel()
	login, err := ParseOrigin("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := newEndpointClient(&http.Client{}, login).Get("http://127.0.0.1:1/")
	if err == nil {
		resp.Body.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("http.DefaultTransport was not used: %v", err)
	}
}

// Redirects end in the transport already; the client would not follow either.
func TestEndpointClientFollowsNothing(t *testing.T) {
	t.Parallel()
	c := newEndpointClient(nil, Origin{})
	if err := c.CheckRedirect(nil, nil); err != http.ErrUseLastResponse || c.Jar != nil {
		t.Errorf("got %v, a jar: %t", err, c.Jar != nil)
	}
}

// What is too large is not read to its end.
func TestReadBoundedStops(t *testing.T) {
	t.Parallel()
	r := strings.NewReader(strings.Repeat(" ", 8*maxAnswer))
	if _, err := readBounded(r); err != errTooLarge || r.Len() < 6*maxAnswer {
		t.Errorf("got %v with %d bytes left", err, r.Len())
	}
	b, err := readBounded(strings.NewReader(strings.Repeat(" ", maxAnswer)))
	if err != nil || len(b) != maxAnswer {
		t.Errorf("the largest answer that is allowed: %d bytes, %v", len(b), err)
	}
}

func TestFormSecrets(t *testing.T) {
	t.Parallel()
	form := url.Values{"client_secret": {"s1"}, "refresh_token": {"s2", "s3"}, "client_id": {"public"}, "assertion": {"s4"}}
	post := func(body io.Reader) *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://login.example.com/", body)
		if err != nil {
			t.Fatal(err)
		}
		return req
	}
	withForm := post(strings.NewReader(form.Encode()))
	withBasic := post(nil)
	withBasic.SetBasicAuth("id", url.QueryEscape("p w"))
	failing := post(nil)
	failing.GetBody = func() (io.ReadCloser, error) { return nil, io.ErrUnexpectedEOF }
	cut := post(nil)
	cut.GetBody = func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("client_secret=s"), failingReader{})), nil
	}
	for name, tt := range map[string]struct {
		resp *http.Response
		want []string
	}{
		"no answer":        {nil, nil},
		"no request":       {&http.Response{}, nil},
		"form":             {&http.Response{Request: withForm}, []string{"s1", "s4", "s2", "s3"}},
		"basic":            {&http.Response{Request: withBasic}, []string{"p+w", "p w"}},
		"body that is not": {&http.Response{Request: failing}, nil},
		"body that breaks": {&http.Response{Request: cut}, nil},
	} {
		if got := formSecrets(tt.resp); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
