package terminal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
)

func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestPipesAndFilesArePlain(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, s := range map[string]*terminal.Screen{
		"a pipe": terminal.On(&bytes.Buffer{}, environment(nil)),
		"a file": terminal.On(file, environment(nil)),
	} {
		if s.Width != 0 || s.Color || s.Prose() != 80 || s.Paint(terminal.Red, "x") != "x" {
			t.Errorf("%s: width %d, prose %d, colour %t", name, s.Width, s.Prose(), s.Color)
		}
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{"60": 60, "0": 0, "-3": 0, "many": 0, "": 0, "200": 200} {
		s := terminal.On(&bytes.Buffer{}, environment(map[string]string{"COLUMNS": value}))
		if s.Width != want || s.Color {
			t.Errorf("COLUMNS=%s: width %d, colour %t", value, s.Width, s.Color)
		}
	}
	if s := terminal.On(&bytes.Buffer{}, environment(map[string]string{"COLUMNS": "200"})); s.Prose() != 100 {
		t.Errorf("prose of %d columns", s.Prose())
	}
}

func TestPaint(t *testing.T) {
	t.Parallel()
	s := terminal.Screen{Color: true}
	for want, got := range map[string]string{
		"\x1b[31mx\x1b[0m": s.Paint(terminal.Red, "x"),
		"x":                s.Paint(terminal.Plain, "x"),
		"":                 s.Paint(terminal.Red, ""),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
