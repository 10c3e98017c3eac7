package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// TestIfMatch holds that a profile that was read is changed once: the second change by the same ETag is for a version
// that is gone.
func TestIfMatch(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph(clienttest.WithETags())
	controls(t, graph, "AdminMFAV2")
	c := serve(t, graph)
	profile, err := c.ControlProfiles.Get(t.Context(), "AdminMFAV2")
	if err != nil || profile.ODataETag == nil {
		t.Fatalf("got %v, %v, want an ETag", profile, err)
	}
	etag := client.WithIfMatch(*profile.ODataETag)
	if _, err := c.ControlProfiles.Update(t.Context(), "AdminMFAV2", ignore, etag); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ControlProfiles.Update(t.Context(), "AdminMFAV2", ignore, etag); !errors.Is(err, client.ErrPreconditionFailed) {
		t.Errorf("update: got %v, want ErrPreconditionFailed", err)
	}
	if err := c.ControlProfiles.Delete(t.Context(), "AdminMFAV2", etag); !errors.Is(err, client.ErrPreconditionFailed) {
		t.Errorf("delete: got %v, want ErrPreconditionFailed", err)
	}
	if err := c.ControlProfiles.Delete(t.Context(), "AdminMFAV2", client.WithIfMatch("*")); err != nil {
		t.Error(err)
	}
	for _, r := range append(sent(graph, "PATCH"), sent(graph, "DELETE")...) {
		if got := r.Header["If-Match"]; len(got) != 1 || got[0] != *profile.ODataETag && got[0] != "*" {
			t.Errorf("%s was sent with If-Match %q", r.Method, got)
		}
	}
}

func TestIfMatchRefuses(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	controls(t, graph, "a")
	c := serve(t, graph)
	for _, etag := range []string{"", "x", `"`, `W/`, `W/"`, `"a`, `a"`, `"a"b"`, `"a", "b"`, "\"a\r\nX: y\"", `"ä"`, `w/"a"`, `**`, `"a b"`} {
		if _, err := c.ControlProfiles.Update(t.Context(), "a", ignore, client.WithIfMatch(etag)); !errors.Is(err, client.ErrInvalid) || !strings.Contains(err.Error(), "ETag") {
			t.Errorf("%q: got %v, want ErrInvalid", etag, err)
		}
	}
	for _, etag := range []string{`""`, `"a"`, `W/""`, `W/"JzEtU3=="`, "*"} {
		if _, err := c.ControlProfiles.Update(t.Context(), "a", ignore, client.WithIfMatch(etag)); errors.Is(err, client.ErrInvalid) {
			t.Errorf("%q: got %v", etag, err)
		}
	}
	graph.ClearRequests()
	calls := map[string]func(client.CallOption) error{
		"get":  func(o client.CallOption) error { _, err := c.ControlProfiles.Get(t.Context(), "a", o); return err },
		"list": func(o client.CallOption) error { _, err := c.ControlProfiles.All(t.Context(), nil, o); return err },
		"create": func(o client.CallOption) error {
			_, err := c.SecureScores.Create(t.Context(), seedScore(t), o)
			return err
		},
		"update many": func(o client.CallOption) error {
			_, err := c.ControlProfiles.UpdateMany(t.Context(), []client.ControlChange{{"a", ignore}}, o)
			return err
		},
	}
	for name, call := range calls {
		if err := call(client.WithIfMatch("*")); !errors.Is(err, client.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	if _, err := c.ControlProfiles.Update(t.Context(), "a", ignore, client.WithHeader("if-match", "*")); !errors.Is(err, client.ErrInvalid) || !strings.Contains(err.Error(), "WithIfMatch") {
		t.Errorf("got %v, want ErrInvalid that names WithIfMatch", err)
	}
	if n := len(graph.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
