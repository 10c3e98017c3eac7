package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// RetryPolicy says how often and how patiently an operation is repeated. Which failures are repeated at all is not
// for choice, see the package's documentation. Zero fields stand for the defaults.
type RetryPolicy struct {
	// MaxAttempts is the number of requests in all, the first included. Default 4; 1 repeats nothing.
	MaxAttempts int
	// BaseDelay is the ceiling of the first wait; the ceiling doubles with each, up to MaxDelay, and the wait is
	// anything below it (full jitter). Default 0.5 s.
	BaseDelay time.Duration
	// ThrottleDelay takes the place of BaseDelay after a 429 without Retry-After. Default 1 s.
	ThrottleDelay time.Duration
	// MaxDelay is the highest ceiling. Default 30 s.
	MaxDelay time.Duration
	// MaxRetryAfter is the longest Retry-After that is waited for. When the service asks for more, the call fails at
	// once. Default 120 s.
	MaxRetryAfter time.Duration
	// TrustRetryAfterOn503 takes a 503 that carries Retry-After for proof that a write was not processed, and repeats
	// it. Graph does not promise that: without this option a 503 to a write is [ErrOutcomeUnknown].
	TrustRetryAfterOn503 bool
	// ReuseConnectionsForWrites sends writes over connections that earlier writes have left open, for bulk writes:
	// each saves a TCP and a TLS handshake. The price: a server may close an idle connection just as a write leaves,
	// and then nobody knows whether it arrived: a write whose reused connection breaks is [ErrOutcomeUnknown] (6 of 300
	// in a test against a server that closes early; none over new connections).
	ReuseConnectionsForWrites bool
}

func (p RetryPolicy) validate() error {
	if p.MaxAttempts < 0 {
		return fmt.Errorf("field RetryPolicy.MaxAttempts is negative: %d", p.MaxAttempts)
	}
	for _, f := range []struct {
		name string
		d    time.Duration
	}{{"BaseDelay", p.BaseDelay}, {"ThrottleDelay", p.ThrottleDelay}, {"MaxDelay", p.MaxDelay}, {"MaxRetryAfter", p.MaxRetryAfter}} {
		if f.d < 0 {
			return fmt.Errorf("field RetryPolicy.%s is negative: %s", f.name, f.d)
		}
	}
	return nil
}

func (p RetryPolicy) withDefaults() RetryPolicy {
	p.MaxAttempts = orDefault(p.MaxAttempts, 4)
	p.BaseDelay = orDefault(p.BaseDelay, 500*time.Millisecond)
	p.ThrottleDelay = orDefault(p.ThrottleDelay, time.Second)
	p.MaxDelay = orDefault(p.MaxDelay, 30*time.Second)
	p.MaxRetryAfter = orDefault(p.MaxRetryAfter, 120*time.Second)
	return p
}

// class is what became of one attempt, as far as repeating it goes.
type class int

const (
	refusedHere  class = iota // nothing sent: this side refused the request
	done                      // a complete valid answer
	refusedDial               // nothing sent: the connection was refused, or name resolution failed for the moment
	notSent                   // nothing sent for another reason that may pass: a dial or handshake that timed out or was reset
	unreachable               // nothing sent, and it will not get better: no such name, certificate, TLS, proxy login
	noToken                   // nothing sent: the token source failed, which has a policy of its own
	throttled                 // 429
	unauthorized              // 401, with a token renewed where it could be
	refused                   // another 4xx, 501, a redirect: the service says no
	refusedByH2               // HTTP/2 REFUSED_STREAM, or GOAWAY below our stream
	trusted503                // 503 with Retry-After, under the option that trusts it
	overload                  // 503, 509
	failed                    // 408, 500, 502, 504
	broken                    // sent, or perhaps sent, and the answer never came, broke off or was no JSON
	invalid                   // sent, and what came, or why nothing came, would be the same again
	classCount
)

// verdict is what follows for the operation.
type verdict int

const (
	repeat  verdict = iota
	stop            // the error as it is
	unknown         // never repeated: ErrOutcomeUnknown
)

// verdictTable holds the verdict of each class but done, for reads and for writes.
type verdictTable [classCount]struct{ read, write verdict }

// defaultVerdicts is the retry contract of the package's documentation. A write is repeated only where it was
// provably not processed.
func defaultVerdicts() verdictTable {
	return verdictTable{
		refusedDial:  {repeat, repeat},
		notSent:      {repeat, stop},
		unreachable:  {stop, stop},
		noToken:      {stop, stop},
		refusedHere:  {stop, stop},
		throttled:    {repeat, repeat},
		unauthorized: {stop, stop},
		refused:      {stop, stop},
		refusedByH2:  {repeat, repeat},
		trusted503:   {repeat, repeat},
		overload:     {repeat, unknown},
		failed:       {repeat, unknown},
		broken:       {repeat, unknown},
		invalid:      {stop, unknown},
	}
}

func (t *verdictTable) of(c class, write bool) verdict {
	if write {
		return t[c].write
	}
	return t[c].read
}

// statusBandwidth is 509, Bandwidth Limit Exceeded: Graph documents it, net/http has no name for it.
const statusBandwidth = 509

// statusClass is the class of an answer that is no success of the operation.
func statusClass(status int, write bool) class {
	switch status {
	case http.StatusUnauthorized:
		return unauthorized
	case http.StatusTooManyRequests:
		return throttled
	case http.StatusServiceUnavailable, statusBandwidth:
		return overload
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return failed
	case http.StatusNotImplemented:
		return refused
	case http.StatusSeeOther:
		if write {
			return invalid // "done, and the answer is elsewhere"
		}
		return refused
	case statusClientClosed:
		return invalid // a proxy that lost patience: the service may have gone on
	}
	if status >= 300 && status <= 499 {
		return refused
	}
	return invalid // 1xx, another 2xx, another 5xx, no HTTP status at all
}

// statusClientClosed is 499, which nginx made up.
const statusClientClosed = 499

// retrier decides, for one call, whether and when it is repeated.
type retrier struct {
	call      *call
	policy    RetryPolicy
	verdicts  *verdictTable
	budget    *budget
	repeating func() // told before each wait
}

// check is the CheckRetry of go-retryablehttp. What it is given says little; the attempt has recorded its outcome in
// the call. It never returns an error: what the caller gets is made of the call's record, once the loop has ended.
func (r *retrier) check(ctx context.Context, _ *http.Response, _ error) (bool, error) {
	again := r.decide(ctx)
	if again {
		r.repeating()
	}
	return again, nil
}

// backoff is the Backoff of go-retryablehttp: check has set the wait.
func (r *retrier) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration {
	return r.call.wait
}

func (r *retrier) decide(ctx context.Context) bool {
	cl, o := r.call, &r.call.last
	if o.class == done || r.verdicts.of(o.class, cl.op.write) != repeat || ctx.Err() != nil || cl.attempts >= r.policy.MaxAttempts {
		return false
	}
	if o.retryAfter > r.policy.MaxRetryAfter {
		cl.reason = fmt.Sprintf("it asks to wait %s, longer than the %s that this client would", o.retryAfter, r.policy.MaxRetryAfter)
		return false
	}
	wait := r.pause(o)
	if deadline, ok := ctx.Deadline(); ok && o.retryAfter > 0 {
		left := time.Until(deadline)
		if left <= o.retryAfter {
			cl.reason = fmt.Sprintf("it asks to wait %s, longer than the context's deadline allows", o.retryAfter)
			return false
		}
		if wait >= left {
			wait = o.retryAfter
		}
	}
	cost := costRetry
	if o.class == throttled {
		cost = costThrottled
	}
	if !r.budget.take(cost) {
		cl.reason = "not repeated: this client's retry quota is used up"
		return false
	}
	cl.paid += cost
	cl.wait = wait
	return true
}

// pause is how long to wait before the next attempt.
func (r *retrier) pause(o *outcome) time.Duration {
	if o.retryAfter > 0 {
		return spread(o.retryAfter)
	}
	base := r.policy.BaseDelay
	if o.class == throttled {
		base = r.policy.ThrottleDelay
	}
	return backoff(base, r.policy.MaxDelay, max(0, r.call.attempts-1))
}

// errUnreachable marks, for the advice only, what is never repeated because it lies in names, certificates or proxies.
var errUnreachable = errors.New("unreachable")
