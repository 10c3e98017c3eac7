package client

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// writeGuard keeps net/http from repeating a write by itself. On HTTP/2 it replays requests that have GetBody or no
// body, on HTTP/1 those with an Idempotency-Key, and in either case it may send over a connection that the server has
// just closed. So a write goes through a connection made for it alone, whose RoundTrip replays nothing. The read
// after a 503 gets a new connection in the same way.
type writeGuard struct {
	base      http.RoundTripper
	transport *http.Transport // base, where it is one
	pool      *connPool       // nil: each write over a new connection
}

func newWriteGuard(base http.RoundTripper, reuse bool) *writeGuard {
	g := &writeGuard{base: base}
	g.transport, _ = base.(*http.Transport)
	if reuse && g.transport != nil {
		g.pool = newConnPool(g.transport.IdleConnTimeout)
	}
	return g
}

func (g *writeGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	a := attemptFrom(req.Context())
	a.begin(g.transport == nil)
	if !a.op.write && (!a.fresh || g.transport == nil) {
		return g.base.RoundTrip(req)
	}
	out := *req
	out.GetBody = nil
	out.Header = req.Header.Clone()
	for name := range out.Header {
		// What counts for net/http is the key in the map, even with no value.
		if strings.EqualFold(name, "Idempotency-Key") || strings.EqualFold(name, "X-Idempotency-Key") {
			delete(out.Header, name)
		}
	}
	if g.transport == nil {
		return g.base.RoundTrip(&out)
	}
	return g.exchange(a, &out)
}

// exchange sends req over a connection of its own.
func (g *writeGuard) exchange(a *attempt, req *http.Request) (*http.Response, error) {
	conn, reused, err := g.connect(req.Context(), req.URL, a.op.write)
	if err != nil {
		closeBody(req)
		return nil, &dialError{err}
	}
	a.note(func(e *evidence) { e.gotConn, e.reused = true, reused })
	resp, err := conn.RoundTrip(req)
	if err != nil {
		conn.Close()
		return nil, err
	}
	keep := g.pool != nil && a.op.write && !resp.Close
	resp.Body = &connBody{ReadCloser: resp.Body, release: func(whole bool) {
		if !keep || !whole || !g.pool.put(conn) {
			conn.Close()
		}
	}}
	return resp, nil
}

func (g *writeGuard) connect(ctx context.Context, u *url.URL, write bool) (_ *http.ClientConn, reused bool, _ error) {
	if g.pool != nil && write {
		if conn := g.pool.get(); conn != nil {
			return conn, true, nil
		}
	}
	conn, err := g.transport.NewClientConn(ctx, u.Scheme, hostPort(u))
	return conn, false, err
}

// hostPort is what to dial. net/http wants a port, and IPv6 literals in brackets.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" {
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// connBody lets go of the connection once the answer is read.
type connBody struct {
	io.ReadCloser
	whole   bool
	release func(whole bool)
}

func (b *connBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.whole = true
	}
	return n, err
}

func (b *connBody) Close() error {
	err := b.ReadCloser.Close()
	b.release(b.whole)
	return err
}

// maxIdleWrites is how many idle connections are kept for bulk writes: as many as the service serves at a time for
// one application and tenant.
const maxIdleWrites = 4

// connPool keeps connections between writes. All are to the one origin of the client.
type connPool struct {
	timeout time.Duration
	mu      sync.Mutex
	idle    []*idleConn
}

type idleConn struct {
	*http.ClientConn
	expiry *time.Timer
}

func newConnPool(timeout time.Duration) *connPool {
	return &connPool{timeout: orDefault(timeout, 90*time.Second)}
}

// get takes the connection used last, as the one least likely to have been closed by the server.
func (p *connPool) get() *http.ClientConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		last := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		last.expiry.Stop()
		if last.Err() == nil {
			return last.ClientConn
		}
		last.Close()
	}
	return nil
}

// put keeps conn until it is used again or has been idle for too long. It says false for one that cannot be kept.
func (p *connPool) put(conn *http.ClientConn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) >= maxIdleWrites || conn.Err() != nil {
		return false
	}
	c := &idleConn{ClientConn: conn}
	c.expiry = time.AfterFunc(p.timeout, func() { p.expire(c) })
	p.idle = append(p.idle, c)
	return true
}

func (p *connPool) expire(c *idleConn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.idle {
		if other == c {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			c.Close()
			return
		}
	}
}

func (p *connPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.expiry.Stop()
		c.Close()
	}
	p.idle = nil
}
