package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
	"github.com/seed-13c6ebcb/securescore/examples/internal/summary"
	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// show prints days scores of those given, which are the newest first.
func show(s *terminal.Screen, scores []client.SecureScore, days int) {
	for _, line := range text.Wrap(summary.Of(&scores[0]), s.Prose()) {
		fmt.Fprintln(s, line)
	}
	fmt.Fprintln(s)

	table := terminal.Table{Columns: []terminal.Column{
		{Name: "DATE"},
		{Name: "SCORE", Right: true},
		{Name: "OF", Right: true, Optional: 2},
		{Name: "%", Right: true},
		{Name: "CHANGE", Right: true},
		{Name: "ACTIVE", Right: true, Optional: 3},
		{Name: "LICENSED", Right: true, Optional: 4},
		{Name: "ALL TENANTS", Right: true, Optional: 5},
		{Optional: 6},
	}}
	shown := scores[:min(days, len(scores))]
	var bar bars
	if s.Width > 0 { // a file has no use for a drawing
		bar = scale(shown)
	}
	table.Columns[len(table.Columns)-1].Name = bar.name()
	for i, score := range shown {
		change := changeOf(scores, i)
		table.Row(
			terminal.Cell{Text: text.Date(score.CreatedDateTime)},
			terminal.Cell{Text: text.Points(score.CurrentScore)},
			terminal.Cell{Text: text.Points(score.MaxScore)},
			terminal.Cell{Text: percent(score)},
			terminal.Cell{Text: signed(change), Style: style(change)},
			terminal.Cell{Text: text.Integer(score.ActiveUserCount)},
			terminal.Cell{Text: text.Integer(score.LicensedUserCount)},
			terminal.Cell{Text: average(score)},
			terminal.Cell{Text: bar.of(score), Style: style(change)},
		)
	}
	table.Write(s)
}

// changeOf is by how much the i-th score differs from the one before it.
func changeOf(scores []client.SecureScore, i int) *float64 {
	if i+1 == len(scores) {
		return nil
	}
	change, ok := posture.Compare(&scores[i+1], &scores[i]).Points.Change()
	if !ok {
		return nil
	}
	return &change
}

func signed(change *float64) string {
	switch {
	case change == nil:
		return text.None
	case math.Abs(*change) < posture.Tolerance:
		return "" // most days nothing changes: what does should stand out
	}
	return text.Change(*change)
}

func style(change *float64) terminal.Style {
	switch {
	case change == nil || math.Abs(*change) < posture.Tolerance:
		return terminal.Plain
	case *change < 0:
		return terminal.Red
	}
	return terminal.Green
}

func percent(s client.SecureScore) string {
	p, ok := posture.Percent(s.CurrentScore, s.MaxScore)
	if !ok {
		return text.None
	}
	return fmt.Sprintf("%.2f", p)
}

func average(s client.SecureScore) string {
	a, ok := posture.AverageFor(&s, posture.BasisAllTenants)
	if !ok {
		return text.None
	}
	p, _ := a.Percent()
	return fmt.Sprintf("%.1f", p)
}

// bars draw percentages between the lowest and the highest, which may be close to each other.
type bars struct{ low, high float64 }

func scale(scores []client.SecureScore) bars {
	b := bars{math.Inf(1), math.Inf(-1)}
	for _, s := range scores {
		if p, ok := posture.Percent(s.CurrentScore, s.MaxScore); ok {
			b.low, b.high = min(b.low, p), max(b.high, p)
		}
	}
	return b
}

func (b bars) flat() bool { return b.high-b.low < posture.Tolerance }

// name says what the shortest and the longest bar stand for.
func (b bars) name() string {
	if b.flat() {
		return ""
	}
	return fmt.Sprintf("%.2f TO %.2f%%", b.low, b.high)
}

func (b bars) of(s client.SecureScore) string {
	const least, most = 1, 20 // columns
	p, ok := posture.Percent(s.CurrentScore, s.MaxScore)
	if !ok || b.flat() {
		return ""
	}
	return strings.Repeat("█", least+int(math.Round((p-b.low)/(b.high-b.low)*(most-least))))
}

// records are the rows of the table for CSV, with a header.
func records(scores []client.SecureScore, days int) [][]string {
	rows := [][]string{{"date", "score", "max", "percent", "change", "active", "licensed", "allTenantsPercent"}}
	for i, s := range scores[:min(days, len(scores))] {
		row := []string{
			text.Date(s.CreatedDateTime), text.Points(s.CurrentScore), text.Points(s.MaxScore), percent(s), text.None,
			text.Integer(s.ActiveUserCount), text.Integer(s.LicensedUserCount), average(s),
		}
		if change := changeOf(scores, i); change != nil {
			row[4] = fmt.Sprintf("%.2f", *change)
		}
		for n := range row {
			if row[n] == text.None {
				row[n] = ""
			}
		}
		rows = append(rows, row)
	}
	return rows
}
