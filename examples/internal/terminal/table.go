package terminal

import (
	"strings"

	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// Column is one column of a table.
type Column struct {
	Name  string
	Right bool // numbers are
	// Least is the width down to which the column may be cut where the screen is narrow; 0 keeps it whole.
	Least int
	// Optional columns are left out where the screen is too narrow still, those of the highest number first.
	Optional int
}

// Cell is one cell of a table.
type Cell struct {
	Text  string
	Style Style
}

// Table is written in aligned columns, of which it has two at least. It fits the screen as far as its columns let it.
type Table struct {
	Columns []Column
	Indent  int
	rows    [][]Cell
}

// Row adds a row, with a cell for each column.
func (t *Table) Row(cells ...Cell) { t.rows = append(t.rows, cells) }

// Line adds a line across the columns, which is cut where the screen is narrower.
func (t *Table) Line(c Cell) { t.rows = append(t.rows, []Cell{c}) }

const gap = 2 // columns between two columns

// Write writes the table, with a header where its columns have names.
func (t *Table) Write(s *Screen) {
	widths := t.fit(s.Width)
	header := make([]Cell, len(t.Columns))
	named := false
	for i, c := range t.Columns {
		header[i] = Cell{c.Name, Dim}
		named = named || c.Name != ""
	}
	if named {
		t.line(s, header, widths)
	}
	for _, row := range t.rows {
		switch {
		case len(row) == len(t.Columns):
			t.line(s, row, widths)
		case s.Width > 0:
			s.WriteString(s.Paint(row[0].Style, text.Cut(row[0].Text, s.Width)) + "\n")
		default:
			s.WriteString(s.Paint(row[0].Style, row[0].Text) + "\n")
		}
	}
}

// fit returns the width of each column, -1 for one that is left out, as one with nothing in it is.
func (t *Table) fit(width int) []int {
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = text.Width(c.Name)
		for _, row := range t.rows {
			if len(row) == len(t.Columns) {
				widths[i] = max(widths[i], text.Width(row[i].Text))
			}
		}
		if widths[i] == 0 {
			widths[i] = -1 // nothing to show in it
		}
	}
	if width == 0 {
		return widths
	}
	least := func(i int) int {
		if l := t.Columns[i].Least; l > 0 {
			return min(l, widths[i])
		}
		return widths[i]
	}
	for t.sum(widths, least) > width {
		drop := t.mostOptional(widths)
		if drop < 0 {
			break
		}
		widths[drop] = -1
	}
	whole := func(i int) int { return widths[i] }
	for i := range widths {
		if over := t.sum(widths, whole) - width; over > 0 && widths[i] >= 0 {
			widths[i] = max(widths[i]-over, least(i))
		}
	}
	return widths
}

// mostOptional is the column to leave out next, -1 where there is none.
func (t *Table) mostOptional(widths []int) int {
	most := -1
	for i, c := range t.Columns {
		if widths[i] >= 0 && c.Optional > 0 && (most < 0 || c.Optional > t.Columns[most].Optional) {
			most = i
		}
	}
	return most
}

// sum is the width of a line whose columns are as wide as count says.
func (t *Table) sum(widths []int, count func(i int) int) int {
	sum := t.Indent - gap
	for i, w := range widths {
		if w >= 0 {
			sum += count(i) + gap
		}
	}
	return sum
}

func (t *Table) line(s *Screen, row []Cell, widths []int) {
	last := len(row) - 1
	for last > 0 && (widths[last] < 0 || row[last].Text == "") {
		last--
	}
	b := strings.Repeat(" ", t.Indent)
	for i, cell := range row[:last+1] {
		if widths[i] < 0 {
			continue
		}
		content := text.Cut(cell.Text, widths[i])
		blank := strings.Repeat(" ", widths[i]-text.Width(content))
		switch {
		case t.Columns[i].Right:
			b += blank + s.Paint(cell.Style, content)
		case i == last:
			b += s.Paint(cell.Style, content)
		default:
			b += s.Paint(cell.Style, content) + blank
		}
		if i < last {
			b += strings.Repeat(" ", gap)
		}
	}
	s.WriteString(strings.TrimRight(b, " ") + "\n")
}

// Cells makes cells of plain texts.
func Cells(texts ...string) []Cell {
	cells := make([]Cell, len(texts))
	for i, t := range texts {
		cells[i].Text = t
	}
	return cells
}
