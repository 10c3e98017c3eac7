// Package tenanttest runs the example programs in tests: on the demonstration tenant of a fixed day, served as a real tenant
// would be.
package tenanttest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/cli"
	"github.com/seed-13c6ebcb/securescore/examples/internal/demo"
)

// Day is the day of the newest score, a Friday.
var Day = time.Date(2026, 7, 17, 0, 0, 0, 0, time.UTC)

// Noon is a clock that stands at noon of Day.
func Noon() time.Time { return Day.Add(12 * time.Hour) }

// shared is the tenant for tests that only read: to fill a Graph takes a while under the race detector.
var shared = sync.OnceValues(func() (*clienttest.Graph, error) {
	g := clienttest.NewGraph()
	return g, demo.Seed(Day)(g)
})

// Shared returns the environment of the demonstration tenant, for tests that only read it.
func Shared(t testing.TB) map[string]string {
	t.Helper()
	g, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return Serve(t, g)
}

// Own returns a demonstration tenant of the test's own, and its environment. Its clock is Noon.
func Own(t testing.TB) (*clienttest.Graph, map[string]string) {
	t.Helper()
	g := clienttest.NewGraph(clienttest.WithClock(Noon))
	if err := demo.Seed(Day)(g); err != nil {
		t.Fatal(err)
	}
	return g, Serve(t, g)
}

// Serve serves a Graph as long as the test runs, and returns the environment that names it.
func Serve(t testing.TB, g *clienttest.Graph) map[string]string {
	t.Helper()
	server, err := clienttest.Start(g)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return map[string]string{
		"AZURE_TENANT_ID":      server.App().TenantID,
		"AZURE_CLIENT_ID":      server.App().ClientID,
		"AZURE_CLIENT_SECRET":  server.Secret(),
		"AZURE_AUTHORITY_HOST": server.Cloud().LoginURL(),
		"GRAPH_ROOT":           server.Cloud().GraphRoot(),
	}
}

// Result is what a program left behind.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs a program. Neither the client secret nor a token may be in what it prints.
func Run(t testing.TB, program cli.Program, env map[string]string, args ...string) Result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := program(t.Context(), args, func(name string) string { return env[name] }, nil, &stdout, &stderr)
	for _, secret := range []string{clienttest.DefaultSecret, clienttest.TokenPrefix} {
		if strings.Contains(stdout.String()+stderr.String(), secret) {
			t.Errorf("the output has a secret in it")
		}
	}
	return Result{code, stdout.String(), stderr.String()}
}

// OneLine holds that the program failed with a code and told so in one line that begins with its name and has want in it.
func (r Result) OneLine(t testing.TB, program string, code int, want string) {
	t.Helper()
	if r.Code != code {
		t.Errorf("exit code %d, want %d", r.Code, code)
	}
	if !strings.HasPrefix(r.Stderr, program+": ") || strings.Count(r.Stderr, "\n") != 1 || !strings.Contains(r.Stderr, want) {
		t.Errorf("got %q, want one line with %q", r.Stderr, want)
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// Golden holds that a text is that of a file in testdata.
func Golden(t testing.TB, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the output is not that of %s; go test -update writes it anew. Got:\n%s", name, got)
	}
}
