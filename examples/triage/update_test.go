package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenanttest"
)

// small returns a tenant with some controls and no score, which updates do not need.
func small(t *testing.T) (*clienttest.Graph, map[string]string) {
	t.Helper()
	g := clienttest.NewGraph(clienttest.WithClock(tenanttest.Noon))
	if err := g.AddControlProfiles([]byte(`[{"id":"a","azureTenantId":"t"},{"id":"b","azureTenantId":"t"},{"id":"c","azureTenantId":"t"}]`)); err != nil {
		t.Fatal(err)
	}
	return g, tenanttest.Serve(t, g)
}

// graphRequests are those that are not for a token.
func graphRequests(g *clienttest.Graph) []clienttest.Request {
	var requests []clienttest.Request
	for _, r := range g.Requests() {
		if r.Kind == clienttest.KindGraph {
			requests = append(requests, r)
		}
	}
	return requests
}

func TestUpdateOne(t *testing.T) {
	t.Parallel()
	g, env := small(t)
	r := tenanttest.Run(t, run, env, "-set", "ignored", "a", "-comment", "until Q3", "-assign", "")
	if want := "a: Ignored by " + clienttest.DefaultClientID + " on 2026-07-17: until Q3\n"; r.Code != 0 || r.Stdout != want || r.Stderr != "" {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
	requests := graphRequests(g)
	if len(requests) != 1 || requests[0].Method != http.MethodPatch {
		t.Fatalf("%d requests", len(requests))
	}
	want := `{"assignedTo":"","comment":"until Q3","state":"Ignored","vendorInformation":{"provider":"SecureScore","vendor":"Microsoft"}}`
	if got := string(requests[0].Body); got != want {
		t.Errorf("sent %s", got)
	}
}

func TestUpdateMany(t *testing.T) {
	t.Parallel()
	g, env := small(t)
	r := tenanttest.Run(t, run, env, "-set", "Resting", "a", "nope", "c")
	suffix := ": Resting by " + clienttest.DefaultClientID + " on 2026-07-17\n"
	if want := "a" + suffix + "c" + suffix; r.Code != 1 || r.Stdout != want {
		t.Errorf("exit code %d, %q", r.Code, r.Stdout)
	}
	lines := strings.Split(r.Stderr, "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "triage: nope: ") || !strings.Contains(lines[0], "404") || lines[1] != "triage: 1 of 3 updates failed" {
		t.Errorf("standard error %q", r.Stderr)
	}
	requests := graphRequests(g)
	if len(requests) != 1 || len(requests[0].Items) != 3 || strings.Contains(string(requests[0].Body), "comment") {
		t.Errorf("%d requests: %s", len(requests), requests[0].Body)
	}
}

// TestNoProfileComesBack is a service that answers with 204 to the updates of a batch.
func TestNoProfileComesBack(t *testing.T) {
	t.Parallel()
	g, env := small(t)
	g.FailNext(clienttest.Fault{Path: "/security/secureScoreControlProfiles/*", Times: -1, Status: http.StatusNoContent, Apply: true})
	r := tenanttest.Run(t, run, env, "-set", "Reviewed", "a", "b")
	if r.Code != 0 || r.Stdout != "a: Reviewed\nb: Reviewed\n" {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

func TestOutcomeUnknown(t *testing.T) {
	t.Parallel()
	g, env := small(t)
	g.FailNext(clienttest.Fault{Method: http.MethodPatch, Status: http.StatusInternalServerError})
	r := tenanttest.Run(t, run, env, "-set", "Reviewed", "a")
	r.OneLine(t, "triage", 1, "may or may not have happened")
	if n := len(graphRequests(g)); n != 1 || r.Stdout != "" {
		t.Errorf("%d requests, %q", n, r.Stdout)
	}
}

// TestDryRun holds that what is shown is what is sent without it, and that nothing is sent.
func TestDryRun(t *testing.T) {
	t.Parallel()
	tests := map[string][]string{
		"one":         {"-set", "Ignored", "-comment", "until Q3", "-assign", "", "a"},
		"many":        {"-set", "reviewed", "a", "b", "c"},
		"odd letters": {"-set", "Reviewed", "11770.MDA/Google 日本", "b"},
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, env := small(t)
			dry := tenanttest.Run(t, run, env, append(args, "-dry-run")...)
			if n := len(g.Requests()); dry.Code != 0 || n != 0 || dry.Stderr != "Nothing was sent.\n" {
				t.Fatalf("exit code %d, %d requests, %q", dry.Code, n, dry.Stderr)
			}
			tenanttest.Run(t, run, env, args...)
			var sent strings.Builder
			for _, r := range graphRequests(g) {
				if err := showRequest(&sent, r); err != nil {
					t.Fatal(err)
				}
			}
			if dry.Stdout != sent.String() || !strings.HasPrefix(dry.Stdout, "PATCH /") || strings.Count(dry.Stdout, "PATCH") != strings.Count(dry.Stdout, "\n")/2 {
				t.Errorf("shown\n%s\nsent\n%s", dry.Stdout, &sent)
			}
		})
	}
}

// TestDryRunNeedsNoTenant holds that it works before there are credentials.
func TestDryRunNeedsNoTenant(t *testing.T) {
	t.Parallel()
	r := tenanttest.Run(t, run, map[string]string{"AZURE_TENANT_ID": "half a tenant"}, "-set", "Ignored", "-comment", "", "-dry-run", "a")
	if r.Code != 0 || !strings.Contains(r.Stdout, `{"comment":"","state":"Ignored"`) {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}
