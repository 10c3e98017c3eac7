package auth

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// fetchTimeout bounds one request to a token endpoint, the connection included.
// Entra answers within a second or two.
const fetchTimeout = 30 * time.Second

const errFetchTimeout = timeoutError("no complete answer within 30s")

// timeoutError is a deadline that was not the caller's: it is an
// [os.ErrDeadlineExceeded], whereas the timeouts of net and net/http pass for
// a [context.DeadlineExceeded] too.
type timeoutError string

func (e timeoutError) Error() string        { return string(e) }
func (e timeoutError) Timeout() bool        { return true }
func (e timeoutError) Temporary() bool      { return true } // with the others a net.Error
func (e timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// asker is who asks which endpoint for what.
type asker struct {
	op, tenantID, clientID string
	endpoint               Origin
}

// fail makes an [*Error] of whatever x/oauth2 and the transport below it
// return.
func (a asker) fail(ctx context.Context, err error, redact redactor) error {
	var e *Error
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), errFetchTimeout):
		e = &Error{Err: errFetchTimeout}
	case ctx.Err() != nil:
		return ctx.Err() // nobody waits for it any more
	default:
		e = answerFailure(err, redact)
	}
	return a.sign(e)
}

// sign says in e who asked.
func (a asker) sign(e *Error) *Error {
	e.Op, e.TenantID, e.ClientID = a.op, a.tenantID, a.clientID
	e.Endpoint = strings.TrimPrefix(a.endpoint.String(), a.endpoint.scheme+"://")
	return e
}

func answerFailure(err error, redact redactor) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if re, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fromRetrieveError(re, redact, time.Now())
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		text := cleanText(redact(ue.Err.Error()), maxText)
		switch {
		case errors.Is(ue.Err, context.DeadlineExceeded):
			return &Error{Err: timeoutError("no complete answer in time: " + text)}
		case errors.Is(ue.Err, context.Canceled):
			return &Error{Err: errors.New(text)}
		}
		return &Error{Err: redact.err(ue.Err)}
	}
	return &Error{Err: errNotJSON} // x/oauth2's own texts quote the answer
}
