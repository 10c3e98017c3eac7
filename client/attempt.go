package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// outcome is what became of one attempt.
type outcome struct {
	class      class
	status     int // 0: no answer
	header     http.Header
	body       []byte // of an answer that is an error, decompressed and capped
	err        error
	retryAfter time.Duration
}

// attempts makes each request one attempt: timers, evidence, and the answer read, judged and decoded before it
// returns. Its outcome is recorded in the call; towards http.Client everything but a success is a plain error, so
// that nothing there acts on an answer.
type attempts struct {
	next     http.RoundTripper
	timeouts Timeouts
	trust503 bool
}

// errAttemptFailed stands for the recorded outcome.
var errAttemptFailed = errors.New("attempt failed")

func (t *attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cl := req.Context(), callFrom(req.Context())
	if err := ctx.Err(); err != nil {
		closeBody(req)
		return nil, err // the wait before this attempt was interrupted: the outcome on record stands
	}
	a := newAttempt(ctx, cl, t.timeouts)
	defer a.end()
	resp, err := t.next.RoundTrip(req.WithContext(a.ctx))
	if a.begun() {
		cl.attempts++
	}
	if err != nil {
		cl.record(a.failed(err))
		return nil, errAttemptFailed
	}
	if resp.Body == nil { // from a round tripper of the caller's: net/http bears it, so do we
		resp.Body = http.NoBody
	}
	defer resp.Body.Close()
	o := a.receive(resp, t.trust503)
	cl.record(o)
	if o.class != done {
		return nil, errAttemptFailed
	}
	resp.Body = http.NoBody // it has been decoded
	return resp, nil
}

// attempt is one request under way, and what is known about how far it got.
type attempt struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	parent context.Context
	op     *operation
	fresh  bool // asks for a connection of its own
	limits Timeouts

	mu        sync.Mutex // net/http calls the trace's hooks from goroutines of its own
	total     *time.Timer
	stall     *time.Timer // until the headers, then until the next byte
	answered  bool
	ended     bool
	evidence  evidence
	handshake error
}

// evidence tells how far the last sending of this attempt got; a repeat with a renewed token begins it anew.
type evidence struct {
	begun        bool // the request was handed to the transport
	opaque       bool // a transport that cannot be observed
	reused       bool // over a connection that had carried another request
	gotConn      bool // a connection was asked for, so that the trace does fire
	wroteHeaders bool
	conns        int // connections that net/http has taken, one each time it repeats by itself
}

// maxConns bounds how often net/http may repeat a read by itself within one attempt: once. It does so where a pooled
// connection turns out dead, which is well; on HTTP/2 it also does for as long as a server answers PROTOCOL_ERROR.
const maxConns = 2

var errReplayed = fmt.Errorf("net/http has repeated the request %d time(s) by itself", maxConns-1)

type attemptKey struct{}

func attemptFrom(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}

func newAttempt(parent context.Context, cl *call, limits Timeouts) *attempt {
	a := &attempt{parent: parent, op: &cl.op, limits: limits}
	// Microsoft asks for a new connection after a 503.
	a.fresh = cl.op.write || cl.last.status == http.StatusServiceUnavailable
	ctx, cancel := context.WithCancelCause(parent)
	a.cancel = cancel
	ctx = context.WithValue(ctx, attemptKey{}, a)
	a.ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:          func(string) { a.note(func(e *evidence) { e.gotConn = true }) },
		GotConn:          func(info httptrace.GotConnInfo) { a.took(info.Reused) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) { a.shook(err) },
		WroteHeaders:     func() { a.note(func(e *evidence) { e.wroteHeaders = true }) },
		WroteRequest:     func(httptrace.WroteRequestInfo) { a.awaitHeaders() },
	})
	return a
}

func (a *attempt) note(f func(*evidence)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.evidence)
}

func (a *attempt) begun() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.evidence.begun
}

func (a *attempt) took(reused bool) {
	a.note(func(e *evidence) {
		e.reused = reused
		if e.conns++; e.conns > maxConns {
			a.cancel(errReplayed)
		}
	})
}

func (a *attempt) shook(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.handshake = err
}

// begin is called by the write guard when the request, token and all, is handed to the transport.
func (a *attempt) begin(opaque bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.evidence = evidence{begun: true, opaque: opaque}
	a.handshake = nil
	if a.total == nil && !a.ended {
		a.total = a.timer("the whole answer", a.limits.Attempt)
	}
	a.restartStall()
}

// awaitHeaders gives the service its full time once the request is out.
func (a *attempt) awaitHeaders() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.restartStall()
}

func (a *attempt) restartStall() {
	if a.answered || a.ended {
		return // the hooks may fire late
	}
	if a.stall == nil {
		a.stall = a.timer("response headers", a.limits.ResponseHeader)
		return
	}
	a.stall.Reset(a.limits.ResponseHeader)
}

func (a *attempt) timer(what string, d time.Duration) *time.Timer {
	return time.AfterFunc(d, func() { a.cancel(&timeoutError{what, d}) })
}

// gotHeaders ends the wait for headers. From here on the timer runs while the body is being read.
func (a *attempt) gotHeaders() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answered = true
	if a.stall != nil {
		a.stall.Stop()
	}
	a.stall = a.timer("the next byte", a.limits.Idle)
	a.stall.Stop()
}

// read is one Read of the body under the idle timer.
func (a *attempt) read(r io.Reader, p []byte) (int, error) {
	a.stall.Reset(a.limits.Idle)
	n, err := r.Read(p)
	a.stall.Stop()
	if err != nil && err != io.EOF {
		err = a.explain(err)
	}
	return n, err
}

func (a *attempt) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ended = true
	for _, t := range []*time.Timer{a.total, a.stall} {
		if t != nil {
			t.Stop()
		}
	}
	a.cancel(nil)
}

// explain finds the reason behind an error of the transport: the caller's context and this attempt's own timers show
// through as any of several errors.
func (a *attempt) explain(err error) error {
	if a.parent.Err() != nil {
		return contextError(a.parent)
	}
	if cause := context.Cause(a.ctx); cause != nil {
		return cause
	}
	return withoutURL(err)
}

// contextError is why ctx ended: its error, and the cause where the caller gave another.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if cause == nil || errors.Is(cause, err) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

// failed judges an attempt that got no answer.
func (a *attempt) failed(err error) outcome {
	a.mu.Lock()
	e, handshake := a.evidence, a.handshake
	a.mu.Unlock()
	live := a.ctx.Err() == nil
	if errors.Is(err, auth.ErrToken) {
		if why := a.explain(err); !live && !errors.Is(err, why) {
			err = fmt.Errorf("%w: %w", why, err)
		}
		return outcome{class: noToken, err: err}
	}
	if !e.begun {
		return outcome{class: refusedHere, err: a.explain(err)}
	}
	return outcome{class: transportClass(err, handshake, e, live), err: a.explain(err)}
}

// timeoutError is one of the attempt's timers. It is [ErrTimeout].
type timeoutError struct {
	what  string
	after time.Duration
}

func (e *timeoutError) Error() string {
	return fmt.Sprintf("timed out after %s waiting for %s", e.after, e.what)
}
func (e *timeoutError) Is(target error) bool { return target == ErrTimeout }
func (e *timeoutError) Timeout() bool        { return true }
func (e *timeoutError) Temporary() bool      { return true }

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
