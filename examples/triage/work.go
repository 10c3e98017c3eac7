package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

// work is what can be done for the score of a day.
type work struct {
	score *client.SecureScore
	shown []posture.Gap // Points is 0 where nothing is left, or nobody knows

	gaps    []posture.Gap     // all that are left
	settled []posture.Gap     // those that were decided on
	unknown []posture.Control // those whose gap cannot be told
	named   bool              // shown are the ones that were asked for
}

// read asks for the newest score and all profiles.
func read(ctx context.Context, c *client.Client, o options) (*work, error) {
	score, err := c.SecureScores.Latest(ctx)
	if err != nil {
		return nil, err
	}
	profiles, err := c.ControlProfiles.All(ctx, nil)
	if err != nil {
		return nil, err
	}
	controls := posture.Join(score, profiles)
	w := &work{score: score, named: len(o.ids) > 0}
	w.gaps, w.unknown = posture.Gaps(controls, posture.GapOptions{})
	all, _ := posture.Gaps(controls, posture.GapOptions{IncludeSettled: true})
	w.settled = slices.DeleteFunc(slices.Clone(all), func(g posture.Gap) bool {
		return slices.ContainsFunc(w.gaps, func(left posture.Gap) bool { return left.Control.Name() == g.Control.Name() })
	})
	if !w.named {
		w.shown = w.gaps[:min(o.top, len(w.gaps))]
		return w, nil
	}
	w.shown, err = pick(controls, all, o.ids)
	return w, err
}

// pick finds controls by their names.
func pick(controls []posture.Control, gaps []posture.Gap, ids []string) ([]posture.Gap, error) {
	var picked []posture.Gap
	var missing []string
	for _, id := range ids {
		named := func(c posture.Control) bool { return strings.EqualFold(c.Name(), id) }
		if i := slices.IndexFunc(gaps, func(g posture.Gap) bool { return named(g.Control) }); i >= 0 {
			picked = append(picked, gaps[i])
		} else if i := slices.IndexFunc(controls, named); i >= 0 {
			picked = append(picked, posture.Gap{Control: controls[i]})
		} else {
			missing = append(missing, fmt.Sprintf("%q", id))
		}
	}
	if len(missing) > 0 {
		return nil, errors.New("the newest score has no control " + strings.Join(missing, ", "))
	}
	return picked, nil
}

// sum is the points of gaps.
func sum(gaps []posture.Gap) float64 {
	points := 0.
	for _, g := range gaps {
		points += g.Points
	}
	return points
}
