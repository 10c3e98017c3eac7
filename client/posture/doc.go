// Package posture answers what a tenant's secure scores say: how much of what can be earned is earned, what to do next,
// and what changed between two days. Its functions are pure: they make no request, never change what they are given,
// and give the same answer, in the same order, for the same input. What they return may point into what they were
// given.
//
// Points and percentages are kept apart. currentScore, a control's score and every maxScore are points. averageScore
// and scoreInPercentage are percentages, from 0 to 100. A function's name or documentation says which it returns.
//
// What is not known is never zero. A number that is nil, NaN, infinite or negative is not known: no score is negative,
// and the service writes -1 where it has no data. What would need a profile that is missing is not known either. Each
// such value comes with ok false, or in a list of its own. Nil pointers and empty lists are fine everywhere.
//
//	controls := posture.Join(score, profiles)
//	gaps, unknown := posture.Gaps(controls, posture.GapOptions{})
//	comparison := posture.Compare(yesterday, today)
package posture
