package demo

import (
	_ "embed"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

//go:embed catalogue.txt
var catalogue string

// section is what the controls of one service have in common.
type section struct {
	service, category      string
	portal, portalURL, nav string
}

// unit is what a control counts.
type unit string

const (
	switched  unit = "-" // on or off
	users     unit = "users"
	admins    unit = "admins"
	mailboxes unit = "mailboxes"
	devices   unit = "devices"
)

type control struct {
	section
	id                     string
	points                 float64
	tier, cost, userImpact string
	unit                   unit
	title                  string
	steps                  []string // HTML
	seed                   uint32   // of the id: what varies from control to control and never from run to run
}

// words are what the letters of the catalogue stand for.
var words = map[byte]string{
	'C': "Core", 'D': "Defense In Depth", 'A': "Advanced",
	'L': "Low", 'M': "Moderate", 'H': "High", 'U': "Unknown",
}

func readCatalogue() ([]control, error) {
	var controls []control
	var in section
	for n, line := range strings.Split(catalogue, "\n") {
		var err error
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			in, err = parseSection(line)
		case line[0] == '\t' && len(controls) > 0:
			last := &controls[len(controls)-1]
			last.steps = append(last.steps, line[1:])
		default:
			var c control
			c, err = parseControl(line)
			c.section = in
			controls = append(controls, c)
		}
		if err != nil {
			return nil, fmt.Errorf("demo: line %d of the catalogue: %w", n+1, err)
		}
	}
	return controls, nil
}

func parseSection(line string) (section, error) {
	f := fields(strings.Trim(line, "[]"))
	if len(f) != 5 {
		return section{}, fmt.Errorf("a section of %d fields, want 5", len(f))
	}
	return section{service: f[0], category: f[1], portal: f[2], portalURL: f[3], nav: f[4]}, nil
}

func parseControl(line string) (control, error) {
	f := fields(line)
	if len(f) != 5 || len(f[2]) != 3 {
		return control{}, fmt.Errorf("a control of %d fields, want 5, the third of 3 letters", len(f))
	}
	points, err := strconv.ParseFloat(f[1], 64)
	if err != nil {
		return control{}, err
	}
	h := fnv.New32a()
	h.Write([]byte(f[0]))
	return control{
		id: f[0], points: points, unit: unit(f[3]), title: f[4], seed: h.Sum32() >> 7, // its low bits vary least
		tier: words[f[2][0]], cost: words[f[2][1]], userImpact: words[f[2][2]],
	}, nil
}

func fields(line string) []string {
	f := strings.Split(line, "|")
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	return f
}
