package clienttest_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

const mfa = profiles + "/MFARegistrationV2"

// profiled serves the sampled profiles, with a clock that stands still.
func profiled(t *testing.T, opts ...clienttest.Option) *service {
	t.Helper()
	at := time.Date(2026, 7, 17, 22, 37, 14, 628799000, time.UTC)
	s := serve(t, append(opts, clienttest.WithClock(func() time.Time { return at }))...)
	if err := s.AddControlProfiles(sample(t, "controlProfiles-page1")); err != nil {
		t.Fatal(err)
	}
	return s
}

// change is a body of an update with these members.
func change(members ...string) string {
	return "{" + strings.Join(append(members, `"vendorInformation":{"provider":"SecureScore","vendor":"Microsoft"}`), ",") + "}"
}

// decisions returns the controlStateUpdates of a profile.
func (s *service) decisions(path string) []map[string]any {
	s.t.Helper()
	var p struct{ ControlStateUpdates []map[string]any }
	if err := json.Unmarshal(s.must(200, "GET", path, "").body, &p); err != nil {
		s.t.Fatal(err)
	}
	return p.ControlStateUpdates
}

func TestChangeStateAsSampled(t *testing.T) {
	t.Parallel()
	s := profiled(t)
	before := object(t, s.must(200, "GET", mfa, "").body)
	r := s.must(200, "PATCH", mfa, string(sample(t, "controlProfile-patch-request")), "Prefer", "return=representation")
	if got := r.Header.Get("Preference-Applied"); got != "return=representation" {
		t.Errorf("Preference-Applied %q", got)
	}
	got, want := object(t, r.body), object(t, sample(t, "controlProfile-patch-200-return-representation"))
	updates := got["controlStateUpdates"].([]any)
	if old := before["controlStateUpdates"].([]any); len(updates) != 2 || !reflect.DeepEqual(updates[:1], old) {
		t.Fatalf("updates %v, want %v and one more", updates, old)
	}
	decision := want["controlStateUpdates"].([]any)[0].(map[string]any)
	decision["updatedBy"], decision["updatedDateTime"] = s.ClientID(), "2026-07-17T22:37:14.6287990Z"
	want["controlStateUpdates"] = []any{updates[0], decision}
	want["@odata.context"] = s.root + "/$metadata#security/secureScoreControlProfiles/$entity"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("changed %v\nwant %v", got, want)
	}
	if again := object(t, s.must(200, "GET", mfa, "").body); !reflect.DeepEqual(again, got) {
		t.Errorf("read back %v\nwant %v", again, got)
	}
}

func TestChangeStateSetsLeavesAndClears(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, body string
		want             string // state, comment, assignedTo
	}{
		{"state alone", mfa, change(`"state":"Ignored"`), `"Ignored" "handled by other product" ""`},
		{"comment alone", mfa, change(`"comment":"until Q3"`), `"ThirdParty" "until Q3" ""`},
		{"assigned alone", mfa, change(`"assignedTo":"ann"`), `"ThirdParty" "handled by other product" "ann"`},
		{"cleared with null", mfa, change(`"comment":null`), `"ThirdParty" null ""`},
		{"cleared with nothing", mfa, change(`"comment":""`), `"ThirdParty" "" ""`},
		{"a state of the future", mfa, change(`"state":"Snoozed"`), `"Snoozed" "handled by other product" ""`},
		{"nothing to take over", profiles + "/bare", change(`"comment":"x"`), `"Default" "x" null`},
		{"no updates at all", profiles + "/null", change(`"assignedTo":"ann"`), `"Default" null "ann"`},
		{"the newest, not the last", profiles + "/mixed", change(`"assignedTo":"ann"`), `"Reviewed" "newest" "ann"`},
		{"the last of those with no time", profiles + "/timeless", change(`"assignedTo":"ann"`), `"Ignored" null "ann"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := profiled(t)
			err := s.AddControlProfiles([]byte(`[{"id":"bare","title":"x"},{"id":"null","controlStateUpdates":null},
				{"id":"mixed","controlStateUpdates":[{"state":"Ignored","updatedDateTime":"2025-01-01T00:00:00Z"},
					{"state":"Reviewed","comment":"newest","updatedDateTime":"2026-01-01T00:00:00Z"},null,{"state":"Default","updatedDateTime":null}]},
				{"id":"timeless","controlStateUpdates":[{"state":"Reviewed"},{"state":"Ignored"},null]}]`))
			if err != nil {
				t.Fatal(err)
			}
			if r := s.must(204, "PATCH", tt.path, tt.body); len(r.body) != 0 || r.Header.Get("Preference-Applied") != "" || r.Header.Get("Content-Type") != "" {
				t.Errorf("answer %q, %v", r.body, r.Header)
			}
			updates := s.decisions(tt.path)
			last := updates[len(updates)-1]
			var got []string
			for _, name := range []string{"state", "comment", "assignedTo"} {
				b, err := json.Marshal(last[name])
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(b))
			}
			if strings.Join(got, " ") != tt.want || len(last) != 5 {
				t.Errorf("decision %v, want %s", last, tt.want)
			}
		})
	}
}

func TestChangeStateRefusals(t *testing.T) {
	t.Parallel()
	s := profiled(t)
	before := s.must(200, "GET", profiles, "").body
	tests := []struct{ name, body, target, says string }{
		{"no vendor information", `{"state":"Ignored"}`, "vendorInformation", "missing or null"},
		{"null vendor information", `{"state":"Ignored","vendorInformation":null}`, "vendorInformation", "missing or null"},
		{"no provider", `{"state":"Ignored","vendorInformation":{"vendor":"Microsoft"}}`, "vendorInformation.provider", "missing or null"},
		{"null vendor", `{"state":"Ignored","vendorInformation":{"provider":"SecureScore","vendor":null}}`, "vendorInformation.vendor", "missing or null"},
		{"empty vendor", `{"state":"Ignored","vendorInformation":{"provider":"SecureScore","vendor":""}}`, "vendorInformation.vendor", "is empty"},
		{"undeclared in it", `{"state":"Ignored","vendorInformation":{"provider":"p","vendor":"v","x":1}}`, "vendorInformation.x", "does not exist"},
		{"state null", change(`"state":null`), "state", "found null"},
		{"state empty", change(`"state":""`), "state", "must not be empty"},
		{"state number", change(`"state":1`), "state", "Edm.String"},
		{"comment object", change(`"comment":{}`), "comment", "Edm.String"},
		{"a member of the entity", change(`"title":"x"`), "title", "cannot be updated"},
		{"an unknown member", change(`"State":"Ignored"`), "State", "cannot be updated"},
		{"another type", change(`"@odata.type":"#microsoft.graph.secureScore"`, `"state":"Ignored"`), "@odata.type", "secureScoreControlProfile"},
		{"nothing", change(), "", "changes nothing"},
		{"nothing but a type", change(`"@odata.type":"#microsoft.graph.secureScoreControlProfile"`), "", "changes nothing"},
		{"empty", "", "", "is empty"},
		{"array", "[]", "", "an object is wanted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := s.on(t)
			p := s.must(400, "PATCH", mfa, tt.body, "Content-Type", "application/json").problem(t)
			if p.Code != "BadRequest" || p.Target != tt.target || !strings.Contains(p.Message, tt.says) {
				t.Errorf("problem %+v\nwant target %q and %q", p, tt.target, tt.says)
			}
		})
	}
	s.must(404, "PATCH", profiles+"/none", change(`"state":"Ignored"`))
	s.must(404, "PATCH", profiles+"/scid_none", change(`"state":"Ignored"`))
	s.must(415, "PATCH", mfa, change(`"state":"Ignored"`), "Content-Type", "text/plain")
	s.must(400, "PATCH", mfa+"?$select=id", change(`"state":"Ignored"`))
	if after := s.must(200, "GET", profiles, "").body; string(after) != string(before) {
		t.Errorf("a refused change was made: %s", after)
	}
	s.must(204, "PATCH", mfa, change(`"@odata.type":"#microsoft.graph.secureScoreControlProfile"`, `"state":"Ignored"`))
}

func TestChangeStateOfAnotherProvidersControl(t *testing.T) {
	t.Parallel()
	s := profiled(t)
	if err := s.AddControlProfiles([]byte(`{"id":"SCID_1"}`)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"scid_2016", "SCID_1"} {
		r := s.must(400, "PATCH", profiles+"/"+id, change(`"state":"Ignored"`))
		if p := r.problem(t); p.Code != "" || p.Message != "" || p.InnerError["request-id"] == "" || !strings.Contains(string(r.body), `"code":""`) {
			t.Errorf("body %s", r.body)
		}
	}
	if got := fmt.Sprint(s.decisions(profiles + "/scid_2016")); !strings.Contains(got, "accepted") || strings.Count(got, "map") != 1 {
		t.Errorf("decisions %s", got)
	}
}
