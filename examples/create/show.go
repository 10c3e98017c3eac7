package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/seed-13c6ebcb/securescore/client"
)

// show prints a score for people.
func show(w io.Writer, s *client.SecureScore) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name string, value string) { fmt.Fprintf(tab, "  %s\t%s\n", name, value) }

	fmt.Fprintf(tab, "Created secureScore %s\n", text(s.ID))
	line("created", date(s.CreatedDateTime))
	line("tenant", text(s.AzureTenantID))
	line("score", points(s.CurrentScore, s.MaxScore))
	line("users", fmt.Sprintf("%s active, %s licensed", number(s.ActiveUserCount), number(s.LicensedUserCount)))
	line("services", printable(strings.Join(s.EnabledServices, ", ")))
	if v := s.VendorInformation; v != nil {
		line("computed by", text(v.Vendor)+" "+text(v.Provider))
	}
	for _, a := range s.AverageComparativeScores {
		line("average of "+text(a.Basis), average(a.AverageScore))
	}
	if err := tab.Flush(); err != nil || len(s.ControlScores) == 0 {
		return err
	}

	fmt.Fprintln(tab, "\n  POINTS\tCATEGORY\tCONTROL")
	for _, c := range s.ControlScores {
		fmt.Fprintf(tab, "  %s\t%s\t%s\n", double(c.Score), text(c.ControlCategory), text(c.ControlName))
	}
	return tab.Flush()
}

func text(s *string) string {
	if s == nil {
		return "-"
	}
	return printable(*s)
}

// printable keeps a text of the service from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return '\uFFFD'
	}, s)
}

func date(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Format(time.RFC3339Nano)
}

func number(n *int32) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

func double(f *float64) string {
	if f == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *f)
}

func points(current, maximum *float64) string {
	s := fmt.Sprintf("%s of %s points", double(current), double(maximum))
	if current != nil && maximum != nil && *maximum > 0 {
		s += fmt.Sprintf(" (%.1f %%)", 100**current / *maximum)
	}
	return s
}

// average prints a comparative score, which is a percentage; -1 stands for no data.
func average(f *float64) string {
	if f == nil || *f < 0 {
		return "no data"
	}
	return fmt.Sprintf("%.1f %%", *f)
}
