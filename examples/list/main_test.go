package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenanttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

func TestTable(t *testing.T) {
	t.Parallel()
	env := tenanttest.Shared(t)
	for name, columns := range map[string]string{"40": "40", "60": "60", "80": "80", "160": "160", "piped": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := maps.Clone(env)
			env["COLUMNS"] = columns
			r := tenanttest.Run(t, run, env, "-days", "12")
			if r.Code != 0 || r.Stderr != "" {
				t.Fatalf("exit code %d: %s", r.Code, r.Stderr)
			}
			width := map[string]int{"40": 40, "60": 60, "80": 80, "160": 160, "piped": 80}[name]
			for line := range strings.Lines(r.Stdout) {
				if text.Width(strings.TrimSuffix(line, "\n")) > width || strings.Contains(line, "\x1b") {
					t.Errorf("a line is too wide, or has colours: %q", line)
				}
			}
			tenanttest.Golden(t, name+".txt", r.Stdout)
		})
	}
}

// TestRequests holds that the table asks for one score more than it shows, and not for the controls.
func TestRequests(t *testing.T) {
	t.Parallel()
	g, env := tenanttest.Own(t)
	r := tenanttest.Run(t, run, env)
	requests := g.Requests()
	if r.Code != 0 || len(requests) != 2 {
		t.Fatalf("exit code %d, %d requests, want those for a token and a page: %s", r.Code, len(requests), r.Stderr)
	}
	q := requests[1].Query
	if q.Get("$top") != "31" || strings.Contains(q.Get("$select"), "controlScores") || !strings.Contains(q.Get("$select"), "currentScore") {
		t.Errorf("query %v", q)
	}
	if n := strings.Count(r.Stdout, "\n2026-"); n != 30 {
		t.Errorf("%d days", n)
	}
}

func TestAllDays(t *testing.T) {
	t.Parallel()
	r := tenanttest.Run(t, run, tenanttest.Shared(t), "-days", "500")
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")
	last := lines[len(lines)-1]
	if n := strings.Count(r.Stdout, "\n2026-"); r.Code != 0 || n != 90 || !strings.HasPrefix(last, "2026-04-19") || strings.Fields(last)[4] != "-" {
		t.Errorf("exit code %d, %d days, the last %q", r.Code, n, last)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	g, env := tenanttest.Own(t)
	r := tenanttest.Run(t, run, env, "-json", "-days", "40")
	if n := len(g.Requests()); r.Code != 0 || n != 3 {
		t.Fatalf("exit code %d, %d requests, want those for a token and two pages: %s", r.Code, n, r.Stderr)
	}
	var scores []client.SecureScore
	if err := json.Unmarshal([]byte(r.Stdout), &scores); err != nil {
		t.Fatal(err)
	}
	if len(scores) != 40 || strings.Count(r.Stdout, "\n") != 42 {
		t.Errorf("%d scores in %d lines", len(scores), strings.Count(r.Stdout, "\n"))
	}
	if c := scores[0].ControlScores[1]; *c.ControlName != "MFARegistrationV2" || !strings.Contains(r.Stdout, `"scoreInPercentage":87.94`) {
		t.Errorf("%s: undeclared members are missing", *c.ControlName)
	}
	if !strings.Contains(r.Stdout, "<strong>") {
		t.Error("HTML was escaped")
	}
}

// TestJSONThatFails holds that what came before a failure is there, and that it is no whole array.
func TestJSONThatFails(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	for i := range 40 {
		if err := g.AddSecureScores(fmt.Appendf(nil, `{"id":"%d"}`, i)); err != nil {
			t.Fatal(err)
		}
	}
	env := tenanttest.Serve(t, g)
	g.FailNext(clienttest.Fault{After: 1, Times: -1, Status: http.StatusForbidden})
	r := tenanttest.Run(t, run, env, "-json", "-days", "40")
	r.OneLine(t, "list", 1, "SecurityEvents.Read.All")
	var scores []client.SecureScore
	if err := json.Unmarshal([]byte(r.Stdout+"]"), &scores); err != nil || len(scores) != 30 {
		t.Errorf("%d scores before the end of the array, %v", len(scores), err)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	r := tenanttest.Run(t, run, tenanttest.Shared(t), "-csv", "-days", "90")
	if r.Code != 0 {
		t.Fatal(r.Stderr)
	}
	rows, err := csv.NewReader(strings.NewReader(r.Stdout)).ReadAll()
	if err != nil || len(rows) != 91 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, want := range map[int]string{
		0:  "date,score,max,percent,change,active,licensed,allTenantsPercent",
		1:  "2026-07-17,765.61,1086.00,70.50,0.00,409,431,47.3",
		3:  "2026-07-15,765.61,1086.00,70.50,-1.43,411,431,47.3",
		90: "2026-04-19,754.00,1084.00,69.56,,165,418,",
	} {
		if got := strings.Join(rows[i], ","); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
	}
}

// TestLittleData holds that what a score does not say shows as a dash, and that texts of the service steer nothing.
func TestLittleData(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	if err := g.AddSecureScores([]byte(`[{"createdDateTime":"2026-07-17T00:00:00Z","averageComparativeScores":[{"basis":"a\u001b[31m","averageScore":1}]},
		{"createdDateTime":null,"currentScore":1,"maxScore":0}]`)); err != nil {
		t.Fatal(err)
	}
	env := tenanttest.Serve(t, g)
	r := tenanttest.Run(t, run, env)
	want := "2026-07-17: - of - points. Average of a\uFFFD[31m 1.0%.\n\n" +
		"DATE        SCORE    OF  %  CHANGE  ACTIVE  LICENSED  ALL TENANTS\n" +
		"2026-07-17      -     -  -       -       -         -            -\n" +
		"-            1.00  0.00  -       -       -         -            -\n"
	if r.Code != 0 || r.Stdout != want {
		t.Errorf("exit code %d\n%s", r.Code, r.Stdout)
	}
	if r := tenanttest.Run(t, run, env, "-csv"); !strings.HasSuffix(r.Stdout, "\n2026-07-17,,,,,,,\n,1.00,0.00,,,,,\n") {
		t.Errorf("CSV %q", r.Stdout)
	}
}

// TestScale holds that the bars are scaled to the days that are shown, and not to the one more that is asked for.
func TestScale(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	if err := g.AddSecureScores([]byte(`[{"createdDateTime":"2026-07-17T00:00:00Z","currentScore":60,"maxScore":100},
		{"createdDateTime":"2026-07-16T00:00:00Z","currentScore":50,"maxScore":100},
		{"createdDateTime":"2026-07-15T00:00:00Z","currentScore":1,"maxScore":100}]`)); err != nil {
		t.Fatal(err)
	}
	env := with(tenanttest.Serve(t, g), "COLUMNS", "160")
	if r := tenanttest.Run(t, run, env, "-days", "2"); r.Code != 0 || !strings.Contains(r.Stdout, "  50.00 TO 60.00%\n") || strings.Count(r.Stdout, "█") != 21 {
		t.Errorf("exit code %d\n%s", r.Code, r.Stdout)
	}
}

// TestWarnings holds that what is shown of a partial answer does not pass for the whole.
func TestWarnings(t *testing.T) {
	t.Parallel()
	g, env := tenanttest.Own(t)
	for _, args := range [][]string{nil, {"-json"}, {"-csv"}} {
		g.FailNext(clienttest.Fault{Status: http.StatusPartialContent, Apply: true, Header: http.Header{"Warning": {`199 - "Microsoft/AAD/503/1000"`}}})
		r := tenanttest.Run(t, run, env, args...)
		if r.Code != 0 || r.Stdout == "" || r.Stderr != "The service warns that this may not be all: Microsoft/AAD/503/1000\n" {
			t.Errorf("%q: exit code %d, %q", args, r.Code, r.Stderr)
		}
	}
}

func TestEmptyTenant(t *testing.T) {
	t.Parallel()
	env := tenanttest.Serve(t, clienttest.NewGraph())
	tenanttest.Run(t, run, env).OneLine(t, "list", 1, "no score")
	tenanttest.Run(t, run, env, "-csv").OneLine(t, "list", 1, "no score")
	if r := tenanttest.Run(t, run, env, "-json"); r.Code != 0 || r.Stdout != "[\n]\n" {
		t.Errorf("exit code %d, %q", r.Code, r.Stdout)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	env := tenanttest.Serve(t, clienttest.NewGraph())
	tests := map[string]struct {
		args []string
		env  map[string]string
		code int
		want string
	}{
		"an argument":    {[]string{"x"}, env, 2, `"x" is no flag`},
		"a bad flag":     {[]string{"-x"}, env, 2, "-x"},
		"no days":        {[]string{"-days", "0"}, env, 2, "-days is 0"},
		"many days":      {[]string{"-days", "10001"}, env, 2, "-days is 10001"},
		"days in words":  {[]string{"-days", "all"}, env, 2, "-days"},
		"two formats":    {[]string{"-json", "-csv"}, env, 2, "exclude"},
		"half a tenant":  {nil, map[string]string{"AZURE_TENANT_ID": "t"}, 1, "AZURE_CLIENT_ID"},
		"a wrong secret": {nil, with(env, "AZURE_CLIENT_SECRET", "x"), 1, "AADSTS7000215"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := tenanttest.Run(t, run, tt.env, tt.args...)
			r.OneLine(t, "list", tt.code, tt.want)
			if r.Stdout != "" {
				t.Errorf("standard output: %s", r.Stdout)
			}
		})
	}
}

func with(env map[string]string, name, value string) map[string]string {
	env = maps.Clone(env)
	env[name] = value
	return env
}

func TestInMemory(t *testing.T) {
	t.Parallel()
	r := tenanttest.Run(t, run, nil, "-days", "3")
	if r.Code != 0 || strings.Count(r.Stdout, "\n") != 7 || strings.Count(r.Stderr, "\n") != 1 || !strings.Contains(r.Stderr, "Graph in memory") {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	if r := tenanttest.Run(t, run, nil, "-h"); r.Code != 0 || r.Stderr != "" || !strings.Contains(r.Stdout, "-days n") || !strings.Contains(r.Stdout, "AZURE_TENANT_ID") {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}
