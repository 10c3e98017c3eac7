package posture

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/seed-13c6ebcb/securescore/client"
)

// Delta is one number on two days.
type Delta struct {
	Older, Newer *float64 // nil where it is not known
}

func deltaOf(older, newer float64, okOlder, okNewer bool) Delta {
	var d Delta
	if okOlder {
		d.Older = &older
	}
	if okNewer {
		d.Newer = &newer
	}
	return d
}

// Change is Newer less Older. Ok is false where either is not known.
func (d Delta) Change() (change float64, ok bool) {
	if d.Older == nil || d.Newer == nil {
		return 0, false
	}
	return round(*d.Newer - *d.Older), true
}

// Direction is 1 for a rise, -1 for a fall, and 0 where the change is not known or less than Tolerance.
func (d Delta) Direction() int {
	change, _ := d.Change()
	switch {
	case change >= Tolerance:
		return 1
	case change <= -Tolerance:
		return -1
	}
	return 0
}

// ControlChange is one control on two days.
type ControlChange struct {
	Older *client.ControlScore // nil for one that was added
	Newer *client.ControlScore // nil for one that was removed
}

// Name is the controlName as the newer score writes it.
func (c ControlChange) Name() string {
	return text(c.latest().ControlName)
}

// Category is the controlCategory in the newer score.
func (c ControlChange) Category() string {
	return text(c.latest().ControlCategory)
}

func (c ControlChange) latest() client.ControlScore {
	switch {
	case c.Newer != nil:
		return *c.Newer
	case c.Older != nil:
		return *c.Older
	}
	return client.ControlScore{}
}

// Points is what the control earned.
func (c ControlChange) Points() Delta {
	return c.delta(func(s client.ControlScore) (float64, bool) { return known(s.Score) })
}

// Percent is the percentage that the control earned of what it could on each day, where the service sent it.
func (c ControlChange) Percent() Delta {
	return c.delta(func(s client.ControlScore) (float64, bool) { return Details(s).ScoreInPercentage() })
}

func (c ControlChange) delta(read func(client.ControlScore) (float64, bool)) Delta {
	var older, newer float64
	var okOlder, okNewer bool
	if c.Older != nil {
		older, okOlder = read(*c.Older)
	}
	if c.Newer != nil {
		newer, okNewer = read(*c.Newer)
	}
	return deltaOf(older, newer, okOlder, okNewer)
}

// Comparison is what changed between two scores. A control is in one list at most. Each list has the largest change of
// points first, then goes by name.
type Comparison struct {
	Points   Delta // currentScore
	MaxScore Delta // points that could be earned
	Percent  Delta // the one as a percentage of the other; its Change is in percentage points

	// ControlsCompared is false where either score lists no controls, as one read with $select may. That is no data,
	// and not every control removed: the lists are empty.
	ControlsCompared bool

	Gained  []ControlChange // more points than before
	Lost    []ControlChange // fewer points than before: the control regressed
	Added   []ControlChange // in the newer score only
	Removed []ControlChange // in the older score only

	// MaxChanged are the controls whose own maximum changed, and not for the same reason what they earned: points and
	// scoreInPercentage do not move the same way. An example is a control that had 10 of 10 points and has 9 of 9.
	MaxChanged []ControlChange

	// Unknown are the controls whose points are known on one of the days only.
	Unknown []ControlChange
}

// Compare tells what changed from the older to the newer score. Which is which is for the caller to say: the service
// lists the newest first. A change below Tolerance is none. Either score may be nil, and then nothing is known.
//
// Controls are matched by controlName or, failing that, by its lower casing. A name that a score has several times is
// matched in order.
//
// What a control could earn on a day is in its profile only, and that is of today. It is concluded here from points and
// scoreInPercentage, where both days have both, and only as far as their rounding to two decimals allows.
func Compare(older, newer *client.SecureScore) Comparison {
	if older == nil {
		older = &client.SecureScore{}
	}
	if newer == nil {
		newer = &client.SecureScore{}
	}
	c := Comparison{
		Points:           knownDelta(older.CurrentScore, newer.CurrentScore),
		MaxScore:         knownDelta(older.MaxScore, newer.MaxScore),
		ControlsCompared: len(older.ControlScores) > 0 && len(newer.ControlScores) > 0,
	}
	percentOlder, okOlder := Percent(older.CurrentScore, older.MaxScore)
	percentNewer, okNewer := Percent(newer.CurrentScore, newer.MaxScore)
	c.Percent = deltaOf(percentOlder, percentNewer, okOlder, okNewer)
	if !c.ControlsCompared {
		return c
	}
	for _, change := range match(older.ControlScores, newer.ControlScores) {
		if list := c.listOf(change); list != nil {
			*list = append(*list, change)
		}
	}
	for _, list := range c.lists() {
		slices.SortStableFunc(*list, compareChanges)
	}
	return c
}

func knownDelta(older, newer *float64) Delta {
	o, okOlder := known(older)
	n, okNewer := known(newer)
	return deltaOf(o, n, okOlder, okNewer)
}

// Changed is whether the score or a control changed at all, for better, worse or neither.
func (c Comparison) Changed() bool {
	for _, list := range c.lists() {
		if len(*list) > 0 {
			return true
		}
	}
	return c.Points.Direction() != 0 || c.MaxScore.Direction() != 0
}

// Regressed is whether the tenant is worse off, for an alert: a control lost points, however many others gained, or the
// score fell by more points than controls that were removed, or whose maximum changed, account for. Those are
// Microsoft's doing. So are a score that falls and keeps its percentage, and a percentage that falls because controls
// were added.
//
// Removed controls account for no more points than MaxScore fell by, less what MaxChanged accounts for, and for none
// where that is not known. A control that Microsoft removes takes its maximum along; one that is merely missing, as in a
// partial answer, does not. The price is an alert too many where as much was added to the maximum at the same time.
func (c Comparison) Regressed() bool {
	if len(c.Lost) > 0 {
		return true
	}
	if percent, ok := c.Percent.Change(); ok && percent >= 0 {
		return false
	}
	change, _ := c.Points.Change()
	changeOfMax, _ := c.MaxScore.Change()
	fall, fallOfMax, noise := -change, -changeOfMax, Tolerance
	for _, m := range c.MaxChanged {
		if change, _ := m.Points().Change(); change < 0 {
			fall += change
			fallOfMax += change
			noise += 2 * Tolerance
		}
	}
	removed := 0.0
	for _, r := range c.Removed {
		if older := r.Points().Older; older != nil {
			removed += *older
			noise += 2 * Tolerance
		}
	}
	return round(fall-max(min(removed, fallOfMax), 0)) >= noise
}

func (c *Comparison) lists() []*[]ControlChange {
	return []*[]ControlChange{&c.Gained, &c.Lost, &c.Added, &c.Removed, &c.MaxChanged, &c.Unknown}
}

// listOf is the list that a change belongs in, nil for none.
func (c *Comparison) listOf(change ControlChange) *[]ControlChange {
	points := change.Points()
	direction := points.Direction()
	switch {
	case change.Older == nil:
		return &c.Added
	case change.Newer == nil:
		return &c.Removed
	case (points.Older == nil) != (points.Newer == nil):
		return &c.Unknown
	case change.maxMoved() && direction != change.Percent().Direction():
		return &c.MaxChanged
	case direction > 0:
		return &c.Gained
	case direction < 0:
		return &c.Lost
	}
	return nil
}

// maxMoved is whether the control's maximum is surely another: no maximum fits both days.
func (c ControlChange) maxMoved() bool {
	points, percent := c.Points(), c.Percent()
	low1, high1, ok1 := impliedMax(points.Older, percent.Older)
	low2, high2, ok2 := impliedMax(points.Newer, percent.Newer)
	return ok1 && ok2 && (high1 < low2 || high2 < low1)
}

// impliedMax is the least and the greatest maximum that gives these points and this percentage when both are rounded to
// two decimals. A percentage of zero fits every maximum.
func impliedMax(points, percent *float64) (low, high float64, ok bool) {
	if points == nil || percent == nil || *percent <= Tolerance {
		return 0, 0, false
	}
	low = 100 * (*points - Tolerance) / (*percent + Tolerance)
	high = 100 * (*points + Tolerance) / (*percent - Tolerance)
	return low, high, true
}

// match pairs the controls of two scores: in the order of the newer, then what is left of the older.
func match(older, newer []client.ControlScore) []ControlChange {
	partner := make([]int, len(newer)) // index in older and one more; 0 is none
	taken := make([]bool, len(older))
	asIs := func(name string) string { return name }
	for _, key := range []func(string) string{asIs, strings.ToLower} {
		free := map[string][]int{}
		for i, s := range older {
			if !taken[i] {
				name := key(text(s.ControlName))
				free[name] = append(free[name], i)
			}
		}
		for i, s := range newer {
			name := key(text(s.ControlName))
			if partner[i] != 0 || len(free[name]) == 0 {
				continue
			}
			partner[i] = free[name][0] + 1
			taken[free[name][0]] = true
			free[name] = free[name][1:]
		}
	}
	var changes []ControlChange
	for i := range newer {
		change := ControlChange{Newer: &newer[i]}
		if partner[i] != 0 {
			change.Older = &older[partner[i]-1]
		}
		changes = append(changes, change)
	}
	for i := range older {
		if !taken[i] {
			changes = append(changes, ControlChange{Older: &older[i]})
		}
	}
	return changes
}

func compareChanges(a, b ControlChange) int {
	changeA, _ := a.Points().Change()
	changeB, _ := b.Points().Change()
	return cmp.Or(
		cmp.Compare(math.Abs(changeB), math.Abs(changeA)),
		cmp.Compare(a.Name(), b.Name()),
	)
}
