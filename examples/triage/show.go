package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
	"github.com/seed-13c6ebcb/securescore/examples/internal/summary"
	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// show prints the work for people.
func (w *work) show(s *terminal.Screen) {
	prose(s, "", terminal.Plain, summary.Of(w.score))
	prose(s, "", terminal.Plain, w.sentence())
	for i, g := range w.shown {
		fmt.Fprintln(s)
		showGap(s, i+1, g)
	}
}

// sentence is what is left to do, in all.
func (w *work) sentence() string {
	s := "No control is known to have points left."
	if n := len(w.gaps); n > 0 {
		s = fmt.Sprintf("%s can still earn %.2f points.", controls(n), sum(w.gaps))
	}
	if n := len(w.settled); n > 0 {
		s += fmt.Sprintf(" Another %.2f points of %s are left by decision.", sum(w.settled), controls(n))
	}
	if n := len(w.unknown); n > 0 {
		const most = 3
		var names []string
		for _, c := range w.unknown[:min(n, most)] {
			names = append(names, text.Printable(c.Name()))
		}
		if n > most {
			names = append(names, fmt.Sprintf("%d more", n-most))
		}
		s += fmt.Sprintf(" Not known, with no profile or no score: %s.", strings.Join(names, ", "))
	}
	return s
}

func controls(n int) string {
	if n == 1 {
		return "1 control"
	}
	return fmt.Sprintf("%d controls", n)
}

const indent = "    "

func showGap(s *terminal.Screen, n int, g posture.Gap) {
	c := g.Control
	p := profileOf(c)
	points := "     -"
	if g.Points > 0 {
		points = fmt.Sprintf("%6s", text.Change(g.Points))
	}
	head := fmt.Sprintf("%2d. %s  ", n, points)
	for i, line := range text.Wrap(text.Printable(c.Title()), max(s.Prose()-len(head), 20)) {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		fmt.Fprintln(s, head+s.Paint(terminal.Bold, line))
	}
	for _, line := range text.Fill(facts(c, p), " · ", s.Prose()-len(indent)) {
		fmt.Fprintln(s, indent+s.Paint(terminal.Dim, line))
	}
	if status, ok := c.Details().ImplementationStatus(); ok && status != "" {
		prose(s, indent, terminal.Plain, plain(status))
	}
	if d, ok := posture.EffectiveUpdate(c.Profile); ok && text.Of(d.State) != client.StateDefault {
		prose(s, indent, terminal.Plain, tell(d))
	}
	for _, b := range text.HTML(value(p.Remediation)) {
		for _, line := range b.Lines(s.Prose() - len(indent)) {
			fmt.Fprintln(s, indent+line)
		}
	}
	if impact := plain(value(p.RemediationImpact)); impact != "" && !strings.HasPrefix(impact, "None") {
		prose(s, indent, terminal.Plain, "Impact: "+impact)
	}
}

// facts are what a control is and what it costs.
func facts(c posture.Control, p client.SecureScoreControlProfile) []string {
	points := text.Points(c.Score.Score)
	if maximum, ok := c.MaxScore(); ok {
		points += fmt.Sprintf(" of %.2f", maximum)
	}
	facts := []string{text.Printable(c.Name()), points + " points", text.Printable(c.Category())}
	if applicable, ok := c.Details().IsApplicable(); ok && !applicable {
		facts = append(facts, "not applicable")
	}
	if c.Profile == nil {
		return append(facts, "no profile")
	}
	facts = append(facts, text.Of(p.Service), text.Of(p.Tier), "cost "+text.Of(p.ImplementationCost), "user impact "+text.Of(p.UserImpact))
	if c.Deprecated() {
		facts = append(facts, "deprecated")
	}
	return facts
}

// prose prints a text in lines that fit.
func prose(s *terminal.Screen, indent string, style terminal.Style, sentence string) {
	for _, line := range text.Wrap(sentence, s.Prose()-len(indent)) {
		fmt.Fprintln(s, indent+s.Paint(style, line))
	}
}

// plain is a text of the service without its HTML, on one line.
func plain(s string) string {
	var parts []string
	for _, b := range text.HTML(s) {
		parts = append(parts, b.Text)
	}
	return strings.Join(parts, " ")
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// profileOf is the control's profile, an empty one where it has none.
func profileOf(c posture.Control) client.SecureScoreControlProfile {
	if c.Profile == nil {
		return client.SecureScoreControlProfile{}
	}
	return *c.Profile
}

// gapJSON is a control for programs. What is not known is absent.
type gapJSON struct {
	ID                   string   `json:"id"`
	Title                string   `json:"title"`
	Category             string   `json:"controlCategory,omitempty"`
	Service              string   `json:"service,omitempty"`
	Tier                 string   `json:"tier,omitempty"`
	Gap                  *float64 `json:"gap,omitempty"`
	Score                *float64 `json:"score,omitempty"`
	MaxScore             *float64 `json:"maxScore,omitempty"`
	State                string   `json:"state"`
	ImplementationStatus string   `json:"implementationStatus,omitempty"`
	ImplementationCost   string   `json:"implementationCost,omitempty"`
	UserImpact           string   `json:"userImpact,omitempty"`
	Remediation          []string `json:"remediation,omitempty"` // lines
	RemediationImpact    string   `json:"remediationImpact,omitempty"`
	ActionURL            string   `json:"actionUrl,omitempty"`
}

func (w *work) writeJSON(out io.Writer) error {
	list := make([]gapJSON, len(w.shown))
	for i, g := range w.shown {
		c, p := g.Control, profileOf(g.Control)
		list[i] = gapJSON{
			ID: c.Name(), Title: c.Title(), Category: c.Category(), Service: value(p.Service), Tier: value(p.Tier),
			Score: c.Score.Score, MaxScore: p.MaxScore, State: c.State(),
			ImplementationCost: value(p.ImplementationCost), UserImpact: value(p.UserImpact),
			RemediationImpact: plain(value(p.RemediationImpact)), ActionURL: value(p.ActionURL),
		}
		if g.Points > 0 {
			list[i].Gap = &g.Points
		}
		status, _ := c.Details().ImplementationStatus()
		list[i].ImplementationStatus = plain(status)
		for _, b := range text.HTML(value(p.Remediation)) {
			list[i].Remediation = append(list[i].Remediation, b.Lines(0)...)
		}
	}
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
