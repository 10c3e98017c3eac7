package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Warning tells that a provider behind the service failed, so that the answer is partial. The service sends it with a 206,
// as 199 - "{Vendor}/{Provider}/{Status}/{LatencyMs}".
type Warning struct {
	// Code is the warn-code, 199 for a provider's failure; 0 where the header could not be read.
	Code int
	// Text is the warning's text.
	Text string
	// Vendor, Provider and Status are the parts of a text in the service's form.
	Vendor, Provider, Status string
	// Latency is how long the provider took, in whole milliseconds.
	Latency time.Duration
}

// String is the text, or what stands for one.
func (w Warning) String() string {
	if w.Text == "" {
		return "partial content, with no reason given"
	}
	return w.Text
}

// ErrPartial is an answer that is partial, under [WithStrictWarnings].
var ErrPartial = errors.New("the answer is partial")

// PartialError is a partial answer under [WithStrictWarnings]. It is [ErrPartial].
type PartialError[T any] struct {
	// Page holds what came, with its warnings. An answer of one entity is its only item.
	Page *Page[T] `json:"-"`

	err error
}

func (e *PartialError[T]) Error() string { return e.err.Error() }

// Unwrap returns the [*Error].
func (e *PartialError[T]) Unwrap() error { return e.err }

// GoString keeps the page out of %#v, which is an error's text.
func (e *PartialError[T]) GoString() string {
	return fmt.Sprintf("&client.PartialError{%q}", e.Error())
}

// LogValue is that of the [*Error].
func (e *PartialError[T]) LogValue() slog.Value { return slog.AnyValue(e.err).Resolve() }

// WithOnWarning has f called for each warning, instead of a log record. It is called by the goroutine that makes the call.
func WithOnWarning(f func(context.Context, Warning)) Option {
	return func(cfg *config) error {
		if f == nil {
			return errors.New("the function for warnings is nil")
		}
		cfg.onWarning = f
		return nil
	}
}

// WithStrictWarnings makes an error of a partial answer (206): a [*PartialError], which holds what came. A Count is returned
// beside its error. A warning with another status changes nothing, for that answer is whole.
func WithStrictWarnings() Option {
	return func(cfg *config) error {
		cfg.strict = true
		return nil
	}
}

// warnings are those of an answer. A 206 has at least one.
func warnings(status int, header http.Header) []Warning {
	var all []Warning
	for _, value := range header.Values("Warning") {
		all = append(all, parseWarnings(value)...)
	}
	if len(all) == 0 && status == http.StatusPartialContent {
		all = []Warning{{}}
	}
	return all
}

// maxWarnings bounds what one header line may make us keep.
const maxWarnings = 100

// parseWarnings reads one Warning header line, RFC 7234 section 5.5: code, agent, quoted text and perhaps a quoted date,
// several of them separated by commas. What cannot be read becomes the text of one warning, so that it is not lost.
func parseWarnings(line string) []Warning {
	var all []Warning
	for rest := strings.Trim(line, ", \t"); rest != "" && len(all) < maxWarnings; rest = strings.Trim(rest, ", \t") {
		code, afterCode, ok := strings.Cut(rest, " ")
		n, err := strconv.Atoi(code)
		if !ok || err != nil || len(code) != 3 || n < 0 {
			return append(all, Warning{Text: clean(rest, maxCodeText)})
		}
		_, quoted, ok := strings.Cut(strings.TrimLeft(afterCode, " \t"), " ")
		text, after, read := unquote(strings.TrimLeft(quoted, " \t"))
		if !ok || !read {
			return append(all, Warning{Text: clean(rest, maxCodeText)})
		}
		if _, behind, dated := unquote(strings.TrimLeft(after, " \t")); dated {
			after = behind
		}
		all = append(all, newWarning(n, text))
		rest = after
	}
	return all
}

func newWarning(code int, text string) Warning {
	w := Warning{Code: code, Text: clean(text, maxCodeText)}
	parts := strings.Split(w.Text, "/")
	if len(parts) != 4 {
		return w
	}
	w.Vendor, w.Provider, w.Status = parts[0], parts[1], parts[2]
	const day = 24 * 60 * 60 * 1000
	if ms, err := strconv.ParseUint(strings.TrimSuffix(parts[3], "ms"), 10, 32); err == nil && ms < day {
		w.Latency = time.Duration(ms) * time.Millisecond
	}
	return w
}

// unquote reads a quoted-string, RFC 9110 section 5.6.4, from the beginning of s.
func unquote(s string) (text, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", s, false
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
		case s[i] == '"':
			return b.String(), s[i+1:], true
		}
		b.WriteByte(s[i])
	}
	return "", s, false
}

// warn tells of an answer's warnings, to all who want to know.
func (c *Client) warn(ctx context.Context, cl *call) error {
	if cl.answer == nil {
		return nil
	}
	cl.warnings = warnings(cl.answer.status, cl.answer.header)
	if len(cl.warnings) == 0 {
		return nil
	}
	if cl.op.warned != nil {
		cl.op.warned(cl.warnings)
	}
	partial := cl.answer.status == http.StatusPartialContent
	said := "the service warns"
	if partial {
		said = "the answer is partial"
	}
	for _, w := range cl.warnings {
		if c.onWarning != nil {
			c.onWarning(ctx, w)
			continue
		}
		c.warnLogger.LogAttrs(ctx, slog.LevelWarn, said,
			slog.String("op", cl.op.name), slog.String("warning", w.String()), slog.String("client_request_id", cl.clientRequestID))
	}
	if !c.strict || !partial { // no write answers with 206
		return nil
	}
	e := &Error{
		Op: cl.op.name, Method: http.MethodGet, ClientRequestID: cl.clientRequestID, Attempts: cl.attempts,
		Err: fmt.Errorf("%w: %s", ErrPartial, cl.warnings[0]),
	}
	e.describe(cl.answer)
	return e
}
