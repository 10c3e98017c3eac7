package clienttest

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// maxUnread bounds what one direction of a connection holds, in bytes, so that
// a sender that never ends meets back pressure, as with a socket.
const maxUnread = 1 << 20

// conn is one end of a connection in memory.
type conn struct {
	in, out       *stream
	local, remote net.Addr
	readBy        deadline
	writeBy       deadline
	once          sync.Once
	mu            sync.Mutex
	reset         bool
}

func newConnPair(client, server net.Addr) (*conn, *conn) {
	up, down := newStream(), newStream()
	a := &conn{in: down, out: up, local: client, remote: server, readBy: newDeadline(), writeBy: newDeadline()}
	b := &conn{in: up, out: down, local: server, remote: client, readBy: newDeadline(), writeBy: newDeadline()}
	return a, b
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p, &c.readBy)
	if err != nil && err != io.EOF {
		err = c.opError("read", err)
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p, &c.writeBy)
	if err != nil {
		err = c.opError("write", err)
	}
	return n, err
}

// Close ends both directions. The peer reads what was written and then io.EOF.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.mu.Lock()
		reset := c.reset
		c.mu.Unlock()
		if reset {
			c.out.fail(syscall.ECONNRESET)
		} else {
			c.out.finish()
		}
		c.in.abandon()
		c.readBy.set(time.Time{})
		c.writeBy.set(time.Time{})
	})
	return nil
}

// SetLinger is that of [net.TCPConn], for 0 seconds: Close then drops what the
// peer has not read, and the peer gets [syscall.ECONNRESET].
func (c *conn) SetLinger(seconds int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reset = seconds == 0
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	c.readBy.set(t)
	c.writeBy.set(t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.readBy.set(t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.writeBy.set(t)
	return nil
}

func (c *conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: memoryNetwork, Source: c.local, Addr: c.remote, Err: err}
}

// stream is one direction of a connection.
type stream struct {
	mu        sync.Mutex
	unread    []byte
	finished  bool          // the writing end is closed
	abandoned bool          // the reading end is closed
	failure   error         // what both ends get once the stream was reset
	changed   chan struct{} // closed and replaced when any of these changes
	writing   chan struct{} // holds one value while a write is under way: writes do not mix
}

func newStream() *stream {
	return &stream{changed: make(chan struct{}), writing: make(chan struct{}, 1)}
}

// broadcast wakes every waiter. The caller holds mu.
func (s *stream) broadcast() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stream) read(p []byte, by *deadline) (int, error) {
	for {
		expired := by.wait()
		s.mu.Lock()
		switch {
		case s.abandoned:
			s.mu.Unlock()
			return 0, net.ErrClosed
		case isClosed(expired):
			s.mu.Unlock()
			return 0, os.ErrDeadlineExceeded
		case s.failure != nil:
			defer s.mu.Unlock()
			return 0, s.failure
		case len(s.unread) > 0 || len(p) == 0:
			defer s.mu.Unlock()
			n := copy(p, s.unread)
			s.unread = s.unread[n:]
			s.broadcast()
			return n, nil
		case s.finished:
			s.mu.Unlock()
			return 0, io.EOF
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-expired:
		}
	}
}

func (s *stream) write(p []byte, by *deadline) (int, error) {
	select {
	case s.writing <- struct{}{}:
	case <-by.wait():
		return 0, os.ErrDeadlineExceeded
	}
	defer func() { <-s.writing }()
	written := 0
	for {
		expired := by.wait()
		s.mu.Lock()
		switch {
		case s.finished:
			s.mu.Unlock()
			return written, net.ErrClosed
		case isClosed(expired):
			s.mu.Unlock()
			return written, os.ErrDeadlineExceeded
		case s.abandoned:
			s.mu.Unlock()
			return written, syscall.EPIPE
		}
		if room := maxUnread - len(s.unread); room > 0 {
			n := min(room, len(p)-written)
			s.unread = append(s.unread, p[written:written+n]...)
			written += n
			s.broadcast()
		}
		if written == len(p) {
			s.mu.Unlock()
			return written, nil
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-expired:
		}
	}
}

// finish is called by the writing end: the reader gets io.EOF after the data.
func (s *stream) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
	s.broadcast()
}

// fail is called by the writing end: unread data are dropped and the reader
// gets err.
func (s *stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished, s.failure, s.unread = true, err, nil
	s.broadcast()
}

// abandon is called by the reading end: nobody will read any more.
func (s *stream) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abandoned, s.unread = true, nil
	s.broadcast()
}

// deadline is a point in time as a channel that is closed when it has passed.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	passed chan struct{}
}

func newDeadline() deadline { return deadline{passed: make(chan struct{})} }

// set moves the deadline; the zero time is none, one in the past passes at once.
// Waiters of a deadline still ahead are told through the same channel when it
// is moved to the past, which is how net/http interrupts a pending read.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.passed // the timer fired: let it close the channel before it is replaced
	}
	d.timer = nil
	if isClosed(d.passed) {
		d.passed = make(chan struct{})
	}
	if t.IsZero() {
		return
	}
	passed := d.passed
	if left := time.Until(t); left > 0 {
		d.timer = time.AfterFunc(left, func() { close(passed) })
		return
	}
	close(passed)
}

func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
