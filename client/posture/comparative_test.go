package posture_test

import (
	"slices"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

func TestAverages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		scores string // averageComparativeScores
		want   []string
	}{
		"data":             {`[{"basis":"AllTenants","averageScore":52.86},{"basis":"TotalSeats","averageScore":48.1}]`, []string{"AllTenants", "TotalSeats"}},
		"zero is data":     {`[{"basis":"AllTenants","averageScore":0.0}]`, []string{"AllTenants"}},
		"all is data":      {`[{"basis":"AllTenants","averageScore":100}]`, []string{"AllTenants"}},
		"-1 is none":       {`[{"basis":"AllTenants","averageScore":-1.0},{"basis":"TotalSeats","averageScore":48.1}]`, []string{"TotalSeats"}},
		"null is none":     {`[{"basis":"AllTenants","averageScore":null}]`, nil},
		"absent is none":   {`[{"basis":"AllTenants"}]`, nil},
		"NaN is none":      {`[{"basis":"AllTenants","averageScore":"NaN"}]`, nil},
		"no percentage":    {`[{"basis":"AllTenants","averageScore":289.1}]`, nil},
		"empty list":       {`[]`, nil},
		"null list":        {`null`, nil},
		"basis is missing": {`[{"averageScore":52.86}]`, []string{""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			score := parse[client.SecureScore](t, `{"averageComparativeScores":`+tt.scores+`}`)
			var got []string
			for _, a := range posture.Averages(&score) {
				got = append(got, a.Basis())
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("averages %q, want %q", got, tt.want)
			}
		})
	}
	if got := posture.Averages(nil); len(got) != 0 {
		t.Errorf("no score: %d averages", len(got))
	}
}

func TestAverageFor(t *testing.T) {
	t.Parallel()
	score := parse[client.SecureScore](t, `{"averageComparativeScores":[{"basis":"IndustryTypes","averageScore":-1},
		{"basis":"totalSeats","averageScore":48.1},{"basis":"TotalSeats","averageScore":1}]}`)
	tests := map[string]struct {
		basis string
		want  float64
		ok    bool
	}{
		"data":    {posture.BasisTotalSeats, 48.1, true},
		"no data": {posture.BasisIndustryTypes, 0, false},
		"absent":  {posture.BasisAllTenants, 0, false},
	}
	for name, tt := range tests {
		a, found := posture.AverageFor(&score, tt.basis)
		if found != tt.ok {
			t.Errorf("%s: found %v", name, found)
		}
		percent, ok := a.Percent()
		wantFloat(t, name, percent, ok, tt.want, tt.ok)
	}
	if _, ok := posture.AverageFor(nil, posture.BasisAllTenants); ok {
		t.Error("no score: an average")
	}
}

func TestAverageCategories(t *testing.T) {
	t.Parallel()
	average := func(text string) posture.Average {
		return posture.AverageOf(parse[client.AverageComparativeScore](t, text))
	}
	tests := map[string]struct {
		average   posture.Average
		category  string
		points    float64
		okPoints  bool
		max       float64
		okMax     bool
		percent   float64
		okPercent bool
	}{
		"numbers":       {average(`{"appsScore":45,"appsScoreMax":120}`), "Apps", 45, true, 120, true, 37.5, true},
		"strings":       {average(`{"identityScore":"41.21","identityScoreMax":"61.88"}`), "Identity", 41.21, true, 61.88, true, 4121.0 / 61.88, true},
		"other casing":  {average(`{"IdentityScore":1,"identityscoremax":2}`), "iDENTITY", 1, true, 2, true, 50, true},
		"zero":          {average(`{"infrastructureScore":0.0,"infrastructureScoreMax":0.0}`), "Infrastructure", 0, true, 0, true, 0, false},
		"no max":        {average(`{"dataScore":1}`), "Data", 1, true, 0, false, 0, false},
		"no data":       {average(`{"dataScore":-1,"dataScoreMax":null}`), "Data", 0, false, 0, false, 0, false},
		"absent":        {average(`{"averageScore":50}`), "Device", 0, false, 0, false, 0, false},
		"no comparison": {posture.Average{}, "Device", 0, false, 0, false, 0, false},
		"not averageScore": {
			average(`{"averageScore":50,"averageScoreMax":100}`), "Average", 0, false, 100, true, 0, false,
		},
	}
	for name, tt := range tests {
		points, okPoints := tt.average.CategoryScore(tt.category)
		wantFloat(t, name, points, okPoints, tt.points, tt.okPoints)
		maxScore, okMax := tt.average.CategoryMax(tt.category)
		wantFloat(t, name+" max", maxScore, okMax, tt.max, tt.okMax)
		if okPoints && okMax {
			percent, ok := posture.Percent(&points, &maxScore)
			wantFloat(t, name+" percent", percent, ok, tt.percent, tt.okPercent)
		}
	}
}

func TestAverageSeatRange(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text            string
		least, greatest int64
		ok              bool
	}{
		"strings":      {`{"SeatSizeRangeLowerValue":"1","SeatSizeRangeUpperValue":"100"}`, 1, 100, true},
		"other casing": {`{"seatSizeRangeLowerValue":"0","seatSizeRangeUpperValue":"6"}`, 0, 6, true},
		"numbers":      {`{"seatSizeRangeLowerValue":1,"SeatSizeRangeUpperValue":1}`, 1, 1, true},
		"no upper":     {`{"SeatSizeRangeLowerValue":"10001"}`, 0, 0, false},
		"0, no upper":  {`{"SeatSizeRangeLowerValue":"0"}`, 0, 0, false},
		"no lower":     {`{"SeatSizeRangeUpperValue":"100"}`, 0, 0, false},
		"-1":           {`{"SeatSizeRangeLowerValue":"-1","SeatSizeRangeUpperValue":"-1"}`, 0, 0, false},
		"reversed":     {`{"SeatSizeRangeLowerValue":"100","SeatSizeRangeUpperValue":"1"}`, 0, 0, false},
		"words":        {`{"SeatSizeRangeLowerValue":"1","SeatSizeRangeUpperValue":"many"}`, 0, 0, false},
		"none":         {`{}`, 0, 0, false},
	}
	for name, tt := range tests {
		least, greatest, ok := posture.AverageOf(parse[client.AverageComparativeScore](t, tt.text)).SeatRange()
		if least != tt.least || greatest != tt.greatest || ok != tt.ok {
			t.Errorf("%s: %d to %d, %v, want %d to %d, %v", name, least, greatest, ok, tt.least, tt.greatest, tt.ok)
		}
	}
}
