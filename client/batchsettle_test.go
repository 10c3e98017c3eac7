package client_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// anyItem is a fault for every item of every batch.
func anyItem(f clienttest.Fault) clienttest.Fault {
	f.Kind, f.Times = clienttest.KindBatchItem, -1
	return f
}

// TestUpdateManyStops holds that nothing more is sent to a service that throttles for longer than is waited for, or
// that fails at everything. Of the 400 changes 20 are sent.
func TestUpdateManyStops(t *testing.T) {
	t.Parallel()
	trusting := client.RetryPolicy{TrustRetryAfterOn503: true}
	tests := map[string]struct {
		faults  []clienttest.Fault
		policy  client.RetryPolicy
		posts   []int
		last    error // of the twentieth
		unknown bool
		text    string // of those behind it
	}{
		"429 beyond the cap": {
			[]clienttest.Fault{anyItem(clienttest.Fault{Status: 429, Header: after("300")})},
			client.RetryPolicy{},
			[]int{20},
			client.ErrThrottled, false, "not sent: the service throttles: it asks to wait 5m0s",
		},
		"one 429 beyond the cap": {
			[]clienttest.Fault{itemFault("c19", clienttest.Fault{Status: 429, Header: after("300")})},
			client.RetryPolicy{},
			[]int{20},
			client.ErrThrottled, false, "not sent: the service throttles: it asks to wait 5m0s",
		},
		"429 to the last attempt": {
			[]clienttest.Fault{anyItem(clienttest.Fault{Status: 429, Header: after("7")})},
			client.RetryPolicy{},
			[]int{20, 20, 20, 20},
			client.ErrThrottled, false, "not sent: the service throttles: it asks to wait 7s",
		},
		"429 without Retry-After": {
			[]clienttest.Fault{anyItem(clienttest.Fault{Status: 429})},
			client.RetryPolicy{MaxAttempts: 1},
			[]int{20},
			client.ErrThrottled, false, "not sent: the service throttles",
		},
		"trusted 503 beyond the cap": {
			[]clienttest.Fault{anyItem(clienttest.Fault{Status: 503, Header: after("300")})},
			trusting,
			[]int{20},
			client.ErrUnavailable, false, "not sent: the service is overloaded: it asks to wait 5m0s",
		},
		"503": {
			[]clienttest.Fault{anyItem(clienttest.Fault{Status: 503, Header: after("300")})},
			client.RetryPolicy{},
			[]int{20},
			client.ErrUnavailable, true, "not sent: all updates of a batch before it may or may not have happened",
		},
		"500": {
			[]clienttest.Fault{anyItem(clienttest.Fault{Status: 500})},
			client.RetryPolicy{},
			[]int{20},
			client.ErrUnavailable, true, "not sent: all updates of a batch before it may or may not have happened",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
				changes := changesOf(t, graph, 400)
				for _, f := range tt.faults {
					graph.FailNext(f)
				}
				results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
				wantBatches(t, graph, tt.posts...)
				if e := results[19].Err; !errors.Is(e, tt.last) || errors.Is(e, client.ErrOutcomeUnknown) != tt.unknown || errors.Is(e, client.ErrNotSent) {
					t.Errorf("the twentieth: %v, want %v, unknown: %t", e, tt.last, tt.unknown)
				}
				for i, r := range results[20:] {
					e, _ := r.Err.(*client.Error)
					if e == nil || !errors.Is(e, client.ErrNotSent) || errors.Is(e, client.ErrOutcomeUnknown) || e.Attempts != 0 || !strings.HasSuffix(e.Error(), tt.text) {
						t.Errorf("result %d: %v, want ErrNotSent with %q", 20+i, r.Err, tt.text)
						break
					}
				}
				if !strings.Contains(fmt.Sprint(err), "380 not sent") {
					t.Errorf("it sums up to %v", err)
				}
			}, client.WithRetryPolicy(tt.policy))
		})
	}
}

// TestUpdateManyStopsWithWhatItWouldHaveRepeated holds that an update which could be repeated is not, when another one
// of its batch shows that the service throttles for longer.
func TestUpdateManyStopsWithWhatItWouldHaveRepeated(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 21)
		graph.FailNext(itemFault("c03", clienttest.Fault{Status: 429, Header: after("5")}))
		graph.FailNext(itemFault("c02", clienttest.Fault{Status: 429, Header: after("121")}))
		graph.FailNext(itemFault("c04", clienttest.Fault{Status: 429, Header: after("300")}))
		start := time.Now()
		results, _ := c.ControlProfiles.UpdateMany(t.Context(), changes)
		if e := results[3].Err; !errors.Is(e, client.ErrThrottled) || errors.Is(e, client.ErrNotSent) || !strings.Contains(e.Error(), "not repeated: the service throttles: it asks to wait 5m0s") {
			t.Errorf("got %v", e)
		}
		if results[5].Err != nil || !errors.Is(results[20].Err, client.ErrNotSent) || time.Since(start) != 0 {
			t.Errorf("got %v, %v after %v", results[5].Err, results[20].Err, time.Since(start))
		}
		wantBatches(t, graph, 20)
	})
}

// TestUpdateManyGoesOn holds that updates which fail alone do not end the call: here 19 of 20 are unknown and one is
// made, or refused.
func TestUpdateManyGoesOn(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 404} {
		graph := clienttest.NewGraph()
		c := serve(t, graph)
		changes := changesOf(t, graph, 21)
		for i := range 19 {
			graph.FailNext(itemFault(changes[i].ID, clienttest.Fault{Status: 503}))
		}
		if status != 0 {
			graph.FailNext(itemFault("c19", clienttest.Fault{Status: status}))
		}
		if results, _ := c.ControlProfiles.UpdateMany(t.Context(), changes); results[20].Err != nil {
			t.Errorf("behind it: %v", results[20].Err)
		}
		wantBatches(t, graph, 20, 1)
	}
}
