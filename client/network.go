package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"syscall"
)

// transportClass judges a request that was handed to the transport and got no answer. live says that the attempt's
// context had not ended: net/http then has stopped writing before it returns, so that what the trace saw is all there
// was.
func transportClass(err, handshake error, e evidence, live bool) class {
	_, dialFailed := errors.AsType[*dialError](err)
	proven := dialFailed || e.gotConn && !e.wroteHeaders && live
	if e.opaque || e.reused && !dialFailed {
		proven = false
	}
	switch {
	case !e.opaque && refusedStream(err):
		return refusedByH2
	case proven && refusedConnection(err):
		return refusedDial
	case proven && hopeless(err, handshake):
		return unreachable
	case proven:
		return notSent
	case hopeless(err, handshake):
		return invalid
	}
	return broken
}

// dialError marks that no connection came about: nothing of the request was written.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// refusedConnection says that nobody listens, or that the resolver could not tell for the moment.
func refusedConnection(err error) bool {
	if d, ok := errors.AsType[*net.DNSError](err); ok {
		return !d.IsNotFound && (d.IsTemporary || d.IsTimeout)
	}
	errno, ok := errors.AsType[syscall.Errno](err)
	return ok && (errno == syscall.ECONNREFUSED || runtime.GOOS == "windows" && errno == wsaECONNREFUSED)
}

// wsaECONNREFUSED is what Windows says; its syscall.ECONNREFUSED is a number that Go made up.
const wsaECONNREFUSED = syscall.Errno(10061)

// hopeless says that a repeat would fail in the same way: no such name, a certificate that does not verify, a TLS
// alert, an answer that is not TLS, a proxy that wants a login. A handshake that timed out or was reset is none of
// them.
func hopeless(err, handshake error) bool {
	if d, ok := errors.AsType[*net.DNSError](err); ok {
		return !d.IsTemporary && !d.IsTimeout
	}
	if p, ok := errors.AsType[*proxyError](err); ok {
		return p.code < 500
	}
	if err.Error() == http.StatusText(http.StatusProxyAuthRequired) {
		return true // all that net/http says of a proxy's 407 where checkProxy is not asked
	}
	return tlsFailure(err) || handshake != nil && !passing(handshake)
}

func tlsFailure(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "remote error" || op.Op == "local error") {
		return true // an alert, theirs or ours
	}
	return is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) || is[*tls.ECHRejectionError](err) ||
		is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err) || is[x509.SystemRootsError](err) ||
		errors.Is(err, http.ErrSchemeMismatch)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// passing says of a failed handshake that it was cut short, and not refused.
func passing(err error) bool {
	if tlsFailure(err) {
		return false
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
		return true
	}
	return is[syscall.Errno](err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// streamError has the shape of net/http's own type for an HTTP/2 stream error, which errors.As then converts to it.
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

func (e streamError) Error() string { return "HTTP/2 stream error" }

const h2RefusedStream = 0x7 // RFC 9113, section 7

// refusedStream says that the HTTP/2 server did not process the request: it reset the stream with REFUSED_STREAM, or
// sent GOAWAY with a last stream below ours (RFC 9113, section 8.7). net/http has no types for the latter; should its
// words change, the outcome is unknown, which is safe. With the code PROTOCOL_ERROR neither is believed.
func refusedStream(err error) bool {
	if e, ok := errors.AsType[streamError](err); ok {
		return e.Code == h2RefusedStream
	}
	text := err.Error()
	switch {
	case strings.HasSuffix(text, "http2: Transport received Server's graceful shutdown GOAWAY"), // below our stream
		strings.HasSuffix(text, "http2: client conn not usable"): // GOAWAY came before our stream was opened
		return true
	}
	_, code, found := strings.Cut(text, "http2: Transport received GOAWAY from server ErrCode:") // below our stream, the first
	return found && code != "PROTOCOL_ERROR"
}

// proxyError is a proxy that refused to connect.
type proxyError struct {
	code   int
	status string
}

func (e *proxyError) Error() string {
	return "the proxy answered " + clean(e.status, maxCodeText)
}

// checkProxy gives a proxy's refusal a type: net/http makes a plain text of it. Whether it can pass is for its status
// to say.
func checkProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{resp.StatusCode, resp.Status}
}
