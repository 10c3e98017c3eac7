package summary_test

import (
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/examples/internal/summary"
)

func TestOf(t *testing.T) {
	t.Parallel()
	seats := client.AverageComparativeScore{Basis: new("TotalSeats"), AverageScore: new(48.06)}
	for name, value := range map[string]string{"SeatSizeRangeLowerValue": "1", "SeatSizeRangeUpperValue": "100"} {
		if err := seats.Extra.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	day := time.Date(2026, 7, 17, 1, 0, 0, 0, time.FixedZone("", 3*60*60))
	tests := map[string]struct {
		score client.SecureScore
		want  string
	}{
		"nothing known": {client.SecureScore{}, "-: - of - points."},
		"no maximum":    {client.SecureScore{CurrentScore: new(1.0), MaxScore: new(0.0)}, "-: 1.00 of 0.00 points."},
		"all": {client.SecureScore{CreatedDateTime: &day, CurrentScore: new(1.0), MaxScore: new(3.0), AverageComparativeScores: []client.AverageComparativeScore{
			{Basis: new("AllTenants"), AverageScore: new(40.0)},
			seats,
			{Basis: new("IndustryTypes"), AverageScore: new(0.0)},
			{Basis: new("Galaxy\x1b"), AverageScore: new(42.0)},
			{Basis: new("IndustryTypes"), AverageScore: new(-1.0)},
		}}, "2026-07-16: 1.00 of 3.00 points, 33.33%. Average of all tenants 40.0%, of tenants with 1 to 100 seats 48.1%, of the industry 0.0%, of Galaxy\uFFFD 42.0%."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := summary.Of(&tt.score); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
