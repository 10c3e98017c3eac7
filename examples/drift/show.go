package main

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

type report struct {
	from, to   time.Time // the days
	comparison posture.Comparison
	profiles   []client.SecureScoreControlProfile
}

func (r report) show(s *terminal.Screen) {
	c := r.comparison
	fmt.Fprintf(s, "From %s to %s\n\n", text.Date(&r.from), text.Date(&r.to))
	r.totals(s)
	switch {
	case !c.ControlsCompared:
		fmt.Fprintln(s, "\nOne of the days lists no controls: they were not compared.")
	case !c.Changed():
		fmt.Fprintln(s, "\nNothing changed.")
	}
	r.controls(s)
	r.decisions(s)
	if c.Regressed() {
		fmt.Fprintln(s, "\n"+s.Paint(terminal.Red, r.verdict()))
	}
}

// verdict says why the tenant is worse off.
func (r report) verdict() string {
	switch n := len(r.comparison.Lost); n {
	case 0:
		return "Regressed: the score fell by more than its controls tell."
	case 1:
		return "Regressed: 1 control lost points."
	default:
		return fmt.Sprintf("Regressed: %d controls lost points.", n)
	}
}

func (r report) totals(s *terminal.Screen) {
	table := terminal.Table{Indent: 2, Columns: []terminal.Column{{}, {Right: true}, {}, {Right: true}, {Right: true}}}
	row := func(name string, d posture.Delta, change terminal.Cell) {
		table.Row(terminal.Cell{Text: name}, terminal.Cell{Text: text.Points(d.Older)}, terminal.Cell{Text: "→"}, terminal.Cell{Text: text.Points(d.Newer)}, change)
	}
	c := r.comparison
	row("points", c.Points, changeOf(c.Points))
	row("of", c.MaxScore, terminal.Cell{Text: changeOf(c.MaxScore).Text}) // neither good nor bad
	row("percent", c.Percent, changeOf(c.Percent))
	table.Write(s)
}

// changeOf is a change in its colour; none shows as nothing.
func changeOf(d posture.Delta) terminal.Cell {
	change, ok := d.Change()
	switch {
	case !ok:
		return terminal.Cell{Text: text.None}
	case d.Direction() < 0:
		return terminal.Cell{Text: text.Change(change), Style: terminal.Red}
	case d.Direction() > 0:
		return terminal.Cell{Text: text.Change(change), Style: terminal.Green}
	}
	return terminal.Cell{}
}

// controls lists the controls that changed, in sections whose columns are aligned with each other.
func (r report) controls(s *terminal.Screen) {
	table := terminal.Table{Indent: 2, Columns: []terminal.Column{
		{Right: true}, {Right: true}, {}, {Optional: 2}, {Least: 24, Optional: 1},
	}}
	c := r.comparison
	for _, section := range []struct {
		title   string
		changes []posture.ControlChange
	}{
		{"Lost points", c.Lost},
		{"Gained points", c.Gained},
		{"New", c.Added},
		{"No longer scored", c.Removed},
		{"Microsoft changed what they count for", c.MaxChanged},
		{"Points known on one of the days only", c.Unknown},
	} {
		if len(section.changes) == 0 {
			continue
		}
		table.Line(terminal.Cell{})
		table.Line(terminal.Cell{Text: fmt.Sprintf("%s (%d)", section.title, len(section.changes)), Style: terminal.Bold})
		for _, change := range section.changes {
			r.control(s, &table, change)
		}
	}
	table.Write(s)
}

// control adds a control to the table, and what the service says of one that lost points.
func (r report) control(s *terminal.Screen, table *terminal.Table, c posture.ControlChange) {
	points, title := c.Points(), ""
	if p := r.profile(c.Name()); p.Title != nil {
		title = text.Of(p.Title)
	}
	change := terminal.Cell{}
	if c.Older != nil && c.Newer != nil {
		change = changeOf(points)
	}
	table.Row(
		change,
		terminal.Cell{Text: r.span(c, points)},
		terminal.Cell{Text: text.Printable(c.Name())},
		terminal.Cell{Text: text.Printable(c.Category())},
		terminal.Cell{Text: title},
	)
	if points.Direction() < 0 {
		const indent = "         "
		status, _ := posture.Details(*c.Newer).ImplementationStatus()
		for _, line := range text.Wrap(text.Printable(status), s.Prose()-len(indent)) {
			table.Line(terminal.Cell{Text: indent + line, Style: terminal.Dim})
		}
	}
}

// span is the points on both days, or on the only one.
func (r report) span(c posture.ControlChange, d posture.Delta) string {
	switch {
	case c.Older == nil:
		return text.Points(d.Newer) + " of " + text.Points(r.profile(c.Name()).MaxScore)
	case c.Newer == nil:
		return text.Points(d.Older)
	}
	return text.Points(d.Older) + " → " + text.Points(d.Newer)
}

// profile is that of a control, an empty one where it has none.
func (r report) profile(name string) client.SecureScoreControlProfile {
	for _, p := range r.profiles {
		if p.ID != nil && *p.ID == name {
			return p
		}
	}
	return client.SecureScoreControlProfile{}
}

// decisions lists what was decided between the days, the last first.
func (r report) decisions(s *terminal.Screen) {
	type decision struct {
		id string
		client.SecureScoreControlStateUpdate
	}
	var taken []decision
	end := r.to.AddDate(0, 0, 1)
	for _, p := range r.profiles {
		for _, u := range p.ControlStateUpdates {
			if at := u.UpdatedDateTime; at != nil && at.After(r.from) && at.Before(end) {
				taken = append(taken, decision{text.Of(p.ID), u})
			}
		}
	}
	if len(taken) == 0 {
		return
	}
	slices.SortStableFunc(taken, func(a, b decision) int {
		return cmp.Or(b.UpdatedDateTime.Compare(*a.UpdatedDateTime), cmp.Compare(a.id, b.id))
	})
	fmt.Fprintf(s, "\n%s (%d)\n", s.Paint(terminal.Bold, "Decisions"), len(taken))
	table := terminal.Table{Indent: 2, Columns: []terminal.Column{{}, {}, {}, {Optional: 2}, {Least: 16, Optional: 1}}}
	for _, d := range taken {
		table.Row(terminal.Cells(text.Date(d.UpdatedDateTime), text.Of(d.State), d.id, text.Of(d.UpdatedBy), text.Of(d.Comment))...)
	}
	table.Write(s)
}
