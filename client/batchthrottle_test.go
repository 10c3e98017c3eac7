package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// TestUpdateManyRepeatsWhatIsThrottled runs in virtual time. Those that were throttled go first in the next batch,
// after the longest wait, and nothing else is sent twice.
func TestUpdateManyRepeatsWhatIsThrottled(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 25)
		graph.FailNext(itemFault("c03", clienttest.Fault{Status: 429, Header: after("30")}))
		graph.FailNext(itemFault("c07", clienttest.Fault{Status: 429, Header: after("2.128")}))
		graph.FailNext(itemFault("c07", clienttest.Fault{Status: 429, Header: after("5")}))
		start := time.Now()
		results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
		if err != nil {
			t.Fatal(err)
		}
		var times []time.Duration
		for _, r := range sent(graph, "POST") {
			if r.Kind == clienttest.KindGraph {
				times = append(times, r.Time.Sub(start))
			}
		}
		if got := batches(graph); len(got) != 3 || len(got[0]) != 20 || fmt.Sprint(got[1:]) != "[[c03 c07 c20 c21 c22 c23 c24] [c07]]" {
			t.Errorf("the server received %v", got)
		}
		for i, want := range []time.Duration{30 * time.Second, 5 * time.Second} {
			if gap := times[i+1] - times[i]; gap < want || gap > want+want/10 {
				t.Errorf("waited %v, want %v and at most a tenth more", gap, want)
			}
		}
		for i, r := range results {
			if r.ID != changes[i].ID || r.Profile == nil || len(r.Profile.ControlStateUpdates) != 1 {
				t.Errorf("result %d is %+v", i, r)
			}
		}
	})
}

func TestUpdateManyGivesUpOnWhatStaysThrottled(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 2)
		graph.FailNext(itemFault("c01", clienttest.Fault{Status: 429, Header: after("3"), Times: -1}))
		results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
		e, ok := errors.AsType[*client.Error](results[1].Err)
		if !ok || e.Attempts != 4 || e.RetryAfter != 3*time.Second || !errors.Is(err, client.ErrThrottled) || results[0].Err != nil {
			t.Errorf("got %v, %v", results, err)
		}
		wantBatches(t, graph, 2, 1, 1, 1)
	})
}

// TestUpdateManyCountsTheAttemptsOfAnItem holds that a batch which fails adds to what its items had behind them.
func TestUpdateManyCountsTheAttemptsOfAnItem(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 21)
		graph.FailNext(itemFault("c01", clienttest.Fault{Status: 429, Header: after("1")}))
		graph.FailNext(clienttest.Fault{Path: "/$batch", After: 1, Cut: clienttest.CutReset})
		results, _ := c.ControlProfiles.UpdateMany(t.Context(), changes)
		for i, want := range map[int]int{1: 2, 20: 1} {
			if e, ok := results[i].Err.(*client.Error); !ok || e.Attempts != want || !errors.Is(e, client.ErrOutcomeUnknown) {
				t.Errorf("result %d: %v, want %d attempts", i, results[i].Err, want)
			}
		}
		if !strings.Contains(log.String(), "operation is repeated") || !strings.Contains(log.String(), "/c01") {
			t.Errorf("the log does not tell of the repeat: %s", log.String())
		}
	}, client.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
}

func TestUpdateManyTrusts503OnRequest(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 2)
		graph.FailNext(itemFault("c01", clienttest.Fault{Status: 503, Header: after("3")}))
		if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); err != nil {
			t.Error(err)
		}
		wantBatches(t, graph, 2, 1)
		graph.FailNext(itemFault("c01", clienttest.Fault{Status: 503}))
		if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); !errors.Is(err, client.ErrOutcomeUnknown) {
			t.Errorf("without Retry-After: %v", err)
		}
	}, client.WithRetryPolicy(client.RetryPolicy{TrustRetryAfterOn503: true}))
}

// TestUpdateManyMeasuresDates holds that a Retry-After that is a date is measured from the batch's own Date where the
// item has none.
func TestUpdateManyMeasuresDates(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 1)
		graph.FailNext(clienttest.Fault{Path: "/$batch", Header: http.Header{"Date": {"Sun, 06 Nov 1994 08:49:37 GMT"}}})
		graph.FailNext(itemFault("c00", clienttest.Fault{Status: 429, Header: http.Header{"Retry-After": {"Sun, 06 Nov 1994 08:49:47 GMT"}, "Date": nil}}))
		start := time.Now()
		if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 10*time.Second || waited > 11*time.Second {
			t.Errorf("waited %v, want 10 s and at most a tenth more", waited)
		}
	})
}

// TestUpdateManyRepeatsAThrottledBatch holds that a batch that was throttled as a whole is sent again, whole.
func TestUpdateManyRepeatsAThrottledBatch(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 25)
		graph.FailNext(clienttest.Fault{Path: "/$batch", Status: 429, Header: after("7")})
		start := time.Now()
		var response client.Response
		results, err := c.ControlProfiles.UpdateMany(t.Context(), changes, client.WithResponse(&response))
		if err != nil || len(results) != 25 || time.Since(start) < 7*time.Second || response.Attempts != 3 {
			t.Errorf("got %v after %v and %d attempts", err, time.Since(start), response.Attempts)
		}
		wantBatches(t, graph, 0, 20, 5)
	})
}

func TestUpdateManyWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		graph := clienttest.NewGraph()
		c := serve(t, graph)
		changes := changesOf(t, graph, 21)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		results, err := c.ControlProfiles.UpdateMany(ctx, changes)
		for _, r := range results {
			if !errors.Is(r.Err, client.ErrNotSent) || !errors.Is(r.Err, context.Canceled) {
				t.Errorf("%s: %v", r.ID, r.Err)
			}
		}
		if err == nil || len(results) != 21 || len(graph.Requests()) != 0 {
			t.Errorf("got %v after %d requests", err, len(graph.Requests()))
		}
	})
	t.Run("between", func(t *testing.T) {
		t.Parallel()
		inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
			changes := changesOf(t, graph, 21)
			graph.FailNext(itemFault("c05", clienttest.Fault{Status: 429, Header: after("20")}))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(5*time.Second, cancel)
			start := time.Now()
			results, err := c.ControlProfiles.UpdateMany(ctx, changes)
			if waited := time.Since(start); waited != 5*time.Second || err == nil {
				t.Errorf("got %v after %v, want 5 s", err, waited)
			}
			if e := results[5].Err; !errors.Is(e, client.ErrThrottled) || !errors.Is(e, context.Canceled) || errors.Is(e, client.ErrNotSent) {
				t.Errorf("throttled: %v", e)
			}
			if e := results[20].Err; !errors.Is(e, client.ErrNotSent) || !errors.Is(e, context.Canceled) {
				t.Errorf("not sent: %v", e)
			}
			if results[0].Err != nil || results[19].Err != nil {
				t.Errorf("made: %v, %v", results[0].Err, results[19].Err)
			}
			wantBatches(t, graph, 20)
		})
	})
	t.Run("by its deadline", func(t *testing.T) {
		t.Parallel()
		inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
			changes := changesOf(t, graph, 21)
			graph.FailNext(itemFault("c05", clienttest.Fault{Status: 429, Header: after("20")}))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			start := time.Now()
			results, _ := c.ControlProfiles.UpdateMany(ctx, changes)
			if e := results[5].Err; time.Since(start) != 0 || !errors.Is(e, client.ErrThrottled) || !strings.Contains(e.Error(), "deadline") {
				t.Errorf("got %v after %v, want the refusal at once", e, time.Since(start))
			}
			if e := results[20].Err; !errors.Is(e, client.ErrNotSent) || !strings.Contains(e.Error(), "it asks to wait 20s") {
				t.Errorf("behind it: %v", e)
			}
			wantBatches(t, graph, 20)
		})
	})
}
