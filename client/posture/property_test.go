package posture_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

// random makes tenants: few names, in several casings, so that controls meet, and every kind of number.
type random struct{ *rand.Rand }

func pick[T any](r random, values ...T) T {
	return values[r.IntN(len(values))]
}

func (r random) number() *float64 {
	return pick(r, nil, new(math.NaN()), new(-1.0), new(0.0), new(float64(r.IntN(1000))/100), new(float64(r.IntN(10))), new(r.Float64()*10))
}

func (r random) name() *string {
	return pick(r, nil, new(""), new("MFA"), new("mfa"), new("Mfa"), new(fmt.Sprint("control_", r.IntN(12))), new(fmt.Sprint("scid_", r.IntN(12))))
}

func (r random) score(t *testing.T) *client.SecureScore {
	t.Helper()
	s := &client.SecureScore{CurrentScore: r.number(), MaxScore: r.number()}
	for range r.IntN(20) {
		c := client.ControlScore{ControlName: r.name(), Score: r.number(), ControlCategory: pick(r, nil, new(""), new("Apps"), new("Identity"))}
		if err := c.Extra.Set("scoreInPercentage", pick[any](r, nil, "NaN", -1, 0, 50, "66.67", 100.0)); err != nil {
			t.Fatal(err)
		}
		s.ControlScores = append(s.ControlScores, c)
	}
	for range r.IntN(3) {
		s.AverageComparativeScores = append(s.AverageComparativeScores, client.AverageComparativeScore{AverageScore: r.number(), Basis: r.name()})
	}
	return s
}

func (r random) profiles() []client.SecureScoreControlProfile {
	var profiles []client.SecureScoreControlProfile
	for range r.IntN(30) {
		profiles = append(profiles, client.SecureScoreControlProfile{
			ID: r.name(), MaxScore: r.number(), Rank: pick(r, nil, new(int32(1)), new(int32(2))), Deprecated: pick(r, nil, new(true), new(false)),
			ImplementationCost:  pick(r, nil, new("Low"), new("High")),
			ControlStateUpdates: pick(r, nil, []client.SecureScoreControlStateUpdate{{State: pick(r, nil, new("Ignored"), new("Default"))}}),
		})
	}
	return profiles
}

// everything is all that the package has to say about two days.
type everything struct {
	Controls   []posture.Control
	Gaps       []posture.Gap
	Unknown    []posture.Control
	Categories []posture.CategoryTotal
	Comparison posture.Comparison
	Averages   []float64
}

func tell(older, newer *client.SecureScore, profiles []client.SecureScoreControlProfile, o posture.GapOptions) everything {
	e := everything{Controls: posture.Join(newer, profiles), Comparison: posture.Compare(older, newer)}
	e.Gaps, e.Unknown = posture.Gaps(e.Controls, o)
	e.Categories = posture.ByCategory(e.Controls)
	for _, a := range posture.Averages(newer) {
		percent, _ := a.Percent()
		e.Averages = append(e.Averages, percent)
	}
	return e
}

func encode(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		r := random{rand.New(rand.NewPCG(seed, 0))}
		older, newer, profiles := r.score(t), r.score(t), r.profiles()
		o := posture.GapOptions{IncludeDeprecated: r.IntN(2) == 0, IncludeSettled: r.IntN(2) == 0}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			before := encode(t, []any{older, newer, profiles})
			e := tell(older, newer, profiles, o)
			if again := tell(older, newer, profiles, o); fmt.Sprintf("%+v", e.Gaps) != fmt.Sprintf("%+v", again.Gaps) ||
				!reflect.DeepEqual(e.Categories, again.Categories) || lists(e.Comparison) != lists(again.Comparison) {
				t.Error("told twice, told differently")
			}
			if after := encode(t, []any{older, newer, profiles}); after != before {
				t.Errorf("the input changed from\n%s\nto\n%s", before, after)
			}
			checkGaps(t, e, o)
			checkTotals(t, e)
			checkComparison(t, older, newer, e.Comparison)
			for _, percent := range e.Averages {
				if percent < 0 || percent > 100 || math.IsNaN(percent) {
					t.Errorf("an average of %v %%", percent)
				}
			}
		})
	}
}

// Every control is a gap, unknown, all earned, or left out on request.
func checkGaps(t *testing.T, e everything, o posture.GapOptions) {
	t.Helper()
	var wantPoints, points float64
	wantUnknown := 0
	for _, c := range e.Controls {
		p, okPoints := c.Points()
		m, okMax := c.MaxScore()
		switch {
		case c.Deprecated() && !o.IncludeDeprecated, c.State() == "Ignored" && !o.IncludeSettled:
		case !okPoints || !okMax:
			wantUnknown++
		case m-p >= posture.Tolerance:
			wantPoints += m - p
		}
	}
	for i, g := range e.Gaps {
		points += g.Points
		if g.Points < posture.Tolerance || i > 0 && g.Points > e.Gaps[i-1].Points {
			t.Errorf("gap %d of %v points", i, g.Points)
		}
	}
	if math.Abs(points-wantPoints) > 1e-6 || len(e.Unknown) != wantUnknown {
		t.Errorf("gaps of %v points and %d unknown, want %v and %d", points, len(e.Unknown), wantPoints, wantUnknown)
	}
}

// The categories together are the sum, and that has every point of the score.
func checkTotals(t *testing.T, e everything) {
	t.Helper()
	sum, earned := posture.Sum(e.Controls), 0.0
	for _, c := range e.Controls {
		points, _ := c.Points()
		earned += points
	}
	var all posture.Total
	for _, c := range e.Categories {
		all.Controls += c.Controls
		all.Points += c.Points
		all.MaxScore += c.MaxScore
		all.Unknown += c.Unknown
		all.UnknownPoints += c.UnknownPoints
	}
	for what, pair := range map[string][2]float64{
		"controls":       {float64(all.Controls), float64(sum.Controls)},
		"points":         {all.Points, sum.Points},
		"max":            {all.MaxScore, sum.MaxScore},
		"unknown":        {float64(all.Unknown), float64(sum.Unknown)},
		"unknown points": {all.UnknownPoints, sum.UnknownPoints},
		"earned":         {earned, sum.Points + sum.UnknownPoints},
		"all controls":   {float64(len(e.Controls)), float64(sum.Controls)},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-6 {
			t.Errorf("%s: the categories have %v, the sum %v", what, pair[0], pair[1])
		}
	}
}

// A score equals itself, and a comparison read backwards is the comparison of the days in the other order.
func checkComparison(t *testing.T, older, newer *client.SecureScore, c posture.Comparison) {
	t.Helper()
	if self := posture.Compare(newer, newer); self.Changed() || self.Regressed() || lists(self) != "" {
		t.Errorf("a score differs from itself: %s", lists(self))
	}
	back := posture.Compare(newer, older)
	for what, pair := range map[string][2][]posture.ControlChange{
		"gained":  {c.Gained, back.Lost},
		"lost":    {c.Lost, back.Gained},
		"added":   {c.Added, back.Removed},
		"removed": {c.Removed, back.Added},
		"max":     {c.MaxChanged, back.MaxChanged},
		"unknown": {c.Unknown, back.Unknown},
	} {
		if len(pair[0]) != len(pair[1]) {
			t.Errorf("%s: %d, and %d backwards", what, len(pair[0]), len(pair[1]))
		}
	}
	if c.ControlsCompared && len(c.Added)-len(c.Removed) != len(newer.ControlScores)-len(older.ControlScores) {
		t.Errorf("%d added and %d removed make no %d of %d", len(c.Added), len(c.Removed), len(newer.ControlScores), len(older.ControlScores))
	}
	seen := map[*client.ControlScore]bool{}
	for _, list := range [][]posture.ControlChange{c.Gained, c.Lost, c.Added, c.Removed, c.MaxChanged, c.Unknown} {
		for _, change := range list {
			for _, s := range []*client.ControlScore{change.Older, change.Newer} {
				if s != nil && seen[s] {
					t.Errorf("%q is in two lists", change.Name())
				}
				seen[s] = true
			}
		}
	}
}
