package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

type scoreJSON struct {
	ActiveUserCount          int              `json:"activeUserCount"`
	AverageComparativeScores []map[string]any `json:"averageComparativeScores"`
	AzureTenantID            string           `json:"azureTenantId"`
	ControlScores            []controlJSON    `json:"controlScores"`
	CreatedDateTime          string           `json:"createdDateTime"`
	CurrentScore             json.Number      `json:"currentScore"`
	EnabledServices          []string         `json:"enabledServices"`
	ID                       string           `json:"id"`
	LicensedUserCount        int              `json:"licensedUserCount"`
	MaxScore                 json.Number      `json:"maxScore"`
	VendorInformation        vendorJSON       `json:"vendorInformation"`
}

// controlJSON has the undeclared members that the service sends; the newest score has them all.
type controlJSON struct {
	Category     string      `json:"controlCategory"`
	Name         string      `json:"controlName"`
	Count        string      `json:"count,omitempty"`
	Description  *string     `json:"description"`
	Status       string      `json:"implementationStatus"`
	Expiry       string      `json:"expiry,omitempty"`
	LastSynced   string      `json:"lastSynced,omitempty"`
	Source       string      `json:"source,omitempty"`
	IsApplicable string      `json:"IsApplicable,omitempty"`
	On           string      `json:"on,omitempty"`
	Total        string      `json:"total,omitempty"`
	Score        json.Number `json:"score"`
	Percentage   json.Number `json:"scoreInPercentage"`
}

type vendorJSON struct {
	Provider        string  `json:"provider"`
	ProviderVersion *string `json:"providerVersion"`
	SubProvider     *string `json:"subProvider"`
	Vendor          string  `json:"vendor"`
}

var vendor = vendorJSON{Provider: "SecureScore", Vendor: "Microsoft"}

// score is the score of some days ago, as JSON.
func (t tenant) score(ago int) ([]byte, error) {
	date := t.date(ago)
	s := scoreJSON{
		ActiveUserCount:          t.active(ago),
		AverageComparativeScores: comparative(ago),
		AzureTenantID:            t.id,
		ControlScores:            make([]controlJSON, 0, len(t.controls)),
		CreatedDateTime:          date.Format("2006-01-02T15:04:05Z"),
		EnabledServices:          []string{"HasAADP1", "HasAADP2", "HasMCAS", "HasMDOP2", "HasEXOP2", "HasM365E5", "HasMDEP2", "HasSPOP2"},
		ID:                       t.id + "_" + date.Format(time.DateOnly),
		LicensedUserCount:        licensed(ago),
		VendorInformation:        vendor,
	}
	var current, maximum float64
	for _, c := range t.controls {
		share, scored := c.share(ago)
		if !scored {
			continue
		}
		earned, out := t.control(c, share, ago)
		s.ControlScores = append(s.ControlScores, out)
		current += earned
		maximum += c.points
	}
	s.CurrentScore, s.MaxScore = double(current), double(maximum)
	return marshal(s)
}

// control is the score of a control and its points.
func (t tenant) control(c control, share float64, ago int) (float64, controlJSON) {
	total := c.unit.total(ago)
	done := count(share, total)
	if total > 0 {
		share = float64(done) / float64(total)
	}
	earned := round(share * c.points)
	out := controlJSON{
		Category: c.category, Name: c.id, Status: c.status(share, done, total),
		Score: double(earned), Percentage: double(100 * share),
	}
	if ago > 0 {
		return earned, out
	}
	description := c.description()
	out.Description = &description
	out.LastSynced = t.date(1 + int(c.seed%3)).Add(13*time.Hour + 4*time.Minute + 6*time.Second).Format(time.RFC3339)
	switch {
	case c.id == "PWAgePolicyNew":
		out.Expiry = "2147483647"
	case total == 0:
		out.On = strconv.FormatBool(share > 0)
	default:
		out.Count, out.Total = strconv.Itoa(done), strconv.Itoa(total)
	}
	if c.service == "MDATP" {
		out.Source, out.IsApplicable = c.service, "true"
	}
	return earned, out
}

// status is the service's sentence about where a control stands.
func (c control) status(share float64, done, total int) string {
	switch {
	case c.service == "MDATP":
		return ""
	case c.unit == admins:
		return fmt.Sprintf("You have %d out of %d users with administrative roles that aren’t registered and protected with MFA.", total-done, total)
	case total > 0:
		return fmt.Sprintf("You have %d out of %d %s that aren’t covered.", total-done, total, c.unit)
	case share > 0:
		return "current status: On"
	}
	return "current status: Off"
}

// reasons are why the controls of a category matter.
var reasons = map[string]string{
	"Identity":       "Most account takeovers begin with a password that was guessed, stolen or reused.",
	"Apps":           "Email and shared files are the way in for most attacks, and the way out for most data.",
	"Data":           "Data that is labeled and watched can be kept from leaving, and found when it has.",
	"Device":         "A device that is not hardened gives an attacker a foothold, whoever uses it.",
	"Infrastructure": "A server that is open to the internet is found by scanners within minutes.",
}

func (c control) description() string {
	return fmt.Sprintf("<p><strong>%s.</strong>&nbsp;%s</p><ul><li>Service: %s</li><li>Counts for up to %g points</li></ul>",
		escape(c.title), reasons[c.category], c.service, c.points)
}

// comparative is the averages of other tenants. The service has none for a tenant's first days, and -1 where it knows too
// few tenants of the kind.
func comparative(ago int) []map[string]any {
	const firstDays = 80
	if ago >= firstDays {
		return []map[string]any{}
	}
	parts := func(basis string, average float64) map[string]any {
		return map[string]any{
			"basis": basis, "averageScore": double(average),
			"appsScore": double(.38 * average), "appsScoreMax": double(120.83),
			"dataScore": double(.07 * average), "dataScoreMax": double(5.15),
			"deviceScore": double(.31 * average), "deviceScoreMax": double(35.04),
			"identityScore": double(.78 * average), "identityScoreMax": double(61.88),
			"infrastructureScore": double(0), "infrastructureScoreMax": double(0),
		}
	}
	seats := parts("TotalSeats", 51.9-float64(ago)/40)
	seats["SeatSizeRangeLowerValue"], seats["SeatSizeRangeUpperValue"] = "301", "1000"
	return []map[string]any{
		parts("AllTenants", 47.3-float64(ago)/50),
		seats,
		{"basis": "IndustryTypes", "averageScore": double(-1)},
	}
}

// double is a number as the service writes a Double: with a fraction, of two digits at most.
func double(f float64) json.Number {
	s := strconv.FormatFloat(round(f), 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return json.Number(s)
}

// marshal leaves HTML as it is, as the service does.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
