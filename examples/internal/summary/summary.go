// Package summary says in a sentence where a tenant stands.
package summary

import (
	"fmt"
	"strings"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// Of is the score of a day, beside those of comparable tenants as far as there is data.
func Of(s *client.SecureScore) string {
	sentence := fmt.Sprintf("%s: %s of %s points", text.Date(s.CreatedDateTime), text.Points(s.CurrentScore), text.Points(s.MaxScore))
	if percent, ok := posture.Percent(s.CurrentScore, s.MaxScore); ok {
		sentence += fmt.Sprintf(", %.2f%%", percent)
	}
	var others []string
	for _, a := range posture.Averages(s) {
		percent, _ := a.Percent()
		others = append(others, fmt.Sprintf("%s %.1f%%", basis(a), percent))
	}
	if len(others) > 0 {
		sentence += ". Average of " + strings.Join(others, ", of ")
	}
	return sentence + "."
}

func basis(a posture.Average) string {
	switch least, greatest, ok := a.SeatRange(); {
	case ok:
		return fmt.Sprintf("tenants with %d to %d seats", least, greatest)
	case a.Basis() == posture.BasisAllTenants:
		return "all tenants"
	case a.Basis() == posture.BasisIndustryTypes:
		return "the industry"
	}
	return text.Printable(a.Basis())
}
