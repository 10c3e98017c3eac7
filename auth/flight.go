package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/oauth2"
)

// A flight is one call of the source on behalf of all who wait for it. Waiting
// is on a channel, so that each waiter can leave by its own context.
type flight struct {
	entry  *entry
	claims string
	number uint64
	cancel context.CancelFunc
	done   chan struct{} // closed once token and err are set

	token *oauth2.Token
	err   error

	// Guarded by the cache's mutex.
	waiters   int
	abandoned bool
	last      error // of an attempt that the source is about to repeat
}

// begin starts a flight. In the background it goes on without waiters; once
// one has joined, it ends with the last like any other. The caller holds the
// mutex.
func (c *cache) begin(e *entry, r TokenRequest, background bool) *flight {
	r.Scopes = slices.Clone(r.Scopes) // the source's to change
	ctx, cancel := flightContext(background)
	c.flights++
	f := &flight{
		entry: e, claims: r.Claims, number: c.flights,
		cancel: cancel, done: make(chan struct{}),
	}
	e.inFlight[r.Claims] = f
	ctx = context.WithValue(ctx, progressKey{}, func(err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		f.last = err
	})
	go func() {
		defer cancel()
		run(
			func() (*oauth2.Token, error) { return c.fetch(ctx, r) },
			func(t *oauth2.Token, err error) {
				c.keep(e, f, r.Claims, t, notTheCallers(err))
				close(f.done)
			},
		)
	}()
	return f
}

// flightContext is not derived from the caller's: it outlives that caller, and
// its values (an httptrace of the request that wants the token, say) are not
// those of the others.
func flightContext(background bool) (context.Context, context.CancelFunc) {
	if background {
		ctx := context.WithValue(context.Background(), backgroundKey{}, true)
		return context.WithTimeout(ctx, renewalTimeout)
	}
	return context.WithCancel(context.Background())
}

type progressKey struct{}

// attemptFailed is for sources that repeat a request by themselves: a caller
// who leaves meanwhile is told what the last one failed with.
func attemptFailed(ctx context.Context, err error) {
	if tell, ok := ctx.Value(progressKey{}).(func(error)); ok {
		tell(err)
	}
}

type backgroundKey struct{}

// inBackground reports whether a fetch is an early renewal that nobody asked
// for.
func inBackground(ctx context.Context) bool {
	return ctx.Value(backgroundKey{}) != nil
}

// leave is for a waiter whose context is done. With the last one the flight
// ends, and whoever comes next begins another. It returns what the flight has
// failed with so far.
func (c *cache) leave(f *flight) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.waiters--
	if f.waiters > 0 {
		return f.last
	}
	f.abandoned = true
	if f.entry.inFlight[f.claims] == f {
		delete(f.entry.inFlight, f.claims)
	}
	f.cancel()
	return f.last
}

// run calls a source on a goroutine of ours, where a panic would end the
// program instead of the caller's request, and a [runtime.Goexit] would leave
// the callers waiting for ever. finish is always called.
func run(fn func() (*oauth2.Token, error), finish func(*oauth2.Token, error)) {
	t, err := (*oauth2.Token)(nil), errGoexit
	defer func() {
		if v := recover(); v != nil {
			err = panicError(v)
		}
		finish(t, err)
	}()
	t, err = checked(fn())
}

var errGoexit = errors.New("auth: token source ended its goroutine")

func panicError(v any) error {
	if re, ok := v.(runtime.Error); ok {
		return fmt.Errorf("auth: token source panicked: %w", re)
	}
	return fmt.Errorf("auth: token source panicked with a value of type %T", v) // which may hold anything
}

// notTheCallers keeps a deadline of the source's own, or of ours, from being
// taken for that of the caller, who is told of his by [waitError].
func notTheCallers(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return timeoutError(cleanText(err.Error(), maxText))
	case errors.Is(err, context.Canceled):
		return errors.New(cleanText(err.Error(), maxText))
	}
	return err
}
