package clienttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// odataError is an error of the Graph in the making.
type odataError struct {
	status  int
	code    string
	message string
	target  string
	header  http.Header
}

func (e *odataError) Error() string { return e.message }

// errorBody is the shape of the service's error bodies.
type errorBody struct {
	Error struct {
		Code       string     `json:"code"`
		Message    string     `json:"message"`
		Target     string     `json:"target,omitempty"`
		InnerError innerError `json:"innerError"`
	} `json:"error"`
}

type innerError struct {
	Date            string `json:"date"`
	RequestID       string `json:"request-id"`
	ClientRequestID string `json:"client-request-id"`
}

// answer gives the error the ids and the date of the request. The date has no
// zone, as with the service.
func (e *odataError) answer(c *call) *answer {
	var b errorBody
	b.Error.Code, b.Error.Message, b.Error.Target = e.code, e.message, e.target
	b.Error.InnerError = innerError{
		Date:            c.at.UTC().Format("2006-01-02T15:04:05"),
		RequestID:       c.requestID,
		ClientRequestID: c.clientRequestID,
	}
	a := &answer{status: e.status, header: http.Header{}, body: mustMarshal(b)}
	for name, values := range e.header {
		a.header[name] = values
	}
	a.header.Set("Content-Type", "application/json")
	return a
}

func badRequest(target, format string, args ...any) *odataError {
	return &odataError{
		status: http.StatusBadRequest, code: "BadRequest", target: target,
		message: fmt.Sprintf(format, args...),
	}
}

func methodNotAllowed(allowed ...string) *odataError {
	return &odataError{
		status: http.StatusMethodNotAllowed, code: "Request_BadRequest",
		message: "Specified HTTP method is not allowed for the request target.",
		header:  http.Header{"Allow": {strings.Join(allowed, ", ")}},
	}
}

// statusError is the error that the service answers a status with, for faults
// that have no body of their own.
func statusError(status int) *odataError {
	e := &odataError{status: status, message: http.StatusText(status) + "."}
	switch status {
	case http.StatusUnauthorized:
		return unauthorized("Lifetime validation failed, the token is expired.")
	case http.StatusForbidden:
		e.code = "Forbidden"
		e.message = "Auth token does not contain valid permissions or user does not have valid roles"
	case http.StatusNotFound:
		e.code = "ResourceNotFound"
	case http.StatusTooManyRequests:
		e.code = "TooManyRequests"
		e.message = "Please retry again later."
	case 509: // of Microsoft Graph's own table, not registered with IANA
		e.code = "BandwidthLimitExceeded"
		e.message = "Bandwidth limit exceeded."
	default:
		e.code = strings.NewReplacer(" ", "", "-", "").Replace(http.StatusText(status))
	}
	if e.code == "" {
		e.code, e.message = "UnknownError", fmt.Sprintf("Status %d.", status)
	}
	return e
}

// clip bounds a text of the caller's that is repeated in a message.
func clip(s string) string {
	const most = 128 // bytes
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

// mustMarshal encodes structs of this package, none of which can fail.
func mustMarshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("clienttest: " + err.Error())
	}
	return b
}

// stamp is how both endpoints write a moment with 7 fractional digits.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }
