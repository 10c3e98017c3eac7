package gen_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// through decodes text into a new T and encodes it again, both with plain encoding/json.
func through[T any](text []byte) ([]byte, error) {
	var v T
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

var types = map[string]func([]byte) ([]byte, error){
	"create":                           through[gen.SecureScore],
	"secureScore":                      through[gen.SecureScore],
	"secureScores":                     through[gen.SecureScoreCollection],
	"controlProfiles":                  through[gen.SecureScoreControlProfileCollection],
	"controlProfile-patch-request":     through[gen.SecureScoreControlProfileUpdate],
	"controlProfile-patch-200":         through[gen.SecureScoreControlProfile],
	"error":                            through[gen.OdataError],
	"averageComparativeScore":          through[gen.AverageComparativeScore],
	"controlScore":                     through[gen.ControlScore],
	"securityVendorInformation":        through[gen.SecurityVendorInformation],
	"secureScoreControlProfile":        through[gen.SecureScoreControlProfile],
	"secureScoreControlStateUpdate":    through[gen.SecureScoreControlStateUpdate],
	"complianceInformation":            through[gen.ComplianceInformation],
	"certificationControl":             through[gen.CertificationControl],
	"batchRequest":                     through[gen.BatchRequest],
	"batchResponse":                    through[gen.BatchResponse],
	"secureScoreControlProfileUpdate":  through[gen.SecureScoreControlProfileUpdate],
	"slice of secureScore":             through[[]gen.SecureScore],
	"slice of pointers to secureScore": through[[]*gen.SecureScore],
}

func TestSamplesSurvive(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "token-") {
			continue // package auth reads these
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(name, "error-") {
				var sample struct{ Body json.RawMessage }
				if err := json.Unmarshal(text, &sample); err != nil {
					t.Fatal(err)
				}
				text = sample.Body
			}
			got, err := typeOf(name)(text)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, got, text)
		})
	}
}

// typeOf is the type whose key is the longest prefix of the sample's name.
func typeOf(name string) (round func([]byte) ([]byte, error)) {
	longest := 0
	for prefix, r := range types {
		if strings.HasPrefix(name, prefix) && len(prefix) > longest {
			longest, round = len(prefix), r
		}
	}
	return round
}

func TestValuesSurvive(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ kind, text string }{
		"nothing":                      {"secureScore", `{}`},
		"null, empty and zero apart":   {"secureScore", `{"activeUserCount":0,"licensedUserCount":null,"enabledServices":[],"controlScores":null,"id":""}`},
		"null objects":                 {"secureScore", `{"vendorInformation":null,"averageComparativeScores":[null,{}]}`},
		"null strings in a collection": {"secureScore", `{"enabledServices":["a",null,"",null]}`},
		"special doubles":              {"secureScore", `{"currentScore":"NaN","maxScore":"INF","controlScores":[{"score":"-INF"}]}`},
		"double at the edges":          {"secureScore", `{"currentScore":1.7976931348623157e308,"maxScore":5e-324,"averageComparativeScores":[{"averageScore":-0.0},{"averageScore":1e21},{"averageScore":1e-7}]}`},
		"int32 at the edges":           {"secureScore", `{"activeUserCount":2147483647,"licensedUserCount":-2147483648}`},
		"date with 7 digits":           {"secureScore", `{"createdDateTime":"2017-01-01T00:00:31.7073518+03:00"}`},
		"date with a trailing zero":    {"secureScore", `{"createdDateTime":"2017-01-01T00:00:31.7073500+03:00"}`},
		"date with zeros only":         {"secureScore", `{"createdDateTime":"2017-01-01T00:00:31.0000000Z"}`},
		"date with offset zero":        {"secureScore", `{"createdDateTime":"2017-01-01T00:00:31+00:00"}`},
		"date with 12 digits":          {"secureScore", `{"createdDateTime":"2017-01-01T00:00:31.123456789012Z"}`},
		"date without seconds":         {"secureScore", `{"createdDateTime":"2017-01-01T00:00Z"}`},
		"date of the sentinel":         {"secureScore", `{"createdDateTime":"0001-01-01T00:00:00Z"}`},
		"big integers undeclared":      {"secureScore", `{"a":9007199254740993,"b":[123456789012345678901234567890,{"c":0.10000000000000000000001}]}`},
		"undeclared in every form":     {"controlScore", `{"scoreInPercentage":66.67,"count":"4","on":true,"x":null,"y":{"a":[1,{"b":"},]"}]},"z":[]," ":"\"\\"}`},
		"names of other casing":        {"secureScore", `{"ID":"a","id":"b","Id":"c","currentscore":"text"}`},
		"escaped names":                {"secureScore", `{"\u0069d":"a","\u00e9\n":1}`},
		"annotations":                  {"secureScore", `{"@odata.context":"c","@odata.etag":"W/\"1\"","@odata.type":"#microsoft.graph.secureScore","id@odata.type":"String"}`},
		"unknown in a closed type":     {"securityVendorInformation", `{"vendor":"Microsoft","@odata.type":"t","surprise":[1]}`},
		"any script":                   {"controlScore", `{"description":"<p>日本 “smart” \ud83d\ude00 \u2028 \u0000</p>"}`},
		"arrays of entities":           {"slice of secureScore", `[{"id":"a"},null,{"x":1}]`},
		"arrays of pointers":           {"slice of pointers to secureScore", `[{"id":"a"},null,{"x":1}]`},
		"a batch":                      {"batchRequest", `{"requests":[{"id":"1","method":"PATCH","url":"/x","headers":{"If-Match":"*"},"body":{"n":9007199254740993},"dependsOn":[]},{"body":null}]}`},
		"answers of a batch":           {"batchResponse", `{"responses":[{"id":"1","status":204,"headers":{}},{"status":200,"body":[1]}]}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := types[tt.kind]([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, got, []byte(tt.text))
		})
	}
}

// TestUndeclaredDigits looks at the text itself: sameJSON takes two spellings of a number for one.
func TestUndeclaredDigits(t *testing.T) {
	t.Parallel()
	const text = `{"a":1.0,"b":1E2,"c":123456789012345678901234567890,"d":"\u00e9\/"}`
	got, err := through[gen.ControlScore]([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != text {
		t.Errorf("got %s, want %s", got, text)
	}
}

func TestRandomPayloadsSurvive(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		g := payload{rand.New(rand.NewPCG(seed, 1))}
		text := []byte(g.score())
		got, err := through[gen.SecureScore](text)
		if err != nil {
			t.Fatalf("seed %d: %v in %s", seed, err, text)
		}
		sameJSON(t, got, text)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// payload writes random secureScores: members absent, null, empty or set, in any order, among undeclared ones.
type payload struct{ *rand.Rand }

func (g payload) pick(choices ...string) string { return choices[g.IntN(len(choices))] }

func (g payload) object(members map[string]func() string) string {
	var pairs []string
	for name, value := range members {
		switch g.IntN(6) {
		case 0:
		case 1:
			pairs = append(pairs, fmt.Sprintf("%q:null", name))
		default:
			pairs = append(pairs, fmt.Sprintf("%q: %s", name, value()))
		}
	}
	for i := range g.IntN(4) {
		pairs = append(pairs, fmt.Sprintf(`"x%d" : %s`, i, g.any(3)))
	}
	g.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	return "{" + strings.Join(pairs, " ,\n") + "}"
}

func (g payload) array(element func() string) func() string {
	return func() string {
		items := make([]string, g.IntN(4))
		for i := range items {
			items[i] = element()
			if g.IntN(8) == 0 {
				items[i] = "null"
			}
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
}

func (g payload) any(depth int) string {
	if depth == 0 {
		return g.pick("null", "true", "false", `""`, g.digits())
	}
	switch g.IntN(4) {
	case 0:
		return g.array(func() string { return g.any(depth - 1) })()
	case 1:
		return fmt.Sprintf(`{"a,:}":%s}`, g.any(depth-1))
	default:
		return g.any(0)
	}
}

func (g payload) digits() string {
	return fmt.Sprintf("-%d%d.%d", 1+g.Uint64(), g.Uint64(), g.Uint64())
}

func (g payload) text() string {
	return g.pick(`""`, `"a"`, `"\u0041\n"`, `"日本"`, `"\ud83d\ude00"`, `"<b>&</b>"`)
}
func (g payload) int32() string { return fmt.Sprint(int32(g.Uint32())) }
func (g payload) double() string {
	return g.pick(`"NaN"`, `"INF"`, `"-INF"`, "-1", "0.0", fmt.Sprint(g.NormFloat64()*1e9), fmt.Sprint(g.Float64()))
}

func (g payload) date() string {
	return fmt.Sprintf(`"20%02d-%02d-%02dT%02d:00:59%s%s"`, g.IntN(100), 1+g.IntN(12), 1+g.IntN(28), g.IntN(24),
		g.pick("", ".5", ".1234567", ".1234560", ".0000000"), g.pick("Z", "+03:00", "-11:30", "+00:00"))
}

func (g payload) score() string {
	control := func() string {
		return g.object(map[string]func() string{"controlName": g.text, "controlCategory": g.text, "description": g.text, "score": g.double})
	}
	average := func() string {
		return g.object(map[string]func() string{"basis": g.text, "averageScore": g.double})
	}
	vendor := func() string {
		return g.object(map[string]func() string{"provider": g.text, "providerVersion": g.text, "subProvider": g.text, "vendor": g.text})
	}
	return g.object(map[string]func() string{
		"@odata.type": g.text, "@odata.etag": g.text, "id": g.text, "azureTenantId": g.text,
		"activeUserCount": g.int32, "licensedUserCount": g.int32, "createdDateTime": g.date,
		"currentScore": g.double, "maxScore": g.double, "enabledServices": g.array(g.text),
		"averageComparativeScores": g.array(average), "controlScores": g.array(control), "vendorInformation": vendor,
	})
}

// FuzzSecureScore holds that whatever decodes encodes to an equal value, and that what encoding/json refuses is refused.
func FuzzSecureScore(f *testing.F) {
	for _, name := range []string{"secureScore-entity", "create-response-seed-shape"} {
		text, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"enabledServices":[null,"a"],"controlScores":[null],"x":{"a":[1e5]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var score gen.SecureScore
		if err := score.UnmarshalJSON(text); err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("accepted %q", text)
		}
		got, err := score.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		sameJSON(t, got, text)
	})
}
