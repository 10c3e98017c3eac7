package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// remotes collects the connections that a server sees.
type remotes struct {
	mu   sync.Mutex
	seen map[string]int
}

func (r *remotes) add(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	r.seen[addr]++
}

func (r *remotes) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

func TestWritesUseNewConnections(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		for _, tt := range []struct {
			reuse bool
			want  int
		}{{false, 5}, {true, 1}} {
			t.Run(fmt.Sprintf("HTTP2 %t, reuse %t", http2, tt.reuse), func(t *testing.T) {
				t.Parallel()
				var conns remotes
				base, tr := serve(t, http2, func(w http.ResponseWriter, r *http.Request) {
					if (r.ProtoMajor == 2) != http2 {
						t.Errorf("came over %s", r.Proto)
					}
					if got, _ := io.ReadAll(r.Body); string(got) != `{"name":"seven"}` {
						t.Errorf("body %q", got)
					}
					conns.add(r.RemoteAddr)
					reply(w, r, `{"id":"1"}`)
				})
				c := newClient(t, base, withTransport(tr), WithRetryPolicy(RetryPolicy{ReuseConnectionsForWrites: tt.reuse}))
				for range 5 {
					var got thing
					if err := c.run(t.Context(), writeThing(&got), "/things"); err != nil || got.ID != "1" {
						t.Fatal(got, err)
					}
				}
				if got := conns.count(); got != tt.want {
					t.Errorf("%d connections for 5 writes, want %d", got, tt.want)
				}
			})
		}
	}
}

func TestReadsShareConnections(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		var conns remotes
		base, tr := serve(t, http2, func(w http.ResponseWriter, r *http.Request) {
			conns.add(r.RemoteAddr)
			if r.URL.Path == "/v1.0/missing" {
				w.WriteHeader(404)
				return
			}
			reply(w, r, `{"id":"1"}`)
		})
		c := newClient(t, base, withTransport(tr))
		for i := range 6 {
			err := c.run(t.Context(), opFor(false), pick(i%2 == 0, "/things", "/missing"))
			if (err == nil) != (i%2 == 0) {
				t.Fatal(err)
			}
		}
		if got := conns.count(); got != 1 {
			t.Errorf("HTTP2 %t: %d connections, want 1: a call that fails must not close those of the others", http2, got)
		}
	}
}

// CloseIdleConnections closes what the client has made, and leaves the caller's transport alone.
func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	var conns remotes
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) { conns.add(r.RemoteAddr); reply(w, r, `{"id":"1"}`) })
	for _, tt := range []struct {
		name  string
		opts  []Option
		write bool
		want  int
	}{
		{"own transport", nil, false, 2},
		{"own pool", []Option{withTransport(tr), WithRetryPolicy(RetryPolicy{ReuseConnectionsForWrites: true})}, true, 2},
		{"caller's transport", []Option{withTransport(tr)}, false, 1},
	} {
		before := conns.count()
		c := newClient(t, base, tt.opts...)
		for i := range 4 {
			if err := c.run(t.Context(), opFor(tt.write), "/things"); err != nil {
				t.Fatal(err)
			}
			if i == 1 {
				c.CloseIdleConnections()
			}
		}
		if got := conns.count() - before; got != tt.want {
			t.Errorf("%s: %d connections, want %d", tt.name, got, tt.want)
		}
	}
}

// Microsoft asks for a new connection after a 503.
func TestReadAfter503UsesNewConnection(t *testing.T) {
	t.Parallel()
	for _, status := range []int{503, 500} {
		var conns remotes
		n := 0
		base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
			conns.add(r.RemoteAddr)
			if n++; n == 2 {
				w.WriteHeader(status)
				return
			}
			reply(w, r, `{"id":"1"}`)
		})
		p := quick
		p.ReuseConnectionsForWrites = true
		c := newClient(t, base, withTransport(tr), WithRetryPolicy(p))
		for range 3 {
			if err := c.run(t.Context(), opFor(false), "/things"); err != nil {
				t.Fatal(err)
			}
		}
		if n := idle(c); n != 0 {
			t.Errorf("%d connections of reads are kept for writes", n)
		}
		if got, want := conns.count(), pick(status == 503, 2, 1); n != 4 || got != want {
			t.Errorf("status %d: %d requests over %d connections, want 4 over %d", status, n, got, want)
		}
	}
}

// A DELETE has no body, which net/http takes for leave to replay it.
func TestWriteWithoutBodyIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, reuse := range []bool{false, true} {
		s := rawH2(func(id uint32) []byte { return rstStream(id, 0x1) })(t, false)
		p := quick
		p.ReuseConnectionsForWrites = reuse
		c := newClient(t, s.base, withTransport(s.transport), WithRetryPolicy(p))
		op := operation{name: "delete thing", write: true, accept: []int{204}}
		if err := c.request(t.Context(), op, http.MethodDelete, "/things/1", ""); !errors.Is(err, ErrOutcomeUnknown) || s.seen() != 1 {
			t.Errorf("reuse %t: %d requests, %v", reuse, s.seen(), err)
		}
	}
}

// An Idempotency-Key, even as a bare key of the map, makes net/http replay on HTTP/1.
func TestIdempotencyKeyIsRemoved(t *testing.T) {
	t.Parallel()
	var header http.Header
	own := roundTripper(func(r *http.Request) (*http.Response, error) {
		header = r.Header
		if r.GetBody != nil {
			t.Error("GetBody is set")
		}
		return answer(r, 201, `{"id":"1"}`), nil
	})
	c := newClient(t, "https://graph.example.com/v1.0", withTransport(own))
	err := c.do(t.Context(), opFor(true), nil, func(ctx context.Context) (*http.Response, error) {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, c.root()+"/things", strings.NewReader("x"))
		req.Header["Idempotency-Key"] = nil
		req.Header["x-idempotency-key"] = []string{"1"}
		return c.doer.Do(req)
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range header {
		if name == "Idempotency-Key" || name == "x-idempotency-key" {
			t.Errorf("%s is sent", name)
		}
	}
}

// On a server that closes each connection right after its answer, writes over reused connections are sometimes lost,
// and then unknown; over new ones never.
func TestServerThatClosesEarly(t *testing.T) {
	t.Parallel()
	addr := listen(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"id\":\"1\"}")
	})
	for _, reuse := range []bool{false, true} {
		p := quick
		p.ReuseConnectionsForWrites = reuse
		c := newClient(t, "http://"+addr+"/v1.0", withTransport(&http.Transport{}), WithRetryPolicy(p))
		for range 100 {
			if err := c.run(t.Context(), opFor(true), "/things"); err != nil && (!reuse || !errors.Is(err, ErrOutcomeUnknown)) {
				t.Fatalf("reuse %t: %v", reuse, err)
			}
		}
	}
}

// A failure on a reused connection is unknown even if the trace saw nothing written.
func TestReusedConnectionProvesNothing(t *testing.T) {
	t.Parallel()
	e := evidence{begun: true, gotConn: true}
	if got := transportClass(io.EOF, nil, e, true); got != notSent {
		t.Errorf("fresh: class %d", got)
	}
	for name, change := range map[string]func(*evidence){
		"reused":        func(e *evidence) { e.reused = true },
		"opaque":        func(e *evidence) { e.opaque = true },
		"headers sent":  func(e *evidence) { e.wroteHeaders = true },
		"trace is mute": func(e *evidence) { e.gotConn = false },
	} {
		e := e
		change(&e)
		if got := transportClass(io.EOF, nil, e, true); got != broken {
			t.Errorf("%s: class %d", name, got)
		}
	}
	if got := transportClass(io.EOF, nil, e, false); got != broken {
		t.Errorf("context ended: class %d", got)
	}
}

// On HTTP/2 net/http repeats a read for as long as a server answers PROTOCOL_ERROR. One repeat of its own is all it
// gets.
func TestReadsOverHTTP2AreBounded(t *testing.T) {
	t.Parallel()
	for _, code := range []uint32{0x1, 0x7} {
		synctest.Test(t, func(t *testing.T) {
			l := clienttest.NewListener()
			var streams atomic.Int32
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					go func() {
						defer conn.Close()
						serveH2(conn, &streams, func(id uint32) []byte { return rstStream(id, code) })
					}()
				}
			}()
			tr := h2Transport()
			tr.DialContext = l.DialContext
			c := newClient(t, "http://localhost/v1.0", withTransport(tr))
			err := c.run(t.Context(), opFor(false), "/things")
			if e := asError(t, err); e.Attempts != full || !errors.Is(err, ErrNetwork) || errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
			if got := streams.Load(); got != full*maxConns {
				t.Errorf("code %d: %d requests, want %d", code, got, full*maxConns)
			}
			synctest.Wait()
			tr.CloseIdleConnections()
			l.Close()
			time.Sleep(time.Minute) // net/http's own timers
		})
	}
}

func TestProxyIsHonouredByWrites(t *testing.T) {
	t.Parallel()
	var conns, tunnels atomic.Int32
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { conns.Add(1); reply(w, r, `{"id":"1"}`) }))
	t.Cleanup(srv.Close)
	addr := listen(t, func(c net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil || req.Method != http.MethodConnect || req.Host != "example.com:443" {
			t.Errorf("proxy was asked for %v, %v", req, err)
			return
		}
		tunnels.Add(1)
		up, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			return
		}
		defer up.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(up, c); _ = up.(*net.TCPConn).CloseWrite() }()
		_, _ = io.Copy(c, up)
	})
	tr := srv.Client().Transport.(*http.Transport).Clone()
	tr.DialContext = nil
	tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: addr})
	t.Cleanup(tr.CloseIdleConnections)
	c := newClient(t, "https://example.com/v1.0", withTransport(tr))
	bothInTurn(t, func(t *testing.T, write bool) {
		if err := c.run(t.Context(), opFor(write), "/things"); err != nil {
			t.Error(err)
		}
	})
	if conns.Load() != 2 || tunnels.Load() != 2 {
		t.Errorf("%d requests through %d tunnels", conns.Load(), tunnels.Load())
	}
}

func bothInTurn(t *testing.T, f func(t *testing.T, write bool)) {
	t.Helper()
	for _, write := range []bool{false, true} {
		f(t, write)
	}
}

// Nothing goes to the machine itself through a proxy, and the caller's transport stays as it is.
func TestNoProxyToLoopback(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) { hits.Add(1); reply(w, r, `{"id":"1"}`) })
	tr.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("the proxy was asked for") }
	c := newClient(t, base, withTransport(tr), WithRetryPolicy(quick))
	bothInTurn(t, func(t *testing.T, write bool) {
		if err := c.run(t.Context(), opFor(write), "/things"); err != nil {
			t.Error(err)
		}
	})
	if hits.Load() != 2 || tr.Proxy == nil {
		t.Errorf("%d requests, proxy kept: %t", hits.Load(), tr.Proxy != nil)
	}
}

func TestPoolForgetsIdleConnections(t *testing.T) {
	t.Parallel()
	var conns remotes
	inBubble(t, func(w http.ResponseWriter, r *http.Request) { conns.add(r.RemoteAddr); reply(w, r, `{"id":"1"}`) }, func(t *testing.T, c *Client) {
		write := func() {
			t.Helper()
			if err := c.run(t.Context(), opFor(true), "/things"); err != nil {
				t.Error(err)
			}
		}
		write()
		time.Sleep(89 * time.Second)
		write()
		if got := conns.count(); got != 1 {
			t.Errorf("%d connections, want 1", got)
		}
		time.Sleep(91 * time.Second)
		if n := idle(c); n != 0 {
			t.Errorf("%d idle connections are kept", n)
		}
		write()
		if got := conns.count(); got != 2 {
			t.Errorf("%d connections, want 2", got)
		}
		// No more are kept than the service serves at a time.
		var wg sync.WaitGroup
		for range 3 * maxIdleWrites {
			wg.Go(write)
		}
		wg.Wait()
		if n := idle(c); n < 1 || n > maxIdleWrites {
			t.Errorf("%d idle connections", n)
		}
		c.CloseIdleConnections()
		if n := idle(c); n != 0 {
			t.Errorf("%d idle connections are kept", n)
		}
	}, WithRetryPolicy(RetryPolicy{ReuseConnectionsForWrites: true}))
}

func idle(c *Client) int {
	p := c.doer.guard.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

// A connection that the server is about to close, or whose answer was not read to its end, is not kept.
func TestPoolKeepsGoodConnectionsOnly(t *testing.T) {
	t.Parallel()
	var conns remotes
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		conns.add(r.RemoteAddr)
		if r.URL.Path == "/v1.0/page" {
			w.Header().Set("Content-Type", "text/html") // and not read for that
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, strings.Repeat("<p>", 100_000))
			return
		}
		w.Header().Set("Connection", "close")
		reply(w, r, `{"id":"1"}`)
	})
	p := quick
	p.ReuseConnectionsForWrites = true
	c := newClient(t, base, withTransport(tr), WithRetryPolicy(p))
	for range 50 {
		if err := c.run(t.Context(), opFor(true), "/things"); err != nil || idle(c) != 0 {
			t.Fatalf("%d connections are kept, %v", idle(c), err)
		}
	}
	if err := c.run(t.Context(), opFor(true), "/page"); err == nil || idle(c) != 0 {
		t.Fatalf("%d connections are kept, %v", idle(c), err)
	}
	for content, want := range map[string]bool{"": true, "more": false} {
		whole := !want
		b := &connBody{ReadCloser: io.NopCloser(strings.NewReader("some" + content)), release: func(w bool) { whole = w }}
		_, _ = io.ReadFull(b, make([]byte, 4))
		if content == "" {
			_, _ = b.Read(make([]byte, 1))
		}
		if b.Close(); whole != want {
			t.Errorf("%q unread: whole is %t", content, whole)
		}
	}
}

func TestHostPort(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://graph.example.com/v1.0": "graph.example.com:443", "http://localhost": "localhost:80",
		"http://[::1]/": "[::1]:80", "https://127.0.0.1:8443": "127.0.0.1:8443",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := hostPort(u); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}
