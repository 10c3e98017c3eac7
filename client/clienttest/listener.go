package clienttest

import (
	"context"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Listener is a [net.Listener] in memory. Its connections are buffered: a write
// does not wait for the reader until 1 MiB is unread. They block on channels
// and timers only, so they may be used inside a testing/synctest bubble, where
// sockets hang; the listener must then be made inside the bubble.
//
//	l := clienttest.NewListener()
//	srv := &http.Server{Handler: graph}
//	go srv.Serve(l)
//	hc := &http.Client{Transport: &http.Transport{DialContext: l.DialContext}}
//
// Before the bubble ends, close the server and the client's idle connections.
type Listener struct {
	mu      sync.Mutex
	pending []*conn
	dialled int
	closed  bool
	changed chan struct{} // closed and replaced when any of these changes
}

// NewListener returns a listener that accepts until it is closed.
func NewListener() *Listener {
	return &Listener{changed: make(chan struct{})}
}

// Accept waits for the next connection. After Close its error is
// [net.ErrClosed].
func (l *Listener) Accept() (net.Conn, error) {
	for {
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return nil, &net.OpError{Op: "accept", Net: memoryNetwork, Addr: l.Addr(), Err: net.ErrClosed}
		}
		if len(l.pending) > 0 {
			c := l.pending[0]
			l.pending = l.pending[1:]
			l.mu.Unlock()
			return c, nil
		}
		changed := l.changed
		l.mu.Unlock()
		<-changed
	}
}

// Close ends the listener: waiting Accept calls return, connections that were
// dialled and not accepted are reset, later dials are refused. Connections
// already accepted live on. Closing again does nothing.
func (l *Listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	refused := l.pending
	l.pending = nil
	l.broadcast()
	l.mu.Unlock()
	for _, c := range refused {
		_ = c.SetLinger(0)
		_ = c.Close()
	}
	return nil
}

// Addr returns the address of the listener: network "memory", text "localhost".
func (l *Listener) Addr() net.Addr { return memoryAddr(memoryHost) }

// DialContext connects to the listener, whatever the network and address. It is
// meant for [net/http.Transport]'s field of that name. It does not wait for
// Accept. Once the listener is closed its error is [syscall.ECONNREFUSED].
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: memoryNetwork, Addr: l.Addr(), Err: err}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fail(syscall.ECONNREFUSED)
	}
	l.dialled++
	client, server := newConnPair(memoryAddr(memoryHost+":"+strconv.Itoa(l.dialled)), l.Addr())
	l.pending = append(l.pending, server)
	l.broadcast()
	return client, nil
}

// broadcast wakes every waiting Accept. The caller holds mu.
func (l *Listener) broadcast() {
	close(l.changed)
	l.changed = make(chan struct{})
}

const (
	memoryNetwork = "memory"
	memoryHost    = "localhost"
)

// memoryAddr is the address of one end of a connection in memory. The client's
// end carries the number of the connection, so that a server can tell a new
// connection from a reused one, as it can by a port.
type memoryAddr string

func (memoryAddr) Network() string  { return memoryNetwork }
func (a memoryAddr) String() string { return string(a) }
