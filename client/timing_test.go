package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// inBubble runs f in virtual time, with a client of a server in memory.
func inBubble(t *testing.T, h http.HandlerFunc, f func(t *testing.T, c *Client), opts ...Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := clienttest.NewListener()
		srv := &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client has gone
				h(w, r)
			}),
			ErrorLog: discardLog(),
		}
		go srv.Serve(l)
		tr := &http.Transport{DialContext: l.DialContext}
		c := newClient(t, "http://localhost/v1.0", append([]Option{withTransport(tr)}, opts...)...)
		f(t, c)
		srv.Close()
		tr.CloseIdleConnections()
	})
}

// bothSides runs f for a read and for a write.
func bothSides(t *testing.T, f func(t *testing.T, write bool)) {
	t.Helper()
	for _, write := range []bool{false, true} {
		t.Run(pick(write, "write", "read"), func(t *testing.T) {
			t.Parallel()
			f(t, write)
		})
	}
}

// firstThen answers the first request with the fault, and all others properly.
func firstThen(rec *recorder, fault http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if rec.add() == 1 {
			fault(w, r)
			return
		}
		reply(w, r, `{"id":"1"}`)
	}
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	t.Parallel()
	const date = "Sun, 06 Nov 1994 08:49:37 GMT"
	for _, tt := range []struct {
		name  string
		date  string
		after []string
		want  time.Duration // 0: ignored
	}{
		{"seconds", "", []string{"3"}, 3 * time.Second},
		{"fraction", "", []string{"2.128"}, 2128 * time.Millisecond},
		{"IMF date", date, []string{"Sun, 06 Nov 1994 08:49:47 GMT"}, 10 * time.Second},
		{"RFC 850 date", date, []string{"Sunday, 06-Nov-94 08:49:47 GMT"}, 10 * time.Second},
		{"asctime date", date, []string{"Sun Nov  6 08:49:47 1994"}, 10 * time.Second},
		{"list", "", []string{"60, 120"}, 120 * time.Second},
		{"repeated", "", []string{"120", "60"}, 120 * time.Second},
		{"negative", "", []string{"-5"}, 0},
		{"NaN", "", []string{"NaN"}, 0},
		{"zero", "", []string{"0"}, 0},
		{"overflow", "", []string{"99999999999999999999"}, 0},
		{"date in the past", date, []string{"Sun, 06 Nov 1994 08:49:07 GMT"}, 0},
		{"missing", "", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bothSides(t, func(t *testing.T, write bool) {
				var rec recorder
				h := firstThen(&rec, func(w http.ResponseWriter, _ *http.Request) {
					if tt.date != "" {
						w.Header().Set("Date", tt.date)
					}
					w.Header()["Retry-After"] = tt.after
					w.WriteHeader(http.StatusTooManyRequests)
				})
				inBubble(t, h, func(t *testing.T, c *Client) {
					if err := c.run(t.Context(), opFor(write), "/things"); err != nil {
						t.Fatal(err)
					}
					gap := rec.gaps()[0]
					low, high := tt.want, tt.want+tt.want/10
					if tt.want == 0 {
						high = time.Second
					}
					if gap < low || gap > high {
						t.Errorf("waited %s, want %s to %s", gap, low, high)
					}
				})
			})
		})
	}
}

func TestBackoffDoublesAndIsCapped(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		first  time.Duration
	}{{503, 500 * time.Millisecond}, {429, time.Second}} {
		longest := make([]time.Duration, 7)
		for range 30 {
			var rec recorder
			inBubble(t, func(w http.ResponseWriter, _ *http.Request) { rec.add(); w.WriteHeader(tt.status) }, func(t *testing.T, c *Client) {
				if err := c.run(t.Context(), opFor(false), "/things"); err == nil {
					t.Fatal("no error")
				}
			}, WithRetryPolicy(RetryPolicy{MaxAttempts: 8}))
			for i, gap := range rec.gaps() {
				longest[i] = max(longest[i], gap)
			}
		}
		for i, got := range longest {
			ceiling := min(tt.first<<i, 30*time.Second)
			// The longest of 30 is below half the ceiling once in 10^9 runs.
			if got > ceiling || got <= ceiling/2 {
				t.Errorf("status %d: longest wait before repeat %d of 30 runs is %s, want up to %s", tt.status, i+1, got, ceiling)
			}
		}
	}
}

func TestRetryAfterTooLongFailsAtOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, after string
		deadline    time.Duration
		text        string
	}{
		{"beyond the cap", "121", 0, "longer than the 2m0s that this client would"},
		{"far beyond the cap", "86400", 0, "longer than the 2m0s"},
		{"beyond the deadline", "30", 20 * time.Second, "longer than the context's deadline allows"},
		{"at the deadline", "20", 20 * time.Second, "longer than the context's deadline allows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bothSides(t, func(t *testing.T, write bool) {
				var rec recorder
				h := func(w http.ResponseWriter, _ *http.Request) {
					rec.add()
					w.Header().Set("Retry-After", tt.after)
					w.WriteHeader(429)
				}
				inBubble(t, h, func(t *testing.T, c *Client) {
					ctx := t.Context()
					if tt.deadline > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, tt.deadline)
						defer cancel()
					}
					start := time.Now()
					err := c.run(ctx, opFor(write), "/things")
					e := asError(t, err)
					if took := time.Since(start); took != 0 || rec.count() != 1 {
						t.Errorf("took %s and %d requests, want no time and one", took, rec.count())
					}
					if !errors.Is(err, ErrThrottled) || errors.Is(err, ErrOutcomeUnknown) || e.RetryAfter == 0 || !strings.Contains(e.Error(), tt.text) {
						t.Errorf("error %v, RetryAfter %s", err, e.RetryAfter)
					}
				})
			})
		})
	}
}

// The jitter gives way where the deadline leaves room for the wait alone.
func TestRetryAfterJustWithinDeadline(t *testing.T) {
	t.Parallel()
	for range 20 {
		var rec recorder
		h := firstThen(&rec, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "2.128")
			w.WriteHeader(429)
		})
		inBubble(t, h, func(t *testing.T, c *Client) {
			ctx, cancel := context.WithTimeout(t.Context(), 2129*time.Millisecond)
			defer cancel()
			if err := c.run(ctx, opFor(true), "/things"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestContextEndsDuringWait(t *testing.T) {
	t.Parallel()
	why := errors.New("the user has left")
	bothSides(t, func(t *testing.T, write bool) {
		h := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "60"); w.WriteHeader(429) }
		inBubble(t, h, func(t *testing.T, c *Client) {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(7*time.Second, func() { cancel(why) })
			start := time.Now()
			err := c.run(ctx, opFor(write), "/things")
			if took := time.Since(start); took != 7*time.Second {
				t.Errorf("returned after %s", took)
			}
			for _, want := range []error{context.Canceled, ErrThrottled, why} {
				if !errors.Is(err, want) {
					t.Errorf("%q is not found in: %v", want, err)
				}
			}
			if e := asError(t, err); e.StatusCode != 429 || e.Attempts != 1 || errors.Is(err, ErrOutcomeUnknown) || errors.Is(err, ErrNetwork) {
				t.Errorf("%#v", e)
			}
		})
	})
}

// What the service had said is told also where the deadline strikes in the middle of the repeat of a read.
func TestDeadlineDuringRepeatOfRead(t *testing.T) {
	t.Parallel()
	var rec recorder
	h := func(w http.ResponseWriter, r *http.Request) {
		if rec.add() == 1 {
			w.Header().Set("request-id", "r-1")
			w.WriteHeader(503)
			return
		}
		<-r.Context().Done()
	}
	inBubble(t, h, func(t *testing.T, c *Client) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		err := c.run(ctx, opFor(false), "/things")
		if e := asError(t, err); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrUnavailable) || e.RequestID != "r-1" || e.Attempts != 2 {
			t.Errorf("%v", err)
		}
	})
}

func TestContextDoneBeforeSending(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, write bool) {
		var rec recorder
		inBubble(t, func(w http.ResponseWriter, r *http.Request) { rec.add(); reply(w, r, `{"id":"1"}`) }, func(t *testing.T, c *Client) {
			why := errors.New("supper was ready")
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(why)
			var resp Response
			err := c.run(ctx, opFor(write), "/things", WithResponse(&resp))
			if e := asError(t, err); !errors.Is(err, context.Canceled) || !errors.Is(err, why) || errors.Is(err, ErrInvalid) || errors.Is(err, ErrOutcomeUnknown) || e.Attempts != 0 || rec.count() != 0 || resp.StatusCode != 0 {
				t.Errorf("%d requests, %v", rec.count(), err)
			}
		})
	})
}

func TestContextEndsAfterSending(t *testing.T) {
	t.Parallel()
	bothSides(t, func(t *testing.T, write bool) {
		inBubble(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(t *testing.T, c *Client) {
			why := errors.New("supper is ready")
			ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, why)
			defer cancel()
			err := c.run(ctx, opFor(write), "/things")
			if e := asError(t, err); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, why) || errors.Is(err, ErrOutcomeUnknown) != write || e.Attempts != 1 || errors.Is(err, ErrTimeout) {
				t.Errorf("%v", err)
			}
		})
	})
}

// A write that was cut short while dialling was not sent, and the error does not say that it may have been.
func TestContextEndsDuringDial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }}
		c := newClient(t, "http://localhost/v1.0", withTransport(tr))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := c.run(ctx, opFor(true), "/things")
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrOutcomeUnknown) {
			t.Errorf("%v", err)
		}
	})
}

func TestTimers(t *testing.T) {
	t.Parallel()
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	// drip sends a byte of the body at each interval.
	drip := func(interval time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			reply(w, r, "")
			for {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				select {
				case <-time.After(interval):
				case <-r.Context().Done():
					return
				}
			}
		}
	}
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		opts    []Option
		want    time.Duration
		text    string
	}{
		{"stalled headers", silent, nil, 60 * time.Second, "timed out after 1m0s waiting for response headers"},
		{"stalled body", drip(time.Hour), nil, 30 * time.Second, "timed out after 30s waiting for the next byte"},
		{"dripping body", drip(29 * time.Second), nil, 100 * time.Second, "timed out after 1m40s waiting for the whole answer"},
		{"stalled error body", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500); drip(time.Hour)(w, r) }, nil, 30 * time.Second, "500 Internal Server Error"},
		{"the http.Client's own", silent, []Option{func(c *config) error { c.http.Timeout = 7 * time.Second; return nil }}, 7 * time.Second, "timed out after 7s"},
		{"stalled headers, own limit", silent, []Option{WithTimeouts(Timeouts{ResponseHeader: 3 * time.Second})}, 3 * time.Second, "timed out after 3s waiting for response headers"},
		{"stalled body, own limit", drip(time.Hour), []Option{WithTimeouts(Timeouts{Idle: 4 * time.Second})}, 4 * time.Second, "timed out after 4s waiting for the next byte"},
		{"dripping body, own limit", drip(time.Second), []Option{WithTimeouts(Timeouts{Attempt: 5 * time.Second})}, 5 * time.Second, "timed out after 5s waiting for the whole answer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bothSides(t, func(t *testing.T, write bool) {
				inBubble(t, tt.handler, func(t *testing.T, c *Client) {
					start := time.Now()
					err := c.run(t.Context(), opFor(write), "/things")
					if took := time.Since(start); took != tt.want {
						t.Errorf("took %s, want %s", took, tt.want)
					}
					if asError(t, err); !errors.Is(err, ErrTimeout) || errors.Is(err, context.Canceled) || errors.Is(err, ErrOutcomeUnknown) != write || !strings.Contains(err.Error(), tt.text) {
						t.Errorf("%v", err)
					}
				}, append([]Option{WithRetryPolicy(RetryPolicy{MaxAttempts: 1})}, tt.opts...)...)
			})
		})
	}
}

// A read that timed out is repeated.
func TestTimedOutReadIsRepeated(t *testing.T) {
	t.Parallel()
	var rec recorder
	inBubble(t, firstThen(&rec, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }), func(t *testing.T, c *Client) {
		if err := c.run(t.Context(), opFor(false), "/things"); err != nil || rec.count() != 2 {
			t.Errorf("%d requests, %v", rec.count(), err)
		}
	})
}

// Headers may take their full time after a token that took long, and after a request that took long to send.
func TestTokenIsNotTimed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := clienttest.NewListener()
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(59 * time.Second)
			reply(w, r, `{"id":"1"}`)
		})}
		go srv.Serve(l)
		tr := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(40 * time.Second)
			return l.DialContext(ctx, network, address)
		}}
		src, err := auth.Func(func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
			time.Sleep(15 * time.Minute) // somebody types a device code
			return &oauth2.Token{AccessToken: canaryToken, TokenType: "Bearer"}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(src, WithBaseURL("http://localhost/v1.0"), withTransport(tr))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.run(t.Context(), opFor(true), "/things"); err != nil {
			t.Error(err)
		}
		srv.Close()
		tr.CloseIdleConnections()
	})
}

// The idle timer is for the service, not for a decoder that takes its time.
func TestSlowDecoderIsNotTimed(t *testing.T) {
	t.Parallel()
	h := func(w http.ResponseWriter, r *http.Request) { reply(w, r, strings.Repeat(" ", 10_000)+`{"id":"1"}`) }
	inBubble(t, h, func(t *testing.T, c *Client) {
		op := opFor(false)
		op.decode = func(r io.Reader) error {
			_, err := io.CopyN(io.Discard, r, 600)
			time.Sleep(45 * time.Second)
			return errors.Join(err, decodeThing(&thing{})(r))
		}
		if err := c.run(t.Context(), op, "/things"); err != nil {
			t.Error(err)
		}
	})
}

func TestOutageIsBoundedByTheQuota(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ status, want int }{{503, 1035}, {429, 1100}} {
		var rec recorder
		down := true
		h := func(w http.ResponseWriter, r *http.Request) {
			rec.add()
			if down {
				w.WriteHeader(tt.status)
				return
			}
			reply(w, r, `{"id":"1"}`)
		}
		inBubble(t, h, func(t *testing.T, c *Client) {
			var wg sync.WaitGroup
			for range 10 {
				wg.Go(func() {
					for range 100 {
						if err := c.run(t.Context(), opFor(false), "/things"); err == nil {
							t.Error("no error")
						}
					}
				})
			}
			wg.Wait()
			if got := rec.count(); got != tt.want {
				t.Errorf("status %d: 1,000 calls made %d requests, want %d", tt.status, got, tt.want)
			}
			err := c.run(t.Context(), opFor(false), "/things")
			if !strings.Contains(err.Error(), "retry quota is used up") {
				t.Errorf("%v", err)
			}
			// Successes refill it, one token each.
			down = false
			for range 3 * costRetry {
				if err := c.run(t.Context(), opFor(false), "/things"); err != nil {
					t.Fatal(err)
				}
			}
			down = true
			before := rec.count()
			_ = c.run(t.Context(), opFor(false), "/things")
			if got := rec.count() - before; got != 4 {
				t.Errorf("after the outage a call made %d requests, want 4", got)
			}
		})
	}
}

// What a call paid for its repeats comes back when it succeeds.
func TestQuotaComesBackOnSuccess(t *testing.T) {
	t.Parallel()
	n := 0
	h := func(w http.ResponseWriter, r *http.Request) {
		if n++; n%4 != 0 {
			w.WriteHeader(503)
			return
		}
		reply(w, r, `{"id":"1"}`)
	}
	inBubble(t, h, func(t *testing.T, c *Client) {
		for range 100 {
			if err := c.run(t.Context(), opFor(false), "/things"); err != nil {
				t.Fatal(err)
			}
		}
		if left := c.doer.budget.left; left != quotaTokens {
			t.Errorf("%d tokens left", left)
		}
	})
}
