package posture

import (
	"strings"

	"github.com/seed-13c6ebcb/securescore/client"
)

// What makes tenants comparable. Others may come.
const (
	BasisAllTenants    = "AllTenants"
	BasisTotalSeats    = "TotalSeats"
	BasisIndustryTypes = "IndustryTypes"
)

// Average is how comparable tenants do. Its methods read the members that Microsoft's metadata does not declare too, in
// any casing, and numbers that come as JSON strings, as those of 2018 and 2019 did.
type Average struct {
	of client.AverageComparativeScore
}

// AverageOf gives access to one comparative score, with or without data.
func AverageOf(a client.AverageComparativeScore) Average {
	return Average{a}
}

// Averages are the comparative scores that have data, in the order of the score: those whose Percent is known. None
// means that there is nothing to compare with, and not that other tenants earn nothing.
func Averages(score *client.SecureScore) []Average {
	if score == nil {
		return nil
	}
	var averages []Average
	for _, a := range score.AverageComparativeScores {
		if _, ok := AverageOf(a).Percent(); ok {
			averages = append(averages, AverageOf(a))
		}
	}
	return averages
}

// AverageFor is the first of the Averages on that basis, in any casing; ok is false where there is no data.
func AverageFor(score *client.SecureScore, basis string) (average Average, ok bool) {
	for _, a := range Averages(score) {
		if strings.EqualFold(a.Basis(), basis) {
			return a, true
		}
	}
	return Average{}, false
}

// Basis is what makes the tenants comparable, or "".
func (a Average) Basis() string {
	return text(a.of.Basis)
}

// Percent is the averageScore, which is a percentage: compare it with the Percent of a score, never with its
// currentScore. Ok is false for -1, which stands for no data, and beyond 100, which is no percentage.
func (a Average) Percent() (percent float64, ok bool) {
	percent, ok = known(a.of.AverageScore)
	if !ok || percent > 100 {
		return 0, false
	}
	return percent, true
}

// CategoryScore is what the tenants earned on average in a category, in points. The category is named as in
// controlCategory: Apps, Data, Device, Identity or Infrastructure, in any casing.
func (a Average) CategoryScore(category string) (points float64, ok bool) {
	return number(a.of.Extra, category+"Score")
}

// CategoryMax is what the tenants could earn on average in a category, in points. 0 is known: Percent has no share of
// it.
func (a Average) CategoryMax(category string) (points float64, ok bool) {
	return number(a.of.Extra, category+"ScoreMax")
}

// SeatRange is the size of the tenants, in seats, from the least to the greatest, both included. Only the basis
// TotalSeats has it. Ok is false unless both are known and in order.
func (a Average) SeatRange() (least, greatest int64, ok bool) {
	least, okLeast := count(a.of.Extra, "SeatSizeRangeLowerValue")
	greatest, okGreatest := count(a.of.Extra, "SeatSizeRangeUpperValue")
	if !okLeast || !okGreatest || least > greatest {
		return 0, 0, false
	}
	return least, greatest, true
}
