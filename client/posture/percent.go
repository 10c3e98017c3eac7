package posture

import "math"

// Tolerance is what two numbers must differ by to count as different, in points or percentage points. The service
// computes in binary fractions and rounds to two decimals, so that less than half of the last decimal is noise and not
// a change.
const Tolerance = 0.005

// Percent is the share of max that was earned, in percent. It fits a score and a control alike:
//
//	percent, ok := posture.Percent(score.CurrentScore, score.MaxScore)
//
// Ok is false where either number is not known, and where max is 0: nothing can be earned, and no share of nothing is
// right. It may exceed 100, where points and max are of different days.
func Percent(points, max *float64) (percent float64, ok bool) {
	p, okPoints := known(points)
	m, okMax := known(max)
	if !okPoints || !okMax || m == 0 {
		return 0, false
	}
	percent = 100 * p / m
	return percent, finite(percent)
}

// known tells a number from nil, NaN, the infinities and the negative ones that stand for no data.
func known(p *float64) (float64, bool) {
	if p == nil || !finite(*p) || *p < 0 {
		return 0, false
	}
	return *p, true
}

func finite(f float64) bool {
	return !math.IsNaN(f) && !math.IsInf(f, 0)
}

// round cuts the noise of binary fractions off a sum or a difference, at nine decimals: 10 - 9.7 is 0.3, and ranks
// equal to 0.3.
func round(f float64) float64 {
	if math.Abs(f) > 1e6 {
		return f
	}
	return math.Round(f*1e9) / 1e9
}
