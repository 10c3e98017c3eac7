package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenanttest"
)

// noTenant is an environment without credentials.
func noTenant(string) string { return "" }

func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), nil, noTenant, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	for _, want := range []string{"Created secureScore ", "61.40 of 84.00 points (73.1%)", "average of IndustryTypes  no data", "AdminMFAV2"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the output has no %q:\n%s", want, &stdout)
		}
	}
	if lines := strings.Count(stderr.String(), "\n"); lines != 1 || !strings.Contains(stderr.String(), "Graph in memory") {
		t.Errorf("standard error: %q", &stderr)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	const sample = "../../gen/testdata/create-request-seed-shape.json"
	text, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args  []string
		stdin string
	}{
		"a file":         {[]string{"-json", sample}, ""},
		"standard input": {[]string{"-json", "-"}, string(text)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), tt.args, noTenant, strings.NewReader(tt.stdin), &stdout, &stderr); code != 0 {
				t.Fatalf("exit code %d: %s", code, &stderr)
			}
			var sent, got map[string]any
			if err := json.Unmarshal(text, &sent); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			for _, assigned := range []string{"id", "createdDateTime"} {
				if s, _ := got[assigned].(string); s == "" {
					t.Errorf("%s was not assigned", assigned)
				}
				delete(got, assigned)
			}
			delete(got, "@odata.context")
			a, _ := json.Marshal(sent)
			b, _ := json.Marshal(got)
			if !bytes.Equal(a, b) {
				t.Errorf("got  %s\nwant %s", b, a)
			}
		})
	}
}

func TestTenantOfTheEnvironment(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	env := tenanttest.Serve(t, g)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), nil, environment(env), nil, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	if stderr.Len() > 0 {
		t.Errorf("standard error: %s", &stderr)
	}
	if n := len(g.Requests()); n != 2 {
		t.Errorf("the Graph received %d requests, want a token request and a POST", n)
	}
}

// TestBadInput holds that each mistake is told in one line that names it, and that nothing is sent.
func TestBadInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	large, err := os.Create(filepath.Join(dir, "large.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(100 << 20); err != nil {
		t.Fatal(err)
	}
	large.Close()
	tests := map[string]struct {
		args []string
		env  map[string]string
		code int
		want string
	}{
		"malformed":             {[]string{write("malformed.json", `{"id":`)}, nil, 1, "malformed.json: not JSON"},
		"placeholders":          {[]string{"../../client/testdata/placeholders.json"}, nil, 1, "averageComparativeScores[0].averageScore: found \"Double\""},
		"missing members":       {[]string{write("missing.json", `{"currentScore":1}`)}, nil, 1, "maxScore: found nothing"},
		"no such file":          {[]string{filepath.Join(dir, "nowhere.json")}, nil, 1, "nowhere.json"},
		"an empty name":         {[]string{""}, nil, 1, "no such file"},
		"an empty file":         {[]string{write("empty.json", "")}, nil, 1, "empty.json: empty"},
		"a large file":          {[]string{large.Name()}, nil, 1, "large.json: more than 4 MiB"},
		"a directory":           {[]string{dir}, nil, 1, "is a directory"},
		"two files":             {[]string{"a", "b"}, nil, 2, "2 files"},
		"a bad flag":            {[]string{"-x"}, nil, 2, "-x"},
		"half an environment":   {nil, map[string]string{"AZURE_CLIENT_SECRET": ""}, 1, "AZURE_CLIENT_SECRET"},
		"an empty tenant":       {nil, map[string]string{"AZURE_TENANT_ID": ""}, 1, "AZURE_TENANT_ID"},
		"a tenant with a slash": {nil, map[string]string{"AZURE_TENANT_ID": "a/b"}, 1, "tenant"},
		"an unknown cloud":      {nil, map[string]string{"AZURE_CLOUD": "china", "AZURE_AUTHORITY_HOST": "", "GRAPH_ROOT": ""}, 1, `AZURE_CLOUD is "china"`},
		"half a cloud":          {nil, map[string]string{"GRAPH_ROOT": ""}, 1, "needs GRAPH_ROOT as well"},
		"a root with a query":   {nil, map[string]string{"GRAPH_ROOT": "https://graph.example/v1.0?a=b"}, 1, "query"},
		"a root with no scheme": {nil, map[string]string{"GRAPH_ROOT": "graph.example/v1.0"}, 1, "scheme"},
		"plain http elsewhere":  {nil, map[string]string{"GRAPH_ROOT": "http://graph.example/v1.0"}, 1, "https"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := clienttest.NewGraph()
			env := tenanttest.Serve(t, g)
			for name, value := range tt.env {
				env[name] = value
			}
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), tt.args, environment(env), nil, &stdout, &stderr); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			message := stderr.String()
			if !strings.Contains(message, tt.want) || !strings.HasPrefix(message, "create: ") || strings.Count(message, "\n") != 1 {
				t.Errorf("got %q, want one line with %q", message, tt.want)
			}
			if stdout.Len() > 0 {
				t.Errorf("standard output: %s", &stdout)
			}
			if n := len(g.Requests()); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

// TestRefusedBeforeConnecting holds that a bad score is told of before anything is said of a Graph in memory.
func TestRefusedBeforeConnecting(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-"}, noTenant, strings.NewReader(`{}`), &stdout, &stderr); code != 1 || strings.Count(stderr.String(), "\n") != 1 {
		t.Errorf("exit code %d, %q", code, &stderr)
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	env := tenanttest.Serve(t, clienttest.NewGraph())
	var text map[string]any
	if err := json.Unmarshal(sample, &text); err != nil {
		t.Fatal(err)
	}
	text["id"] = "taken"
	score, _ := json.Marshal(text)
	for _, want := range []int{0, 1} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"-"}, environment(env), bytes.NewReader(score), &stdout, &stderr); code != want {
			t.Fatalf("exit code %d, want %d: %s", code, want, &stderr)
		}
		if want == 1 && !strings.Contains(stderr.String(), "409 Conflict") {
			t.Errorf("got %q", &stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-h"}, noTenant, nil, &stdout, &stderr); code != 0 || stderr.Len() > 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	for _, want := range []string{"create [-json] [file]", "AZURE_TENANT_ID", "AZURE_CLOUD"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the help has no %s", want)
		}
	}
}
