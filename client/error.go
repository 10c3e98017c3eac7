package client

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What went wrong, found with [errors.Is] in every error that an operation returns.
var (
	// ErrOutcomeUnknown marks a write (create, update, delete) that may or may not have happened: the request was
	// sent, or may have been, and no complete valid answer came. The write is never repeated by this client. Look the
	// entity up by [Error.Key] before repeating it.
	ErrOutcomeUnknown = errors.New("the write may or may not have happened")
	// ErrInvalid marks a call that was refused before anything was sent.
	ErrInvalid = errors.New("refused before sending")
	// ErrUnauthorized is status 401 on a token that had just been renewed, where it could be.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrForbidden is status 403.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound is status 404.
	ErrNotFound = errors.New("not found")
	// ErrConflict is status 409: on a create, an entity with that id exists.
	ErrConflict = errors.New("conflict")
	// ErrPreconditionFailed is status 412: the entity has changed since the ETag was read.
	ErrPreconditionFailed = errors.New("precondition failed")
	// ErrLocked is status 423.
	ErrLocked = errors.New("locked")
	// ErrThrottled is status 429.
	ErrThrottled = errors.New("throttled")
	// ErrUnavailable is a status of the 5xx class other than 501: the service failed or is overloaded.
	ErrUnavailable = errors.New("service unavailable")
	// ErrRedirect is any answer of the 3xx class: no redirect is followed.
	ErrRedirect = errors.New("redirected")
	// ErrProtocol is an answer that breaks the protocol: an answer to the operation that is empty, null, truncated,
	// not JSON, of another content type, of the wrong shape, or of a status that the operation does not have.
	ErrProtocol = errors.New("invalid answer")
	// ErrTooLarge is an answer above the cap on decompressed bytes: 64 MiB, 1 MiB for an error.
	ErrTooLarge = errors.New("answer too large")
	// ErrTimeout is one of this client's own timers (see [Timeouts]), not the caller's context.
	ErrTimeout = errors.New("timed out")
	// ErrNetwork is a failure below HTTP: name resolution, dialling, TLS, a proxy, a connection that broke.
	ErrNetwork = errors.New("network failure")
)

// Error is the error of an operation. It is one line of text: the operation, the status, the service's code and
// message, the request-id, and what to do about it. It holds no request and no response, and its text holds no query
// string, no body and no token.
type Error struct {
	// Op is the operation, such as "create secureScore".
	Op string
	// Method and Host are those of the request. Host has the port where it is not the scheme's own.
	Method, Host string
	// StatusCode is that of the last answer; 0 when there was none.
	StatusCode int
	// Code, Message, Target and InnerCode are those of the OData error, as far as there was one. Control characters
	// are escaped, and long texts cut: together they have at most 2 KiB. InnerCode is the code of the innermost error
	// that has one.
	Code, Message, Target, InnerCode string
	// RequestID is the service's id of the last request; ClientRequestID the one that this client sent. Support asks
	// for both.
	RequestID, ClientRequestID string
	// Date is the service's clock at the last answer; zero when it did not say.
	Date time.Time
	// RetryAfter is how long the last answer asked to wait; 0 when it did not say.
	RetryAfter time.Duration
	// Attempts counts how often the request was handed to the transport; 0 when it never was. A repeat with a renewed
	// token is not counted.
	Attempts int
	// Key is what to look the entity of a write up by: its id, or its natural key.
	Key string
	// RawBody is a copy of the body of an answer that is an error, cut to 64 KiB; nil for any other. It is in no text.
	RawBody []byte `json:"-"`
	// Err is the cause below this layer; nil where the status says it all.
	Err error `json:"-"`

	kinds  []error // the sentinels that hold, and context errors
	reason string  // why this client stopped where it might have gone on
	advice string
	cursor string // in no text and no log: it is a capability
}

// Cursor is the link of the page that a list failed on, to go on from with Resume; "" where there is none: the first page
// failed, or the link was refused. It stands in no text of the error, for whoever has it can read on.
func (e *Error) Cursor() string { return e.cursor }

// Error is one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	switch {
	case e.StatusCode != 0:
		b.WriteString(": " + strings.TrimSpace(strconv.Itoa(e.StatusCode)+" "+http.StatusText(e.StatusCode)))
	case e.Host != "":
		b.WriteString(": " + e.Host)
	}
	for _, s := range []string{e.Code, e.Message} {
		if s != "" {
			b.WriteString(": " + s)
		}
	}
	if e.Err != nil {
		b.WriteString(": " + clean(e.Err.Error(), maxCauseText))
	}
	if d := e.details(); d != "" {
		b.WriteString(" (" + d + ")")
	}
	for _, s := range []string{e.reason, e.advice} {
		if s != "" {
			b.WriteString("; " + s)
		}
	}
	return b.String()
}

// details are the parts that support and a log search need.
func (e *Error) details() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	if e.Key != "" {
		add("key", strconv.Quote(clean(e.Key, maxCodeText)))
	}
	add("target", e.Target)
	add("inner code", e.InnerCode)
	add("request-id", e.RequestID)
	add("client-request-id", e.ClientRequestID)
	if e.RetryAfter > 0 {
		add("retry after", e.RetryAfter.String())
	}
	if e.Attempts > 1 {
		add("attempts", strconv.Itoa(e.Attempts))
	}
	return strings.Join(parts, ", ")
}

// Unwrap gives the sentinels that hold and the cause, so that [errors.Is] and [errors.As] find them.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return e.kinds
	}
	return append(e.kinds[:len(e.kinds):len(e.kinds)], e.Err)
}

// GoString keeps the body and the cause's internals out of %#v.
func (e *Error) GoString() string { return fmt.Sprintf("&client.Error{%q}", e.Error()) }

// LogValue gives a log the parts by name.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("op", e.Op), slog.String("error", e.Error()), slog.Int("attempts", e.Attempts)}
	text := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	if e.StatusCode != 0 {
		attrs = append(attrs, slog.Int("status", e.StatusCode))
	}
	text("method", e.Method)
	text("host", e.Host)
	text("code", e.Code)
	text("inner_code", e.InnerCode)
	text("request_id", e.RequestID)
	text("client_request_id", e.ClientRequestID)
	text("key", clean(e.Key, maxCodeText))
	if e.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.RetryAfter))
	}
	if errors.Is(e, ErrOutcomeUnknown) {
		attrs = append(attrs, slog.Bool("outcome_unknown", true))
	}
	return slog.GroupValue(attrs...)
}

// statusSentinels are the sentinels that a status alone stands for.
func statusSentinels(status int) []error {
	switch status {
	case http.StatusUnauthorized:
		return []error{ErrUnauthorized}
	case http.StatusForbidden:
		return []error{ErrForbidden}
	case http.StatusNotFound:
		return []error{ErrNotFound}
	case http.StatusConflict:
		return []error{ErrConflict}
	case http.StatusPreconditionFailed:
		return []error{ErrPreconditionFailed}
	case http.StatusLocked:
		return []error{ErrLocked}
	case http.StatusTooManyRequests:
		return []error{ErrThrottled}
	}
	switch {
	case status >= 300 && status <= 399:
		return []error{ErrRedirect}
	case status >= 500 && status <= 599 && status != http.StatusNotImplemented:
		return []error{ErrUnavailable}
	case status < 200 || status >= 600:
		return []error{ErrProtocol}
	}
	return nil
}

// advise says what to do about it. The first that fits wins, the gravest first.
func advise(e *Error, permission string) string {
	is := func(target error) bool { return errors.Is(e, target) }
	switch {
	case is(ErrOutcomeUnknown) && e.Key != "":
		return "the write may or may not have happened: look for " + strconv.Quote(clean(e.Key, maxCodeText)) + " before repeating it"
	case is(ErrOutcomeUnknown):
		return "the write may or may not have happened: look before repeating it"
	case is(ErrUnauthorized):
		return "the service refused the token: check its tenant, cloud and lifetime, and this machine's clock"
	case is(ErrForbidden) && permission != "":
		return "needs the permission " + permission + " with admin consent (a signed-in user also needs a security role)"
	case is(ErrConflict):
		return "it exists already, or has changed: read it first"
	case is(ErrPreconditionFailed):
		return "it has changed since it was read: read it again"
	case is(ErrThrottled):
		return "throttled: send less, or try later"
	case is(ErrRedirect):
		return "redirects are not followed: check the base URL and any proxy"
	case is(ErrUnavailable):
		return "the service's own failure: try again later"
	case is(ErrTooLarge):
		return "ask for a smaller page"
	case is(errUnreachable):
		return "not repeated: check the host name, the certificates and the proxy"
	}
	return ""
}
