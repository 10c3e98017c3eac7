package posture_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

func gapTexts(gaps []posture.Gap) []string {
	texts := make([]string, 0, len(gaps))
	for _, g := range gaps {
		texts = append(texts, fmt.Sprint(g.Control.Name(), " ", g.Points))
	}
	return texts
}

func control(name string, points, maxScore float64, change ...func(*client.SecureScoreControlProfile)) posture.Control {
	c := posture.Control{
		Score:   client.ControlScore{ControlName: &name, Score: &points},
		Profile: &client.SecureScoreControlProfile{ID: &name, MaxScore: &maxScore},
	}
	for _, f := range change {
		f(c.Profile)
	}
	return c
}

func rank(n int32) func(*client.SecureScoreControlProfile) {
	return func(p *client.SecureScoreControlProfile) { p.Rank = &n }
}

func cost(s string) func(*client.SecureScoreControlProfile) {
	return func(p *client.SecureScoreControlProfile) { p.ImplementationCost = &s }
}

func deprecated(p *client.SecureScoreControlProfile) { p.Deprecated = new(true) }

func state(s string) func(*client.SecureScoreControlProfile) {
	return func(p *client.SecureScoreControlProfile) {
		p.ControlStateUpdates = []client.SecureScoreControlStateUpdate{{State: &s}}
	}
}

// applicable gives a control the undeclared member, as the string that the service sends.
func applicable(t *testing.T, c posture.Control, is string) posture.Control {
	t.Helper()
	if err := c.Score.Extra.Set("IsApplicable", is); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGapsSamples(t *testing.T) {
	t.Parallel()
	score := sample[client.SecureScore](t, "secureScore-entity")
	controls := posture.Join(&score, sampleProfiles(t))
	withoutProfile := []string{"IntegratedApps", "OneAdmin", "PWAgePolicyNew", "meeting_restrictanonymousjoin_v1"}
	tests := map[string]struct {
		options posture.GapOptions
		want    []string
	}{
		"by default":      {posture.GapOptions{}, []string{}},
		"deprecated":      {posture.GapOptions{IncludeDeprecated: true}, []string{"dlp_datalossprevention 5"}},
		"settled":         {posture.GapOptions{IncludeSettled: true}, []string{"MFARegistrationV2 3", "scid_2016 0.74"}},
		"everything":      {posture.GapOptions{IncludeDeprecated: true, IncludeSettled: true}, []string{"dlp_datalossprevention 5", "MFARegistrationV2 3", "scid_2016 0.74"}},
		"empty states":    {posture.GapOptions{SettledStates: []string{}}, []string{}},
		"ignored only":    {posture.GapOptions{SettledStates: []string{"ignored"}}, []string{"MFARegistrationV2 3"}},
		"a state of ours": {posture.GapOptions{SettledStates: []string{"Reviewed"}}, []string{"MFARegistrationV2 3", "scid_2016 0.74"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gaps, unknown := posture.Gaps(controls, tt.options)
			if got := gapTexts(gaps); !slices.Equal(got, tt.want) {
				t.Errorf("gaps %q, want %q", got, tt.want)
			}
			if got := controlNames(unknown); !slices.Equal(got, withoutProfile) {
				t.Errorf("unknown %q, want %q", got, withoutProfile)
			}
		})
	}
}

func TestGapsRank(t *testing.T) {
	t.Parallel()
	controls := []posture.Control{
		control("unranked", 0, 5),
		control("no cost b", 0, 5, rank(2)),
		control("no cost a", 0, 5, rank(2), cost("Unknown")),
		control("high", 0, 5, rank(2), cost("High")),
		control("moderate", 0, 5, rank(2), cost("moderate")),
		control("low", 0, 5, rank(2), cost("Low")),
		control("best rank", 0, 5, rank(1), cost("High")),
		control("noise of .3", 9.7, 10, rank(1)), // 0.3000000000000007
		control("exactly .3", 0, 0.3, rank(2)),
		control("largest", 1, 9, rank(99), cost("High")),
	}
	want := []string{
		"largest 8", "best rank 5", "low 5", "moderate 5", "high 5", "no cost a 5", "no cost b 5", "unranked 5", "noise of .3 0.3",
		"exactly .3 0.3",
	}
	for range 2 {
		gaps, unknown := posture.Gaps(controls, posture.GapOptions{})
		if got := gapTexts(gaps); !slices.Equal(got, want) {
			t.Errorf("gaps %q, want %q", got, want)
		}
		if len(unknown) != 0 {
			t.Errorf("unknown %q", controlNames(unknown))
		}
		slices.Reverse(controls)
	}
}

func TestGapsLeftOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		control       posture.Control
		gaps, unknown int
	}{
		"open":                   {control("c", 1, 2), 1, 0},
		"all earned":             {control("c", 2, 2), 0, 0},
		"more than all":          {control("c", 3, 2), 0, 0},
		"noise":                  {control("c", 1.9951, 2), 0, 0},
		"a hundredth":            {control("c", 1.99, 2), 1, 0},
		"nothing to earn":        {control("c", 0, 0), 0, 0},
		"deprecated":             {control("c", 1, 2, deprecated), 0, 0},
		"ignored":                {control("c", 1, 2, state("Ignored")), 0, 0},
		"third party":            {control("c", 1, 2, state("thirdParty")), 0, 0},
		"reviewed":               {control("c", 1, 2, state("Reviewed")), 1, 0},
		"a new state":            {control("c", 1, 2, state("Planned")), 1, 0},
		"no profile":             {posture.Control{Score: client.ControlScore{Score: new(1.0)}}, 0, 1},
		"no max":                 {control("c", 1, 2, func(p *client.SecureScoreControlProfile) { p.MaxScore = nil }), 0, 1},
		"max -1":                 {control("c", 1, -1), 0, 1},
		"no score":               {control("c", -1, 2), 0, 1},
		"no max, but deprecated": {control("c", 1, -1, deprecated), 0, 0},
		"no max, but ignored":    {control("c", 1, -1, state("Ignored")), 0, 0},
		"nothing":                {posture.Control{}, 0, 1},
		"not applicable":         {applicable(t, control("c", 1, 2), "false"), 0, 0},
		"no max, nor applicable": {applicable(t, control("c", 1, -1), "False"), 0, 0},
		"applicable":             {applicable(t, control("c", 1, 2), "true"), 1, 0},
		"applicable or not":      {applicable(t, control("c", 1, 2), "perhaps"), 1, 0},
	}
	for name, tt := range tests {
		gaps, unknown := posture.Gaps([]posture.Control{tt.control}, posture.GapOptions{})
		if len(gaps) != tt.gaps || len(unknown) != tt.unknown {
			t.Errorf("%s: %d gaps and %d unknown, want %d and %d", name, len(gaps), len(unknown), tt.gaps, tt.unknown)
		}
	}
	inapplicable := []posture.Control{applicable(t, control("c", 1, 2), "false"), applicable(t, control("d", 1, 2, deprecated), "false")}
	if gaps, _ := posture.Gaps(inapplicable, posture.GapOptions{IncludeInapplicable: true}); !slices.Equal(gapTexts(gaps), []string{"c 1"}) {
		t.Errorf("on request: %q", gapTexts(gaps))
	}
	if gaps, unknown := posture.Gaps(nil, posture.GapOptions{}); len(gaps)+len(unknown) != 0 {
		t.Errorf("no controls: %d gaps and %d unknown", len(gaps), len(unknown))
	}
}
