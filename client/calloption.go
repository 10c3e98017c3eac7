package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// CallOption configures one call.
type CallOption func(*call) error

const headerClientRequestID = "Client-Request-Id"

// ownHeaders are set by the pipeline, or would break what it promises, with the reason.
var ownHeaders = map[string]string{
	"Authorization":          "the token source sets it",
	"Proxy-Authorization":    "the transport's proxy URL sets it",
	"Host":                   "the base URL sets it",
	"Content-Type":           "the operation sets it",
	"Content-Length":         "the body sets it",
	"Transfer-Encoding":      "the transport sets it",
	"Connection":             "the transport sets it",
	"Accept-Encoding":        "the transport sets it",
	"Expect":                 "the transport sets it",
	"Range":                  "answers are read whole",
	"User-Agent":             "use WithUserAgent",
	"Idempotency-Key":        "it makes net/http repeat writes, and the service does not know it",
	"X-Idempotency-Key":      "it makes net/http repeat writes, and the service does not know it",
	"Cookie":                 "the service has no sessions",
	"Upgrade":                "the transport sets it",
	"Te":                     "the transport sets it",
	"Trailer":                "the transport sets it",
	"Proxy-Connection":       "the transport sets it",
	"Keep-Alive":             "the transport sets it",
	"Http2-Settings":         "the transport sets it",
	"If-Match":               "use WithIfMatch",
	"If-Modified-Since":      "an answer without a body is no answer",
	"If-None-Match":          "an answer without a body is no answer",
	"X-Http-Method":          "it makes another operation of this one",
	"X-Method-Override":      "it makes another operation of this one",
	"X-Http-Method-Override": "it makes another operation of this one",
}

// WithHeader sends one more header with the call, on every attempt. Headers that the client sets itself are refused,
// but for "client-request-id", which then must be a GUID and replaces the one made for this call. Given several times
// for one name, all values are sent.
func WithHeader(name, value string) CallOption {
	return func(cl *call) error {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isTokenChar(r) }) {
			return fmt.Errorf("header name %q is not valid", clean(name, maxCodeText))
		}
		name := textproto.CanonicalMIMEHeaderKey(name)
		if why, own := ownHeaders[name]; own {
			return fmt.Errorf("header %s cannot be given: %s", name, why)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && r < ' ' || r == 0x7f }) {
			return fmt.Errorf("the value of header %s has a control character", name)
		}
		if name == headerClientRequestID {
			if uuid.Validate(value) != nil || len(value) != 36 {
				return errors.New("header client-request-id is not a GUID like xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
			}
			cl.clientRequestID = value
			return nil
		}
		cl.header.Add(name, value)
		return nil
	}
}

// isTokenChar is a character of a token, RFC 9110 section 5.6.2.
func isTokenChar(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// WithResponse fills r when the call ends, in success and in failure: its status, headers and ids are those of the
// last answer, and stay zero when there was none.
func WithResponse(r *Response) CallOption {
	return func(cl *call) error {
		if r == nil {
			return errors.New("the Response to fill is nil")
		}
		cl.capture = r
		return nil
	}
}

// Response is what came with the answer of a call.
type Response struct {
	// StatusCode is that of the last answer.
	StatusCode int
	// Header is a copy of the last answer's.
	Header http.Header
	// RequestID is the service's id of the request, ClientRequestID the one this client sent.
	RequestID, ClientRequestID string
	// Warnings say which providers behind the service failed, so that the answer is partial; of a list, those of all pages.
	Warnings []Warning
	// Attempts counts the requests made, of a list those for all pages; a repeat with a renewed token is not counted.
	Attempts int
}

func newCall(op operation, opts []CallOption) (*call, error) {
	cl := &call{op: op, header: http.Header{}, clientRequestID: uuid.NewString()}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("%s: %w: call option %d is nil", op.name, ErrInvalid, i+1)
		}
		if err := opt(cl); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", op.name, ErrInvalid, err)
		}
	}
	if !op.conditional && cl.header.Get(headerIfMatch) != "" {
		return nil, fmt.Errorf("%s: %w: it takes no If-Match", op.name, ErrInvalid)
	}
	return cl, nil
}

// fillResponse gives the caller what is known of the answer.
func (cl *call) fillResponse() {
	r := Response{ClientRequestID: cl.clientRequestID, Attempts: cl.attempts, Warnings: cl.warnings}
	if cl.answer != nil {
		r.StatusCode = cl.answer.status
		r.Header = cl.answer.header.Clone()
		r.RequestID = cl.answer.header.Get("request-id")
	}
	if cl.earlier != nil {
		r.Attempts += cl.earlier.Attempts
		r.Warnings = append(slices.Clip(cl.earlier.Warnings), r.Warnings...)
		*cl.earlier = r
	}
	if cl.capture != nil {
		*cl.capture = r
	}
}

// accumulating has the Response of several calls add up, as one list makes them.
func accumulating(opts []CallOption, total *Response) []CallOption {
	return append(slices.Clip(opts), func(cl *call) error {
		cl.earlier = total
		return nil
	})
}
