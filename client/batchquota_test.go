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

// patient never ends before the quota does.
var patient = client.WithRetryPolicy(client.RetryPolicy{MaxAttempts: 1000})

// stillRepeats holds that a read that is throttled is repeated: the quota pays for it.
func stillRepeats(t *testing.T, graph *clienttest.Graph, c *client.Client) {
	t.Helper()
	score := fmt.Sprintf(`{"id":"s1","azureTenantId":%q,"createdDateTime":"2026-01-01T00:00:00Z"}`, graph.TenantID())
	if err := graph.AddSecureScores([]byte(score)); err != nil {
		t.Fatal(err)
	}
	graph.FailNext(clienttest.Fault{Method: "GET", Status: 429, Header: after("1")})
	if _, err := c.SecureScores.Latest(t.Context()); err != nil {
		t.Errorf("a read after it is not repeated: %v", err)
	}
}

// TestUpdateManyPaysByTheBatch holds that the retry quota, 500 tokens at 5 for a repeat that was throttled, is paid
// for requests: 6 repeats of 20 updates cost 30 tokens, not 600.
func TestUpdateManyPaysByTheBatch(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 40)
		for _, change := range changes {
			graph.FailNext(itemFault(change.ID, clienttest.Fault{Status: 429, Header: after("1"), Times: 6}))
		}
		if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); err != nil {
			t.Error(err)
		}
		wantBatches(t, graph, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20)
		stillRepeats(t, graph, c)
	}, patient)
}

// TestUpdateManyLeavesQuotaWhenItFails holds that a call that stays throttled does not take the quota from others.
func TestUpdateManyLeavesQuotaWhenItFails(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 40)
		graph.FailNext(anyItem(clienttest.Fault{Status: 429, Header: after("1")}))
		if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); !errors.Is(err, client.ErrThrottled) {
			t.Error(err)
		}
		stillRepeats(t, graph, c)
	})
}

// TestUpdateManyGetsTheQuotaBack holds that updates which are made in the end do not use the quota up: 150 repeats at
// 5 tokens are more than 500.
func TestUpdateManyGetsTheQuotaBack(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 1)
		for i := range 150 {
			graph.FailNext(itemFault("c00", clienttest.Fault{Status: 429, Header: after("1")}))
			if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); err != nil {
				t.Errorf("call %d: %v", i, err)
				return
			}
		}
	})
}

// TestUpdateManyGetsTheQuotaBackOnce holds that what was paid for a batch comes back once, and not again with each
// batch behind it. 27 calls that stay throttled leave 95 of the 500 tokens; a call of 10 batches that are each throttled
// once earns a token each; the rest pays for 21 repeats.
func TestUpdateManyGetsTheQuotaBackOnce(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 200)
		fail := func(calls int) (repeats int) {
			before := len(sent(graph, "POST"))
			for range calls {
				graph.FailNext(itemFault("c00", clienttest.Fault{Status: 429, Header: after("1"), Times: 4}))
				_, err := c.ControlProfiles.UpdateMany(t.Context(), changes[:1])
				if !errors.Is(err, client.ErrThrottled) {
					t.Errorf("not throttled: %v", err)
				}
			}
			return len(sent(graph, "POST")) - before - calls
		}
		if repeats := fail(27); repeats != 81 {
			t.Errorf("%d repeats, want 81", repeats)
		}
		for _, change := range changes {
			graph.FailNext(itemFault(change.ID, clienttest.Fault{Status: 429, Header: after("1")}))
		}
		if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); err != nil {
			t.Error(err)
		}
		if repeats := fail(50); repeats < 19 || repeats > 21 {
			t.Errorf("%d repeats, want 21", repeats)
		}
	})
}

// TestUpdateManyKeepsTheQuotaOfWhatFails holds that a repeat which is then refused, or unknown, does not give back what
// it cost: 500 tokens pay for 100.
func TestUpdateManyKeepsTheQuotaOfWhatFails(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 500} {
		inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
			changes := changesOf(t, graph, 1)
			for range 110 {
				graph.FailNext(itemFault("c00", clienttest.Fault{Status: 429, Header: after("1")}))
				graph.FailNext(itemFault("c00", clienttest.Fault{Status: status}))
				if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); err != nil && strings.Contains(err.Error(), "quota") {
					return
				}
			}
			t.Errorf("%d: the quota is not used up", status)
		})
	}
}

// TestUpdateManyIsBoundedInAnOutage holds that the quota bounds all repeats of a client: 500 tokens are 100 repeats at
// 5 each. A batch that the service took while it throttled every update in it is no success, and earns nothing.
func TestUpdateManyIsBoundedInAnOutage(t *testing.T) {
	t.Parallel()
	t.Run("in many calls", func(t *testing.T) {
		t.Parallel()
		inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
			changes := changesOf(t, graph, 3)
			graph.FailNext(anyItem(clienttest.Fault{Status: 429, Header: after("1")}))
			for range 200 {
				if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes); !errors.Is(err, client.ErrThrottled) {
					t.Error(err)
				}
			}
			if repeats := len(sent(graph, "POST")) - 200; repeats < 99 || repeats > 100 {
				t.Errorf("%d repeats, want 100", repeats)
			}
		})
	})
	t.Run("in one", func(t *testing.T) {
		t.Parallel()
		inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
			changes := changesOf(t, graph, 400)
			graph.FailNext(anyItem(clienttest.Fault{Status: 429, Header: after("1")}))
			start := time.Now()
			results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
			if posts := len(sent(graph, "POST")); posts < 100 || posts > 101 || time.Since(start) < 99*time.Second {
				t.Errorf("%d batches in %v, want 101 with a second between them", posts, time.Since(start))
			}
			if e := results[0].Err; !errors.Is(e, client.ErrThrottled) || !strings.HasSuffix(e.Error(), "not repeated: this client's retry quota is used up; throttled: send less, or try later") {
				t.Errorf("sent: %v", e)
			}
			if e := results[399].Err; !errors.Is(e, client.ErrNotSent) || !strings.HasSuffix(e.Error(), "not sent: the service throttles: it asks to wait 1s, and this client's retry quota is used up") {
				t.Errorf("not sent: %v", e)
			}
			if !errors.Is(err, client.ErrThrottled) || !strings.Contains(err.Error(), "400 of 400 failed") {
				t.Error(err)
			}
		}, patient)
	})
}
