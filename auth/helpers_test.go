package auth_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// Canaries: found in any text, they are a leak.
const (
	canarySecret = "canary+secret/~with \"odd\" <parts>&more"
	canaryToken  = "canary-token.abc_def~1"
	clientID     = "11111111-2222-3333-4444-555555555555"
	tenantID     = "contoso.onmicrosoft.com"
	scope        = "https://graph.microsoft.com/.default"
)

// TestMain fails the run when a goroutine of this package is left.
func TestMain(m *testing.M) {
	code := m.Run()
	var stacks string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); runtime.Gosched() {
		if stacks = left(); stacks == "" {
			break
		}
	}
	if stacks != "" && code == 0 {
		fmt.Fprintln(os.Stderr, "goroutines left:\n"+stacks)
		code = 1
	}
	os.Exit(code)
}

func left() string {
	buf := make([]byte, 1<<20)
	var found []string
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(stack, "securescore/") && !strings.Contains(stack, "auth_test.TestMain") {
			found = append(found, stack)
		}
	}
	return strings.Join(found, "\n\n")
}

// answer is what an endpoint says.
type answer struct {
	status      int
	contentType string // application/json where empty
	header      map[string]string
	body        string
}

func tokenAnswer(token string, expiresIn int) answer {
	return answer{status: 200, body: fmt.Sprintf(`{"token_type":"Bearer","expires_in":%d,"ext_expires_in":%d,"access_token":%q}`, expiresIn, expiresIn, token)}
}

func refusal(status int, code, description string) answer {
	body, _ := json.Marshal(map[string]any{
		"error": code, "error_description": description,
		"trace_id": "cb1eb11f-580d-4a76-b4dc-51840fb4c0e7", "correlation_id": "63425837-1eb9-456b-ac28-6ee81d0627f5",
	})
	return answer{status: status, body: string(body)}
}

// endpoint is a server that counts what reaches it.
type endpoint struct {
	answer func(n int, r *http.Request) answer // n counts from 1

	mu       sync.Mutex
	requests []received
}

type received struct {
	method, path string
	header       http.Header
	form         url.Values
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	e.mu.Lock()
	e.requests = append(e.requests, received{method: r.Method, path: r.URL.Path, header: r.Header.Clone(), form: r.PostForm})
	n := len(e.requests)
	e.mu.Unlock()
	a := e.answer(n, r)
	if a.contentType == "" {
		a.contentType = "application/json; charset=utf-8"
	}
	w.Header().Set("Content-Type", a.contentType)
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.requests)
}

func (e *endpoint) request(t *testing.T, i int) received {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if i >= len(e.requests) {
		t.Fatalf("%d requests were received, want at least %d", len(e.requests), i+1)
	}
	return e.requests[i]
}

func always(a answer) func(int, *http.Request) answer {
	return func(int, *http.Request) answer { return a }
}

// numbered gives a new token on each request: token-1, token-2, …
func numbered(expiresIn int) func(int, *http.Request) answer {
	return func(n int, _ *http.Request) answer { return tokenAnswer(fmt.Sprintf("token-%d", n), expiresIn) }
}

// serve runs e on a loopback socket and returns its URL and a client for it.
func serve(t *testing.T, h http.Handler) (string, *http.Client) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL, srv.Client()
}

// serveInMemory is for synctest bubbles. Every host reaches h.
func serveInMemory(t *testing.T, h http.Handler) *http.Client {
	t.Helper()
	l := clienttest.NewListener()
	srv := &http.Server{Handler: h}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = srv.Serve(l)
	}()
	tr := &http.Transport{DialContext: l.DialContext}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		_ = srv.Close()
		<-ended
	})
	return &http.Client{Transport: tr}
}

func app(t *testing.T, loginURL string, hc *http.Client) auth.App {
	t.Helper()
	cloud, err := auth.NewCloud(loginURL, "https://graph.example.com/v1.0")
	if err != nil {
		t.Fatal(err)
	}
	return auth.App{TenantID: tenantID, ClientID: clientID, Cloud: cloud, HTTPClient: hc}
}

func clientSecret(t *testing.T, loginURL string, hc *http.Client) auth.TokenSource {
	t.Helper()
	src, err := auth.ClientSecret(app(t, loginURL, hc), canarySecret)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func ask(t *testing.T, src auth.TokenSource, scopes ...string) string {
	t.Helper()
	tok, err := src.Token(t.Context(), auth.TokenRequest{Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return tok.AccessToken
}

func askError(t *testing.T, src auth.TokenSource, scopes ...string) error {
	t.Helper()
	tok, err := src.Token(t.Context(), auth.TokenRequest{Scopes: scopes})
	if err == nil || tok != nil {
		t.Fatalf("got token present %t and error %v, want an error alone", tok != nil, err)
	}
	return err
}

func wantText(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
	if strings.ContainsAny(err.Error(), "\r\n") {
		t.Errorf("error %q is not one line", err)
	}
}

func discard() *log.Logger { return log.New(io.Discard, "", 0) }

func gzipped(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, body)
		_ = z.Close()
	})
}
