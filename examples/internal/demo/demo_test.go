package demo

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/client/posture"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

var friday = time.Date(2026, 7, 17, 0, 0, 0, 0, time.UTC)

func newTenant(t testing.TB, day time.Time) tenant {
	t.Helper()
	controls, err := readCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	return tenant{id: "t", day: midnight(day), controls: controls}
}

// decoded is all 90 scores, the newest first, and the profiles, which tests only read.
var decoded = sync.OnceValues(func() ([]client.SecureScore, []client.SecureScoreControlProfile) {
	controls, err := readCatalogue()
	if err != nil {
		panic(err)
	}
	te := tenant{id: "t", day: friday, controls: controls}
	list := make([]client.SecureScore, Days)
	for ago := range list {
		b, err := te.score(ago)
		if err == nil {
			err = json.Unmarshal(b, &list[ago])
		}
		if err != nil {
			panic(err)
		}
	}
	var profiles []client.SecureScoreControlProfile
	b, err := te.profiles()
	if err == nil {
		err = json.Unmarshal(b, &profiles)
	}
	if err != nil {
		panic(err)
	}
	return list, profiles
})

func scoreOf(t testing.TB, s client.SecureScore, name string) *client.ControlScore {
	t.Helper()
	for i, c := range s.ControlScores {
		if *c.ControlName == name {
			return &s.ControlScores[i]
		}
	}
	return nil
}

func TestSeed(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	if err := Seed(friday.Add(15 * time.Hour))(g); err != nil {
		t.Fatal(err)
	}
	if err := Seed(friday)(g); err == nil {
		t.Error("the same days were added twice")
	}
}

func TestTheSameEachTime(t *testing.T) {
	t.Parallel()
	a, b := newTenant(t, friday), newTenant(t, friday.Add(23*time.Hour))
	for ago := range Days {
		one, _ := a.score(ago)
		other, _ := b.score(ago)
		if string(one) != string(other) {
			t.Errorf("the score of %d days ago differs", ago)
		}
	}
	one, _ := a.profiles()
	other, _ := b.profiles()
	if string(one) != string(other) {
		t.Error("the profiles differ")
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	te := newTenant(t, friday)
	seen := map[string]bool{}
	for _, c := range te.controls {
		if seen[c.id] {
			t.Errorf("%s is there twice", c.id)
		}
		seen[c.id] = true
		if c.title == "" || c.points <= 0 || c.tier == "" || c.cost == "" || c.portalURL == "" ||
			reasons[c.category] == "" || threats[c.category] == nil || impacts[c.userImpact] == "" {
			t.Errorf("%s is not complete", c.id)
		}
		if !slices.Contains([]unit{switched, users, admins, mailboxes, devices}, c.unit) {
			t.Errorf("%s counts %s", c.id, c.unit)
		}
		for _, b := range text.HTML(c.remediation()) {
			if strings.ContainsAny(b.Text, "<\uFFFD") || strings.Contains(b.Text, "&") && strings.Contains(b.Text, ";") {
				t.Errorf("%s: %q", c.id, b.Text)
			}
		}
	}
	for id, steps := range story {
		if !seen[id] || steps[0].ago != Days-1 {
			t.Errorf("the story of %s has no such control or no beginning", id)
		}
	}
	for id := range decisions {
		if !seen[id] {
			t.Errorf("a decision about %s, which is no control", id)
		}
	}
	if !seen[MissingProfile] {
		t.Errorf("%s is no control", MissingProfile)
	}
}

func TestBadCatalogue(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"a | 1 | CLL | -", "a | 1 | CL | - | b", "a | one | CLL | - | b"} {
		if _, err := parseControl(line); err == nil {
			t.Errorf("%q was taken", line)
		}
	}
	if _, err := parseSection("[a | b]"); err == nil {
		t.Error("a section of two fields was taken")
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	list, profiles := decoded()
	maxima := map[string]float64{}
	for _, p := range profiles {
		maxima[*p.ID] = *p.MaxScore
	}
	for ago, s := range list {
		if want := friday.AddDate(0, 0, -ago); !s.CreatedDateTime.Equal(want) || *s.ID != "t_"+want.Format(time.DateOnly) {
			t.Errorf("%d days ago: %s of %s", ago, *s.ID, s.CreatedDateTime)
		}
		if len(s.ControlScores) < 200 {
			t.Errorf("%d days ago: %d controls", ago, len(s.ControlScores))
		}
		if err := client.Validate(s); err != nil {
			t.Errorf("%d days ago: %v", ago, err)
		}
		current, maximum := 0., 0.
		for _, c := range s.ControlScores {
			most := maxima[*c.ControlName]
			if *c.ControlName == MissingProfile {
				most = 6
			}
			current, maximum = current+*c.Score, maximum+most
			percent, ok := c.Extra.Float64("scoreInPercentage")
			if !ok || *c.Score < 0 || *c.Score > most || math.Abs(percent-100**c.Score/most) > .6 {
				t.Errorf("%d days ago: %s has %g of %g points, %g%%", ago, *c.ControlName, *c.Score, most, percent)
			}
		}
		if math.Abs(current-*s.CurrentScore) > .005 || maximum != *s.MaxScore {
			t.Errorf("%d days ago: %g of %g points, its controls %g of %g", ago, *s.CurrentScore, *s.MaxScore, current, maximum)
		}
		if *s.ActiveUserCount <= 0 || *s.ActiveUserCount > *s.LicensedUserCount {
			t.Errorf("%d days ago: %d of %d users active", ago, *s.ActiveUserCount, *s.LicensedUserCount)
		}
	}
}

// TestShapes holds the members to those of the service: the newest score is rich, those before it are lean.
func TestShapes(t *testing.T) {
	t.Parallel()
	list, profiles := decoded()
	for ago, s := range list[:2] {
		for _, c := range s.ControlScores {
			_, synced := posture.Details(c).LastSynced()
			if rich := ago == 0; (c.Description != nil) != rich || synced != rich || c.Extra.Null("description") == rich {
				t.Errorf("%d days ago: %s has a description %t, lastSynced %t", ago, *c.ControlName, c.Description != nil, synced)
			}
		}
	}
	mfa := posture.Details(*scoreOf(t, list[0], "MFARegistrationV2"))
	count, ok1 := mfa.Count()
	total, ok2 := mfa.Total()
	on, ok3 := posture.Details(*scoreOf(t, list[0], "IntegratedApps")).On()
	source, ok4 := posture.Details(*scoreOf(t, list[0], "scid_2016")).Source()
	if !ok1 || !ok2 || !ok3 || !ok4 || count != 379 || total != 431 || source != "MDATP" {
		t.Errorf("count %d of %d, on %t, source %s", count, total, on, source)
	}
	if n := len(posture.Averages(&list[0])); n != 2 || len(list[0].AverageComparativeScores) != 3 {
		t.Errorf("%d of %d averages have data", n, len(list[0].AverageComparativeScores))
	}
	if a := list[Days-1].AverageComparativeScores; a == nil || len(a) != 0 {
		t.Errorf("the first day compares with %v", a)
	}
	states := map[string]int{}
	deprecated := 0
	for i, p := range profiles {
		states[posture.EffectiveState(&profiles[i])]++
		if *p.Deprecated {
			deprecated++
		}
		if *p.ID == MissingProfile {
			t.Errorf("%s has a profile", *p.ID)
		}
	}
	for _, state := range []string{client.StateIgnored, client.StateThirdParty, client.StateReviewed} {
		if states[state] == 0 {
			t.Errorf("no control is %s", state)
		}
	}
	if deprecated != 2 || states[client.StateDefault] < 200 {
		t.Errorf("%d deprecated, %d in the default state", deprecated, states[client.StateDefault])
	}
}

func TestStory(t *testing.T) {
	t.Parallel()
	list, _ := decoded()
	names := func(changes []posture.ControlChange) string {
		var s []string
		for _, c := range changes {
			s = append(s, c.Name())
		}
		return strings.Join(s, " ")
	}
	week := posture.Compare(&list[7], &list[0])
	for want, got := range map[string]string{
		"BlockLegacyAuthentication AdminMFAV2": names(week.Lost),
		"exo_dkim_enabled":                     names(week.Gained),
		"aad_device_code_flow":                 names(week.Added),
		"McasFirewallLogUpload":                names(week.Removed),
	} {
		if got != want {
			t.Errorf("in a week: %q, want %q", got, want)
		}
	}
	if !week.Regressed() || week.Points.Direction() >= 0 {
		t.Error("the week is no regression")
	}
	if quarter := posture.Compare(&list[Days-1], &list[0]); quarter.Points.Direction() <= 0 {
		t.Error("the quarter is no improvement")
	}
	last := 0.
	for ago := Days - 1; ago >= 0; ago-- {
		percent, _ := scoreOf(t, list[ago], "MFARegistrationV2").Extra.Float64("scoreInPercentage")
		if percent < last-.1 {
			t.Errorf("the rollout falls from %g to %g%%, %d days ago", last, percent, ago)
		}
		last = percent
	}
	if scoreOf(t, list[7], "aad_device_code_flow") != nil || scoreOf(t, list[0], "McasFirewallLogUpload") != nil {
		t.Error("a control is scored on a day on which it is not")
	}
}

func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		if err := Seed(friday)(clienttest.NewGraph()); err != nil {
			b.Fatal(err)
		}
	}
}
