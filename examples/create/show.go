package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// show prints a score for people.
func show(w io.Writer, s *client.SecureScore) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name string, value string) { fmt.Fprintf(tab, "  %s\t%s\n", name, value) }

	fmt.Fprintf(tab, "Created secureScore %s\n", text.Of(s.ID))
	line("created", date(s.CreatedDateTime))
	line("tenant", text.Of(s.AzureTenantID))
	line("score", points(s.CurrentScore, s.MaxScore))
	line("users", fmt.Sprintf("%s active, %s licensed", text.Integer(s.ActiveUserCount), text.Integer(s.LicensedUserCount)))
	line("services", text.Printable(strings.Join(s.EnabledServices, ", ")))
	if v := s.VendorInformation; v != nil {
		line("computed by", text.Of(v.Vendor)+" "+text.Of(v.Provider))
	}
	for _, a := range s.AverageComparativeScores {
		line("average of "+text.Of(a.Basis), average(a.AverageScore))
	}
	if err := tab.Flush(); err != nil || len(s.ControlScores) == 0 {
		return err
	}

	fmt.Fprintln(tab, "\n  POINTS\tCATEGORY\tCONTROL")
	for _, c := range s.ControlScores {
		fmt.Fprintf(tab, "  %s\t%s\t%s\n", text.Points(c.Score), text.Of(c.ControlCategory), text.Of(c.ControlName))
	}
	return tab.Flush()
}

func date(t *time.Time) string {
	if t == nil {
		return text.None
	}
	return t.Format(time.RFC3339Nano)
}

func points(current, maximum *float64) string {
	s := fmt.Sprintf("%s of %s points", text.Points(current), text.Points(maximum))
	if percent, ok := posture.Percent(current, maximum); ok {
		s += fmt.Sprintf(" (%.1f%%)", percent)
	}
	return s
}

// average prints a comparative score, which is a percentage; -1 stands for no data.
func average(f *float64) string {
	if f == nil || *f < 0 {
		return "no data"
	}
	return fmt.Sprintf("%.1f%%", *f)
}
