package gen_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// plainPage is the peer: the same fields as ordinary structs under encoding/json, which loses undeclared members, nulls and
// the text of dates.
type plainPage struct {
	Value []struct {
		ID                       *string    `json:"id"`
		AzureTenantID            *string    `json:"azureTenantId"`
		ActiveUserCount          *int32     `json:"activeUserCount"`
		LicensedUserCount        *int32     `json:"licensedUserCount"`
		CreatedDateTime          *time.Time `json:"createdDateTime"`
		CurrentScore             *float64   `json:"currentScore"`
		MaxScore                 *float64   `json:"maxScore"`
		EnabledServices          []string   `json:"enabledServices"`
		AverageComparativeScores []struct {
			Basis        *string  `json:"basis"`
			AverageScore *float64 `json:"averageScore"`
		} `json:"averageComparativeScores"`
		ControlScores []struct {
			ControlName     *string  `json:"controlName"`
			ControlCategory *string  `json:"controlCategory"`
			Description     *string  `json:"description"`
			Score           *float64 `json:"score"`
		} `json:"controlScores"`
		VendorInformation *struct {
			Provider        *string `json:"provider"`
			ProviderVersion *string `json:"providerVersion"`
			SubProvider     *string `json:"subProvider"`
			Vendor          *string `json:"vendor"`
		} `json:"vendorInformation"`
	} `json:"value"`
}

// largePage is what a large tenant lists: 90 scores of 110 controls, each control with 7 undeclared members and a description of
// 400 bytes.
func largePage() []byte {
	description := strings.Repeat("<p>Require it. </p>", 400/19+1)[:400]
	var controls []string
	for i := range 110 {
		controls = append(controls, fmt.Sprintf(`{"controlCategory":"Identity","controlName":"Control%d","description":%q,"score":%d.5,`+
			`"scoreInPercentage":66.67,"count":"%d","total":"450","on":"true","implementationStatus":"%d users are not registered.",`+
			`"lastSynced":"2026-07-15T13:04:06Z","IsApplicable":"true"}`, i, description, i%10, i, i))
	}
	average := `{"basis":"AllTenants","averageScore":52.86,"identityScore":41.21,"identityScoreMax":61.88}`
	var scores []string
	for i := range 90 {
		scores = append(scores, fmt.Sprintf(`{"id":"11111111-2222-4333-8444-555555555555_%d","azureTenantId":"11111111-2222-4333-8444-555555555555",`+
			`"activeUserCount":412,"licensedUserCount":450,"createdDateTime":"2026-07-17T00:00:00Z","currentScore":815.22,"maxScore":1376.0,`+
			`"enabledServices":["HasAADP2","HasEXOP2"],"averageComparativeScores":[%s,%s,%s],"controlScores":[%s],`+
			`"vendorInformation":{"provider":"SecureScore","providerVersion":null,"subProvider":null,"vendor":"Microsoft"}}`,
			i, average, average, average, strings.Join(controls, ",")))
	}
	return []byte(`{"value":[` + strings.Join(scores, ",") + `]}`)
}

func BenchmarkDecodePage(b *testing.B) {
	page := largePage()
	b.Run("securescore", func(b *testing.B) {
		b.SetBytes(int64(len(page)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := gen.Decode[gen.SecureScoreCollection](bytes.NewReader(page)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(len(page)))
		b.ReportAllocs()
		for b.Loop() {
			if err := json.NewDecoder(bytes.NewReader(page)).Decode(new(plainPage)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncodeScore(b *testing.B) {
	page := largePage()
	ours, err := gen.Decode[gen.SecureScoreCollection](bytes.NewReader(page))
	if err != nil {
		b.Fatal(err)
	}
	var plain plainPage
	if err := json.Unmarshal(page, &plain); err != nil {
		b.Fatal(err)
	}
	b.Run("securescore", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ours.Value[0].MarshalJSON(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(plain.Value[0]); err != nil {
				b.Fatal(err)
			}
		}
	})
}
