package main

import (
	"maps"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/examples/internal/tenanttest"
)

func TestOnTerminal(t *testing.T) {
	t.Parallel()
	env := tenanttest.Shared(t)
	r := tenanttest.RunOnTerminal(t, 60, run, env, "-days", "4")
	if r.Code != 0 || !strings.Contains(r.Stdout, "\x1b[31m-1.43\x1b[0m") || strings.Contains(r.Stdout, "ALL TENANTS") {
		t.Errorf("exit code %d, %q", r.Code, r.Stdout)
	}
	env = maps.Clone(env)
	env["NO_COLOR"] = "1"
	plain := tenanttest.RunOnTerminal(t, 60, run, env, "-days", "4")
	if plain.Code != 0 || strings.Contains(plain.Stdout, "\x1b") || !strings.Contains(plain.Stdout, "-1.43") {
		t.Errorf("NO_COLOR: exit code %d, %q", plain.Code, plain.Stdout)
	}
}
