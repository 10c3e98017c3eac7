package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// withProfiles returns a Graph of the sample's control profiles.
func withProfiles(t *testing.T, opts ...clienttest.Option) *clienttest.Graph {
	t.Helper()
	graph := clienttest.NewGraph(opts...)
	for _, name := range []string{"controlProfiles-page1", "controlProfiles-last-page"} {
		text, err := os.ReadFile("../gen/testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := graph.AddControlProfiles(text); err != nil {
			t.Fatal(err)
		}
	}
	return graph
}

func TestGet(t *testing.T) {
	t.Parallel()
	c := serve(t, withScores(t, 2))
	score, err := c.SecureScores.Get(t.Context(), "s001")
	if err != nil || *score.ID != "s001" || *score.CurrentScore != 1 {
		t.Errorf("got %v, %v", score, err)
	}
	if score, err := c.SecureScores.Get(t.Context(), "nothing"); score != nil || !errors.Is(err, client.ErrNotFound) {
		t.Errorf("got %v, %v, want ErrNotFound", score, err)
	}
}

// TestAnswersAboutAnother holds that an answer is not taken for that of the entity asked for. Ids are compared as the service
// does.
func TestAnswersAboutAnother(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 1)
	c := serve(t, graph)
	if _, err := c.SecureScores.Get(t.Context(), "S000"); err != nil && !errors.Is(err, client.ErrNotFound) {
		t.Error(err)
	}
	other := jsonFault(`{"id":"other"}`)
	graph.FailNext(other)
	if score, err := c.SecureScores.Get(t.Context(), "s000"); score != nil || !errors.Is(err, client.ErrProtocol) {
		t.Errorf("got %v, %v, want ErrProtocol", score, err)
	}
	graph.FailNext(other)
	if score, err := c.SecureScores.Update(t.Context(), "s000", client.SecureScore{MaxScore: new(2.0)}); score != nil || !errors.Is(err, client.ErrOutcomeUnknown) {
		t.Errorf("got %v, %v, want ErrOutcomeUnknown", score, err)
	}
	other.Status = 201
	score := seedScore(t)
	score.ID = new("chosen")
	graph.FailNext(other)
	if score, err := c.SecureScores.Create(t.Context(), score); score != nil || !errors.Is(err, client.ErrOutcomeUnknown) {
		t.Errorf("got %v, %v, want ErrOutcomeUnknown", score, err)
	}
}

// TestIDs holds that an id is one segment of the path, whatever is in it.
func TestIDs(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	for _, id := range []string{"a/b", "a b", "a%2Fb", "a+b", "日本", "a?b#c", "a.b_c", "...", "a$count", "'quoted'", "semi;colon", "a,b"} {
		text, _ := json.Marshal(map[string]string{"id": id})
		if err := graph.AddSecureScores(text); err != nil {
			t.Fatal(err)
		}
		if score, err := c.SecureScores.Get(t.Context(), id); err != nil || *score.ID != id {
			t.Errorf("%q: got %v, %v", id, score, err)
		}
	}
	sent := len(graph.Requests())
	for _, id := range []string{"", ".", "..", "$count", "$", "a\nb", "a\x00", "\xff"} {
		_, getErr := c.SecureScores.Get(t.Context(), id)
		_, updateErr := c.SecureScores.Update(t.Context(), id, client.SecureScore{MaxScore: new(1.0)})
		_, profileErr := c.ControlProfiles.Get(t.Context(), id)
		_, createErr := c.ControlProfiles.Create(t.Context(), client.SecureScoreControlProfile{ID: &id})
		for _, err := range []error{getErr, updateErr, profileErr, createErr, c.SecureScores.Delete(t.Context(), id), c.ControlProfiles.Delete(t.Context(), id)} {
			if !errors.Is(err, client.ErrInvalid) || !strings.Contains(err.Error(), "the id ") {
				t.Errorf("%q: got %v, want ErrInvalid", id, err)
			}
		}
	}
	if n := len(graph.Requests()); n != sent {
		t.Errorf("%d requests were sent", n-sent)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 90)
	c := serve(t, graph)
	if n, err := c.SecureScores.Count(t.Context(), ""); err != nil || n != 90 {
		t.Errorf("got %d, %v, want 90", n, err)
	}
	if n, err := c.SecureScores.Count(t.Context(), client.Lt("currentScore", 10)); err != nil || n != 10 {
		t.Errorf("got %d, %v, want 10", n, err)
	}
	if accept := graph.Requests()[1].Header.Get("Accept"); accept != "text/plain" {
		t.Errorf("Accept %q", accept)
	}
	for _, body := range []string{"", "many", "-1", "1.5", "99999999999999999999", `{"error":1}`} {
		graph.FailNext(clienttest.Fault{Status: 200, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(body)})
		if n, err := c.SecureScores.Count(t.Context(), ""); n != 0 || !errors.Is(err, client.ErrProtocol) {
			t.Errorf("%q: got %d, %v, want ErrProtocol", body, n, err)
		}
	}
	graph.FailNext(clienttest.Fault{Status: 200, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte("\ufeff7\r\n")})
	if n, err := c.SecureScores.Count(t.Context(), ""); n != 7 || err != nil {
		t.Errorf("with a byte order mark: got %d, %v", n, err)
	}
	if n, err := c.SecureScores.Count(t.Context(), "x eq 'open"); n != 0 || !errors.Is(err, client.ErrInvalid) {
		t.Errorf("got %d, %v, want ErrInvalid", n, err)
	}
}

func TestUpdateScore(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 1)
	c := serve(t, graph)
	change := client.SecureScore{CurrentScore: new(7.0), ODataETag: new(`W/"1"`)}
	score, err := c.SecureScores.Update(t.Context(), "s000", change)
	if err != nil || *score.CurrentScore != 7 || *score.MaxScore != 100 {
		t.Fatalf("got %v, %v", score, err)
	}
	patch := graph.Requests()[1]
	if patch.Method != "PATCH" || string(patch.Body) != `{"currentScore":7}` || patch.Header.Get("Prefer") != "return=representation" {
		t.Errorf("sent %s %s, Prefer %q", patch.Method, patch.Body, patch.Header.Get("Prefer"))
	}
	if n := count(graph, clienttest.KindGraph, "PATCH"); n != 1 {
		t.Errorf("%d PATCHes", n)
	}
}

// TestUpdateScoreReadsBack holds what a 204 leaves to be read.
func TestUpdateScoreReadsBack(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 1)
	c := serve(t, graph)
	change := client.SecureScore{CurrentScore: new(7.0)}
	done := clienttest.Fault{Method: "PATCH", Status: 204, Apply: true}
	graph.FailNext(done)
	if score, err := c.SecureScores.Update(t.Context(), "s000", change); err != nil || *score.CurrentScore != 7 {
		t.Errorf("got %v, %v", score, err)
	}
	graph.FailNext(done)
	graph.FailNext(clienttest.Fault{Method: "GET", Status: 404})
	score, err := c.SecureScores.Update(t.Context(), "s000", change)
	if score != nil || !errors.Is(err, client.ErrNotReadBack) || errors.Is(err, client.ErrOutcomeUnknown) {
		t.Errorf("got %v, %v, want ErrNotReadBack", score, err)
	}
	if n := count(graph, clienttest.KindGraph, "PATCH"); n != 2 {
		t.Errorf("%d PATCHes, want one for each update", n)
	}
}

func TestUpdateScoreRefuses(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 1)
	c := serve(t, graph)
	onlyNull := client.SecureScore{}
	if err := onlyNull.Extra.Set("id", nil); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]client.SecureScore{
		"nothing is to be changed":  {},
		"nothing is to be changed ": {ID: new("s000")},
		"id: found null":            onlyNull,
		`id: found "other"`:         {ID: new("other")},
		"activeUserCount: found -":  {ActiveUserCount: new(int32(-1))},
		"found \"\\xff\"":           {EnabledServices: []string{"\xff"}},
	} {
		if _, err := c.SecureScores.Update(t.Context(), "s000", change); !errors.Is(err, client.ErrInvalid) || !strings.Contains(err.Error(), strings.TrimSpace(want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if n := len(graph.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 2)
	c := serve(t, graph)
	if err := c.SecureScores.Delete(t.Context(), "s000"); err != nil {
		t.Fatal(err)
	}
	if err := c.SecureScores.Delete(t.Context(), "s000"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	graph.FailNext(clienttest.Fault{Method: "DELETE", Cut: clienttest.CutReset, Apply: true})
	err := c.SecureScores.Delete(t.Context(), "s001")
	if e, ok := errors.AsType[*client.Error](err); !ok || !errors.Is(err, client.ErrOutcomeUnknown) || e.Key != "s001" {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
	if n := count(graph, clienttest.KindGraph, "DELETE"); n != 3 {
		t.Errorf("%d DELETEs, want one for each call", n)
	}
}

func TestControlProfiles(t *testing.T) {
	t.Parallel()
	graph := withProfiles(t)
	c := serve(t, graph)
	all, err := c.ControlProfiles.All(t.Context(), &client.ListOptions{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range all {
		names = append(names, *p.ID)
	}
	if want := []string{"11770.MDA_Google_EnableTwoFactorAuth", "MFARegistrationV2"}; len(names) < 3 || !slices.Equal(names[:2], want) {
		t.Errorf("got %q", names)
	}
	if n, err := c.ControlProfiles.Count(t.Context(), client.Eq("deprecated", true)); err != nil || n != 1 {
		t.Errorf("counted %d, %v", n, err)
	}
	profile, err := c.ControlProfiles.Get(t.Context(), "11770.MDA_Google_EnableTwoFactorAuth")
	if err != nil || *profile.MaxScore != 7 {
		t.Errorf("got %v, %v", profile, err)
	}
	for page, err := range c.ControlProfiles.Pages(t.Context(), &client.ListOptions{PageSize: 2, Limit: 3, Count: true}) {
		if err != nil || page.Count == nil && page.NextLink != "" {
			t.Errorf("got %+v, %v", page, err)
		}
		if page.NextLink == "" {
			continue
		}
		for profile, err := range c.ControlProfiles.Resume(t.Context(), page.NextLink) {
			if err != nil || *profile.ID != names[2] {
				t.Errorf("resumed at %v, %v", profile, err)
			}
			break
		}
		for _, err := range c.ControlProfiles.ResumePages(t.Context(), page.NextLink) {
			if err != nil {
				t.Error(err)
			}
		}
		break
	}
	for _, err := range c.ControlProfiles.List(t.Context(), &client.ListOptions{Skip: -1}) {
		if !errors.Is(err, client.ErrInvalid) {
			t.Errorf("got %v, want ErrInvalid", err)
		}
	}
}

func TestControlProfilesCreateAndDelete(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	profile := client.SecureScoreControlProfile{ID: new("OneAdmin"), MaxScore: new(5.0), ODataETag: new(`W/"1"`)}
	created, err := c.ControlProfiles.Create(t.Context(), profile)
	if err != nil || *created.ID != "OneAdmin" || *created.MaxScore != 5 {
		t.Fatalf("got %v, %v", created, err)
	}
	if body := string(graph.Requests()[1].Body); strings.Contains(body, "etag") || profile.ODataETag == nil {
		t.Errorf("sent %s", body)
	}
	if _, err := c.ControlProfiles.Create(t.Context(), profile); !errors.Is(err, client.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	for want, bad := range map[string]client.SecureScoreControlProfile{
		"has no id": {},
		"found \"":  {ID: new("a"), Title: new("\xff")},
	} {
		if _, err := c.ControlProfiles.Create(t.Context(), bad); !errors.Is(err, client.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	many := client.SecureScoreControlProfile{ID: new("a"), Threats: slices.Repeat([]string{"\xff"}, 130)}
	_, err = c.ControlProfiles.Create(t.Context(), many)
	if invalid, ok := errors.AsType[*client.ValidationError](err); !ok || len(invalid.Faults) != 100 || invalid.More != 30 {
		t.Errorf("got %v, want 100 faults and 30 more", err)
	}
	graph.FailNext(clienttest.Fault{Method: "POST", Status: 500})
	_, err = c.ControlProfiles.Create(t.Context(), client.SecureScoreControlProfile{ID: new("x")})
	if e, ok := errors.AsType[*client.Error](err); !ok || !errors.Is(err, client.ErrOutcomeUnknown) || e.Key != "x" {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
	if err := c.ControlProfiles.Delete(t.Context(), "OneAdmin"); err != nil {
		t.Error(err)
	}
}
