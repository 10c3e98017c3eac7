package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"testing"
)

// scene is a server, or none, on which a fault happens.
type scene struct {
	base      string
	transport http.RoundTripper
	options   []Option
	client    func(tb testing.TB, opts ...Option) *Client // nil: newClient on base
	path      string
	warm      bool       // base serves /warm for a connection to be reused
	seen      func() int // how often the fault happened; nil where nothing can count it
}

// want is what must come of a fault.
type want struct {
	attempts int
	kinds    []error
	unknown  bool
}

// row is one fault of the matrix, and the class that it belongs to.
type row struct {
	name        string
	class       class
	start       func(tb testing.TB, http2 bool) *scene
	read, write want
	plainOnly   bool // not on the HTTP/2 server
}

const full = 4 // attempts of the default policy

// statusRow is a fault that is a status.
func statusRow(status int, c class, read, write want, header ...string) row {
	name := strconv.Itoa(status)
	if len(header) > 0 {
		name += " " + header[0] + " " + header[1]
	}
	return row{name: name, class: c, read: read, write: write, start: answers(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"error":{"code":"Synthetic","message":"made up"}}`)
	})}
}

// answers is a scene whose server answers every request with the fault, and /warm properly.
func answers(fault http.HandlerFunc) func(testing.TB, bool) *scene {
	return func(tb testing.TB, http2 bool) *scene {
		var rec recorder
		base, tr := serve(tb, http2, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if r.URL.Path == "/v1.0/warm" {
				reply(w, r, `{"id":"warm"}`)
				return
			}
			rec.add()
			fault(w, r)
		})
		return &scene{base: base, transport: tr, path: "/things", warm: true, seen: rec.count}
	}
}

func once(kinds ...error) want   { return want{attempts: 1, kinds: kinds} }
func again(kinds ...error) want  { return want{attempts: full, kinds: kinds} }
func unsure(kinds ...error) want { return want{attempts: 1, kinds: kinds, unknown: true} }

func statusRows() []row {
	rows := []row{
		statusRow(401, unauthorized, once(ErrUnauthorized), once(ErrUnauthorized)),
		statusRow(403, refused, once(ErrForbidden), once(ErrForbidden)),
		statusRow(404, refused, once(ErrNotFound), once(ErrNotFound)),
		statusRow(409, refused, once(ErrConflict), once(ErrConflict)),
		statusRow(412, refused, once(ErrPreconditionFailed), once(ErrPreconditionFailed)),
		statusRow(423, refused, once(ErrLocked), once(ErrLocked)),
		statusRow(408, failed, again(), unsure()),
		statusRow(429, throttled, again(ErrThrottled), again(ErrThrottled)),
		statusRow(499, invalid, once(), unsure()),
		statusRow(501, refused, once(), once()),
		statusRow(503, overload, again(ErrUnavailable), unsure(ErrUnavailable)),
		statusRow(503, overload, again(ErrUnavailable), unsure(ErrUnavailable), "Retry-After", "0.001"),
		statusRow(509, overload, again(ErrUnavailable), unsure(ErrUnavailable)),
		statusRow(505, invalid, once(ErrUnavailable), unsure(ErrUnavailable)),
		statusRow(507, invalid, once(ErrUnavailable), unsure(ErrUnavailable)),
		statusRow(303, refused, once(ErrRedirect), unsure(ErrRedirect), "Location", "https://elsewhere.example/"),
		statusRow(202, invalid, once(ErrProtocol), unsure(ErrProtocol)),
		statusRow(206, invalid, once(ErrProtocol), unsure(ErrProtocol)),
	}
	for _, status := range []int{400, 402, 405, 406, 410, 411, 413, 414, 415, 417, 422, 424, 428, 431, 451} {
		rows = append(rows, statusRow(status, refused, once(), once()))
	}
	for _, status := range []int{300, 301, 302, 304, 307, 308} {
		rows = append(rows, statusRow(status, refused, once(ErrRedirect), once(ErrRedirect), "Location", "https://elsewhere.example/"))
	}
	for _, status := range []int{500, 502, 504} {
		rows = append(rows, statusRow(status, failed, again(ErrUnavailable), unsure(ErrUnavailable)))
	}
	return rows
}

// bodyRow is a fault that is the body of a success.
func bodyRow(name string, c class, read, write want, body string, header ...string) row {
	return row{name: name, class: c, read: read, write: write, start: answers(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", mediaJSON)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(okStatus(r))
		_, _ = io.WriteString(w, body)
	})}
}

func bodyRows() []row {
	protocol := func(name, body string, header ...string) row {
		return bodyRow(name, invalid, once(ErrProtocol), unsure(ErrProtocol), body, header...)
	}
	return []row{
		bodyRow("success", done, once(), once(), `{"id":"1"}`+"\r\n \t"),
		bodyRow("JSON cut short", broken, again(ErrProtocol, io.ErrUnexpectedEOF), unsure(ErrProtocol), `{"id":`),
		bodyRow("bad JSON", broken, again(ErrProtocol), unsure(ErrProtocol), `{"id" "1"}`),
		protocol("empty body", ""),
		protocol("blank body", " \r\n"),
		protocol("null", "null\n"),
		protocol("empty object", " { } "),
		protocol("error under a success", `{ "error" : {"code":"x"}}`),
		bodyRow("trailing bytes", broken, again(ErrProtocol), unsure(ErrProtocol), `{"id":"1"} x`),
		protocol("two values", `{"id":"1"}{"id":"2"}`),
		protocol("wrong type", `{"id":1}`),
		protocol("HTML", `<html></html>`, "Content-Type", "text/html"),
		protocol("text", `{"id":"1"}`, "Content-Type", "text/plain"),
		protocol("no media type", `{"id":"1"}`, "Content-Type", ";;"),
		bodyRow("HTML that claims to be JSON", broken, again(ErrProtocol), unsure(ErrProtocol), `<html></html>`),
		{
			name: "connection cut before the answer", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork),
			start: answers(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
		},
		{
			name: "connection cut in the answer", class: broken, read: again(ErrProtocol), write: unsure(ErrProtocol),
			start: answers(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "1000")
				reply(w, r, `{"id":"1"`)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}),
		},
		{
			name: "chunked answer cut", class: broken, read: again(ErrProtocol), write: unsure(ErrProtocol),
			start: answers(func(w http.ResponseWriter, r *http.Request) {
				reply(w, r, `{"id":"1"}`)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}),
		},
		{
			name: "gzip cut", class: broken, read: again(ErrProtocol), write: unsure(ErrProtocol),
			start: answers(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				z := zipped(`{"id":"1"}`)
				reply(w, r, z[:len(z)/2])
			}),
		},
	}
}

func allRows() []row { return slices.Concat(statusRows(), bodyRows(), networkRows()) }

// play makes one call on a fresh scene and says in what it differs from what the row wants.
func (r row) play(tb testing.TB, write, http2, reused bool, table verdictTable) error {
	tb.Helper()
	want := r.read
	if write {
		want = r.write
	}
	if want.attempts == 0 {
		return nil // net/http's own repeats are in the way: see TestReadsOverHTTP2AreBounded
	}
	s := r.start(tb, http2)
	count := &repeats{}
	policy := quick
	policy.ReuseConnectionsForWrites = reused
	opts := append([]Option{WithRetryPolicy(policy), WithLogger(slog.New(count))}, s.options...)
	if s.transport != nil {
		opts = append(opts, withTransport(s.transport))
	}
	var c *Client
	if s.client != nil {
		c = s.client(tb, opts...)
	} else {
		c = newClient(tb, s.base, opts...)
	}
	if reused {
		if !s.warm {
			return nil
		}
		if err := c.run(tb.Context(), opFor(write), "/warm"); err != nil {
			return fmt.Errorf("warming: %w", err)
		}
	}
	c.doer.verdicts = table
	err := c.run(tb.Context(), opFor(write), s.path)
	slack := 0
	if reused && !write && r.class == broken {
		slack = 1 // net/http takes the cut of a reused HTTP/1 connection for a stale one, and repeats a read once by itself
	}
	return want.compare(err, r.class, int(count.n.Load()), s.seen, slack)
}

func (w want) compare(err error, c class, repeated int, seen func() int, slack int) error {
	if repeated != w.attempts-1 {
		return fmt.Errorf("%d repeats, want %d attempts in all: %w", repeated, w.attempts, err)
	}
	if seen != nil && (seen() < w.attempts || seen() > w.attempts+slack) {
		return fmt.Errorf("the server counted %d, want %d: %w", seen(), w.attempts, err)
	}
	if c == done {
		return err
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return fmt.Errorf("the error is %T: %w", err, err)
	}
	if errors.Is(err, ErrOutcomeUnknown) != w.unknown {
		return fmt.Errorf("ErrOutcomeUnknown is %t, want %t: %w", !w.unknown, w.unknown, err)
	}
	for _, kind := range w.kinds {
		if !errors.Is(err, kind) {
			return fmt.Errorf("%q is not found in: %w", kind, err)
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("a context error that the caller's context did not cause: %w", err)
	}
	sent := w.attempts
	if c == refusedHere || c == noToken {
		sent = 0
	}
	if e.Attempts != sent {
		return fmt.Errorf("Error.Attempts is %d, want %d", e.Attempts, sent)
	}
	return nil
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, r := range allRows() {
		for _, write := range []bool{false, true} {
			for _, http2 := range []bool{false, true} {
				for _, reused := range []bool{false, true} {
					if http2 && r.plainOnly {
						continue
					}
					name := fmt.Sprintf("%s/%s/%s/%s", r.name, pick(write, "write", "read"), pick(http2, "HTTP2", "HTTP1"), pick(reused, "reused", "fresh"))
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						if err := r.play(t, write, http2, reused, defaultVerdicts()); err != nil {
							t.Error(err)
						}
					})
				}
			}
		}
	}
}

func pick[T any](cond bool, yes, no T) T {
	if cond {
		return yes
	}
	return no
}

// Each cell of the verdict table, changed to either of the other two verdicts, makes a row of its class fail.
func TestMatrixGuardsEveryCell(t *testing.T) {
	t.Parallel()
	rows := allRows()
	for c := range classCount {
		if c == done {
			continue
		}
		for _, write := range []bool{false, true} {
			for _, v := range []verdict{repeat, stop, unknown} {
				table := defaultVerdicts()
				if table.of(c, write) == v {
					continue
				}
				if write {
					table[c].write = v
				} else {
					table[c].read = v
				}
				t.Run(fmt.Sprintf("class %d, %s, %d", c, pick(write, "write", "read"), v), func(t *testing.T) {
					t.Parallel()
					for _, r := range rows {
						if r.class == c && r.play(t, write, false, false, table) != nil {
							return
						}
					}
					t.Error("no row of the matrix notices")
				})
			}
		}
	}
}
