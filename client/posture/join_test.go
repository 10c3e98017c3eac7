package posture_test

import (
	"slices"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

func TestJoinSamples(t *testing.T) {
	t.Parallel()
	score := sample[client.SecureScore](t, "secureScore-entity")
	controls := posture.Join(&score, sampleProfiles(t))

	want := []string{
		"IntegratedApps", "PWAgePolicyNew", "MFARegistrationV2", "OneAdmin", "scid_2016", "meeting_restrictanonymousjoin_v1",
		"dlp_datalossprevention",
	}
	if got := controlNames(controls); !slices.Equal(got, want) {
		t.Fatalf("controls %q, want %q", got, want)
	}
	titles, states := []string{}, []string{}
	for _, c := range controls {
		titles, states = append(titles, c.Title()), append(states, c.State())
	}
	if want := []string{
		"IntegratedApps", "PWAgePolicyNew", "Synthetic MFA registration", "OneAdmin", "Synthetic endpoint control",
		"meeting_restrictanonymousjoin_v1", "Synthetic DLP",
	}; !slices.Equal(titles, want) {
		t.Errorf("titles %q, want %q", titles, want)
	}
	if want := []string{"Default", "Default", "ThirdParty", "Default", "Ignored", "Default", "Default"}; !slices.Equal(states, want) {
		t.Errorf("states %q, want %q", states, want)
	}
	if !controls[6].Deprecated() || controls[2].Deprecated() || controls[0].Deprecated() {
		t.Error("only the last control is deprecated")
	}
	if s, ok := controls[4].Details().Source(); s != "MDATP" || !ok {
		t.Errorf("source %q, %v", s, ok)
	}
}

func TestJoinFinds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ids  []string // of the profiles, titled by their index
		name *string
		want string // title, "" for no profile
	}{
		"exactly":                   {[]string{"other", "mfa"}, new("mfa"), "1"},
		"exactly before any casing": {[]string{"MFA", "mfa"}, new("mfa"), "1"},
		"in another casing":         {[]string{"other", "MFA"}, new("mfa"), "1"},
		"several casings":           {[]string{"MFA", "Mfa"}, new("mfa"), ""},
		"three casings":             {[]string{"MFA", "Mfa", "mFA"}, new("mfa"), ""},
		"the first of two":          {[]string{"mfa", "mfa"}, new("mfa"), "0"},
		"two in another casing":     {[]string{"MFA", "MFA"}, new("mfa"), "0"},
		"missing":                   {[]string{"other"}, new("mfa"), ""},
		"no profiles":               {nil, new("mfa"), ""},
		"no name":                   {[]string{"mfa", ""}, nil, ""},
		"empty name":                {[]string{"mfa", ""}, new(""), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			profiles := []client.SecureScoreControlProfile{}
			for i, id := range tt.ids {
				profiles = append(profiles, client.SecureScoreControlProfile{ID: &id, Title: new(string(rune('0' + i)))})
			}
			profiles = append(profiles, client.SecureScoreControlProfile{Title: new("no id")})
			controls := posture.Join(&client.SecureScore{ControlScores: []client.ControlScore{{ControlName: tt.name}}}, profiles)
			if len(controls) != 1 {
				t.Fatalf("%d controls, want 1", len(controls))
			}
			got := ""
			if p := controls[0].Profile; p != nil {
				got = *p.Title
			}
			if got != tt.want {
				t.Errorf("profile %q, want %q", got, tt.want)
			}
		})
	}
}

func TestJoinNothing(t *testing.T) {
	t.Parallel()
	if got := posture.Join(nil, sampleProfiles(t)); len(got) != 0 {
		t.Errorf("no score: %d controls", len(got))
	}
	if got := posture.Join(&client.SecureScore{}, nil); len(got) != 0 {
		t.Errorf("empty score: %d controls", len(got))
	}
	var none posture.Control
	if none.Name() != "" || none.Title() != "" || none.Category() != "" || none.Deprecated() || none.State() != "Default" {
		t.Errorf("the zero control: %q %q %q %v %q", none.Name(), none.Title(), none.Category(), none.Deprecated(), none.State())
	}
	points, ok := none.Points()
	wantFloat(t, "points", points, ok, 0, false)
	points, ok = none.MaxScore()
	wantFloat(t, "max", points, ok, 0, false)
	percent, ok := none.Percent()
	wantFloat(t, "percent", percent, ok, 0, false)
}

func TestControlNumbers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		score, profile string // profile "" for none
		points         float64
		okPoints       bool
		max            float64
		okMax          bool
		percent        float64
		okPercent      bool
	}{
		"both":                  {`{"score":6.0,"scoreInPercentage":66.67}`, `{"maxScore":8.0}`, 6, true, 8, true, 75, true},
		"no profile":            {`{"score":6.0,"scoreInPercentage":66.67}`, ``, 6, true, 0, false, 66.67, true},
		"no profile, no member": {`{"score":6.0}`, ``, 6, true, 0, false, 0, false},
		"no max":                {`{"score":6.0,"scoreInPercentage":"66.67"}`, `{"maxScore":null}`, 6, true, 0, false, 66.67, true},
		"max -1":                {`{"score":6.0}`, `{"maxScore":-1}`, 6, true, 0, false, 0, false},
		"max 0":                 {`{"score":0.0,"scoreInPercentage":100}`, `{"maxScore":0}`, 0, true, 0, true, 100, true},
		"no score":              {`{"score":null}`, `{"maxScore":8}`, 0, false, 8, true, 0, false},
		"NaN":                   {`{"score":"NaN"}`, `{"maxScore":"INF"}`, 0, false, 0, false, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := posture.Control{Score: parse[client.ControlScore](t, tt.score)}
			if tt.profile != "" {
				c.Profile = new(parse[client.SecureScoreControlProfile](t, tt.profile))
			}
			got, ok := c.Points()
			wantFloat(t, "points", got, ok, tt.points, tt.okPoints)
			got, ok = c.MaxScore()
			wantFloat(t, "max", got, ok, tt.max, tt.okMax)
			got, ok = c.Percent()
			wantFloat(t, "percent", got, ok, tt.percent, tt.okPercent)
		})
	}
}

func TestControlTexts(t *testing.T) {
	t.Parallel()
	profile := &client.SecureScoreControlProfile{Title: new("Title"), ControlCategory: new("Data")}
	tests := map[string]struct {
		control         posture.Control
		title, category string
	}{
		"of both":        {posture.Control{Score: client.ControlScore{ControlName: new("n"), ControlCategory: new("Apps")}, Profile: profile}, "Title", "Apps"},
		"of the profile": {posture.Control{Score: client.ControlScore{ControlName: new("n"), ControlCategory: new("")}, Profile: profile}, "Title", "Data"},
		"of the score":   {posture.Control{Score: client.ControlScore{ControlName: new("n"), ControlCategory: new("Apps")}}, "n", "Apps"},
		"of neither":     {posture.Control{Score: client.ControlScore{ControlName: new("n")}, Profile: &client.SecureScoreControlProfile{Title: new("")}}, "n", ""},
	}
	for name, tt := range tests {
		if tt.control.Title() != tt.title || tt.control.Category() != tt.category {
			t.Errorf("%s: %q %q, want %q %q", name, tt.control.Title(), tt.control.Category(), tt.title, tt.category)
		}
	}
}

func TestEffectiveState(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		updates string // of the profile
		want    string
		comment string // of the update; "none" where there is no update
	}{
		"none":                    {`[]`, "Default", "none"},
		"null":                    {`null`, "Default", "none"},
		"one, no date":            {`[{"state":"Default","comment":"a","updatedDateTime":null}]`, "Default", "a"},
		"newest first":            {`[{"state":"Ignored","comment":"a","updatedDateTime":"2026-03-02T00:00:00Z"},{"state":"Default","comment":"b","updatedDateTime":"2026-03-01T00:00:00Z"}]`, "Ignored", "a"},
		"newest last":             {`[{"state":"Default","comment":"a","updatedDateTime":"2026-03-01T00:00:00Z"},{"state":"Ignored","comment":"b","updatedDateTime":"2026-03-02T00:00:00Z"}]`, "Ignored", "b"},
		"by the offset":           {`[{"state":"Ignored","comment":"a","updatedDateTime":"2026-03-02T00:00:00-05:00"},{"state":"Default","comment":"b","updatedDateTime":"2026-03-02T03:00:00Z"}]`, "Ignored", "a"},
		"fraction of a second":    {`[{"state":"Ignored","comment":"a","updatedDateTime":"2026-03-02T00:00:00.0000002Z"},{"state":"Default","comment":"b","updatedDateTime":"2026-03-02T00:00:00.0000001Z"}]`, "Ignored", "a"},
		"no date is oldest":       {`[{"state":"Ignored","comment":"a","updatedDateTime":"2018-01-01T00:00:00Z"},{"state":"Default","comment":"b"}]`, "Ignored", "a"},
		"sentinel is no date":     {`[{"state":"Ignored","comment":"a","updatedDateTime":"0001-01-01T00:00:00Z"},{"state":"Reviewed","comment":"b"}]`, "Reviewed", "b"},
		"sentinel, other offset":  {`[{"state":"Ignored","comment":"a"},{"state":"Reviewed","comment":"b","updatedDateTime":"0001-01-01T00:00:00+03:00"}]`, "Reviewed", "b"},
		"same time, later wins":   {`[{"state":"Ignored","comment":"a","updatedDateTime":"2026-03-02T00:00:00Z"},{"state":"ThirdParty","comment":"b","updatedDateTime":"2026-03-02T02:00:00+02:00"}]`, "ThirdParty", "b"},
		"no state decides not":    {`[{"state":"Ignored","comment":"a","updatedDateTime":"2026-03-01T00:00:00Z"},{"state":null,"comment":"b","updatedDateTime":"2026-03-02T00:00:00Z"}]`, "Ignored", "a"},
		"empty state decides not": {`[{"state":"","comment":"a","updatedDateTime":"2026-03-01T00:00:00Z"}]`, "Default", "none"},
		"a state of its own":      {`[{"state":"riskAccepted","comment":"a"}]`, "riskAccepted", "a"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			profile := parse[client.SecureScoreControlProfile](t, `{"controlStateUpdates":`+tt.updates+`}`)
			if got := posture.EffectiveState(&profile); got != tt.want {
				t.Errorf("state %q, want %q", got, tt.want)
			}
			if got := (posture.Control{Profile: &profile}).State(); got != tt.want {
				t.Errorf("state of the control %q, want %q", got, tt.want)
			}
			update, ok := posture.EffectiveUpdate(&profile)
			comment := "none"
			if ok {
				comment = *update.Comment
			}
			if comment != tt.comment {
				t.Errorf("update %q, want %q", comment, tt.comment)
			}
		})
	}
	if got := posture.EffectiveState(nil); got != "Default" {
		t.Errorf("no profile: %q", got)
	}
}
