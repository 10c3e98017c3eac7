package posture

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/seed-13c6ebcb/securescore/client"
)

// Gap is what one control can still earn.
type Gap struct {
	Control Control

	// Points is the control's maxScore less what it earned, and at least Tolerance.
	Points float64
}

// GapOptions say which controls Gaps looks at. The zero value leaves out those that no work is left on.
type GapOptions struct {
	// IncludeDeprecated keeps the controls that no longer count.
	IncludeDeprecated bool

	// IncludeInapplicable keeps the controls that do not apply to the tenant, as their IsApplicable says.
	IncludeInapplicable bool

	// IncludeSettled keeps the controls of every state.
	IncludeSettled bool

	// SettledStates are the states that leave no work, in any casing. Where there are none, they are Ignored (the risk
	// is accepted, no points) and ThirdParty (done by another product, the points follow). Reviewed is not one of them:
	// it says that somebody looked, and not that nothing is left to do.
	SettledStates []string
}

// Gaps are the points still to earn, the most first. Of equal ones the better rank comes first (1 is the best, none the
// last), then the lower implementation cost (Low, Moderate, High, then any other), then the name.
//
// A control that has earned all or more is no gap, nor is one that can earn nothing, nor, but on request, one that the
// service says does not apply to the tenant. Where it says nothing, a control applies. Those whose gap cannot be told,
// because their profile is missing or has no maxScore, or their score is not known, are not gaps of zero points either:
// they are in unknown, ordered by name.
func Gaps(controls []Control, o GapOptions) (gaps []Gap, unknown []Control) {
	for _, c := range controls {
		if o.leavesOut(c) {
			continue
		}
		points, okPoints := c.Points()
		maxScore, okMax := c.MaxScore()
		if !okPoints || !okMax {
			unknown = append(unknown, c)
			continue
		}
		if missing := round(maxScore - points); missing >= Tolerance {
			gaps = append(gaps, Gap{Control: c, Points: missing})
		}
	}
	slices.SortStableFunc(gaps, compareGaps)
	slices.SortStableFunc(unknown, func(a, b Control) int { return cmp.Compare(a.Name(), b.Name()) })
	return gaps, unknown
}

func (o GapOptions) leavesOut(c Control) bool {
	if !o.IncludeDeprecated && c.Deprecated() {
		return true
	}
	if applicable, ok := c.Details().IsApplicable(); !o.IncludeInapplicable && ok && !applicable {
		return true
	}
	if o.IncludeSettled {
		return false
	}
	settled := o.SettledStates
	if len(settled) == 0 {
		settled = []string{client.StateIgnored, client.StateThirdParty}
	}
	state := c.State()
	return slices.ContainsFunc(settled, func(s string) bool { return strings.EqualFold(s, state) })
}

func compareGaps(a, b Gap) int {
	return cmp.Or(
		cmp.Compare(b.Points, a.Points),
		cmp.Compare(a.Control.rank(), b.Control.rank()),
		cmp.Compare(a.Control.cost(), b.Control.cost()),
		cmp.Compare(a.Control.Name(), b.Control.Name()),
	)
}

// rank orders by the profile's rank, those without behind all.
func (c Control) rank() int64 {
	if c.Profile == nil || c.Profile.Rank == nil {
		return math.MaxInt64
	}
	return int64(*c.Profile.Rank)
}

// cost orders by the profile's implementationCost, an open string.
func (c Control) cost() int {
	var cost string
	if c.Profile != nil {
		cost = strings.ToLower(text(c.Profile.ImplementationCost))
	}
	i := slices.Index([]string{"low", "moderate", "high"}, cost)
	if i < 0 {
		return math.MaxInt
	}
	return i
}
