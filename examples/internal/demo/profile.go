package demo

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

type profileJSON struct {
	ActionType            string           `json:"actionType"`
	ActionURL             string           `json:"actionUrl"`
	AzureTenantID         string           `json:"azureTenantId"`
	ComplianceInformation []complianceJSON `json:"complianceInformation"`
	ControlCategory       string           `json:"controlCategory"`
	ControlStateUpdates   []updateJSON     `json:"controlStateUpdates"`
	Deprecated            bool             `json:"deprecated"`
	ID                    string           `json:"id"`
	ImplementationCost    string           `json:"implementationCost"`
	LastModifiedDateTime  *time.Time       `json:"lastModifiedDateTime"`
	MaxScore              json.Number      `json:"maxScore"`
	Rank                  int              `json:"rank"`
	Remediation           string           `json:"remediation"`
	RemediationImpact     string           `json:"remediationImpact"`
	Service               string           `json:"service"`
	Threats               []string         `json:"threats"`
	Tier                  string           `json:"tier"`
	Title                 string           `json:"title"`
	UserImpact            string           `json:"userImpact"`
	VendorInformation     vendorJSON       `json:"vendorInformation"`
}

type complianceJSON struct {
	CertificationName     string              `json:"certificationName"`
	CertificationControls []map[string]string `json:"certificationControls"`
}

type updateJSON struct {
	AssignedTo      *string `json:"assignedTo"`
	Comment         *string `json:"comment"`
	State           string  `json:"state"`
	UpdatedBy       *string `json:"updatedBy"`
	UpdatedDateTime *string `json:"updatedDateTime"`
}

// profiles are the profiles of all controls, as a JSON array.
func (t tenant) profiles() ([]byte, error) {
	ranked := slices.Clone(t.controls)
	slices.SortStableFunc(ranked, func(a, b control) int { return int(b.points - a.points) })
	ranks := make(map[string]int, len(ranked))
	for i, c := range ranked {
		ranks[c.id] = i + 1
	}
	profiles := make([]profileJSON, 0, len(t.controls))
	for _, c := range t.controls {
		if c.id != MissingProfile {
			profiles = append(profiles, t.profile(c, ranks[c.id]))
		}
	}
	return marshal(profiles)
}

func (t tenant) profile(c control, rank int) profileJSON {
	p := profileJSON{
		ActionType: "Config", ActionURL: c.portalURL + "/", AzureTenantID: t.id,
		ComplianceInformation: []complianceJSON{}, ControlCategory: c.category, ControlStateUpdates: t.updates(c.id),
		Deprecated: c.deprecated(), ID: c.id, ImplementationCost: c.cost, MaxScore: double(c.points), Rank: rank,
		Remediation: c.remediation(), RemediationImpact: impacts[c.userImpact], Service: c.service,
		Threats: threats[c.category], Tier: c.tier, Title: c.title, UserImpact: c.userImpact, VendorInformation: vendor,
	}
	if strings.Contains(c.title, "review") || strings.Contains(c.id, "audit") {
		p.ActionType = "Review"
	}
	if c.seed%3 == 0 {
		modified := t.date(100 + int(c.seed%200)).Add(9*time.Hour + 12*time.Minute)
		p.LastModifiedDateTime = &modified
	}
	if c.category == "Data" {
		p.ComplianceInformation = []complianceJSON{{"ISO 27001:2022", []map[string]string{{"name": "A.8.12", "url": ""}}}}
	}
	return p
}

// deprecated tells the controls that no longer count, one of which is scored still.
func (c control) deprecated() bool {
	return c.id == "dlp_datalossprevention" || c.id == "McasFirewallLogUpload"
}

// impacts are texts for a control's impact on users.
var impacts = map[string]string{
	"Low":      "None.",
	"Moderate": "Users will notice: tell them before, and give the service desk the date.",
	"High":     "Users must change how they work. Begin with a pilot group, and <strong>plan a way back</strong>.",
}

var threats = map[string][]string{
	"Identity":       {"Password Cracking", "Account Breach", "Elevation of Privilege"},
	"Apps":           {"Phishing/Whaling", "Data Exfiltration"},
	"Data":           {"Data Exfiltration", "Data Spillage", "Malicious Insider"},
	"Device":         {"Malware", "Elevation of Privilege", "Data Deletion"},
	"Infrastructure": {"Account Breach", "Data Exfiltration"},
}

// remediation is the steps of a control, or of its kind where it has none of its own.
func (c control) remediation() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<ol><li>Sign in to the <a href="%s" target="_blank">%s</a>.</li>`, c.portalURL, escape(c.portal))
	fmt.Fprintf(&b, "<li>Go to <strong>%s</strong>.</li>", escape(c.nav))
	steps := c.steps
	switch {
	case len(steps) > 0:
	case c.service == "MDATP":
		steps = []string{
			fmt.Sprintf("Open the recommendation <strong>%s</strong> and look at its <strong>Exposed devices</strong>.", escape(c.title)),
			"Select <strong>Request remediation</strong>, or set the option through Intune or Group Policy.",
		}
	default:
		steps = []string{fmt.Sprintf("Make the change: <strong>%s</strong>.&nbsp;Save it.", escape(c.title))}
	}
	for _, s := range steps {
		b.WriteString("<li>" + s + "</li>")
	}
	b.WriteString("</ol>")
	if len(c.steps) == 0 {
		b.WriteString("<p>It may take up to 48 hours until the score shows it.</p>")
	}
	return b.String()
}

func escape(s string) string { return html.EscapeString(s) }
