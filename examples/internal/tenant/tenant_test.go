package tenant_test

import (
	"errors"
	"io"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenant"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenanttest"
)

func none(string) string { return "" }

func TestSeed(t *testing.T) {
	t.Parallel()
	c, done, err := tenant.Connect("test/1.0", none, io.Discard, func(g *clienttest.Graph) error {
		return g.AddSecureScores([]byte(`{"id":"a"}`))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if n, err := c.SecureScores.Count(t.Context(), ""); err != nil || n != 1 {
		t.Errorf("%d scores, %v", n, err)
	}
	failure := errors.New("a bad seed")
	if _, _, err := tenant.Connect("test/1.0", none, io.Discard, func(*clienttest.Graph) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
}

// TestRealTenantIsNotSeeded holds that demonstration data goes nowhere but into memory.
func TestRealTenantIsNotSeeded(t *testing.T) {
	t.Parallel()
	env := tenanttest.Serve(t, clienttest.NewGraph())
	c, done, err := tenant.Connect("test/1.0", func(name string) string { return env[name] }, io.Discard, func(*clienttest.Graph) error {
		t.Error("it was seeded")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if n, err := c.SecureScores.Count(t.Context(), ""); err != nil || n != 0 {
		t.Errorf("%d scores, %v", n, err)
	}
}
