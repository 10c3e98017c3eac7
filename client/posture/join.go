package posture

import (
	"strings"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
)

// Control is one control of a score, and its profile.
type Control struct {
	// Score is what the control earned.
	Score client.ControlScore

	// Profile says what it could earn and what to do. Nil where the tenant has no such profile, which happens.
	Profile *client.SecureScoreControlProfile
}

// Join gives each control of a score its profile, in the order of the score. A control whose profile is missing, or
// that has no name, is there with a nil Profile. Profiles of controls that the score does not list are left out: they
// earn nothing and count for nothing on that day. Tenants have many of those.
//
// The profile's id must be the controlName. Where none is, a profile whose id differs in casing only is taken, as long
// as there is one such id: a control without profile is better than one with the wrong profile. Of profiles that have
// the same id, which pages that overlap bring, the first is taken.
func Join(score *client.SecureScore, profiles []client.SecureScoreControlProfile) []Control {
	if score == nil {
		return nil
	}
	find := indexByID(profiles)
	controls := make([]Control, 0, len(score.ControlScores))
	for _, s := range score.ControlScores {
		controls = append(controls, Control{Score: s, Profile: find(text(s.ControlName))})
	}
	return controls
}

func indexByID(profiles []client.SecureScoreControlProfile) func(name string) *client.SecureScoreControlProfile {
	exact := make(map[string]*client.SecureScoreControlProfile, len(profiles))
	folded := make(map[string]*client.SecureScoreControlProfile, len(profiles)) // nil: several ids differ in casing only
	for i := range profiles {
		id := text(profiles[i].ID)
		if id == "" || exact[id] != nil {
			continue
		}
		exact[id] = &profiles[i]
		fold := strings.ToLower(id)
		if _, taken := folded[fold]; taken {
			folded[fold] = nil
			continue
		}
		folded[fold] = &profiles[i]
	}
	return func(name string) *client.SecureScoreControlProfile {
		if p := exact[name]; p != nil {
			return p
		}
		return folded[strings.ToLower(name)]
	}
}

// Name is the controlName, or "".
func (c Control) Name() string {
	return text(c.Score.ControlName)
}

// Title is the profile's title or, where there is none, the name.
func (c Control) Title() string {
	if c.Profile != nil && text(c.Profile.Title) != "" {
		return *c.Profile.Title
	}
	return c.Name()
}

// Category is the score's controlCategory or, where it has none, the profile's, or "".
func (c Control) Category() string {
	if category := text(c.Score.ControlCategory); category != "" || c.Profile == nil {
		return category
	}
	return text(c.Profile.ControlCategory)
}

// Points is what the control earned.
func (c Control) Points() (points float64, ok bool) {
	return known(c.Score.Score)
}

// MaxScore is what the control can earn, in points. A score does not say, its profile does: as of today, while the
// score may be of any day. 0 is known: such a control earns nothing.
func (c Control) MaxScore() (points float64, ok bool) {
	if c.Profile == nil {
		return 0, false
	}
	return known(c.Profile.MaxScore)
}

// Percent is Points as a percentage of MaxScore, so that the three agree. Where that cannot be computed it is the
// percentage that the service sent with the score.
func (c Control) Percent() (percent float64, ok bool) {
	if c.Profile != nil {
		if percent, ok = Percent(c.Score.Score, c.Profile.MaxScore); ok {
			return percent, true
		}
	}
	return c.Details().ScoreInPercentage()
}

// Deprecated is whether the profile says that the control no longer counts. False where nothing says so.
func (c Control) Deprecated() bool {
	return c.Profile != nil && c.Profile.Deprecated != nil && *c.Profile.Deprecated
}

// State is the EffectiveState of the profile.
func (c Control) State() string {
	return EffectiveState(c.Profile)
}

// Details gives access to the undeclared members of the control's score.
func (c Control) Details() ControlDetails {
	return Details(c.Score)
}

// EffectiveState is what the tenant last decided about a control: the state of its EffectiveUpdate, and Default where
// there is none. States are open strings, `Ignored`, `ThirdParty` and `Reviewed` among them. The score follows a
// decision after one to seven days.
func EffectiveState(profile *client.SecureScoreControlProfile) string {
	update, ok := EffectiveUpdate(profile)
	if !ok {
		return client.StateDefault
	}
	return *update.State
}

// EffectiveUpdate is the newest of a profile's state updates, with whom the control is assigned to and why. One without
// a date, or of the year 1, is older than any other, and of two of the same time the one later in the list is newer. An
// update with no state decides nothing and is passed over. Ok is false where none is left.
func EffectiveUpdate(profile *client.SecureScoreControlProfile) (update client.SecureScoreControlStateUpdate, ok bool) {
	if profile == nil {
		return update, false
	}
	var newest time.Time
	for _, u := range profile.ControlStateUpdates {
		if text(u.State) == "" {
			continue
		}
		var when time.Time
		if u.UpdatedDateTime != nil && u.UpdatedDateTime.Year() > 1 {
			when = *u.UpdatedDateTime
		}
		if !ok || !when.Before(newest) {
			update, newest, ok = u, when, true
		}
	}
	return update, ok
}

// text is the string, or "" for nil.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
