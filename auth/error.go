package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// ErrToken is found by [errors.Is] in every error that leaves [Transport]
// because there was no token to send: nothing was sent, or (where the service
// refused a token and no new one was to be had) the service refused what was
// sent. The request was not processed, and sending it again is of no use: the
// token layer has its own memory. A caller's own [context.Canceled] or
// [context.DeadlineExceeded] is found beside it.
var ErrToken = errors.New("auth: no token")

// Error is a token request that failed. It holds nothing of the request, and
// of the answer only what an error answer in JSON says about itself, never its
// body: that may echo the form, client secret included. Texts are on one line,
// control characters escaped, 2 KiB at most, with the secret replaced.
//
// [errors.Is] finds [ErrToken] in it.
type Error struct {
	// Op is what was done: "token request", "device code request", "managed
	// identity request".
	Op string
	// Endpoint is the host that was asked, empty where it is not known.
	Endpoint string
	// TenantID and ClientID are the application's, empty where not known.
	TenantID, ClientID string
	// StatusCode is the HTTP status, 0 where no complete answer came.
	StatusCode int
	// Code is the OAuth error code, such as "invalid_client" (RFC 6749,
	// section 5.2).
	Code string
	// AADSTS is the code of Microsoft Entra ID, such as "AADSTS7000215".
	AADSTS string
	// Description is the endpoint's own.
	Description string
	// CorrelationID and TraceID are what Microsoft's support asks for.
	CorrelationID, TraceID string
	// RetryAfter is how long the endpoint wishes to be left alone; where
	// Remembered is set, how long from then on no request will be made. 0 where
	// neither is known.
	RetryAfter time.Duration
	// Remembered says that no request was made: an earlier one failed so.
	Remembered bool
	// Err is the cause, where it was not the endpoint's refusal, or a
	// [*ClockError] where that explains it.
	Err error `json:"-"`
}

// Error is one line: operation, status, codes, description, ids, and what to do.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("auth: ")
	if e.Op == "" {
		b.WriteString("token request")
	} else {
		b.WriteString(e.Op)
	}
	if e.Endpoint != "" {
		b.WriteString(" to " + e.Endpoint)
	}
	if e.TenantID != "" {
		b.WriteString(" for tenant " + e.TenantID)
	}
	sep := ": "
	add := func(s string) {
		if s != "" {
			b.WriteString(sep + s)
			sep = ", "
		}
	}
	if e.StatusCode != 0 {
		add(strings.TrimSpace(strconv.Itoa(e.StatusCode) + " " + http.StatusText(e.StatusCode)))
	}
	add(strings.TrimSpace(e.Code + " " + e.AADSTS))
	if e.Err != nil {
		add(cleanText(e.Err.Error(), maxText))
	}
	if d := shortDescription(e); d != "" {
		add(d)
	}
	if e.CorrelationID != "" {
		add("correlation id " + e.CorrelationID)
	}
	if e.Remembered {
		add("remembered, no request made for another " + e.RetryAfter.Round(time.Millisecond).String())
	} else if e.RetryAfter > 0 {
		add("retry after " + e.RetryAfter.Round(time.Millisecond).String())
	}
	if a := advice(e); a != "" {
		b.WriteString("; " + a)
	}
	return b.String()
}

// shortDescription leaves out what the text says elsewhere: Entra begins with
// the code and ends with ids and the time.
func shortDescription(e *Error) string {
	d := e.Description
	if i := strings.Index(d, "Trace ID:"); i >= 0 {
		d = d[:i]
	}
	if e.AADSTS != "" {
		d = strings.TrimPrefix(d, e.AADSTS+":")
	}
	return strings.Trim(d, " .")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is [ErrToken].
func (e *Error) Is(target error) bool { return target == ErrToken }

// LogValue gives a log record the fields one by one.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("msg", e.Error())}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("endpoint", e.Endpoint)
	add("tenant_id", e.TenantID)
	add("client_id", e.ClientID)
	if e.StatusCode != 0 {
		attrs = append(attrs, slog.Int("status", e.StatusCode))
	}
	add("code", e.Code)
	add("aadsts", e.AADSTS)
	add("correlation_id", e.CorrelationID)
	add("trace_id", e.TraceID)
	if e.RetryAfter > 0 {
		attrs = append(attrs, slog.Duration("retry_after", e.RetryAfter))
	}
	return slog.GroupValue(attrs...)
}

const (
	opTokenRequest      = "token request"
	opDeviceCodeRequest = "device code request"
	opManagedIdentity   = "managed identity request"
)

var aadstsPattern = regexp.MustCompile(`AADSTS[0-9]{4,9}`)

// fromRetrieveError takes out of x/oauth2's error what may be shown. The error
// itself is never wrapped: it holds the answer, the request with its form, and
// prints the whole body.
func fromRetrieveError(re *oauth2.RetrieveError, redact redactor, now time.Time) *Error {
	var a answer
	var host string
	if r := re.Response; r != nil {
		a.status, a.header = r.StatusCode, r.Header
		if r.Request != nil && r.Request.URL != nil {
			host = cleanText(r.Request.URL.Host, 256)
		}
	}
	a.body = re.Body
	e := newRefusal(&a, redact, now)
	e.Endpoint = host
	return e
}

// newRefusal takes out of an endpoint's error answer what may be shown.
func newRefusal(a *answer, redact redactor, now time.Time) *Error {
	e := &Error{Op: opTokenRequest, StatusCode: a.status}
	if d, ok := retryAfter(a.header, now); ok {
		e.RetryAfter = d
	}
	var body struct {
		Code          string `json:"error"`
		Description   string `json:"error_description"`
		Message       string `json:"message"` // App Service says no more
		Codes         []int  `json:"error_codes"`
		TraceID       string `json:"trace_id"`
		CorrelationID string `json:"correlation_id"`
	}
	// Whatever its content type says: of what is no JSON object nothing is left,
	// and a member of the wrong type spoils that member only.
	if err := json.Unmarshal(a.body, &body); err != nil {
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
			e.Err = errNotJSON
			return e
		}
	}
	e.Code = cleanID(redact(body.Code))
	e.Description = cleanText(redact(cmp.Or(body.Description, body.Message)), maxText)
	e.TraceID = cleanID(redact(body.TraceID))
	e.CorrelationID = cleanID(redact(body.CorrelationID))
	if e.AADSTS = aadstsPattern.FindString(e.Description); e.AADSTS == "" && len(body.Codes) > 0 && body.Codes[0] > 0 {
		e.AADSTS = "AADSTS" + strconv.Itoa(body.Codes[0])
	}
	if aboutTime[e.AADSTS] {
		e.Err = clockError(a.header, now)
	}
	return e
}

// The causes of an [Error] that are the answer's own.
var (
	errNotJSON   = errors.New("the answer is not a JSON object")
	errTooLarge  = fmt.Errorf("the answer is larger than %d bytes", maxAnswer)
	errTruncated = errors.New("the answer was cut off")
	errRedirect  = errors.New("redirect not followed")
)

// convert makes an error of a source's fit to be handed out: an x/oauth2 error
// anywhere in its chain is replaced.
func convert(err error) error {
	re, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return err
	}
	return fromRetrieveError(re, newRedactor(formSecrets(re.Response)...), time.Now())
}

// formSecrets reads the secrets of the token request that an answer belongs
// to, so that they can be taken out of what the answer says.
func formSecrets(resp *http.Response) []string {
	if resp == nil || resp.Request == nil {
		return nil
	}
	var secrets []string
	if _, password, ok := resp.Request.BasicAuth(); ok {
		secrets = append(secrets, password)
		if s, err := url.QueryUnescape(password); err == nil {
			secrets = append(secrets, s)
		}
	}
	if resp.Request.GetBody == nil {
		return secrets
	}
	body, err := resp.Request.GetBody()
	if err != nil {
		return secrets
	}
	defer body.Close()
	form, err := readBounded(body)
	if err != nil {
		return secrets
	}
	values, _ := url.ParseQuery(string(form)) // the pairs that can be read are there beside an error
	for _, key := range []string{"client_secret", "client_assertion", "assertion", "refresh_token", "password", "code", "device_code"} {
		secrets = append(secrets, values[key]...)
	}
	return secrets
}

// tokenError marks an error that is no [*Error] as the token layer's.
type tokenError struct{ err error }

func (e tokenError) Error() string { return e.err.Error() }

func (e tokenError) Unwrap() []error { return []error{e.err, ErrToken} }

// asTokenError makes sure that [ErrToken] is found in err.
func asTokenError(err error) error {
	err = convert(err)
	if errors.Is(err, ErrToken) {
		return err
	}
	return tokenError{err}
}

// waitError is what a caller gets who stopped waiting for a token.
func waitError(ctx context.Context) error {
	err := ctx.Err()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, err) {
		return fmt.Errorf("auth: stopped waiting for a token: %w: %w", err, cause)
	}
	return fmt.Errorf("auth: stopped waiting for a token: %w", err)
}
