package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// canaryToken must appear in no text.
const canaryToken = "canary-token-6f1d2c"

// quick repeats at once.
var quick = RetryPolicy{BaseDelay: 1, ThrottleDelay: 1, MaxDelay: 1}

func staticSource(tb testing.TB) auth.TokenSource {
	tb.Helper()
	src, err := auth.Static(canaryToken)
	if err != nil {
		tb.Fatal(err)
	}
	return src
}

func newClient(tb testing.TB, base string, opts ...Option) *Client {
	tb.Helper()
	c, err := New(staticSource(tb), append([]Option{WithBaseURL(base)}, opts...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.CloseIdleConnections)
	return c
}

// thing is what the test operations answer with.
type thing struct{ ID string }

func decodeThing(dst *thing) func(io.Reader) error {
	return func(r io.Reader) error {
		*dst = thing{}
		dec := json.NewDecoder(r)
		if err := dec.Decode(dst); err != nil {
			return err
		}
		if _, err := dec.Token(); err == nil {
			return errors.New("more than one value")
		} else if err != io.EOF {
			return err
		}
		return nil
	}
}

func readThing(dst *thing) operation {
	return operation{name: "get thing", permission: "Things.Read.All", accept: []int{200}, decode: decodeThing(dst)}
}

func writeThing(dst *thing) operation {
	return operation{
		name: "create thing", write: true, key: "thing-7", permission: "Things.ReadWrite.All", accept: []int{201}, decode: decodeThing(dst),
	}
}

// run makes one request the way the generated client does.
func (c *Client) run(ctx context.Context, op operation, path string, opts ...CallOption) error {
	method, content := http.MethodGet, ""
	if op.write {
		method, content = http.MethodPost, `{"name":"seven"}`
	}
	return c.request(ctx, op, method, path, content, opts...)
}

func (c *Client) request(ctx context.Context, op operation, method, path, content string, opts ...CallOption) error {
	return c.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		var body io.Reader
		if content != "" {
			body = strings.NewReader(content)
		}
		u := path
		if strings.HasPrefix(path, "/") {
			u = c.root() + path
		}
		req, err := http.NewRequestWithContext(ctx, method, u, body)
		if err != nil {
			return nil, err
		}
		if content != "" {
			req.Header.Set("Content-Type", mediaJSON)
		}
		return c.doer.Do(req)
	})
}

// opFor is the test operation of a side of the tables.
func opFor(write bool) operation {
	if write {
		return writeThing(&thing{})
	}
	return readThing(&thing{})
}

// reply answers in the way that the two test operations want.
func reply(w http.ResponseWriter, r *http.Request, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(okStatus(r))
	_, _ = io.WriteString(w, body)
}

func okStatus(r *http.Request) int {
	if r.Method == http.MethodPost {
		return http.StatusCreated
	}
	return http.StatusOK
}

// serve starts a real server for HTTP/1 or HTTP/2 (over TLS) and gives a transport that reaches it.
func serve(tb testing.TB, http2 bool, h http.HandlerFunc) (base string, tr *http.Transport) {
	tb.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = discardLog()
	if http2 {
		srv.EnableHTTP2 = true
		srv.StartTLS()
	} else {
		srv.Start()
	}
	tb.Cleanup(srv.Close)
	tr = srv.Client().Transport.(*http.Transport)
	tb.Cleanup(tr.CloseIdleConnections)
	return srv.URL + "/v1.0", tr
}

func discardLog() *log.Logger { return slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) }

func withTransport(tr http.RoundTripper) Option { return WithHTTPClient(&http.Client{Transport: tr}) }

// repeats is a logger that counts what is logged as a warning: the repeats.
type repeats struct{ n atomic.Int32 }

func (r *repeats) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }
func (r *repeats) Handle(context.Context, slog.Record) error    { r.n.Add(1); return nil }
func (r *repeats) WithAttrs([]slog.Attr) slog.Handler           { return r }
func (r *repeats) WithGroup(string) slog.Handler                { return r }

// roundTripper is a caller's own transport.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {mediaJSON}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r, ContentLength: int64(len(body)),
	}
}

// asError fails the test unless err is an *Error.
func asError(tb testing.TB, err error) *Error {
	tb.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		tb.Fatalf("error is %T %v, want *Error", err, err)
	}
	if strings.ContainsAny(e.Error(), "\n\r") || strings.Contains(fmt.Sprintf("%#v %+v", e, e), canaryToken) {
		tb.Fatalf("not one clean line: %q", e.Error())
	}
	return e
}

// recorder keeps the times at which a server was asked.
type recorder struct {
	mu sync.Mutex
	at []time.Time
}

func (r *recorder) add() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(r.at, time.Now())
	return len(r.at)
}

func (r *recorder) gaps() []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var gaps []time.Duration
	for i := 1; i < len(r.at); i++ {
		gaps = append(gaps, r.at[i].Sub(r.at[i-1]))
	}
	return gaps
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.at)
}

// root is the Graph root, without a slash at its end.
func (c *Client) root() string { return strings.TrimSuffix(c.gen.Server, "/") }
