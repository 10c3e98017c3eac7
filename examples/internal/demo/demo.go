// Package demo is the tenant of the example programs: 90 days of scores over more than 200 controls, and their profiles,
// in the shapes in which the service sends them. It is the same each time, but for the day on which it ends.
package demo

import (
	"fmt"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// Days is how many daily scores there are, as many as the service keeps.
const Days = 90

// MissingProfile is scored and has no profile, as the service's newest controls sometimes have none.
const MissingProfile = "exo_smtpauth_disabled"

// Seed returns a function that fills a Graph with the tenant as it is on the given day, the day of the newest score.
func Seed(day time.Time) func(*clienttest.Graph) error {
	return func(g *clienttest.Graph) error {
		controls, err := readCatalogue()
		if err != nil {
			return err
		}
		t := tenant{id: g.TenantID(), day: midnight(day), controls: controls}
		profiles, err := t.profiles()
		if err != nil {
			return fmt.Errorf("demo: profiles: %w", err)
		}
		if err := g.AddControlProfiles(profiles); err != nil {
			return err
		}
		for ago := range Days {
			score, err := t.score(ago)
			if err != nil {
				return fmt.Errorf("demo: the score of %d days ago: %w", ago, err)
			}
			if err := g.AddSecureScores(score); err != nil {
				return err
			}
		}
		return nil
	}
}

type tenant struct {
	id       string
	day      time.Time // midnight UTC
	controls []control
}

// date is the day that lies some days before the newest.
func (t tenant) date(ago int) time.Time { return t.day.AddDate(0, 0, -ago) }

func midnight(day time.Time) time.Time {
	return day.UTC().Truncate(24 * time.Hour)
}
