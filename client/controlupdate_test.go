package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// controls adds profiles with these ids to the Graph.
func controls(t *testing.T, graph *clienttest.Graph, ids ...string) {
	t.Helper()
	for _, id := range ids {
		text, err := json.Marshal(map[string]any{"id": id, "azureTenantId": graph.TenantID(), "title": "Title of " + id, "maxScore": 9.0})
		if err != nil {
			t.Fatal(err)
		}
		if err := graph.AddControlProfiles(text); err != nil {
			t.Fatal(err)
		}
	}
}

// sent returns the requests with this method that the Graph received, those in batches too.
func sent(graph *clienttest.Graph, method string) []clienttest.Request {
	var all []clienttest.Request
	for _, r := range graph.Requests() {
		for _, r := range append([]clienttest.Request{r}, r.Items...) {
			if r.Kind != clienttest.KindToken && r.Method == method {
				all = append(all, r)
			}
		}
	}
	return all
}

// decision is the last state update of a profile.
func decision(t *testing.T, p *client.SecureScoreControlProfile) (state, assignedTo, comment string) {
	t.Helper()
	if p == nil || len(p.ControlStateUpdates) == 0 {
		t.Fatalf("no decision in %+v", p)
	}
	last := p.ControlStateUpdates[len(p.ControlStateUpdates)-1]
	text := func(s *string) string {
		if s == nil {
			return "null"
		}
		return *s
	}
	return text(last.State), text(last.AssignedTo), text(last.Comment)
}

var ignore = client.ControlUpdate{State: client.Set(client.StateIgnored)}

// TestControlUpdateOnTheWire holds what set, clear and leave send, and what Microsoft's own request looks like.
func TestControlUpdateOnTheWire(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("../gen/testdata/controlProfile-patch-request.json")
	if err != nil {
		t.Fatal(err)
	}
	var vendor struct {
		VendorInformation client.SecurityVendorInformation
	}
	if err := json.Unmarshal(sample, &vendor); err != nil {
		t.Fatal(err)
	}
	const owner = `"vendorInformation":{"provider":"SecureScore","vendor":"Microsoft"}`
	tests := map[string]struct {
		update client.ControlUpdate
		want   string
	}{
		"all set": {
			client.ControlUpdate{State: client.Set(client.StateThirdParty), Comment: client.Set("until Q3"), AssignedTo: client.Set("a@b.c")},
			`{"state":"ThirdParty","comment":"until Q3","assignedTo":"a@b.c",` + owner + `}`,
		},
		"state alone":        {ignore, `{"state":"Ignored",` + owner + `}`},
		"a state of its own": {client.ControlUpdate{State: client.Set("Planned")}, `{"state":"Planned",` + owner + `}`},
		"comment alone":      {client.ControlUpdate{Comment: client.Set("<why>")}, `{"comment":"<why>",` + owner + `}`},
		"cleared":            {client.ControlUpdate{Comment: client.Clear(), AssignedTo: client.Clear()}, `{"comment":"","assignedTo":"",` + owner + `}`},
		"set to nothing":     {client.ControlUpdate{AssignedTo: client.Set("")}, `{"assignedTo":"",` + owner + `}`},
		"Microsoft's own": {
			client.ControlUpdate{
				State: client.Set(client.StateReviewed), Comment: client.Set("control is reviewed"), AssignedTo: client.Clear(),
				VendorInformation: &vendor.VendorInformation,
			},
			string(sample),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			controls(t, graph, "a.b_c/d e")
			c := serve(t, graph)
			if _, err := c.ControlProfiles.Update(t.Context(), "a.b_c/d e", tt.update); err != nil {
				t.Fatal(err)
			}
			patches := sent(graph, "PATCH")
			if len(patches) != 1 || len(sent(graph, "GET")) != 0 {
				t.Fatalf("%d PATCHes, %d GETs, want 1 and none", len(patches), len(sent(graph, "GET")))
			}
			r := patches[0]
			if got, want := members(t, r.Body), members(t, []byte(tt.want)); !reflect.DeepEqual(got, want) {
				t.Errorf("sent %s\nwant %s", r.Body, tt.want)
			}
			if r.RequestURI != "/v1.0/Security/secureScoreControlProfiles/a.b_c%2Fd%20e" || r.Header.Get("Prefer") != "return=representation" ||
				r.Header.Get("Content-Type") != "application/json" || r.Header["If-Match"] != nil {
				t.Errorf("sent %s with %v", r.RequestURI, r.Header)
			}
		})
	}
}

func TestFieldValue(t *testing.T) {
	t.Parallel()
	for f, want := range map[client.Field]string{{}: `"" false`, client.Set("x"): `"x" true`, client.Clear(): `"" true`} {
		value, ok := f.Value()
		if got := fmt.Sprintf("%q %t", value, ok); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestControlUpdateSetsClearsAndLeaves follows one control through three updates.
func TestControlUpdateSetsClearsAndLeaves(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	controls(t, graph, "AdminMFAV2")
	c := serve(t, graph)
	for i, step := range []struct {
		update                     client.ControlUpdate
		state, assignedTo, comment string
	}{
		{client.ControlUpdate{State: client.Set(client.StateIgnored), AssignedTo: client.Set("x"), Comment: client.Set("y")}, "Ignored", "x", "y"},
		{client.ControlUpdate{AssignedTo: client.Clear()}, "Ignored", "", "y"},
		{client.ControlUpdate{State: client.Set(client.StateDefault)}, "Default", "", "y"},
	} {
		profile, err := c.ControlProfiles.Update(t.Context(), "AdminMFAV2", step.update)
		if err != nil {
			t.Fatal(err)
		}
		state, assignedTo, comment := decision(t, profile)
		if state != step.state || assignedTo != step.assignedTo || comment != step.comment || len(profile.ControlStateUpdates) != i+1 {
			t.Errorf("step %d: %s %s %s", i, state, assignedTo, comment)
		}
	}
}

// TestControlUpdateAlwaysReturnsTheProfile holds both answers that the service has to a PATCH.
func TestControlUpdateAlwaysReturnsTheProfile(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault        *clienttest.Fault
		opts         []client.CallOption
		status, gets int
	}{
		"200":                           {nil, nil, 200, 0},
		"204":                           {&clienttest.Fault{Method: "PATCH", Status: 204, Apply: true}, nil, 204, 1},
		"204 that was asked for":        {nil, []client.CallOption{client.WithHeader("Prefer", "return=minimal")}, 204, 1},
		"204 under If-Match":            {&clienttest.Fault{Method: "PATCH", Status: 204, Apply: true}, []client.CallOption{client.WithIfMatch("*")}, 204, 1},
		"204, and the read is repeated": {&clienttest.Fault{Method: "GET", Status: 503}, []client.CallOption{client.WithHeader("Prefer", "return=minimal")}, 204, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			controls(t, graph, "AdminMFAV2")
			c := serve(t, graph, client.WithRetryPolicy(client.RetryPolicy{BaseDelay: 1, MaxDelay: 1}))
			if tt.fault != nil {
				graph.FailNext(*tt.fault)
			}
			var response client.Response
			opts := append(tt.opts, client.WithResponse(&response), client.WithHeader("X-Trace", "7"))
			profile, err := c.ControlProfiles.Update(t.Context(), "AdminMFAV2", ignore, opts...)
			if err != nil {
				t.Fatal(err)
			}
			if state, _, _ := decision(t, profile); state != "Ignored" || *profile.ID != "AdminMFAV2" {
				t.Errorf("got %+v", profile)
			}
			if len(sent(graph, "PATCH")) != 1 || len(sent(graph, "GET")) != tt.gets {
				t.Errorf("%d PATCHes and %d GETs, want 1 and %d", len(sent(graph, "PATCH")), len(sent(graph, "GET")), tt.gets)
			}
			if response.StatusCode != tt.status || response.Attempts != 1 {
				t.Errorf("the Response is not the update's: %+v", response)
			}
			for _, r := range sent(graph, "GET") {
				if r.Header["If-Match"] != nil || r.Header["Prefer"] != nil || r.Header.Get("X-Trace") != "7" {
					t.Errorf("the read was sent with %v", r.Header)
				}
			}
		})
	}
}

func TestControlUpdateUnknownOutcomes(t *testing.T) {
	t.Parallel()
	body := func(s string) clienttest.Fault {
		return clienttest.Fault{Status: 200, Body: []byte(s), Header: http.Header{"Content-Type": {"application/json"}}, Apply: true}
	}
	tests := map[string]clienttest.Fault{
		"reset":                 {Cut: clienttest.CutReset},
		"done, then reset":      {Cut: clienttest.CutReset, Apply: true},
		"cut in the body":       {Cut: clienttest.CutInBody},
		"500":                   {Status: 500},
		"503 with Retry-After":  {Status: 503, Header: http.Header{"Retry-After": {"1"}}},
		"200 with nothing":      body(""),
		"200 with null":         body("null"),
		"200 without an id":     body(`{"title":"x"}`),
		"200 with an error":     body(`{"error":{"code":"x"}}`),
		"200 with more than it": body(`{"id":"AdminMFAV2"} {}`),
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			controls(t, graph, "AdminMFAV2")
			c := serve(t, graph)
			fault.Method = "PATCH"
			graph.FailNext(fault)
			profile, err := c.ControlProfiles.Update(t.Context(), "AdminMFAV2", ignore)
			if profile != nil || !errors.Is(err, client.ErrOutcomeUnknown) {
				t.Fatalf("got %v, %v, want ErrOutcomeUnknown", profile, err)
			}
			if e, ok := errors.AsType[*client.Error](err); !ok || e.Key != "AdminMFAV2" || e.Op != "update secureScoreControlProfile" || e.Attempts != 1 {
				t.Errorf("got %#v", err)
			}
			if len(sent(graph, "PATCH")) != 1 || len(sent(graph, "GET")) != 0 {
				t.Errorf("%d PATCHes and %d GETs, want 1 and none", len(sent(graph, "PATCH")), len(sent(graph, "GET")))
			}
		})
	}
}

func TestControlUpdateRefusesBeforeSending(t *testing.T) {
	t.Parallel()
	vendor := func(provider, vendor *string) client.ControlUpdate {
		return client.ControlUpdate{State: client.Set("x"), VendorInformation: &client.SecurityVendorInformation{Provider: provider, Vendor: vendor}}
	}
	tests := map[string]struct {
		id     string
		update client.ControlUpdate
		texts  []string
	}{
		"no id":                 {"", ignore, []string{"id"}},
		"another operation":     {"$count", ignore, []string{"$count"}},
		"nothing to change":     {"a", client.ControlUpdate{}, []string{"no change", "state, assignedTo and comment"}},
		"state cleared":         {"a", client.ControlUpdate{State: client.Clear()}, []string{"state", "Default"}},
		"state set to none":     {"a", client.ControlUpdate{State: client.Set("")}, []string{"state", "Default"}},
		"not UTF-8":             {"a", client.ControlUpdate{Comment: client.Set("\xff")}, []string{"comment", "UTF-8"}},
		"no provider":           {"a", vendor(nil, new("Microsoft")), []string{"vendorInformation.provider"}},
		"no vendor":             {"a", vendor(new("SecureScore"), nil), []string{"vendorInformation.vendor"}},
		"an empty vendor":       {"a", vendor(new("SecureScore"), new("")), []string{"vendorInformation.vendor"}},
		"all that is wrong":     {"a", client.ControlUpdate{State: client.Clear(), Comment: client.Set("\xff"), VendorInformation: &client.SecurityVendorInformation{}}, []string{"state", "comment", "provider", "vendor"}},
		"somebody else's":       {"scid_2011", ignore, []string{"scid_*", "WithSCIDAllowed"}},
		"the same, in capitals": {"SCID_2011", ignore, []string{"scid_*"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			c := serve(t, graph)
			profile, err := c.ControlProfiles.Update(t.Context(), tt.id, tt.update)
			if profile != nil || !errors.Is(err, client.ErrInvalid) || !strings.HasPrefix(err.Error(), "update secureScoreControlProfile: ") {
				t.Fatalf("got %v, %v, want ErrInvalid", profile, err)
			}
			for _, text := range tt.texts {
				if !strings.Contains(err.Error(), text) {
					t.Errorf("%q is not in %v", text, err)
				}
			}
			if n := len(graph.Requests()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func TestSCIDControlsOnRequest(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	controls(t, graph, "scid_2011")
	c := serve(t, graph)
	_, err := c.ControlProfiles.Update(t.Context(), "scid_2011", ignore, client.WithSCIDAllowed())
	if e, ok := errors.AsType[*client.Error](err); !ok || e.StatusCode != 400 || errors.Is(err, client.ErrInvalid) {
		t.Errorf("got %v, want the service's own refusal", err)
	}
	results, err := c.ControlProfiles.UpdateMany(t.Context(), []client.ControlChange{{"scid_2011", ignore}}, client.WithSCIDAllowed())
	if e, ok := errors.AsType[*client.Error](err); !ok || e.StatusCode != 400 || len(results) != 1 {
		t.Errorf("got %v, %v, want the service's own refusal", results, err)
	}
	if n := len(sent(graph, "PATCH")); n != 2 {
		t.Errorf("%d PATCHes, want 2", n)
	}
}

// TestControlUpdateWaitsWhenThrottled runs in virtual time: the wait is exact.
func TestControlUpdateWaitsWhenThrottled(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		controls(t, graph, "AdminMFAV2")
		graph.FailNext(clienttest.Fault{Method: "PATCH", Status: 429, Header: http.Header{"Retry-After": {"2.128"}}})
		start := time.Now()
		if _, err := c.ControlProfiles.Update(t.Context(), "AdminMFAV2", ignore); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 2128*time.Millisecond || waited > 2341*time.Millisecond || len(sent(graph, "PATCH")) != 2 {
			t.Errorf("%d PATCHes, waited %v, want 2, and 2.128 s with at most a tenth more", len(sent(graph, "PATCH")), waited)
		}
	})
}

// inMemory runs f in virtual time, with a client of a Graph over a listener in memory.
func inMemory(t *testing.T, f func(*testing.T, *clienttest.Graph, *client.Client), opts ...client.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		graph := clienttest.NewGraph()
		l := clienttest.NewListener()
		server, err := clienttest.StartOn(graph, l)
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{DialContext: l.DialContext}
		f(t, graph, signIn(t, server, &http.Client{Transport: transport}, opts...))
		transport.CloseIdleConnections()
		server.Close()
	})
}
