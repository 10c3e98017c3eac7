package posture

import (
	"cmp"
	"slices"
)

// Total sums controls. Points and MaxScore count the same controls, those of which both are known, so that they can be
// compared. The others are counted apart.
type Total struct {
	Controls int // all of them

	Points   float64 // earned by the controls of which both numbers are known
	MaxScore float64 // what these can earn

	Unknown       int     // controls with no profile, maxScore or score
	UnknownPoints float64 // points earned by these
}

// Percent is Points as a percentage of MaxScore.
func (t Total) Percent() (percent float64, ok bool) {
	return Percent(&t.Points, &t.MaxScore)
}

// CategoryTotal is the total of one category.
type CategoryTotal struct {
	Category string // "" for controls that have none
	Total
}

// Sum totals all controls, deprecated and settled ones too, since the score lists them. Points and UnknownPoints
// together are what the score's controls earned. The service's own currentScore and maxScore may differ: they are of
// the day of the score, and profiles are of today.
func Sum(controls []Control) Total {
	var t Total
	for _, c := range controls {
		t.add(c)
	}
	return t
}

func (t *Total) add(c Control) {
	t.Controls++
	points, okPoints := c.Points()
	maxScore, okMax := c.MaxScore()
	if okPoints && okMax {
		t.Points = round(t.Points + points)
		t.MaxScore = round(t.MaxScore + maxScore)
		return
	}
	t.Unknown++
	t.UnknownPoints = round(t.UnknownPoints + points)
}

// ByCategory totals the controls of each category, which together are the Sum. Ordered by category, "" last.
func ByCategory(controls []Control) []CategoryTotal {
	var totals []CategoryTotal
	for _, c := range controls {
		category := c.Category()
		i := slices.IndexFunc(totals, func(t CategoryTotal) bool { return t.Category == category })
		if i < 0 {
			i = len(totals)
			totals = append(totals, CategoryTotal{Category: category})
		}
		totals[i].add(c)
	}
	slices.SortFunc(totals, func(a, b CategoryTotal) int {
		if a.Category == "" || b.Category == "" {
			return cmp.Compare(b.Category, a.Category)
		}
		return cmp.Compare(a.Category, b.Category)
	})
	return totals
}
