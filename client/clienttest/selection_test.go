package clienttest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const doc = `{"@odata.etag":"W/\"1\"","id":"x","currentScore":1.0,"currentScore@note":"n","vendorInformation":{"provider":"p","vendor":null},"extra":true,"maxScore":null}`
	if err := s.AddSecureScores([]byte(doc)); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ selection, context, want string }{
		{"id", "(id)", `"id":"x"`},
		{"maxScore,id", "(maxScore,id)", `"id":"x","maxScore":null`},
		{"currentScore, id", "(currentScore,id)", `"id":"x","currentScore":1.0,"currentScore@note":"n"`},
		{"vendorInformation", "(vendorInformation)", `"vendorInformation":{"provider":"p","vendor":null}`},
		{"vendorInformation/vendor", "(vendorInformation/vendor)", `"vendorInformation":{"vendor":null}`},
		{"vendorInformation/vendor,vendorInformation/provider", "(vendorInformation/vendor,vendorInformation/provider)", `"vendorInformation":{"provider":"p","vendor":null}`},
		{"vendorInformation/vendor,vendorInformation", "(vendorInformation/vendor,vendorInformation)", `"vendorInformation":{"provider":"p","vendor":null}`},
		{"vendorInformation,vendorInformation/vendor", "(vendorInformation,vendorInformation/vendor)", `"vendorInformation":{"provider":"p","vendor":null}`},
		{"controlScores", "(controlScores)", ``}, // declared, and absent
		{"id,*", "", strings.TrimSuffix(strings.SplitN(doc, ",", 2)[1], "}")},
	}
	for _, tt := range tests {
		t.Run(tt.selection, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			item := `"@odata.etag":"W/\"1\"",` + tt.want
			item = strings.TrimSuffix(item, ",")
			context := s.root + "/$metadata#security/secureScores" + tt.context
			query := "?$select=" + url.PathEscape(tt.selection)
			if got, want := string(s.must(200, "GET", scores+query, "").body), fmt.Sprintf(`{"@odata.context":%q,"value":[{%s}]}`, context, item); got != want {
				t.Errorf("list %s\nwant %s", got, want)
			}
			if got, want := string(s.must(200, "GET", scores+"/x"+query, "").body), fmt.Sprintf(`{"@odata.context":%q,%s}`, context+"/$entity", item); got != want {
				t.Errorf("entity %s\nwant %s", got, want)
			}
		})
	}
}

func TestSelectRefusals(t *testing.T) {
	t.Parallel()
	s := seeded(t, 1)
	for selection, says := range map[string]string{
		"":                          "named ''",
		"id,":                       "named ''",
		"extra":                     "named 'extra' on type 'microsoft.graph.secureScore'",
		"ID":                        "named 'ID'",
		"vendorInformation/nothing": "named 'nothing' on type 'microsoft.graph.securityVendorInformation'",
		"controlScores/score":       "cannot be selected from with 'controlScores/score'",
		"id/x":                      "cannot be selected from",
	} {
		for _, path := range []string{scores, scores + "/s1"} {
			p := s.must(400, "GET", path+"?$select="+url.PathEscape(selection), "").problem(t)
			if p.Target != "$select" || !strings.Contains(p.Message, says) {
				t.Errorf("%q: problem %+v, want %q", selection, p, says)
			}
		}
	}
}
