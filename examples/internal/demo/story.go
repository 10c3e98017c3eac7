package demo

import "math"

// step is the share of its points that a control has from some days ago on.
type step struct {
	ago   int
	share float64
}

// gone is the share of a control that is not scored.
const gone = -1

// story is what happened in the 90 days to the controls that have one.
var story = map[string][]step{
	// A rollout that takes two months.
	"MFARegistrationV2": {{89, .46}, {76, .52}, {69, .57}, {62, .63}, {55, .68}, {48, .74}, {41, .79}, {34, .83}, {27, .86}, {20, .88}},
	// Improvements: switched on, all at once.
	"mdo_safeattachments":      {{89, 0}, {58, 1}},
	"SelfServicePasswordReset": {{89, 0}, {29, 1}},
	"exo_dkim_enabled":         {{89, 0}, {5, 1}},
	// Regressions: somebody has switched a policy off, and there is an administrator without a second factor.
	"BlockLegacyAuthentication": {{89, 1}, {4, 0}},
	"AdminMFAV2":                {{89, 1}, {2, 6. / 7}},
	// One that was noticed and mended.
	"scid_2011": {{89, .97}, {33, .84}, {30, .96}},
	// A control that is new, and one that is no longer measured.
	"aad_device_code_flow":  {{89, gone}, {6, 0}},
	"McasFirewallLogUpload": {{89, 0}, {3, gone}},
	// Where they stand, all the while.
	"OneAdmin":                          {{89, 1}},
	"PWAgePolicyNew":                    {{89, 1}},
	"SigninRiskPolicy":                  {{89, .38}},
	"UserRiskPolicy":                    {{89, 0}},
	"aad_phishing_MFA_strength":         {{89, 0}},
	"mdo_phishthresholdlevel":           {{89, 0}},
	"mdo_targetedusersprotection":       {{89, 0}},
	"mdo_safelinksforemail":             {{89, 1}},
	"mip_autosensitivitylabelspolicies": {{89, 0}},
	"dlp_datalossprevention":            {{89, 0}},
	// What it was decided to leave as it is.
	"aad_linkedin_connection_disables": {{89, 0}},
	"mip_doublekey":                    {{89, 0}},
	"scid_2093":                        {{89, .64}},
}

// course is the story of a control, or a quiet one made of its seed.
func (c control) course() []step {
	if s, ok := story[c.id]; ok {
		return s
	}
	percent := float64(c.seed%100) / 100
	switch {
	case c.unit == switched && percent < .6:
		return []step{{89, 1}}
	case c.unit == switched:
		return []step{{89, 0}}
	case percent < .25:
		return []step{{89, 1}}
	}
	share := .5 + percent/2
	if c.seed%5 > 0 {
		return []step{{89, share}}
	}
	// Each fifth climbs a little, twice.
	first, second := 45+int(c.seed%40), 1+int(c.seed/5%44)
	return []step{{89, share - .07}, {first, share - .03}, {second, share}}
}

// share is the part of its points that a control had, and whether it was scored.
func (c control) share(ago int) (float64, bool) {
	var share float64
	for _, s := range c.course() {
		if s.ago >= ago {
			share = s.share
		}
	}
	return share, share != gone
}

// licensed is how many people have a licence; a team joined six weeks ago.
func licensed(ago int) int {
	if ago > 43 {
		return 418
	}
	return 431
}

// active is how many of them worked on the day: fewer at weekends.
func (t tenant) active(ago int) int {
	date := t.date(ago)
	working := licensed(ago) - 19 - date.Day()%7
	if day := date.Weekday(); day == 0 || day == 6 {
		working = working*2/5 + date.Day()%11
	}
	return working
}

// total is how many of its unit a control counts, 0 for a switch.
func (u unit) total(ago int) int {
	switch u {
	case users:
		return licensed(ago)
	case admins:
		return 7
	case mailboxes:
		return licensed(ago) + 32
	case devices:
		return 508
	}
	return 0
}

// count is how many of a total are in order. Controls of few points would show each single device otherwise.
func count(share float64, total int) int { return int(math.Round(share * float64(total))) }

func round(f float64) float64 { return math.Round(f*100) / 100 }
