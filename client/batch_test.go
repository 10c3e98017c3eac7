package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// changesOf makes n changes, and the controls that they are for.
func changesOf(t *testing.T, graph *clienttest.Graph, n int) []client.ControlChange {
	t.Helper()
	var changes []client.ControlChange
	for i := range n {
		id := fmt.Sprintf("c%02d", i)
		controls(t, graph, id)
		changes = append(changes, client.ControlChange{ID: id, Update: client.ControlUpdate{Comment: client.Set("for " + id)}})
	}
	return changes
}

// itemFault is a fault for one item of a batch.
func itemFault(id string, f clienttest.Fault) clienttest.Fault {
	f.Kind, f.Path = clienttest.KindBatchItem, "/security/secureScoreControlProfiles/"+id
	return f
}

func after(seconds string) http.Header { return http.Header{"Retry-After": {seconds}} }

// batches are the ids of the controls in each batch that the Graph received.
func batches(graph *clienttest.Graph) [][]string {
	var all [][]string
	for _, r := range sent(graph, "POST") {
		ids := []string{}
		for _, item := range r.Items {
			ids = append(ids, item.Path[strings.LastIndex(item.Path, "/")+1:])
		}
		all = append(all, ids)
	}
	return all
}

func wantBatches(t *testing.T, graph *clienttest.Graph, want ...int) {
	t.Helper()
	var got []int
	for _, b := range batches(graph) {
		got = append(got, len(b))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the server received batches of %v, want %v", got, want)
	}
}

func TestUpdateMany(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph(clienttest.WithBasePath("/proxy/v1.0"))
	c := serve(t, graph)
	changes := changesOf(t, graph, 44)
	controls(t, graph, "a/b c.d")
	changes = append(changes, client.ControlChange{ID: "a/b c.d", Update: ignore})
	var response client.Response
	results, err := c.ControlProfiles.UpdateMany(t.Context(), changes, client.WithResponse(&response), client.WithHeader("X-Trace", "7"))
	if err != nil {
		t.Fatal(err)
	}
	wantBatches(t, graph, 20, 20, 5)
	if response.Attempts != 3 || response.StatusCode != 200 || response.RequestID == "" {
		t.Errorf("captured %+v", response)
	}
	if len(results) != len(changes) {
		t.Fatalf("%d results for %d changes", len(results), len(changes))
	}
	for i, r := range results {
		if r.ID != changes[i].ID || r.Err != nil || r.Profile == nil || *r.Profile.ID != r.ID {
			t.Fatalf("result %d is %+v", i, r)
		}
		if state, _, comment := decision(t, r.Profile); comment != "for "+r.ID && state != "Ignored" {
			t.Errorf("result %d: %s %s", i, state, comment)
		}
	}
	clientRequestIDs := map[string]bool{}
	for _, r := range sent(graph, "PATCH") {
		clientRequestIDs[r.Header.Get("client-request-id")] = true
		if r.Header.Get("Prefer") != "return=representation" || r.Header["X-Trace"] != nil {
			t.Errorf("an item was sent with %v", r.Header)
		}
	}
	posts := sent(graph, "POST")
	if len(clientRequestIDs) != len(changes) || posts[2].Header.Get("X-Trace") != "7" {
		t.Errorf("%d client-request-ids; the batch was sent with %v", len(clientRequestIDs), posts[2].Header)
	}
	if !bytes.Contains(posts[2].Body, []byte(`"/Security/secureScoreControlProfiles/a%2Fb%20c.d"`)) {
		t.Errorf("sent %s", posts[2].Body)
	}
	item := sent(graph, "PATCH")[44]
	if got, want := members(t, item.Body), `map[state:Ignored vendorInformation:map[provider:SecureScore vendor:Microsoft]]`; fmt.Sprint(got) != want {
		t.Errorf("sent %v, want %s", got, want)
	}
}

func TestUpdateManyOfNothing(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	results, err := serve(t, graph).ControlProfiles.UpdateMany(t.Context(), nil)
	if err != nil || len(results) != 0 || len(graph.Requests()) != 0 {
		t.Errorf("got %v, %v after %d requests", results, err, len(graph.Requests()))
	}
}

// TestUpdateManyNamesAllThatIsWrong holds that one bad change keeps all from being sent.
func TestUpdateManyNamesAllThatIsWrong(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	changes := changesOf(t, graph, 3)
	changes = append(
		changes, client.ControlChange{ID: "..", Update: ignore}, client.ControlChange{ID: "x"}, client.ControlChange{ID: "c01", Update: ignore},
		client.ControlChange{ID: "scid_7", Update: ignore}, client.ControlChange{ID: "y", Update: client.ControlUpdate{State: client.Clear()}},
		client.ControlChange{ID: "C02", Update: ignore},
	)
	var noContext context.Context
	results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
	e, ok := errors.AsType[*client.ValidationError](err)
	if !ok || !errors.Is(err, client.ErrInvalid) || results != nil || len(e.Faults) != 6 {
		t.Fatalf("got %v, %v", results, err)
	}
	for _, text := range []string{
		`changes[3].ID: found ".."`, "changes[4].Update: found no change", `changes[5].ID: found "c01" again`, "changes[1]",
		`changes[6].ID: found "scid_7"`, "WithSCIDAllowed", "changes[7].Update.state",
		`changes[8].ID: found "C02" again`, "it is in changes[2]",
	} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q is not in %v", text, err)
		}
	}
	if _, err := c.ControlProfiles.UpdateMany(t.Context(), changes[:3], client.WithHeader("Host", "x")); !errors.Is(err, client.ErrInvalid) {
		t.Errorf("a bad option: %v", err)
	}
	if _, err := c.ControlProfiles.UpdateMany(noContext, changes[:3]); !errors.Is(err, client.ErrInvalid) {
		t.Errorf("a nil context: %v", err)
	}
	if n := len(graph.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestUpdateManyTellsEachItemApart holds that an item has the error that it would have alone, and the others have
// none.
func TestUpdateManyTellsEachItemApart(t *testing.T) {
	t.Parallel()
	profile := func(s string) clienttest.Fault {
		return clienttest.Fault{Status: 200, Body: []byte(s), Header: http.Header{"Content-Type": {"application/json"}}, Apply: true}
	}
	tests := map[string]struct {
		fault   clienttest.Fault
		status  int
		unknown bool
		want    error
		text    string
	}{
		"400":                  {clienttest.Fault{Status: 400}, 400, false, nil, ""},
		"401":                  {clienttest.Fault{Status: 401}, 401, false, client.ErrUnauthorized, ""},
		"403":                  {clienttest.Fault{Status: 403}, 403, false, client.ErrForbidden, "SecurityEvents.ReadWrite.All"},
		"404":                  {clienttest.Fault{Status: 404}, 404, false, client.ErrNotFound, ""},
		"409":                  {clienttest.Fault{Status: 409}, 409, false, client.ErrConflict, ""},
		"412":                  {clienttest.Fault{Status: 412}, 412, false, client.ErrPreconditionFailed, ""},
		"424":                  {clienttest.Fault{Status: 424}, 424, false, nil, ""},
		"501":                  {clienttest.Fault{Status: 501}, 501, false, nil, ""},
		"307":                  {clienttest.Fault{Status: 307}, 307, false, client.ErrRedirect, ""},
		"429 beyond the cap":   {clienttest.Fault{Status: 429, Header: after("121")}, 429, false, client.ErrThrottled, "longer than the 2m0s"},
		"408":                  {clienttest.Fault{Status: 408}, 408, true, nil, ""},
		"500":                  {clienttest.Fault{Status: 500}, 500, true, client.ErrUnavailable, ""},
		"502":                  {clienttest.Fault{Status: 502}, 502, true, client.ErrUnavailable, ""},
		"503 with Retry-After": {clienttest.Fault{Status: 503, Header: after("1")}, 503, true, client.ErrUnavailable, ""},
		"504":                  {clienttest.Fault{Status: 504}, 504, true, client.ErrUnavailable, ""},
		"303":                  {clienttest.Fault{Status: 303}, 303, true, client.ErrRedirect, ""},
		"no such status":       {clienttest.Fault{Status: 599}, 599, true, client.ErrUnavailable, ""},
		"201":                  {clienttest.Fault{Status: 201}, 201, true, nil, "no such status"},
		"200 with nothing":     {profile(""), 200, true, client.ErrProtocol, "empty"},
		"200 with null":        {profile("null"), 200, true, client.ErrProtocol, ""},
		"200 with {}":          {profile("{}"), 200, true, client.ErrProtocol, ""},
		"200 without an id":    {profile(`{"title":"x"}`), 200, true, client.ErrProtocol, "no id"},
		"200 of a wrong type":  {profile(`{"id":"c01","rank":"x"}`), 200, true, client.ErrProtocol, "rank"},
		"200 with an error":    {profile(`{"error":{"code":"odd"}}`), 200, true, client.ErrProtocol, "odd"},
		"missing":              {clienttest.Fault{Cut: clienttest.CutBeforeAnswer}, 200, true, client.ErrProtocol, "no answer"},
		"missing, and done":    {clienttest.Fault{Cut: clienttest.CutBeforeAnswer, Apply: true}, 200, true, client.ErrProtocol, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			c := serve(t, graph)
			changes := changesOf(t, graph, 3)
			graph.FailNext(itemFault("c01", tt.fault))
			results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
			if len(results) != 3 || results[0].Err != nil || results[2].Err != nil || results[0].Profile == nil || results[2].Profile == nil {
				t.Fatalf("the others suffered: %v", results)
			}
			r := results[1]
			e, ok := r.Err.(*client.Error)
			if !ok || r.Profile != nil || e.Key != "c01" || e.Op != "update secureScoreControlProfile" || e.Method != "PATCH" || e.Attempts != 1 {
				t.Fatalf("got %#v", r)
			}
			if e.StatusCode != tt.status || e.RequestID == "" || e.ClientRequestID != sent(graph, "PATCH")[1].Header.Get("client-request-id") {
				t.Errorf("got status %d, request-id %q, client-request-id %q", e.StatusCode, e.RequestID, e.ClientRequestID)
			}
			if errors.Is(r.Err, client.ErrOutcomeUnknown) != tt.unknown || tt.want != nil && !errors.Is(r.Err, tt.want) || errors.Is(r.Err, client.ErrNetwork) {
				t.Errorf("got %v, want %v, unknown: %t", r.Err, tt.want, tt.unknown)
			}
			text := r.Err.Error()
			if !strings.Contains(text, tt.text) || !strings.Contains(text, `"c01"`) || strings.Contains(text, "\n") {
				t.Errorf("got %s, want %q in it", text, tt.text)
			}
			if err == nil || !errors.Is(err, r.Err) || !strings.Contains(err.Error(), "1 of 3 failed") || !strings.Contains(err.Error(), text) {
				t.Errorf("it sums up to %v", err)
			}
			wantBatches(t, graph, 3)
		})
	}
}

func TestUpdateManyTakesAnAnswerWithoutProfile(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	changes := changesOf(t, graph, 2)
	graph.FailNext(itemFault("c00", clienttest.Fault{Status: 204, Apply: true}))
	results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
	if err != nil || results[0].Profile != nil || results[0].Err != nil || results[1].Profile == nil {
		t.Errorf("got %+v, %v", results, err)
	}
	wantBatches(t, graph, 2)
}

// TestUpdateManyWhenABatchFails holds what becomes of the updates in a batch that failed as a whole, and of those
// behind it.
func TestUpdateManyWhenABatchFails(t *testing.T) {
	t.Parallel()
	jsonBody := func(s string) clienttest.Fault {
		return clienttest.Fault{EditBody: func([]byte) []byte { return []byte(s) }}
	}
	tests := map[string]struct {
		fault   clienttest.Fault
		unknown bool
		want    error
		posts   []int
	}{
		"reset":                  {clienttest.Fault{Cut: clienttest.CutReset}, true, client.ErrNetwork, []int{20, 0}},
		"done, then reset":       {clienttest.Fault{Cut: clienttest.CutReset, Apply: true}, true, client.ErrNetwork, []int{20, 20}},
		"cut in the body":        {clienttest.Fault{Cut: clienttest.CutInBody}, true, client.ErrProtocol, []int{20, 20}},
		"500":                    {clienttest.Fault{Status: 500}, true, client.ErrUnavailable, []int{20, 0}},
		"503":                    {clienttest.Fault{Status: 503, Header: after("1")}, true, client.ErrUnavailable, []int{20, 0}},
		"403":                    {clienttest.Fault{Status: 403}, false, client.ErrForbidden, []int{20, 0}},
		"413":                    {clienttest.Fault{Status: 413}, false, nil, []int{20, 0}},
		"429 beyond the cap":     {clienttest.Fault{Status: 429, Header: after("121")}, false, client.ErrThrottled, []int{20, 0}},
		"no token":               {clienttest.Fault{Kind: clienttest.KindToken, Status: 400}, false, client.ErrNotSent, []int{20}},
		"bad JSON":               {jsonBody(`{"responses":[`), true, client.ErrProtocol, []int{20, 20}},
		"an array, too":          {jsonBody(`["responses",[]]`), true, client.ErrProtocol, []int{20, 20}},
		"nothing":                {jsonBody(``), true, client.ErrProtocol, []int{20, 20}},
		"an array":               {jsonBody(`[]`), true, client.ErrProtocol, []int{20, 20}},
		"no responses":           {jsonBody(`{"value":[]}`), true, client.ErrProtocol, []int{20, 20}},
		"responses: null":        {jsonBody(`{"responses":null}`), true, client.ErrProtocol, []int{20, 20}},
		"responses: an object":   {jsonBody(`{"responses":{}}`), true, client.ErrProtocol, []int{20, 20}},
		"responses twice":        {jsonBody(`{"responses":[],"responses":[]}`), true, client.ErrProtocol, []int{20, 20}},
		"something behind it":    {jsonBody(`{"responses":[]} {}`), true, client.ErrProtocol, []int{20, 20}},
		"an error under 200":     {jsonBody(`{"error":{"code":"x"}}`), true, client.ErrProtocol, []int{20, 20}},
		"another media type":     {clienttest.Fault{Header: http.Header{"Content-Type": {"text/html"}}}, true, client.ErrProtocol, []int{20, 20}},
		"202":                    {clienttest.Fault{Status: 202}, true, client.ErrProtocol, []int{20, 0}},
		"the same but no answer": {clienttest.Fault{Cut: clienttest.CutBeforeAnswer}, true, client.ErrNetwork, []int{20, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			c := serve(t, graph)
			changes := changesOf(t, graph, 45)
			if tt.fault.Kind == "" {
				tt.fault.Path, tt.fault.After = "/$batch", 1
			} else {
				graph.RevokeTokens()
				graph.FailNext(clienttest.Fault{Path: "/$batch", After: 1, Status: 401})
				tt.fault.After = 1
			}
			graph.FailNext(tt.fault)
			results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
			if err == nil || len(results) != 45 {
				t.Fatalf("got %d results, %v", len(results), err)
			}
			for i, r := range results {
				e, _ := r.Err.(*client.Error)
				switch {
				case i < 20:
					if r.Err != nil || r.Profile == nil {
						t.Fatalf("result %d: %+v", i, r)
					}
					continue
				case e == nil || e.Key != r.ID || r.Profile != nil || e.Op != "update secureScoreControlProfile" || !strings.Contains(e.Error(), r.ID):
					t.Fatalf("result %d: %#v", i, r)
				case i < 40:
					if errors.Is(e, client.ErrOutcomeUnknown) != tt.unknown || tt.want != nil && !errors.Is(e, tt.want) || tt.unknown && errors.Is(e, client.ErrNotSent) {
						t.Fatalf("result %d: %v, want %v, unknown: %t", i, e, tt.want, tt.unknown)
					}
					if tt.unknown && !strings.Contains(e.Error(), "look for \""+r.ID) {
						t.Fatalf("result %d does not say what to look for: %v", i, e)
					}
				default:
					if !errors.Is(e, client.ErrNotSent) || errors.Is(e, client.ErrOutcomeUnknown) || e.Attempts != 0 {
						t.Fatalf("result %d: %v, want ErrNotSent", i, e)
					}
				}
			}
			if errors.Is(err, client.ErrOutcomeUnknown) != tt.unknown || !errors.Is(err, client.ErrNotSent) || !strings.Contains(err.Error(), "25 of 45 failed") {
				t.Errorf("it sums up to %v", err)
			}
			if tt.fault.Kind == "" {
				wantBatches(t, graph, tt.posts...)
			}
		})
	}
}

func TestUpdateManyWithoutAServer(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	server, err := clienttest.Start(graph)
	if err != nil {
		t.Fatal(err)
	}
	c := signIn(t, server, nil, client.WithRetryPolicy(client.RetryPolicy{MaxAttempts: 1}))
	changes := changesOf(t, graph, 21)
	if _, err := c.ControlProfiles.Get(t.Context(), "c00"); err != nil { // there is a token
		t.Fatal(err)
	}
	server.Close()
	results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
	for _, r := range results {
		if !errors.Is(r.Err, client.ErrNotSent) || errors.Is(r.Err, client.ErrOutcomeUnknown) {
			t.Errorf("%s: %v", r.ID, r.Err)
		}
	}
	if !errors.Is(results[0].Err, client.ErrNetwork) || !strings.Contains(err.Error(), "(0 may or may not have happened, 21 not sent)") {
		t.Errorf("got %v", err)
	}
}

// TestUpdateManyPrintsNoBody prints what it returns in every way.
func TestUpdateManyPrintsNoBody(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := serve(t, graph, client.WithLogger(logger))
	changes := changesOf(t, graph, 2)
	changes[1].Update.Comment = client.Set("canary-comment")
	graph.FailNext(itemFault("c00", clienttest.Fault{Status: 400, Body: []byte(`{"error":{"code":"BadRequest"},"x":"canary-body"}`), Header: http.Header{"Content-Type": {"application/json"}}}))
	_, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&log, verb+"\n", err)
	}
	logger.Error("failed", "err", err)
	_ = json.NewEncoder(&log).Encode(err)
	if strings.Contains(log.String(), "canary") || strings.Contains(log.String(), clienttest.TokenPrefix) || !strings.Contains(log.String(), "BadRequest") {
		t.Errorf("printed %s", log.String())
	}
	if !strings.Contains(log.String(), "c00") || !strings.Contains(log.String(), "operation done") {
		t.Errorf("the log does not tell of each update: %s", log.String())
	}
}
