package clienttest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind tells requests for tokens from requests for the Graph.
type Kind string

// The kinds of request.
const (
	KindGraph     Kind = "graph"
	KindToken     Kind = "token"      // for a token or a device code
	KindBatchItem Kind = "batch item" // for the Graph, in a batch
)

// Cut says where the connection is cut.
type Cut int

const (
	// CutNone lets the answer through.
	CutNone Cut = iota
	// CutBeforeAnswer closes the connection with not a byte of an answer.
	CutBeforeAnswer
	// CutReset is CutBeforeAnswer with a reset of the connection, where it is
	// HTTP/1 on TCP or on a [Listener].
	CutReset
	// CutAfterHeaders sends the headers, with the Content-Length of the whole
	// body, and closes the connection.
	CutAfterHeaders
	// CutInBody is CutAfterHeaders with half of the body sent.
	CutInBody
)

// Fault is what [Graph.FailNext] does to a request, and to which.
//
// With no Status and no cut before the answer, the operation is carried out and
// answered as usual, and the other fields alter that answer. With one of the
// two, the operation is carried out only where Apply says so. A Status of 206 is
// the exception: it stands in for the status of an operation that succeeds, and
// with a Warning header makes its answer a partial one.
//
// An item of a batch has no connection of its own: with any Cut its answer is
// missing from those of the batch.
type Fault struct {
	// Kind is the kind of request that matches; "" is any but [KindToken]. A
	// batch item has the method and the path of its own.
	Kind Kind
	// Method is the method that matches, any where empty.
	Method string
	// Path is the path that matches, without regard to case: the whole, or what
	// comes after the Graph root ("/security/secureScores"). With a * at its
	// end it is the beginning of the path. Empty matches any.
	Path string
	// After lets that many matching requests through before the first failure.
	After int
	// Times is the number of requests that fail: 0 means one, -1 all to come.
	Times int

	// Status is the status to answer with, from 200 to 999.
	Status int
	// Header is set over the headers of the answer. A nil value takes a header
	// away.
	Header http.Header
	// Body is the body to answer with, sent as it is. A nil one is the usual
	// error body for the Status (none for a status below 400 other than 206).
	Body []byte
	// EditBody changes the body of the answer, whichever that is, into what is
	// sent: a page with a link of the test's own, say. It is called once for
	// each request that fails, perhaps at the same time.
	EditBody func(body []byte) []byte
	// Cut closes the connection on the way.
	Cut Cut
	// Delay is waited before the answer, or the cut. It ends with the request's
	// context: the connection is then closed, and the operation not carried out
	// unless Apply says so.
	Delay time.Duration
	// Apply carries the operation out before the failure: the write has
	// happened, and the caller does not learn of it.
	Apply bool
}

// FailNext makes the next matching request fail. Faults queue: a request takes
// the first that matches it, and a fault that has had its times is forgotten.
// It panics when the Status is none that a server can answer with.
func (g *Graph) FailNext(f Fault) {
	if f.Status != 0 && (f.Status < 200 || f.Status > 999) {
		panic(fmt.Sprintf("clienttest: FailNext: status %d is not from 200 to 999", f.Status))
	}
	f.Header = f.Header.Clone()
	f.Body = slices.Clone(f.Body)
	if f.Times == 0 {
		f.Times = 1
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, &f)
}

// ClearFaults forgets all faults that are still to come.
func (g *Graph) ClearFaults() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// takeFault returns the fault for a request, or nil.
func (g *Graph) takeFault(c *call) *Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, f := range g.faults {
		if !f.matches(c, g.base) {
			continue
		}
		if f.After > 0 {
			f.After--
			return nil
		}
		taken := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				g.faults = slices.Delete(g.faults, i, i+1)
			}
		}
		return &taken
	}
	return nil
}

func (f *Fault) matches(c *call, base string) bool {
	if f.Kind == "" && c.kind == KindToken || f.Kind != "" && f.Kind != c.kind {
		return false
	}
	if f.Method != "" && !strings.EqualFold(f.Method, c.Method) {
		return false
	}
	want, prefix := strings.CutSuffix(strings.ToLower(f.Path), "*")
	path := strings.ToLower(c.URL.Path)
	for _, got := range []string{path, strings.TrimPrefix(path, strings.ToLower(base))} {
		if f.Path == "" || got == want || prefix && strings.HasPrefix(got, want) {
			return true
		}
	}
	return false
}

// needsAnswer reports whether the fault alters an answer of the operation's
// own.
func (f *Fault) needsAnswer() bool {
	return (f.Status == 0 || f.Status == http.StatusPartialContent) && f.Cut != CutBeforeAnswer && f.Cut != CutReset
}

// alter makes the fault's answer of the operation's own, which is nil where the
// operation was not carried out.
func (f *Fault) alter(own *answer, c *call) *answer {
	a := own
	switch {
	case own != nil && f.Status == http.StatusPartialContent:
		if own.status < http.StatusBadRequest {
			own.status = f.Status
		}
	case f.Status != 0 || own == nil:
		a = f.ownAnswer(c)
	}
	a.cut = f.Cut
	for name, values := range f.Header {
		a.header[http.CanonicalHeaderKey(name)] = values
	}
	if f.Body != nil {
		a.body, a.verbatim = f.Body, true
	}
	if f.EditBody != nil {
		a.body, a.verbatim = f.EditBody(a.body), true
	}
	return a
}

// ownAnswer is the answer of a fault that has a status, or cuts before one.
func (f *Fault) ownAnswer(c *call) *answer {
	switch {
	case f.Status < http.StatusBadRequest:
		a := jsonAnswer(f.Status, nil)
		a.verbatim = true
		return a
	case c.kind == KindToken:
		return entraStatusError(f.Status).answer(c)
	}
	return statusError(f.Status).answer(c)
}

// wait waits for d, and reports false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reset cuts the connection with a reset, where that can be done, and else as
// CutBeforeAnswer does.
func reset(w http.ResponseWriter) {
	if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if t, ok := c.(*tls.Conn); ok {
			c = t.NetConn()
		}
		if l, ok := c.(interface{ SetLinger(sec int) error }); ok {
			_ = l.SetLinger(0)
		}
		closeQuietly(c)
	}
	panic(http.ErrAbortHandler)
}

func closeQuietly(c net.Conn) { _ = c.Close() }
