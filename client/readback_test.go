package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// TestReadBackFails holds that an update which was made is never called unknown, nor repeated, for what its read ends
// with.
func TestReadBackFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault clienttest.Fault
		want  error
		gets  int
	}{
		"404":   {clienttest.Fault{Status: 404}, client.ErrNotFound, 1},
		"403":   {clienttest.Fault{Status: 403}, client.ErrForbidden, 1},
		"503":   {clienttest.Fault{Status: 503}, client.ErrUnavailable, 4},
		"reset": {clienttest.Fault{Cut: clienttest.CutReset}, client.ErrNetwork, 4},
		"null": {
			clienttest.Fault{Status: 200, Body: []byte("null"), Header: http.Header{"Content-Type": {"application/json"}}},
			client.ErrProtocol, 1,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			controls(t, graph, "AdminMFAV2")
			c := serve(t, graph, client.WithRetryPolicy(client.RetryPolicy{BaseDelay: 1, MaxDelay: 1}))
			graph.FailNext(clienttest.Fault{Method: "PATCH", Status: 204, Apply: true})
			tt.fault.Method, tt.fault.Times = "GET", -1
			graph.FailNext(tt.fault)
			profile, err := c.ControlProfiles.Update(t.Context(), "AdminMFAV2", ignore)
			if profile != nil || !errors.Is(err, client.ErrNotReadBack) || !errors.Is(err, tt.want) || errors.Is(err, client.ErrOutcomeUnknown) {
				t.Fatalf("got %v, %v, want ErrNotReadBack and %v", profile, err, tt.want)
			}
			e, ok := errors.AsType[*client.Error](err)
			if !ok || e.Key != "AdminMFAV2" || !strings.Contains(err.Error(), "the update was made") || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
			if patches, gets := len(sent(graph, "PATCH")), len(sent(graph, "GET")); patches != 1 || gets != tt.gets {
				t.Errorf("%d PATCHes and %d GETs, want 1 and %d", patches, gets, tt.gets)
			}
		})
	}
}

func TestReadBackIsInterrupted(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	controls(t, graph, "AdminMFAV2")
	ctx, cancel := context.WithCancel(t.Context())
	c := serve(t, graph)
	graph.FailNext(clienttest.Fault{Method: "PATCH", Status: 204, Apply: true})
	graph.FailNext(clienttest.Fault{Method: "GET", EditBody: func(b []byte) []byte { cancel(); return b }, Cut: clienttest.CutInBody})
	profile, err := c.ControlProfiles.Update(ctx, "AdminMFAV2", ignore)
	if profile != nil || !errors.Is(err, client.ErrNotReadBack) || !errors.Is(err, context.Canceled) || errors.Is(err, client.ErrOutcomeUnknown) {
		t.Errorf("got %v, %v", profile, err)
	}
}

// TestReadBackIsPartial holds that a strict client still gets what came.
func TestReadBackIsPartial(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	controls(t, graph, "AdminMFAV2")
	c := serve(t, graph, client.WithStrictWarnings())
	graph.FailNext(clienttest.Fault{Method: "PATCH", Status: 204, Apply: true})
	graph.FailNext(clienttest.Fault{Method: "GET", Status: 206, Header: http.Header{"Warning": {`199 - "Microsoft/X/500/12"`}}})
	_, err := c.ControlProfiles.Update(t.Context(), "AdminMFAV2", ignore)
	partial, ok := errors.AsType[*client.PartialError[client.SecureScoreControlProfile]](err)
	if !ok || !errors.Is(err, client.ErrNotReadBack) || !errors.Is(err, client.ErrPartial) {
		t.Fatalf("got %v, want a PartialError that is ErrNotReadBack", err)
	}
	if state, _, _ := decision(t, &partial.Page.Items[0]); state != "Ignored" {
		t.Errorf("it holds %+v", partial.Page.Items[0])
	}
}
