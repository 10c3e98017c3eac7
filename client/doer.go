package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/hashicorp/go-retryablehttp"
)

// version is this library's, for User-Agent.
const version = "0.1.0"

// doer makes one operation of each request that the generated client builds: ids, headers, the retry loop, the error,
// the log.
type doer struct {
	http      *http.Client // ends in the attempt
	policy    RetryPolicy
	verdicts  verdictTable
	budget    *budget
	userAgent string
	logger    *slog.Logger
	guard     *writeGuard
	owned     *http.Transport // made by New; nil where the caller gave one
}

// do runs one operation: send builds the request with the generated client, which hands it to [doer.Do] in the
// context given to it. When do returns nil, op.decode has had the answer. Otherwise the error is an *[Error], or one
// that holds [ErrInvalid] for what was refused before there was a request.
func (c *Client) do(ctx context.Context, op operation, opts []CallOption, send func(context.Context) (*http.Response, error)) error {
	if ctx == nil {
		return fmt.Errorf("%s: %w: the context is nil", op.name, ErrInvalid)
	}
	cl, err := newCall(op, opts)
	if err != nil {
		return err
	}
	defer cl.fillResponse()
	resp, err := send(withCall(ctx, cl))
	if resp != nil && resp.Body != nil {
		resp.Body.Close()
	}
	if err == nil {
		return c.warn(ctx, cl)
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return fmt.Errorf("%s: %w: %w", op.name, ErrInvalid, err)
}

// Do is what the generated client calls.
func (d *doer) Do(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	cl := callFrom(ctx)
	if cl == nil {
		return nil, errors.New("client: the request's context has no operation")
	}
	rr, err := d.prepare(req, cl)
	if err != nil {
		return nil, err
	}
	r := &retrier{call: cl, policy: d.policy, verdicts: &d.verdicts, budget: d.budget, repeating: func() { d.logRepeat(req, cl) }}
	// One loop a call, so that its functions know the call: those of a shared one are not told which it is.
	loop := &retryablehttp.Client{
		HTTPClient: d.http, RetryMax: d.policy.MaxAttempts - 1, CheckRetry: r.check, Backoff: r.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	_, err = loop.Do(rr)
	if !cl.judged { // there was no attempt: the context had ended, or http.Client would not have the request
		if err = withoutURL(err); ctx.Err() != nil {
			err = contextError(ctx)
		}
		cl.record(outcome{class: refusedHere, err: err})
	}
	if cl.last.class != done {
		return nil, d.fail(req, cl)
	}
	d.budget.giveBack(cl.paid)
	d.log(ctx, slog.LevelDebug, "operation done", req, cl, slog.Int("status", cl.last.status))
	return &http.Response{StatusCode: cl.last.status, Header: cl.last.header, Body: http.NoBody, Request: req}, nil
}

// prepare makes the request that is sent: a copy with our headers and its body in memory, so that it can be sent again.
func (d *doer) prepare(req *http.Request, cl *call) (*retryablehttp.Request, error) {
	var content any // nil for none: not an empty one
	if req.Body != nil && req.Body != http.NoBody {
		b, err := io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("reading the request's body: %w", err)
		}
		content = b
	}
	out := req.Clone(req.Context())
	out.Body, out.GetBody, out.ContentLength = nil, nil, 0
	if !cl.op.verbatim {
		out.URL.RawQuery = odataQuery(out.URL.RawQuery)
	}
	h := out.Header
	for name, values := range cl.header {
		h[name] = values
	}
	if h.Get("Accept") == "" {
		h.Set("Accept", cl.op.mediaType())
	}
	h.Set("User-Agent", d.userAgent)
	h.Set(headerClientRequestID, cl.clientRequestID)
	rr, err := retryablehttp.FromRequest(out)
	if err != nil {
		return nil, err
	}
	if content == nil {
		return rr, nil
	}
	return rr, rr.SetBody(content)
}

// odataQuery mends what the generated client makes of a query: OData servers want "$top" and "%20" where net/url
// writes "%24top" and "+".
func odataQuery(raw string) string {
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		name = strings.ReplaceAll(name, "%24", "$")
		if found {
			name += "=" + value
		}
		pairs[i] = strings.ReplaceAll(name, "+", "%20")
	}
	return strings.Join(pairs, "&")
}

// fail makes the error of a call that has ended, and logs it.
func (d *doer) fail(req *http.Request, cl *call) *Error {
	e := d.newError(req, cl)
	d.log(req.Context(), slog.LevelDebug, "operation failed", req, cl, slog.Any("error", e))
	return e
}

func (d *doer) newError(req *http.Request, cl *call) *Error {
	ctx, o := req.Context(), &cl.last
	v := d.verdicts.of(o.class, cl.op.write)
	interrupted := ctx.Err() != nil && v == repeat && cl.attempts < d.policy.MaxAttempts
	e := &Error{
		Op: cl.op.name, Method: req.Method, Host: req.URL.Host, ClientRequestID: cl.clientRequestID,
		Attempts: cl.attempts, Key: cl.op.key, Err: o.err, reason: cl.reason,
	}
	// When the caller's time was up during a repeat, what the service had said before it is what the caller wants to
	// know.
	shown := o
	if o.status == 0 && interrupted && cl.answer != nil {
		shown = cl.answer
	}
	e.describe(shown)
	if v == unknown {
		e.kinds = append(e.kinds, ErrOutcomeUnknown)
	}
	e.kinds = append(e.kinds, o.kinds(ctx)...)
	if interrupted && !errors.Is(e, ctx.Err()) {
		err := contextError(ctx)
		e.kinds = append(e.kinds, err)
		e.reason = "not repeated: " + err.Error()
	}
	e.advice = advise(e, cl.op.permission)
	return e
}

// kinds are the sentinels that follow from an attempt without an answer.
func (o *outcome) kinds(ctx context.Context) []error {
	switch {
	case o.class == refusedHere && ctx.Err() == nil:
		return []error{ErrInvalid}
	case o.class == unreachable:
		return []error{ErrNetwork, errUnreachable}
	case o.class == noToken || o.class == refusedHere || o.status != 0:
		return nil
	case errors.Is(o.err, context.Canceled) || errors.Is(o.err, context.DeadlineExceeded):
		return nil
	}
	return []error{ErrNetwork}
}

// describe takes over what the answer says.
func (e *Error) describe(o *outcome) {
	if o.status == 0 {
		return
	}
	e.StatusCode = o.status
	if o.status < 200 || o.status > 299 {
		e.kinds = append(e.kinds, statusSentinels(o.status)...)
	}
	said := parseODataError(o.body)
	e.Code, e.Message, e.Target, e.InnerCode = said.code, said.message, said.target, said.innerCode
	e.RequestID = orDefault(clean(o.header.Get("request-id"), maxIDText), said.requestID)
	e.RetryAfter = o.retryAfter
	e.Date = said.date
	if date, err := http.ParseTime(o.header.Get("Date")); err == nil {
		e.Date = date
	}
	if o.body != nil {
		e.RawBody = append([]byte(nil), o.body[:min(len(o.body), maxRawBody)]...)
	}
}

// withoutURL takes the cause out of a url.Error, which repeats the URL, query and all.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
