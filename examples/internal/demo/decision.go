package demo

import "time"

// decision is one that somebody has taken about a control.
type decision struct {
	ago                        int
	state, by, comment, assign string
}

// decisions are those of the tenant, the oldest of each control first.
var decisions = map[string][]decision{
	"SelfServicePasswordReset":             {{31, "ThirdParty", "dana.ruiz@contoso.example", "password resets go through Okta", ""}},
	"11770.MDA_Google_EnableTwoFactorAuth": {{64, "ThirdParty", "dana.ruiz@contoso.example", "enforced by the identity provider", ""}},
	"aad_linkedin_connection_disables":     {{52, "Ignored", "lee.park@contoso.example", "accepted until the next audit", ""}},
	"scid_2093":                            {{71, "Ignored", "analyst", "accepted: kiosks start unattended", "analyst"}},
	"mip_doublekey":                        {{18, "Ignored", "lee.park@contoso.example", "no such documents", ""}},
	"aad_app_credentials_expiry":           {{12, "Reviewed", "dana.ruiz@contoso.example", "rotation is automated from August", "platform team"}},
	"exo_spf_published":                    {{40, "Ignored", "lee.park@contoso.example", "marketing domain is parked", ""}, {5, "Default", "dana.ruiz@contoso.example", "reopened: it sends again", "messaging team"}},
	"UserRiskPolicy":                       {{3, "Reviewed", "dana.ruiz@contoso.example", "pilot with finance first", "identity team"}},
}

// updates are the decisions about a control, as its profile has them: one without is in its default state since ever.
func (t tenant) updates(id string) []updateJSON {
	taken := decisions[id]
	if len(taken) == 0 {
		return []updateJSON{{State: "Default"}}
	}
	updates := make([]updateJSON, len(taken))
	for i, d := range taken {
		// Seven digits, of which the last is never zero, as the service writes a moment.
		at := t.date(d.ago).Add(10*time.Hour + 37*time.Minute + 14628799700*time.Nanosecond).Format("2006-01-02T15:04:05.0000000Z")
		updates[i] = updateJSON{AssignedTo: &d.assign, Comment: &d.comment, State: d.state, UpdatedBy: &d.by, UpdatedDateTime: &at}
	}
	return updates
}
