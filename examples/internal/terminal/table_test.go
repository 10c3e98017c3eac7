package terminal_test

import (
	"bufio"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

func write(table terminal.Table, width int, color bool) string {
	var out strings.Builder
	s := &terminal.Screen{Writer: bufio.NewWriter(&out), Width: width, Color: color}
	table.Write(s)
	s.Flush()
	return out.String()
}

func table() terminal.Table {
	t := terminal.Table{Indent: 1, Columns: []terminal.Column{
		{Name: "N", Right: true},
		{Name: "CONTROL", Least: 8},
		{Name: "COST", Optional: 1},
		{Name: "USERS", Optional: 2},
		{Name: "TITLE", Least: 10},
	}}
	t.Row(terminal.Cells("1", "BlockLegacy", "Low", "Moderate", "Block legacy authentication")...)
	t.Row(terminal.Cell{Text: "10", Style: terminal.Red}, terminal.Cell{Text: "日本語"}, terminal.Cell{}, terminal.Cell{}, terminal.Cell{})
	return t
}

func TestTable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		width int
		want  string
	}{
		"no limit": {0, `
  N  CONTROL      COST  USERS     TITLE
  1  BlockLegacy  Low   Moderate  Block legacy authentication
 10  日本語
`},
		"the very width": {61, `
  N  CONTROL      COST  USERS     TITLE
  1  BlockLegacy  Low   Moderate  Block legacy authentication
 10  日本語
`},
		"what may be cut": {50, `
  N  CONTROL   COST  USERS     TITLE
  1  BlockLe…  Low   Moderate  Block legacy authe…
 10  日本語
`},
		"one column less": {35, `
  N  CONTROL   COST  TITLE
  1  BlockLe…  Low   Block legacy…
 10  日本語
`},
		"two columns less": {26, `
  N  CONTROL   TITLE
  1  BlockLe…  Block lega…
 10  日本語
`},
		"too narrow for all": {5, `
  N  CONTROL   TITLE
  1  BlockLe…  Block leg…
 10  日本語
`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := "\n" + write(table(), tt.width, false)
			if got != tt.want {
				t.Errorf("got %s", got)
			}
			for line := range strings.Lines(got) {
				if w := text.Width(strings.TrimSuffix(line, "\n")); tt.width > 20 && w > tt.width {
					t.Errorf("a line of %d columns: %s", w, line)
				}
			}
		})
	}
}

// TestTableInColor holds that colours do not move anything.
func TestTableInColor(t *testing.T) {
	t.Parallel()
	got := write(table(), 50, true)
	if !strings.Contains(got, "\x1b[31m10\x1b[0m  日本語\n") || !strings.Contains(got, "\x1b[2mN\x1b[0m") {
		t.Errorf("got %q", got)
	}
	plain := strings.NewReplacer("\x1b[31m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(got)
	if want := write(table(), 50, false); plain != want {
		t.Errorf("got\n%s\nwant\n%s", plain, want)
	}
}

func TestTableOfNothing(t *testing.T) {
	t.Parallel()
	empty := terminal.Table{Columns: []terminal.Column{{}, {}}}
	if got := write(empty, 80, false); got != "" {
		t.Errorf("got %q", got)
	}
	empty.Row(terminal.Cells("", "a")...)
	if got := write(empty, 80, false); got != "a\n" {
		t.Errorf("got %q", got)
	}
}

// TestTableLine holds that a line across moves no column, and fits.
func TestTableLine(t *testing.T) {
	t.Parallel()
	table := terminal.Table{Indent: 2, Columns: make([]terminal.Column, 2)}
	table.Line(terminal.Cell{Text: "A heading of many words", Style: terminal.Bold})
	table.Row(terminal.Cells("a", "b")...)
	table.Line(terminal.Cell{})
	table.Row(terminal.Cells("ccc", "d")...)
	for width, want := range map[int]string{
		0:  "A heading of many words\n  a    b\n\n  ccc  d\n",
		12: "A heading o…\n  a    b\n\n  ccc  d\n",
	} {
		if got := write(table, width, false); got != want {
			t.Errorf("%d: got %q", width, got)
		}
	}
	if got := write(table, 0, true); !strings.HasPrefix(got, "\x1b[1mA heading of many words\x1b[0m\n") {
		t.Errorf("got %q", got)
	}
}
