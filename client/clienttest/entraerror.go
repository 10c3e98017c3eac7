package clienttest

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"
)

// entraError is an error of the token endpoint in the making.
type entraError struct {
	status int
	code   string // of OAuth, such as invalid_client
	number int    // of AADSTS
	text   string
}

// entraErrorBody is the shape of the token endpoint's error bodies.
type entraErrorBody struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	ErrorCodes       []int  `json:"error_codes"`
	Timestamp        string `json:"timestamp"`
	TraceID          string `json:"trace_id"`
	CorrelationID    string `json:"correlation_id"`
	ErrorURI         string `json:"error_uri"`
}

func (e *entraError) answer(c *call) *answer {
	trace, at := uuid.NewString(), c.at.UTC().Format("2006-01-02 15:04:05Z")
	a := &answer{status: e.status, header: tokenContentType(), body: mustMarshal(entraErrorBody{
		Error: e.code,
		ErrorDescription: fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			e.number, e.text, trace, c.clientRequestID, at),
		ErrorCodes:    []int{e.number},
		Timestamp:     at,
		TraceID:       trace,
		CorrelationID: c.clientRequestID,
		ErrorURI:      fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.number),
	})}
	if e.status == http.StatusMethodNotAllowed {
		a.header.Set("Allow", "POST")
	}
	return a
}

func invalidRequest(number int, format string, args ...any) *entraError {
	return &entraError{status: http.StatusBadRequest, code: "invalid_request", number: number, text: fmt.Sprintf(format, args...)}
}

func invalidClient(number int, format string, args ...any) *entraError {
	return &entraError{status: http.StatusUnauthorized, code: "invalid_client", number: number, text: fmt.Sprintf(format, args...)}
}

// entraStatusError is the error that goes with a status, for faults that have
// no body of their own.
func entraStatusError(status int) *entraError {
	var e *entraError
	switch {
	case status == http.StatusUnauthorized:
		e = invalidClient(7000222, "The provided client secret keys for app are expired.")
	case status == http.StatusTooManyRequests:
		e = &entraError{code: "temporarily_unavailable", number: 90024, text: "The budget for this request is exhausted: too many requests."}
	case status >= http.StatusInternalServerError:
		e = &entraError{code: "temporarily_unavailable", number: 90033, text: "A transient error has occurred. Please try again."}
	default:
		e = invalidRequest(90023, "The request is not valid.")
	}
	e.status = status
	return e
}
