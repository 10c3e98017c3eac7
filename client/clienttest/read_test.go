package clienttest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// days returns scores of n days, the oldest first, with ids s1 to sn.
func days(n int) []byte {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		day := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i)
		fmt.Fprintf(&b, `{"id":"s%d","createdDateTime":%q}`, i+1, day.Format(time.RFC3339))
	}
	b.WriteByte(']')
	return b.Bytes()
}

// seeded serves n days, a page of 2.
func seeded(t *testing.T, n int) *service {
	t.Helper()
	s := serve(t, clienttest.WithPageSize(2))
	if err := s.AddSecureScores(days(n)); err != nil {
		t.Fatal(err)
	}
	return s
}

// walk follows the links from path, and returns the ids of each page.
func walk(t *testing.T, s *service, path string) [][]string {
	t.Helper()
	var pages [][]string
	for path != "" {
		var ids []string
		ids, path = s.must(200, "GET", path, "").ids(t)
		pages = append(pages, ids)
		if len(pages) > 20 {
			t.Fatal("no end of pages")
		}
	}
	return pages
}

func TestListPages(t *testing.T) {
	t.Parallel()
	s := seeded(t, 5)
	tests := []struct {
		query string
		want  [][]string
	}{
		{"", [][]string{{"s5", "s4"}, {"s3", "s2"}, {"s1"}}},
		{"?$top=1", [][]string{{"s5"}, {"s4"}, {"s3"}, {"s2"}, {"s1"}}},
		{"?%24top=4", [][]string{{"s5", "s4", "s3", "s2"}, {"s1"}}},
		{"?$top=5", [][]string{{"s5", "s4", "s3", "s2", "s1"}}},
		{"?$TOP=2147483647&$skip=3", [][]string{{"s2", "s1"}}},
		{"?$skip=1", [][]string{{"s4", "s3"}, {"s2", "s1"}}},
		{"?$skip=5", [][]string{{}}},
		{"?$skip=2147483647&$top=2147483647", [][]string{{}}},
		{"?unknown=1&$top=3", [][]string{{"s5", "s4", "s3"}, {"s2", "s1"}}},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			if got := walk(t, s, "/security/secureScores"+tt.query); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("pages %v, want %v", got, tt.want)
			}
		})
	}
}

func TestListNextLink(t *testing.T) {
	t.Parallel()
	s := seeded(t, 5)
	r := s.must(200, "GET", "/Security/SECURESCORES?$top=2&$count=true&$skip=1", "")
	want := s.root + "/security/secureScores?$count=true&$top=2&$skiptoken="
	var page struct {
		Context string `json:"@odata.context"`
		Count   int    `json:"@odata.count"`
		Next    string `json:"@odata.nextLink"`
	}
	if err := json.Unmarshal(r.body, &page); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(page.Next, want) || len(page.Next) == len(want) {
		t.Errorf("nextLink %s, want %s and a token", page.Next, want)
	}
	if page.Count != 5 || page.Context != s.root+"/$metadata#security/secureScores" {
		t.Errorf("page %+v", page)
	}
	second := s.must(200, "GET", page.Next, "")
	if ids, _ := second.ids(t); !reflect.DeepEqual(ids, []string{"s2", "s1"}) || !bytes.Contains(second.body, []byte(`"@odata.count":5,`)) {
		t.Errorf("second page %s", second.body)
	}
	if r := s.must(200, "GET", "/security/secureScores?$count=false", ""); bytes.Contains(r.body, []byte("@odata.count")) {
		t.Errorf("a count that was not asked for: %s", r.body)
	}
}

func TestListIsStableWhileScoresArrive(t *testing.T) {
	t.Parallel()
	s := seeded(t, 4)
	_, next := s.must(200, "GET", "/security/secureScores", "").ids(t)
	s.must(201, "POST", "/security/secureScores", minimal()) // newest of all: it moves every position
	if ids, _ := s.must(200, "GET", next, "").ids(t); !reflect.DeepEqual(ids, []string{"s2", "s1"}) {
		t.Errorf("second page %v", ids)
	}
}

func TestListOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithClock(func() time.Time { return time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC) }))
	err := s.AddSecureScores([]byte(`[
		{"id":"none"}, {"id":"null","createdDateTime":null}, {"id":"sentinel","createdDateTime":"0001-01-01T00:00:01Z"},
		{"id":"offset","createdDateTime":"2026-05-02T01:30:00+02:00"}, {"id":"later","createdDateTime":"2026-05-01T23:30:00.0000001Z"}]`))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"first", "second"} { // at the same moment
		s.must(201, "POST", "/security/secureScores", minimal(fmt.Sprintf(`"id":%q`, id)))
	}
	ids, _ := s.must(200, "GET", "/security/secureScores", "").ids(t)
	if want := []string{"later", "offset", "second", "first", "sentinel", "null", "none"}; !reflect.DeepEqual(ids, want) {
		t.Errorf("order %v, want %v", ids, want)
	}
}

func TestListEmpty(t *testing.T) {
	t.Parallel()
	s := serve(t)
	r := s.must(200, "GET", "/security/secureScores", "")
	want := strings.ReplaceAll(string(sample(t, "secureScores-empty")), "https://graph.microsoft.com/v1.0", s.root)
	if got := object(t, r.body); !reflect.DeepEqual(got, object(t, []byte(want))) {
		t.Errorf("empty list %s, want %s", r.body, want)
	}
}

func TestQueryRefusals(t *testing.T) {
	t.Parallel()
	s := seeded(t, 3)
	_, profileLink := func() ([]string, string) {
		if err := s.AddControlProfiles([]byte(`[{"id":"a"},{"id":"b"},{"id":"c"}]`)); err != nil {
			t.Fatal(err)
		}
		return s.must(200, "GET", "/security/secureScoreControlProfiles", "").ids(t)
	}()
	_, foreign, _ := strings.Cut(profileLink, "?")
	tests := []struct{ path, target, says string }{
		{"?$top=0", "$top", "'0'"},
		{"?$top=-1", "$top", "at least 1"},
		{"?$top=x", "$top", "'x'"},
		{"?$top=99999999999", "$top", "integer"},
		{"?$skip=-1", "$skip", "at least 0"},
		{"?$count=yes", "$count", "true or false"},
		{"?$top=1&$top=2", "$top", "more than once"},
		{"?$top=1&$Top=2", "$top", "more than once"},
		{"?$expand=controlScores", "$expand", "not supported"},
		{"?$search=x", "$search", "not supported"},
		{"/$count?$orderby=id", "$orderby", "not supported"},
		{"?$nonsense=1", "$nonsense", "not supported"},
		{"?$top=%zz", "", "not well-formed"},
		{"?$skiptoken=", "$skiptoken", "token"},
		{"?$skiptoken=abc", "$skiptoken", "not valid for secureScores"},
		{"?$skiptoken=!", "$skiptoken", "not valid"},
		{"?$skiptoken=c2VjdXJlU2NvcmVzL3gvMQ", "$skiptoken", "not valid"}, // secureScores/x/1
		{"?" + foreign, "$skiptoken", "not valid for secureScores"},
		{"?$skiptoken=a&$skip=1", "$skip", "exclude each other"},
		{"/s1?$filter=id eq 's1'", "$filter", "not supported"},
		{"/$count?$top=1", "$top", "not supported"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			path := strings.ReplaceAll(tt.path, " ", "%20")
			p := s.must(400, "GET", "/security/secureScores"+path, "").problem(t)
			if p.Code != "BadRequest" || p.Target != tt.target || !strings.Contains(p.Message, tt.says) {
				t.Errorf("problem %+v\nwant target %q and %q", p, tt.target, tt.says)
			}
		})
	}
	s.must(400, "POST", "/security/secureScores?$select=id", minimal())
}

func TestGet(t *testing.T) {
	t.Parallel()
	s := serve(t)
	want := sample(t, "secureScore-entity")
	if err := s.AddSecureScores(want); err != nil {
		t.Fatal(err)
	}
	expected := object(t, want)
	expected["@odata.context"] = s.root + "/$metadata#security/secureScores/$entity"
	for _, path := range []string{"/security/secureScores/", "/SECURITY/SecureScores/"} {
		r := s.must(200, "GET", path+expected["id"].(string), "")
		if got := object(t, r.body); !reflect.DeepEqual(got, expected) {
			t.Errorf("got %v\nwant %v", got, expected)
		}
	}
	if p := s.must(404, "GET", "/security/secureScores/nope", "").problem(t); p.Code != "ResourceNotFound" || !strings.Contains(p.Message, "'nope'") {
		t.Errorf("problem %+v", p)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	s := seeded(t, 3)
	tests := []struct {
		accept string
		status int
	}{
		{"", 200},
		{"text/plain", 200},
		{"text/*;q=0.5", 200},
		{"*/*", 200},
		{"application/json, text/plain", 200},
		{"TEXT/PLAIN; charset=utf-8", 200},
		{"application/json", 415},
		{"text/plain;q=0, application/json", 415},
		{"text/html", 415},
		{"nonsense/", 415},
	}
	for _, tt := range tests {
		t.Run(tt.accept, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			r := s.must(tt.status, "GET", "/security/secureScores/$Count", "", "Accept", tt.accept)
			if tt.status == 415 {
				if p := r.problem(t); p.Code != "UnsupportedMediaType" {
					t.Errorf("problem %+v", p)
				}
				return
			}
			if string(r.body) != "3" || r.Header.Get("Content-Type") != "text/plain" {
				t.Errorf("count %q as %q", r.body, r.Header.Get("Content-Type"))
			}
		})
	}
}

func TestControlProfiles(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithPageSize(4))
	if err := s.AddControlProfiles(sample(t, "controlProfiles-page1"), sample(t, "controlProfiles-last-page")); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"11770.MDA_Google_EnableTwoFactorAuth", "MFARegistrationV2", "scid_2016", "aad_admin_consent_workflow"}, {"dlp_datalossprevention"}}
	if got := walk(t, s, "/security/secureScoreControlProfiles"); !reflect.DeepEqual(got, want) {
		t.Errorf("pages %v, want %v", got, want)
	}
	last := s.must(200, "GET", "/security/securescorecontrolprofiles?$skip=4", "")
	sampled := strings.ReplaceAll(string(sample(t, "controlProfiles-last-page")), "https://graph.microsoft.com/v1.0", s.root)
	if got := object(t, last.body); !reflect.DeepEqual(got, object(t, []byte(sampled))) {
		t.Errorf("last page %s", last.body)
	}
	if got := object(t, s.must(200, "GET", "/security/secureScoreControlProfiles/scid_2016", "").body); got["id"] != "scid_2016" {
		t.Errorf("profile %v", got)
	}
	if got := string(s.must(200, "GET", "/security/secureScoreControlProfiles/$count", "").body); got != "5" {
		t.Errorf("count %s", got)
	}
}

func TestSeeding(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	for _, name := range []string{"secureScores-page1", "secureScores-last-page", "create-response-seed-shape"} {
		if err := g.AddSecureScores(sample(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	tests := []struct{ name, data, says string }{
		{"not JSON", "x", "secureScores, argument 2"},
		{"empty", "", "the body is empty"},
		{"wrong type", `[{"id":"b"},{"currentScore":"Double"}]`, "entity 2: Cannot convert the value of property 'currentScore'"},
		{"element", `{"value":[1]}`, "entity 1: an object is wanted"},
		{"twice", `[{"id":"b"},{"id":"b"}]`, `"b" occurs twice`},
		{"twice over arguments", `{"id":"ok"}`, `"ok" occurs twice`},
		{"array ends early", `[{"id":"b"}`, "argument 2: the JSON ends too early"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			err := s.AddSecureScores([]byte(`{"id":"ok"}`), []byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
			if got := string(s.must(200, "GET", "/security/secureScores/$count", "").body); got != "0" {
				t.Errorf("%s scores were added", got)
			}
		})
	}
	t.Run("exists", func(t *testing.T) {
		g := clienttest.NewGraph()
		if err := g.AddControlProfiles([]byte(`{"id":"p"}`)); err != nil {
			t.Fatal(err)
		}
		if err := g.AddControlProfiles([]byte(`{"id":"p"}`)); err == nil || !strings.Contains(err.Error(), "already exists") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("id assigned, the rest left", func(t *testing.T) {
		s := serve(t)
		if err := s.AddSecureScores([]byte(`{"createdDateTime":null,"vendorInformation":{"x":1}}`)); err != nil {
			t.Fatal(err)
		}
		r := s.must(200, "GET", "/security/secureScores", "")
		if ids, _ := r.ids(t); len(ids) != 1 || len(ids[0]) != 36 || !bytes.Contains(r.body, []byte(`"createdDateTime":null,"vendorInformation":{"x":1}}`)) {
			t.Errorf("list %s", r.body)
		}
	})
}
