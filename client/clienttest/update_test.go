package clienttest_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

func TestUpdateScoreMerges(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const before = `{"@odata.type":"#microsoft.graph.secureScore","id":"x","currentScore":1.0,"enabledServices":["a","b"],` +
		`"vendorInformation":{"provider":"p","vendor":"v"},"kept":123456789012345678901234567890}`
	if err := s.AddSecureScores([]byte(before)); err != nil {
		t.Fatal(err)
	}
	const body = `{"@odata.context":"ignored","@odata.etag":"ignored","id":"x","currentScore":2.50,"enabledServices":["c"],"maxScore":null,` +
		`"vendorInformation":{"vendor":null,"subProvider":"s"},"added":{"deep":[1.0]}}`
	want := fmt.Sprintf(`{"@odata.context":"%s/$metadata#security/secureScores/$entity","@odata.type":"#microsoft.graph.secureScore","id":"x",`+
		`"currentScore":2.50,"enabledServices":["c"],"vendorInformation":{"provider":"p","vendor":null,"subProvider":"s"},`+
		`"kept":123456789012345678901234567890,"maxScore":null,"added":{"deep":[1.0]}}`, s.root)
	r := s.must(200, "PATCH", scores+"/x", body, "Prefer", "respond-async, Return = Representation")
	if string(r.body) != want || r.Header.Get("Preference-Applied") != "return=representation" {
		t.Errorf("changed %s, %v\nwant %s", r.body, r.Header, want)
	}
	if again := s.must(200, "GET", scores+"/x", "").body; !bytes.Equal(again, r.body) {
		t.Errorf("read back %s", again)
	}
	s.must(204, "PATCH", scores+"/x", `{"vendorInformation":null}`)
	s.must(204, "PATCH", scores+"/x", `{"vendorInformation":{"vendor":"v"},"id":null}`)
	if again := s.must(200, "GET", scores+"/x", "").body; !strings.Contains(string(again), `"id":"x",`) || !strings.Contains(string(again), `"vendorInformation":{"vendor":"v"}`) {
		t.Errorf("merged with null: %s", again)
	}
}

func TestUpdatePreferences(t *testing.T) {
	t.Parallel()
	s := seeded(t, 1)
	tests := []struct {
		prefer  string
		status  int
		applied string
	}{
		{"", 204, ""},
		{"return=minimal", 204, "return=minimal"},
		{"return=minimal, return=representation", 204, "return=minimal"},
		{"return=representation,return=minimal", 200, "return=representation"},
		{"return=nothing", 204, ""},
		{"representation", 204, ""},
	}
	for _, tt := range tests {
		r := s.must(tt.status, "PATCH", scores+"/s1", `{"currentScore":1.0}`, "Prefer", tt.prefer)
		if got := r.Header.Get("Preference-Applied"); got != tt.applied {
			t.Errorf("%q: Preference-Applied %q, want %q", tt.prefer, got, tt.applied)
		}
	}
}

func TestUpdateMovesAScore(t *testing.T) {
	t.Parallel()
	s := seeded(t, 3)
	s.must(204, "PATCH", scores+"/s1", `{"createdDateTime":"2026-04-02T12:00:00Z"}`)
	if got := fmt.Sprint(walk(t, s, scores)); got != "[[s3 s1] [s2]]" {
		t.Errorf("order %s", got)
	}
	s.must(204, "PATCH", scores+"/s3", `{"createdDateTime":null}`)
	if got := fmt.Sprint(walk(t, s, scores)); got != "[[s1 s2] [s3]]" {
		t.Errorf("order %s", got)
	}
}

func TestUpdateKeepsPages(t *testing.T) {
	t.Parallel()
	s := seeded(t, 4)
	_, next := s.must(200, "GET", scores, "").ids(t)
	s.must(204, "PATCH", scores+"/s3", `{"currentScore":1.0}`) // the one that the link names
	s.must(201, "POST", scores, minimal())                     // moves every position
	if ids, _ := s.must(200, "GET", next, "").ids(t); !reflect.DeepEqual(ids, []string{"s2", "s1"}) {
		t.Errorf("second page %v", ids)
	}
}

func TestUpdateKeepsAProfilesPlace(t *testing.T) {
	t.Parallel()
	s := profiled(t)
	before, _ := s.must(200, "GET", profiles, "").ids(t)
	s.must(204, "PATCH", mfa, change(`"state":"Ignored"`))
	if after, _ := s.must(200, "GET", profiles, "").ids(t); !reflect.DeepEqual(after, before) {
		t.Errorf("order %v, want %v", after, before)
	}
}

func TestUpdateScoreRefusals(t *testing.T) {
	t.Parallel()
	s := seeded(t, 1)
	for body, target := range map[string]string{
		`{"id":"y"}`:                                  "id",
		`{"id":5}`:                                    "id",
		`{"currentScore":"Double"}`:                   "currentScore",
		`{"azureTenantId":null}`:                      "azureTenantId",
		`{"vendorInformation":{"x":1}}`:               "vendorInformation.x",
		`{"controlScores":[{"score":true}]}`:          "controlScores[0].score",
		`{"@odata.type":"#microsoft.graph.whatever"}`: "@odata.type",
		`null`: "",
	} {
		if p := s.must(400, "PATCH", scores+"/s1", body).problem(t); p.Code != "BadRequest" || p.Target != target {
			t.Errorf("%s: problem %+v, want target %q", body, p, target)
		}
	}
	s.must(404, "PATCH", scores+"/none", `{}`)
	s.must(415, "PATCH", scores+"/s1", `{}`, "Content-Type", "")
	s.must(204, "PATCH", scores+"/s1", `{}`)
}

func TestDelete(t *testing.T) {
	t.Parallel()
	s := seeded(t, 3)
	if err := s.AddControlProfiles([]byte(`[{"id":"a/b"},{"id":"c"}]`)); err != nil {
		t.Fatal(err)
	}
	if r := s.must(204, "DELETE", scores+"/s2", ""); len(r.body) != 0 || r.Header.Get("Content-Type") != "" {
		t.Errorf("answer %q, %v", r.body, r.Header)
	}
	s.must(404, "DELETE", scores+"/s2", "")
	s.must(404, "GET", scores+"/s2", "")
	s.must(400, "DELETE", scores+"/s1?$filter=true", "")
	s.must(204, "DELETE", profiles+"/a%2Fb", "")
	if got := fmt.Sprint(walk(t, s, scores), walk(t, s, profiles)); got != "[[s3 s1]] [[c]]" {
		t.Errorf("left %s", got)
	}
	s.must(201, "POST", scores, minimal(`"id":"s2"`)) // the id is free again
}

func TestCreateProfile(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const body = `{"@odata.etag":"ignored","id":"AdminMFAV2","title":"t","extra":{"n":1.0}}`
	r := s.must(201, "POST", profiles, body)
	want := fmt.Sprintf(`{"@odata.context":"%s/$metadata#security/secureScoreControlProfiles/$entity","id":"AdminMFAV2","title":"t","extra":{"n":1.0}}`, s.root)
	if string(r.body) != want || r.Header.Get("Location") != s.root+"/security/secureScoreControlProfiles/AdminMFAV2" || r.Header.Get("ETag") != "" {
		t.Errorf("created %s, %v\nwant %s", r.body, r.Header, want)
	}
	s.must(409, "POST", profiles, body)
	if p := s.must(400, "POST", profiles, `{"id":"x","maxScore":"9"}`).problem(t); p.Target != "maxScore" {
		t.Errorf("problem %+v", p)
	}
	if p := s.must(400, "POST", profiles, `{"id":"x","controlStateUpdates":[{"undeclared":1}]}`).problem(t); p.Target != "controlStateUpdates[0].undeclared" {
		t.Errorf("problem %+v", p)
	}
	if ids, _ := s.must(200, "GET", profiles, "").ids(t); !reflect.DeepEqual(ids, []string{"AdminMFAV2"}) {
		t.Errorf("profiles %v", ids)
	}
}

func TestETags(t *testing.T) {
	t.Parallel()
	s := profiled(t, clienttest.WithETags())
	s.must(201, "POST", scores, minimal(`"id":"x"`))
	for path, body := range map[string]string{scores + "/x": `{"currentScore":9.0}`, mfa: change(`"state":"Ignored"`)} {
		r := s.must(200, "GET", path, "")
		first := r.Header.Get("ETag")
		if got := object(t, r.body)["@odata.etag"]; got != first || !strings.HasPrefix(first, `W/"`) {
			t.Errorf("%s: ETag %q and @odata.etag %v", path, first, got)
		}
		if p := s.must(412, "PATCH", path, body, "If-Match", `W/"other"`).problem(t); p.Code != "PreconditionFailed" {
			t.Errorf("problem %+v", p)
		}
		s.must(412, "DELETE", path, "", "If-Match", `W/"other"`)
		r = s.must(200, "PATCH", path, body, "If-Match", `W/"other", `+first, "Prefer", "return=representation")
		second := r.Header.Get("ETag")
		if got := object(t, r.body)["@odata.etag"]; got != second || second == first || second == "" {
			t.Errorf("%s: ETag %q after %q, @odata.etag %v", path, second, first, got)
		}
		s.must(412, "PATCH", path, body, "If-Match", first)
		r = s.must(204, "PATCH", path, body, "If-Match", second)
		third := r.Header.Get("ETag")
		if third == "" || third == second {
			t.Errorf("%s: ETag %q after %q", path, third, second)
		}
		s.must(204, "PATCH", path, body, "If-Match", "*")
		s.must(412, "DELETE", path, "", "If-Match", third)
		s.must(204, "DELETE", path, "", "If-Match", "*")
		s.must(404, "DELETE", path, "", "If-Match", "*")
	}
	r := s.must(200, "GET", profiles+"?$select=id", "")
	if n := bytes.Count(r.body, []byte(`{"@odata.etag":"W/`)); n != 3 {
		t.Errorf("%d ETags in a list of 3: %s", n, r.body)
	}
	if r := s.must(201, "POST", scores, minimal(`"id":"y"`, `"@odata.etag":"mine"`)); object(t, r.body)["@odata.etag"] == "mine" || r.Header.Get("ETag") == "" {
		t.Errorf("created %s", r.body)
	}
}

func TestETagsAsSeeded(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]clienttest.Option{nil, {clienttest.WithETags()}} {
		s := serve(t, opts...)
		if err := s.AddSecureScores([]byte(`[{"id":"x","@odata.etag":"W/\"seeded\""},{"id":"y"}]`)); err != nil {
			t.Fatal(err)
		}
		if r := s.must(200, "GET", scores+"/x", ""); r.Header.Get("ETag") != `W/"seeded"` {
			t.Errorf("ETag %q", r.Header.Get("ETag"))
		}
		s.must(412, "PATCH", scores+"/x", `{}`, "If-Match", `W/"other"`)
		r := s.must(204, "PATCH", scores+"/x", `{}`, "If-Match", `W/"seeded"`)
		if tag := r.Header.Get("ETag"); tag == `W/"seeded"` || !strings.HasPrefix(tag, `W/"`) {
			t.Errorf("ETag %q after a change", tag)
		}
		if got := s.must(200, "GET", scores+"/y", "").Header.Get("ETag") != ""; got != (len(opts) > 0) {
			t.Errorf("ETag %t of one seeded without, with %d options", got, len(opts))
		}
	}
	s := seeded(t, 1)
	s.must(412, "DELETE", scores+"/s1", "", "If-Match", `W/"x"`) // nothing matches where there is none
	s.must(204, "DELETE", scores+"/s1", "", "If-Match", "*")
}
