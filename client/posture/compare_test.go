package posture_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

func TestDelta(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		delta     posture.Delta
		change    float64
		ok        bool
		direction int
	}{
		"rise":         {posture.Delta{Older: new(9.7), Newer: new(10.0)}, 0.3, true, 1},
		"fall":         {posture.Delta{Older: new(10.0), Newer: new(9.7)}, -0.3, true, -1},
		"same":         {posture.Delta{Older: new(10.0), Newer: new(10.0)}, 0, true, 0},
		"noise":        {posture.Delta{Older: new(0.3), Newer: new(0.1 + 0.2)}, 0, true, 0},
		"too small":    {posture.Delta{Older: new(1.0), Newer: new(1.0049)}, 0.0049, true, 0},
		"small fall":   {posture.Delta{Older: new(1.0049), Newer: new(1.0)}, -0.0049, true, 0},
		"a hundredth":  {posture.Delta{Older: new(9.26), Newer: new(9.25)}, -0.01, true, -1},
		"no older":     {posture.Delta{Newer: new(1.0)}, 0, false, 0},
		"no newer":     {posture.Delta{Older: new(1.0)}, 0, false, 0},
		"nothing":      {posture.Delta{}, 0, false, 0},
		"large, exact": {posture.Delta{Older: new(0.0), Newer: new(1e300)}, 1e300, true, 1},
	}
	for name, tt := range tests {
		change, ok := tt.delta.Change()
		wantFloat(t, name, change, ok, tt.change, tt.ok)
		if got := tt.delta.Direction(); got != tt.direction {
			t.Errorf("%s: direction %d, want %d", name, got, tt.direction)
		}
	}
}

// Of a large score, a fall of points is one however little of a percentage point it is.
func TestCompareLargeScore(t *testing.T) {
	t.Parallel()
	older := &client.SecureScore{CurrentScore: new(815.22), MaxScore: new(1376.0)}
	newer := &client.SecureScore{CurrentScore: new(815.21), MaxScore: new(1376.0)}
	if c := posture.Compare(older, newer); c.Percent.Direction() != 0 || !c.Regressed() {
		t.Errorf("regressed %v, percent %d", c.Regressed(), c.Percent.Direction())
	}
}

// lists names what is in the lists of a comparison.
func lists(c posture.Comparison) string {
	text := ""
	for _, list := range []struct {
		name    string
		changes []posture.ControlChange
	}{
		{"gained", c.Gained},
		{"lost", c.Lost},
		{"added", c.Added},
		{"removed", c.Removed},
		{"max", c.MaxChanged},
		{"unknown", c.Unknown},
	} {
		for _, change := range list.changes {
			points, _ := change.Points().Change()
			text += fmt.Sprintf("%s %s %g\n", list.name, change.Name(), points)
		}
	}
	return text
}

func TestCompareScores(t *testing.T) {
	t.Parallel()
	older := parse[client.SecureScore](t, `{"currentScore":50.0,"maxScore":100.0}`)
	tests := map[string]struct {
		newer                          string
		points, maxScore, percent      float64
		okPoints, okMaxScore, okShares bool
		regressed, changed             bool
	}{
		"same":                 {`{"currentScore":50.0,"maxScore":100.0}`, 0, 0, 0, true, true, true, false, false},
		"noise":                {`{"currentScore":49.996,"maxScore":100.0}`, -0.004, 0, -0.004, true, true, true, false, false},
		"rise":                 {`{"currentScore":60.0,"maxScore":100.0}`, 10, 0, 10, true, true, true, false, true},
		"fall":                 {`{"currentScore":49.99,"maxScore":100.0}`, -0.01, 0, -0.01, true, true, true, true, true},
		"fall with the max":    {`{"currentScore":40.0,"maxScore":80.0}`, -10, -20, 0, true, true, true, false, true},
		"fall below the max":   {`{"currentScore":39.0,"maxScore":80.0}`, -11, -20, -1.25, true, true, true, true, true},
		"max rises":            {`{"currentScore":50.0,"maxScore":200.0}`, 0, 100, -25, true, true, true, false, true},
		"max becomes unknown":  {`{"currentScore":49.0,"maxScore":null}`, -1, 0, 0, true, false, false, true, true},
		"score becomes -1":     {`{"currentScore":-1.0,"maxScore":100.0}`, 0, 0, 0, false, true, false, false, false},
		"nothing can be known": {`{}`, 0, 0, 0, false, false, false, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newer := parse[client.SecureScore](t, tt.newer)
			c := posture.Compare(&older, &newer)
			change, ok := c.Points.Change()
			wantFloat(t, "points", change, ok, tt.points, tt.okPoints)
			change, ok = c.MaxScore.Change()
			wantFloat(t, "max", change, ok, tt.maxScore, tt.okMaxScore)
			change, ok = c.Percent.Change()
			wantFloat(t, "percent", change, ok, tt.percent, tt.okShares)
			if c.Regressed() != tt.regressed || c.Changed() != tt.changed {
				t.Errorf("regressed %v, changed %v, want %v, %v", c.Regressed(), c.Changed(), tt.regressed, tt.changed)
			}
			if c.ControlsCompared || lists(c) != "" {
				t.Errorf("controls compared, where neither score has any: %s", lists(c))
			}
		})
	}
}

func TestCompareControls(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		older, newer string // controlScores
		want         string
		regressed    bool
	}{
		"same":       {`[{"controlName":"a","score":1}]`, `[{"controlName":"a","score":1}]`, "", false},
		"noise":      {`[{"controlName":"a","score":0.3}]`, `[{"controlName":"a","score":0.2999}]`, "", false},
		"other text": {`[{"controlName":"a","score":1,"description":"x"}]`, `[{"controlName":"a","score":1.0,"description":null}]`, "", false},
		"gained":     {`[{"controlName":"a","score":1}]`, `[{"controlName":"a","score":1.5}]`, "gained a 0.5\n", false},
		"lost":       {`[{"controlName":"a","score":9.26}]`, `[{"controlName":"a","score":9.25}]`, "lost a -0.01\n", true},
		"lost one of many": {
			`[{"controlName":"a","score":1},{"controlName":"b","score":1}]`, `[{"controlName":"b","score":90},{"controlName":"a","score":0}]`,
			"gained b 89\nlost a -1\n", true,
		},
		"added and removed": {
			`[{"controlName":"b","score":1},{"controlName":"a","score":1},{"controlName":"x"}]`, `[{"controlName":"d"},{"controlName":"x"},{"controlName":"c"}]`,
			"added c 0\nadded d 0\nremoved a 0\nremoved b 0\n", false,
		},
		"largest change first, then by name": {
			`[{"controlName":"c","score":9},{"controlName":"b","score":9},{"controlName":"a","score":9}]`,
			`[{"controlName":"c","score":8},{"controlName":"b","score":1},{"controlName":"a","score":8}]`,
			"lost b -8\nlost a -1\nlost c -1\n", true,
		},
		"another casing": {`[{"controlName":"MFA","score":2}]`, `[{"controlName":"mfa","score":1}]`, "lost mfa -1\n", true},
		"exactly before any casing": {
			`[{"controlName":"MFA","score":2},{"controlName":"mfa","score":1}]`, `[{"controlName":"mfa","score":1},{"controlName":"MFA","score":2}]`, "", false,
		},
		"several times, in order": {
			`[{"controlName":"a","score":1},{"controlName":"a","score":2}]`, `[{"controlName":"a","score":1},{"controlName":"a","score":1},{"controlName":"a","score":7}]`,
			"lost a -1\nadded a 0\n", true,
		},
		"no names":        {`[{"score":1},{"score":2}]`, `[{"score":1},{"controlName":null,"score":1}]`, "lost  -1\n", true},
		"becomes known":   {`[{"controlName":"a","score":null}]`, `[{"controlName":"a","score":1}]`, "unknown a 0\n", false},
		"becomes unknown": {`[{"controlName":"a","score":1}]`, `[{"controlName":"a","score":-1}]`, "unknown a 0\n", false},
		"never known":     {`[{"controlName":"a","score":null}]`, `[{"controlName":"a","score":"NaN"}]`, "", false},

		"max falls, all earned": {
			`[{"controlName":"a","score":10,"scoreInPercentage":100}]`, `[{"controlName":"a","score":9,"scoreInPercentage":100}]`, "max a -1\n", false,
		},
		"max rises, points stay": {
			`[{"controlName":"a","score":5,"scoreInPercentage":50}]`, `[{"controlName":"a","score":5,"scoreInPercentage":25}]`, "max a 0\n", false,
		},
		"max rises by more than the points": {
			`[{"controlName":"a","score":5,"scoreInPercentage":50}]`, `[{"controlName":"a","score":6,"scoreInPercentage":"40"}]`, "max a 1\n", false,
		},
		"max falls, and points by more": {
			`[{"controlName":"a","score":10,"scoreInPercentage":100}]`, `[{"controlName":"a","score":2,"scoreInPercentage":40}]`, "lost a -8\n", true,
		},
		"max stays": {
			`[{"controlName":"a","score":9.26,"scoreInPercentage":92.6}]`, `[{"controlName":"a","score":8.33,"scoreInPercentage":83.3}]`, "lost a -0.93\n", true,
		},
		"all lost": {
			`[{"controlName":"a","score":10,"scoreInPercentage":100}]`, `[{"controlName":"a","score":0,"scoreInPercentage":0}]`, "lost a -10\n", true,
		},
		"percentage of one day only": {
			`[{"controlName":"a","score":10,"scoreInPercentage":100}]`, `[{"controlName":"a","score":9}]`, "lost a -1\n", true,
		},
		"percentage moves within its rounding": {
			`[{"controlName":"a","score":2.0,"scoreInPercentage":66.67}]`, `[{"controlName":"a","score":2.0,"scoreInPercentage":66.7}]`, "", false,
		},
		"zero percent fits every maximum": {
			`[{"controlName":"a","score":0,"scoreInPercentage":0}]`, `[{"controlName":"a","score":0.01,"scoreInPercentage":0}]`, "gained a 0.01\n", false,
		},
		"a percentage that may be a rounded zero fits every maximum": {
			`[{"controlName":"a","score":0.01,"scoreInPercentage":0.004}]`, `[{"controlName":"a","score":5,"scoreInPercentage":0.008}]`, "gained a 4.99\n", false,
		},
		"points move within their rounding": {
			`[{"controlName":"a","score":0.01,"scoreInPercentage":0.1}]`, `[{"controlName":"a","score":0.02,"scoreInPercentage":0.1}]`, "gained a 0.01\n", false,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			older := parse[client.SecureScore](t, `{"controlScores":`+tt.older+`}`)
			newer := parse[client.SecureScore](t, `{"controlScores":`+tt.newer+`}`)
			c := posture.Compare(&older, &newer)
			if got := lists(c); got != tt.want {
				t.Errorf("got\n%swant\n%s", got, tt.want)
			}
			if c.Regressed() != tt.regressed {
				t.Errorf("regressed %v, want %v", c.Regressed(), tt.regressed)
			}
			if c.Changed() != (tt.want != "") {
				t.Errorf("changed %v", c.Changed())
			}
			if !c.ControlsCompared {
				t.Error("controls not compared")
			}
		})
	}
}

// The score falls from 50 of 100 to what is given, and no control is in Lost.
func TestCompareUnexplainedFall(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		current      float64
		maxScore     string
		older, newer string // controlScores besides one that does not change
		regressed    bool
	}{
		"no control did":                      {49, `101`, ``, ``, true},
		"removed":                             {40, `90`, `,{"controlName":"r","score":10}`, ``, false},
		"removed, could earn more":            {40, `81`, `,{"controlName":"r","score":10}`, ``, false},
		"removed, rounded":                    {39.99, `90`, `,{"controlName":"r","score":10}`, ``, false},
		"removed, and more":                   {39, `90`, `,{"controlName":"r","score":10}`, ``, true},
		"removed, earned nothing":             {49, `99`, `,{"controlName":"r","score":0}`, ``, true},
		"removed, points unknown":             {49, `99`, `,{"controlName":"r"}`, ``, true},
		"removed, maximum stays":              {40, `100`, `,{"controlName":"r","score":10}`, ``, true},
		"removed, maximum rises":              {40, `101`, `,{"controlName":"r","score":10}`, ``, true},
		"removed, maximum falls by less":      {40, `91`, `,{"controlName":"r","score":10}`, ``, true},
		"removed, maximum unknown":            {40, `null`, `,{"controlName":"r","score":10}`, ``, true},
		"removed, two for the maximum of one": {30, `90`, `,{"controlName":"r","score":10},{"controlName":"q","score":10}`, ``, true},
		"removed, and maximum changed":        {39, `89`, `,{"controlName":"r","score":10},{"controlName":"m","score":10,"scoreInPercentage":100}`, `,{"controlName":"m","score":9,"scoreInPercentage":100}`, false},
		"removed, another's maximum changed":  {30, `90`, `,{"controlName":"r","score":10},{"controlName":"m","score":20,"scoreInPercentage":100}`, `,{"controlName":"m","score":10,"scoreInPercentage":100}`, true},
		"maximum changed":                     {49, `101`, `,{"controlName":"m","score":10,"scoreInPercentage":100}`, `,{"controlName":"m","score":9,"scoreInPercentage":100}`, false},
		"maximum changed, and more":           {48, `101`, `,{"controlName":"m","score":10,"scoreInPercentage":100}`, `,{"controlName":"m","score":9,"scoreInPercentage":100}`, true},
		"maximum changed, rounded":            {48.99, `101`, `,{"controlName":"m","score":10,"scoreInPercentage":100}`, `,{"controlName":"m","score":9,"scoreInPercentage":100}`, false},
		"a raised maximum explains no fall":   {49, `101`, `,{"controlName":"m","score":5,"scoreInPercentage":50}`, `,{"controlName":"m","score":6,"scoreInPercentage":40}`, true},
		"added":                               {50, `101`, ``, `,{"controlName":"n","score":0}`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const same = `{"controlName":"s","score":1}`
			older := parse[client.SecureScore](t, `{"currentScore":50,"maxScore":100,"controlScores":[`+same+tt.older+`]}`)
			newer := parse[client.SecureScore](t, `{"maxScore":`+tt.maxScore+`,"controlScores":[`+same+tt.newer+`]}`)
			newer.CurrentScore = &tt.current
			c := posture.Compare(&older, &newer)
			if len(c.Lost) > 0 || c.Regressed() != tt.regressed {
				t.Errorf("regressed %v, want %v; %s", c.Regressed(), tt.regressed, lists(c))
			}
		})
	}
}

func TestCompareNoControls(t *testing.T) {
	t.Parallel()
	score := sample[client.SecureScore](t, "secureScore-entity")
	without := score
	without.ControlScores = nil
	for name, pair := range map[string][2]*client.SecureScore{
		"no older list": {&without, &score}, "no newer list": {&score, &without}, "no older": {nil, &score}, "no newer": {&score, nil}, "neither": {nil, nil},
	} {
		c := posture.Compare(pair[0], pair[1])
		if c.ControlsCompared || lists(c) != "" || c.Changed() || c.Regressed() {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c := posture.Compare(&score, nil); *c.Points.Older != 815.22 || c.Points.Newer != nil {
		t.Errorf("the score that is known is not told: %+v", c.Points)
	}
}

func TestCompareSamples(t *testing.T) {
	t.Parallel()
	page := sample[struct {
		Value []client.SecureScore `json:"value"`
	}](t, "secureScores-page1")
	c := posture.Compare(&page.Value[1], &page.Value[0])
	change, ok := c.Points.Change()
	wantFloat(t, "points", change, ok, 0.32, true)
	change, ok = c.MaxScore.Change()
	wantFloat(t, "max", change, ok, 0, true)
	if change, _ = c.Percent.Change(); math.Abs(change-0.32/1376*100) > 1e-9 {
		t.Errorf("percent %v", change)
	}
	if lists(c) != "" || c.Regressed() || !c.Changed() || !c.ControlsCompared {
		t.Errorf("%s%+v", lists(c), c)
	}
	if back := posture.Compare(&page.Value[0], &page.Value[1]); !back.Regressed() {
		t.Error("a fall that no control accounts for is no regression")
	}
}

func TestControlChange(t *testing.T) {
	t.Parallel()
	older := parse[client.ControlScore](t, `{"controlName":"MFA","controlCategory":"Account","score":4,"scoreInPercentage":"40"}`)
	newer := parse[client.ControlScore](t, `{"controlName":"mfa","controlCategory":"Identity","score":5,"scoreInPercentage":50}`)
	tests := map[string]struct {
		change         posture.ControlChange
		name, category string
		points         []float64
		percents       []float64
	}{
		"both":    {posture.ControlChange{Older: &older, Newer: &newer}, "mfa", "Identity", []float64{4, 5}, []float64{40, 50}},
		"added":   {posture.ControlChange{Newer: &newer}, "mfa", "Identity", []float64{-1, 5}, []float64{-1, 50}},
		"removed": {posture.ControlChange{Older: &older}, "MFA", "Account", []float64{4, -1}, []float64{40, -1}},
		"neither": {posture.ControlChange{}, "", "", []float64{-1, -1}, []float64{-1, -1}},
	}
	for name, tt := range tests {
		if tt.change.Name() != tt.name || tt.change.Category() != tt.category {
			t.Errorf("%s: %q in %q", name, tt.change.Name(), tt.change.Category())
		}
		if got := ends(tt.change.Points()); !slices.Equal(got, tt.points) {
			t.Errorf("%s: points %v, want %v", name, got, tt.points)
		}
		if got := ends(tt.change.Percent()); !slices.Equal(got, tt.percents) {
			t.Errorf("%s: percentages %v, want %v", name, got, tt.percents)
		}
	}
}

// ends are the two numbers, -1 for nil.
func ends(d posture.Delta) []float64 {
	got := []float64{-1, -1}
	for i, p := range []*float64{d.Older, d.Newer} {
		if p != nil {
			got[i] = *p
		}
	}
	return got
}
