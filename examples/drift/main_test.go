package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
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
			r := tenanttest.Run(t, run, env, "-days", "30")
			if r.Code != 3 || r.Stderr != "" {
				t.Fatalf("exit code %d: %s", r.Code, r.Stderr)
			}
			width := map[string]int{"60": 60, "80": 80, "160": 160, "piped": 1000}[name]
			for line := range strings.Lines(r.Stdout) {
				if text.Width(strings.TrimSuffix(line, "\n")) > width || strings.Contains(line, "\x1b") {
					t.Errorf("a line is too wide, or has colours: %q", line)
				}
			}
			tenanttest.Golden(t, name+".txt", r.Stdout)
		})
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	env := tenanttest.Shared(t)
	tests := map[string]struct {
		args []string
		code int
		want []string
	}{
		"a week":            {nil, 3, []string{"From 2026-07-10 to 2026-07-17", "Lost points (2)", "Regressed: 2 controls lost points.\n"}},
		"a day":             {[]string{"-days", "1"}, 0, []string{"From 2026-07-16 to 2026-07-17", "Nothing changed."}},
		"an improvement":    {[]string{"-from", "2026-07-11", "-to", "2026-07-12"}, 0, []string{"points    770.04  →   775.04  +5.00", "exo_dkim_enabled", "Decisions (1)"}},
		"one regression":    {[]string{"-from", "2026-07-14"}, 3, []string{"From 2026-07-14 to 2026-07-17", "AdminMFAV2", "Regressed: 1 control lost points.\n"}},
		"days back from":    {[]string{"-to", "2026-07-12", "-days", "2"}, 0, []string{"From 2026-07-10 to 2026-07-12", "New (1)"}},
		"beyond the newest": {[]string{"-to", "2027-01-01", "-from", "2026-07-16"}, 0, []string{"From 2026-07-16 to 2026-07-17"}},
		"the whole":         {[]string{"-days", "89"}, 3, []string{"From 2026-04-19 to 2026-07-17"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := tenanttest.Run(t, run, env, tt.args...)
			if r.Code != tt.code || r.Stderr != "" {
				t.Errorf("exit code %d, want %d: %s", r.Code, tt.code, r.Stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(r.Stdout, want) {
					t.Errorf("the output has no %q:\n%s", want, r.Stdout)
				}
			}
		})
	}
}

// TestRequests holds that only the two days are read in full.
func TestRequests(t *testing.T) {
	t.Parallel()
	g, env := tenanttest.Own(t)
	if r := tenanttest.Run(t, run, env); r.Code != 3 {
		t.Fatalf("exit code %d: %s", r.Code, r.Stderr)
	}
	var paths []string
	for _, r := range g.Requests() {
		if r.Kind == clienttest.KindGraph && r.Query.Get("$skiptoken") == "" {
			paths = append(paths, r.Path[strings.LastIndexByte(r.Path, '/')+1:]+r.Query.Get("$select"))
		}
	}
	id := clienttest.DefaultTenantID + "_2026-07-"
	if want := []string{"secureScoresid,createdDateTime", id + "10", id + "17", "secureScoreControlProfiles"}; !slices.Equal(paths, want) {
		t.Errorf("requests for %q", paths)
	}
}

// days is a Graph with a score for each day of July that is given, as the JSON of its controls.
func days(t *testing.T, controls map[int]string) map[string]string {
	t.Helper()
	g := clienttest.NewGraph()
	for day, c := range controls {
		s := fmt.Sprintf(`{"id":"s%d","createdDateTime":"2026-07-%02dT00:00:00Z","currentScore":%d,"maxScore":50,"controlScores":%s}`, day, day, 40-day, c)
		if err := g.AddSecureScores([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	return tenanttest.Serve(t, g)
}

// TestGaps holds that a day without a score stands for the one before it.
func TestGaps(t *testing.T) {
	t.Parallel()
	control := `[{"controlName":"a","score":1}]`
	env := days(t, map[int]string{3: control, 5: control, 9: control})
	tests := map[string]struct {
		args []string
		want string
	}{
		"the newest":     {nil, "no score of 2026-07-02 or before it: the oldest is of 2026-07-03"},
		"both before":    {[]string{"-from", "2026-07-06", "-to", "2026-07-08"}, "the last score of both days is that of 2026-07-05"},
		"a day between":  {[]string{"-from", "2026-07-08"}, "From 2026-07-05 to 2026-07-09"},
		"days between":   {[]string{"-days", "5"}, "From 2026-07-03 to 2026-07-09"},
		"before the all": {[]string{"-to", "2026-07-01"}, "no score of 2026-07-01 or before it"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := tenanttest.Run(t, run, env, tt.args...)
			if !strings.Contains(tt.want, "From") {
				r.OneLine(t, "drift", 1, tt.want)
			} else if !strings.HasPrefix(r.Stdout, tt.want+"\n") {
				t.Errorf("exit code %d, %q", r.Code, r.Stdout)
			}
		})
	}
}

// TestVerdicts holds the text to the exit code where no list of controls explains it.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		older, newer string
		code         int
		want         string
	}{
		"no controls":       {`[]`, `null`, 3, "they were not compared.\n\nRegressed: the score fell by more than its controls tell.\n"},
		"the same controls": {`[{"controlName":"a","score":1}]`, `[{"controlName":"a","score":1}]`, 3, "Regressed: the score fell by more than its controls tell.\n"},
		"one not known":     {`[{"controlName":"a","score":1}]`, `[{"controlName":"a","score":null}]`, 3, "Points known on one of the days only (1)\n  -  1.00 → -  a\n"},
		"steering":          {`[{"controlName":"a\u001b[31m","score":1}]`, `[{"controlName":"a\u001b[31m","controlCategory":"\u202e","score":0,"implementationStatus":"\u0007"}]`, 3, "  -1.00  1.00 → 0.00  a\uFFFD[31m  \uFFFD\n         \uFFFD\n"},
		"gone with points":  {`[{"controlName":"a","score":1},{"controlName":"b","score":1}]`, `[{"controlName":"b","score":1}]`, 3, "No longer scored (1)\n  1.00  a\n\nRegressed: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := tenanttest.Run(t, run, days(t, map[int]string{1: tt.older, 2: tt.newer}), "-days", "1")
			if r.Code != tt.code || !strings.Contains(r.Stdout, tt.want) {
				t.Errorf("exit code %d, %s\n%q", r.Code, r.Stdout, r.Stdout)
			}
		})
	}
}

// TestGone holds that a control that is gone explains a fall only where the maximum fell with it.
func TestGone(t *testing.T) {
	t.Parallel()
	for maximum, code := range map[int]int{190: 0, 200: 3, 205: 3} {
		g := clienttest.NewGraph()
		if err := g.AddSecureScores(fmt.Appendf(nil, `[
			{"id":"1","createdDateTime":"2026-07-01T00:00:00Z","currentScore":100,"maxScore":200,"controlScores":[{"controlName":"a","score":10},{"controlName":"b","score":1}]},
			{"id":"2","createdDateTime":"2026-07-02T00:00:00Z","currentScore":90,"maxScore":%d,"controlScores":[{"controlName":"b","score":1}]}]`, maximum)); err != nil {
			t.Fatal(err)
		}
		if r := tenanttest.Run(t, run, tenanttest.Serve(t, g), "-days", "1"); r.Code != code || !strings.Contains(r.Stdout, "No longer scored (1)\n  10.00  a\n") {
			t.Errorf("of %d points: exit code %d, want %d, %q%s", maximum, r.Code, code, r.Stdout, r.Stderr)
		}
	}
}

// partial makes an answer a 206, as when a provider behind the service fails.
func partial(path string) clienttest.Fault {
	return clienttest.Fault{Path: path, Status: http.StatusPartialContent, Apply: true, Header: http.Header{"Warning": {`199 - "Microsoft/AAD/503/1000"`}}}
}

// TestPartial holds that there is no all-clear where a score is partial, or the list that the days are looked for in; and that
// the scores are compared where it is the profiles that are partial, or where a warning comes with a whole answer.
func TestPartial(t *testing.T) {
	t.Parallel()
	g, env := tenanttest.Own(t)
	for path, want := range map[string]string{
		"/security/secureScores/" + clienttest.DefaultTenantID + "_2026-07-10": "drift: the score of 2026-07-10 is partial: not compared: ",
		"/security/secureScores/" + clienttest.DefaultTenantID + "_2026-07-17": "drift: the score of 2026-07-17 is partial: not compared: ",
		"/security/secureScores": "drift: list secureScores: ",
	} {
		g.FailNext(partial(path))
		r := tenanttest.Run(t, run, env)
		r.OneLine(t, "drift", 1, "Microsoft/AAD/503/1000")
		if r.Stdout != "" || !strings.HasPrefix(r.Stderr, want) {
			t.Errorf("%s: %q, %q", path, r.Stdout, r.Stderr)
		}
	}
	profiles := partial("/security/secureScoreControlProfiles")
	whole := partial("/security/secureScores/" + clienttest.DefaultTenantID + "_2026-07-17")
	whole.Status = 0 // the usual one
	for want, f := range map[string]clienttest.Fault{
		"drift: not all titles and decisions: ":        profiles,
		"The service warns that this may not be all: ": whole,
	} {
		g.FailNext(f)
		r := tenanttest.Run(t, run, env)
		if r.Code != 3 || !strings.HasPrefix(r.Stderr, want) || strings.Count(r.Stderr, "\n") != 1 || !strings.Contains(r.Stderr, "Microsoft/AAD/503/1000") || !strings.Contains(r.Stdout, "Regressed") {
			t.Errorf("exit code %d, %q, %q", r.Code, r.Stderr, r.Stdout)
		}
	}
}

// TestTimesOfDay holds that a day is one of UTC and lasts until midnight, whatever time the service writes.
func TestTimesOfDay(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	if err := g.AddSecureScores([]byte(`[
		{"id":"early","createdDateTime":"2026-07-03T13:00:00Z"},
		{"id":"before","createdDateTime":"2026-07-04T00:30:00+02:00"},
		{"id":"noon","createdDateTime":"2026-07-05T13:00:00Z"},
		{"id":"late","createdDateTime":"2026-07-07T01:00:00+02:00"},
		{"id":"after","createdDateTime":"2026-07-06T23:30:00-02:00"}]`)); err != nil {
		t.Fatal(err)
	}
	env := tenanttest.Serve(t, g)
	for to, want := range map[string][]string{"2026-07-05": {"before", "noon"}, "2026-07-06": {"before", "late"}, "2026-07-07": {"before", "after"}} {
		before := len(g.Requests())
		r := tenanttest.Run(t, run, env, "-from", "2026-07-03", "-to", to)
		if r.Code != 0 || !strings.HasPrefix(r.Stdout, "From 2026-07-03 to "+to+"\n") {
			t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
		}
		var read []string
		for _, request := range g.Requests()[before:] {
			if _, id, ok := strings.Cut(request.Path, "/secureScores/"); ok {
				read = append(read, id)
			}
		}
		if !slices.Equal(read, want) {
			t.Errorf("to %s: read %q, want %q", to, read, want)
		}
	}
}

// TestAlertWithoutProfiles holds that a regression is told where the profiles cannot be read.
func TestAlertWithoutProfiles(t *testing.T) {
	t.Parallel()
	g, env := tenanttest.Own(t)
	g.FailNext(clienttest.Fault{Path: "/security/secureScoreControlProfiles", Times: -1, Status: http.StatusForbidden})
	r := tenanttest.Run(t, run, env)
	if r.Code != 3 || !strings.HasPrefix(r.Stderr, "drift: not all titles and decisions: ") || !strings.Contains(r.Stdout, "-8.00   8.00 → 0.00  BlockLegacyAuthentication") {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stderr, r.Stdout)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	env := tenanttest.Serve(t, g)
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"an argument":     {[]string{"yesterday"}, 2, `"yesterday" is no flag`},
		"a bad flag":      {[]string{"-x"}, 2, "-x"},
		"no date":         {[]string{"-from", "13 July"}, 2, "such as 2026-07-10"},
		"no days":         {[]string{"-days", "0"}, 2, "-days is 0"},
		"two beginnings":  {[]string{"-days", "3", "-from", "2026-07-10"}, 2, "exclude"},
		"backwards":       {[]string{"-from", "2026-07-10", "-to", "2026-07-10"}, 2, "want a day before 2026-07-10"},
		"an empty tenant": {nil, 1, "no score"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := tenanttest.Run(t, run, env, tt.args...)
			r.OneLine(t, "drift", tt.code, tt.want)
			if r.Stdout != "" {
				t.Errorf("standard output: %s", r.Stdout)
			}
		})
	}
}

func TestInMemory(t *testing.T) {
	t.Parallel()
	r := tenanttest.Run(t, run, nil)
	if r.Code != 3 || !strings.Contains(r.Stdout, "Regressed") || strings.Count(r.Stderr, "\n") != 1 {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	if r := tenanttest.Run(t, run, nil, "-h"); r.Code != 0 || r.Stderr != "" || !strings.Contains(r.Stdout, "-from date") || !strings.Contains(r.Stdout, "AZURE_TENANT_ID") {
		t.Errorf("exit code %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}
