package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenanttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

func TestShow(t *testing.T) {
	t.Parallel()
	env := tenanttest.Shared(t)
	for name, columns := range map[string]string{"60": "60", "80": "80", "160": "160", "piped": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := maps.Clone(env)
			env["COLUMNS"] = columns
			r := tenanttest.Run(t, run, env, "-top", "3")
			if r.Code != 0 || r.Stderr != "" {
				t.Fatalf("exit code %d: %s", r.Code, r.Stderr)
			}
			width := map[string]int{"60": 60, "80": 80, "160": 100, "piped": 80}[name]
			for line := range strings.Lines(r.Stdout) {
				if text.Width(strings.TrimSuffix(line, "\n")) > width || strings.Contains(line, "\x1b") {
					t.Errorf("a line is too wide, or has colours: %q", line)
				}
			}
			tenanttest.Golden(t, name+".txt", r.Stdout)
		})
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	g, env := tenanttest.Own(t)
	if r := tenanttest.Run(t, run, env); r.Code != 0 || strings.Count(r.Stdout, " points · ") != 5 {
		t.Fatalf("exit code %d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	if n := len(g.Requests()); n != 5 {
		t.Errorf("%d requests, want those for a token, the newest score, and three pages of profiles", n)
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	env := tenanttest.Shared(t)
	env["COLUMNS"] = "90"
	r := tenanttest.Run(t, run, env, "scid_2093", "exo_smtpauth_disabled", "userriskpolicy", "OneAdmin", "dlp_datalossprevention")
	if r.Code != 0 {
		t.Fatal(r.Stderr)
	}
	tenanttest.Golden(t, "named.txt", r.Stdout)
	tenanttest.Run(t, run, env, "OneAdmin", "nope", "no\x1bne").OneLine(t, "triage", 1, `no control "nope", "no\x1bne"`)
}

func TestJSON(t *testing.T) {
	t.Parallel()
	r := tenanttest.Run(t, run, tenanttest.Shared(t), "-json", "-top", "1000", "exo_smtpauth_disabled", "UserRiskPolicy")
	var got []map[string]any
	if err := json.Unmarshal([]byte(r.Stdout), &got); err != nil || r.Code != 0 || len(got) != 2 {
		t.Fatalf("exit code %d, %v: %s%s", r.Code, err, r.Stdout, r.Stderr)
	}
	bare, full := got[0], got[1]
	if bare["id"] != "exo_smtpauth_disabled" || bare["score"] != 6. || bare["state"] != "Default" {
		t.Errorf("got %v", bare)
	}
	for _, name := range []string{"gap", "maxScore", "service", "remediation"} {
		if v, ok := bare[name]; ok {
			t.Errorf("%s is %v, and cannot be known", name, v)
		}
	}
	steps, _ := full["remediation"].([]any)
	if full["gap"] != 7. || full["maxScore"] != 7. || full["state"] != "Reviewed" || full["title"] != "Protect all users with a user risk policy" ||
		len(steps) != 5 || steps[3] != "4. Under Conditions > User risk select High." {
		t.Errorf("got %v", full)
	}
	if r := tenanttest.Run(t, run, tenanttest.Shared(t), "-json", "-top", "1000"); strings.Count(r.Stdout, `"gap":`) != 114 || strings.Contains(r.Stdout, `"state": "Ignored"`) {
		t.Errorf("%d gaps", strings.Count(r.Stdout, `"gap":`))
	}
}

// TestHostileTexts holds that no text of the service steers the terminal.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	bad := `"\u001b[31ma\u0007\u202e"`
	err := g.AddSecureScores([]byte(`{"id":"s","createdDateTime":"2026-07-17T00:00:00Z","controlScores":[{"controlName":"x","score":0,"controlCategory":` + bad + `,"implementationStatus":` + bad + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	err = g.AddControlProfiles([]byte(`{"id":"x","azureTenantId":"t","maxScore":5,"title":` + bad + `,"service":` + bad + `,"tier":` + bad + `,"userImpact":` + bad + `,"implementationCost":` + bad +
		`,"remediation":` + bad + `,"remediationImpact":` + bad + `,"controlStateUpdates":[{"state":` + bad + `,"comment":` + bad + `,"assignedTo":` + bad + `,"updatedBy":` + bad + `}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := tenanttest.Run(t, run, tenanttest.Serve(t, g))
	if n := strings.Count(r.Stdout, "\uFFFD[31ma\uFFFD\uFFFD"); r.Code != 0 || n != 13 {
		t.Errorf("exit code %d, %d texts of 13", r.Code, n)
	}
	if strings.ContainsAny(r.Stdout, "\x1b\a\u202e") {
		t.Errorf("got %q", r.Stdout)
	}
}

// TestNotApplicable holds that a control that does not apply to the tenant is no work, and shows as what it is where it is named.
func TestNotApplicable(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	if err := g.AddSecureScores([]byte(`{"id":"s","controlScores":[{"controlName":"a","score":0,"IsApplicable":"false"},{"controlName":"b","score":0,"IsApplicable":"true"}]}`)); err != nil {
		t.Fatal(err)
	}
	if err := g.AddControlProfiles([]byte(`[{"id":"a","azureTenantId":"t","maxScore":9},{"id":"b","azureTenantId":"t","maxScore":5}]`)); err != nil {
		t.Fatal(err)
	}
	env := tenanttest.Serve(t, g)
	if r := tenanttest.Run(t, run, env); r.Code != 0 || !strings.Contains(r.Stdout, "\n1 control can still earn 5.00 points.\n\n 1.  +5.00  b\n") || strings.Contains(r.Stdout, "a · ") {
		t.Errorf("exit code %d, %q", r.Code, r.Stdout)
	}
	if r := tenanttest.Run(t, run, env, "a"); r.Code != 0 || !strings.Contains(r.Stdout, " 1.      -  a\n") || !strings.Contains(r.Stdout, "not applicable") {
		t.Errorf("exit code %d, %q", r.Code, r.Stdout)
	}
}

// TestWarnings holds that what is shown of a partial answer does not pass for the whole.
func TestWarnings(t *testing.T) {
	t.Parallel()
	g, env := tenanttest.Own(t)
	g.FailNext(clienttest.Fault{Status: http.StatusPartialContent, Apply: true, Header: http.Header{"Warning": {`199 - "Microsoft/AAD/503/1000"`}}})
	r := tenanttest.Run(t, run, env)
	if r.Code != 0 || r.Stdout == "" || r.Stderr != "The service warns that this may not be all: Microsoft/AAD/503/1000\n" {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

func TestNothingToDo(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	env := tenanttest.Serve(t, g)
	tenanttest.Run(t, run, env).OneLine(t, "triage", 1, "no score")
	if err := g.AddSecureScores([]byte(`{"id":"s","controlScores":[{"controlName":"a","score":1},{"controlName":"b"},{"controlName":"c"},{"controlName":"d"},{"controlName":"e"}]}`)); err != nil {
		t.Fatal(err)
	}
	if r := tenanttest.Run(t, run, env); r.Code != 0 || r.Stdout != "-: - of - points.\nNo control is known to have points left. Not known, with no profile or no score:\na, b, c, 2 more.\n" {
		t.Errorf("exit code %d: %q", r.Code, r.Stdout)
	}
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	env := tenanttest.Serve(t, g)
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"a bad flag":           {[]string{"-x"}, 2, "-x"},
		"no top":               {[]string{"-top", "0"}, 2, "-top is 0"},
		"a comment alone":      {[]string{"-comment", "x", "id"}, 2, "go with -set"},
		"a dry run of nothing": {[]string{"-dry-run"}, 2, "go with -set"},
		"no ids":               {[]string{"-set", "Ignored"}, 2, "ids"},
		"no state":             {[]string{"-set", "", "id"}, 2, "Default"},
		"both forms":           {[]string{"-set", "Ignored", "-json", "id"}, 2, "do not go with -set"},
		"no control":           {[]string{"-set", "Ignored", ""}, 1, "the id is empty"},
		"another operation":    {[]string{"-set", "Ignored", "$count"}, 1, "$count"},
		"refused by Microsoft": {[]string{"-set", "Ignored", "scid_1"}, 1, "scid_"},
		"one of two":           {[]string{"-set", "Ignored", "scid_1", "a"}, 1, "scid_"},
		"twice":                {[]string{"-set", "Ignored", "a", "a"}, 1, "again"},
		"a dry run of scid":    {[]string{"-set", "Ignored", "scid_1", "-dry-run"}, 1, "scid_"},
		"a dry run of two":     {[]string{"-set", "Ignored", "-dry-run", "a", "a", ""}, 1, "again"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := tenanttest.Run(t, run, env, tt.args...)
			r.OneLine(t, "triage", tt.code, tt.want)
			if r.Stdout != "" {
				t.Errorf("standard output: %s", r.Stdout)
			}
			if n := len(g.Requests()); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func TestInMemory(t *testing.T) {
	t.Parallel()
	r := tenanttest.Run(t, run, nil, "-top", "1")
	if r.Code != 0 || !strings.Contains(r.Stdout, "BlockLegacyAuthentication") || strings.Count(r.Stderr, "\n") != 1 {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	if r := tenanttest.Run(t, run, nil, "id", "-h"); r.Code != 0 || r.Stderr != "" || !strings.Contains(r.Stdout, "-dry-run") || !strings.Contains(r.Stdout, "AZURE_TENANT_ID") {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}
