package gen_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/gen"
)

func TestEncode(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("", 3*60*60)
	tests := map[string]struct {
		value any
		want  string
	}{
		"nothing set":      {gen.SecureScore{}, `{}`},
		"a pointer":        {&gen.SecureScore{ID: new("a")}, `{"id":"a"}`},
		"a nil pointer":    {(*gen.SecureScore)(nil), `null`},
		"zero and empty":   {gen.SecureScore{ID: new(""), ActiveUserCount: new(int32(0)), EnabledServices: []string{}}, `{"id":"","activeUserCount":0,"enabledServices":[]}`},
		"special doubles":  {gen.SecureScore{CurrentScore: new(math.NaN()), MaxScore: new(math.Inf(-1))}, `{"currentScore":"NaN","maxScore":"-INF"}`},
		"a date":           {gen.SecureScore{CreatedDateTime: new(time.Date(2017, 1, 1, 0, 0, 31, 707351800, east))}, `{"createdDateTime":"2017-01-01T00:00:31.7073518+03:00"}`},
		"inside a map":     {map[string]gen.ControlScore{"a": {Score: new(1.5)}}, `{"a":{"score":1.5}}`},
		"a count":          {gen.SecureScoreCollection{ODataCount: new(int64(math.MaxInt64)), Value: []gen.SecureScore{{}}}, `{"@odata.count":9223372036854775807,"value":[{}]}`},
		"a state update":   {gen.SecureScoreControlProfile{Deprecated: new(true), ControlStateUpdates: []gen.SecureScoreControlStateUpdate{{State: new("Default")}}}, `{"deprecated":true,"controlStateUpdates":[{"state":"Default"}]}`},
		"text of a script": {gen.ControlScore{Description: new("<p>é</p>\u2028")}, `{"description":"<p>é</p>\u2028"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(tt.value)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, got, []byte(tt.want))
		})
	}
}

func TestDoublesAreShort(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{
		0: "0", 53: "53", 815.22: "815.22", 1e-6: "0.000001", 9.9e-7: "9.9e-07", 1e20: "100000000000000000000",
		1e21: "1e+21", math.MaxFloat64: "1.7976931348623157e+308", math.SmallestNonzeroFloat64: "5e-324",
	} {
		if got, err := json.Marshal(gen.ControlScore{Score: &f}); err != nil || string(got) != `{"score":`+want+`}` {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
}

func TestSettingAFieldReplacesWhatCame(t *testing.T) {
	t.Parallel()
	const came = `{"id":"a","maxScore":null,"enabledServices":["a",null],"controlScores":[null],"createdDateTime":"2017-01-01T00:00:00.0+00:00","x":1}`
	tests := map[string]struct {
		change func(*gen.SecureScore)
		want   string
	}{
		"nothing":          {func(*gen.SecureScore) {}, came},
		"a null is set":    {func(s *gen.SecureScore) { s.MaxScore = new(2.0) }, `{"id":"a","maxScore":2,"enabledServices":["a",null],"controlScores":[null],"createdDateTime":"2017-01-01T00:00:00.0+00:00","x":1}`},
		"a field is unset": {func(s *gen.SecureScore) { s.ID = nil }, `{"maxScore":null,"enabledServices":["a",null],"controlScores":[null],"createdDateTime":"2017-01-01T00:00:00.0+00:00","x":1}`},
		"a date is moved":  {func(s *gen.SecureScore) { *s.CreatedDateTime = s.CreatedDateTime.Add(time.Hour) }, `{"id":"a","maxScore":null,"enabledServices":["a",null],"controlScores":[null],"createdDateTime":"2017-01-01T01:00:00Z","x":1}`},
		"a date gets another offset": {
			func(s *gen.SecureScore) { *s.CreatedDateTime = s.CreatedDateTime.In(time.FixedZone("", 3600)) },
			`{"id":"a","maxScore":null,"enabledServices":["a",null],"controlScores":[null],"createdDateTime":"2017-01-01T01:00:00+01:00","x":1}`,
		},
		"a null string is set":    {func(s *gen.SecureScore) { s.EnabledServices[1] = "b" }, `{"id":"a","maxScore":null,"enabledServices":["a","b"],"controlScores":[null],"createdDateTime":"2017-01-01T00:00:00.0+00:00","x":1}`},
		"a null object is set":    {func(s *gen.SecureScore) { s.ControlScores[0].Score = new(1.0) }, `{"id":"a","maxScore":null,"enabledServices":["a",null],"controlScores":[{"score":1}],"createdDateTime":"2017-01-01T00:00:00.0+00:00","x":1}`},
		"everything is forgotten": {func(s *gen.SecureScore) { s.Extra = gen.Members{} }, `{"id":"a","enabledServices":["a",""],"controlScores":[null],"createdDateTime":"2017-01-01T00:00:00Z"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var score gen.SecureScore
			if err := json.Unmarshal([]byte(came), &score); err != nil {
				t.Fatal(err)
			}
			tt.change(&score)
			got, err := json.Marshal(score)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, got, []byte(tt.want))
		})
	}
}

// TestStringsThatCameAsNull holds that they are remembered for the very slice that was decoded, and for no other.
func TestStringsThatCameAsNull(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func([]string) []string
		want   string
	}{
		"as it came":       {func(s []string) []string { return s }, `["a",null,"b",null]`},
		"one is set":       {func(s []string) []string { s[1] = "x"; return s }, `["a","x","b",null]`},
		"another slice":    {func([]string) []string { return []string{"x", "", "y", ""} }, `["x","","y",""]`},
		"a part":           {func(s []string) []string { return s[1:] }, `["","b",""]`},
		"cut to the first": {func(s []string) []string { return s[:2] }, `["a",""]`},
		"empty":            {func(s []string) []string { return s[:0] }, `[]`},
		"longer":           {func(s []string) []string { return append(s, "c") }, `["a","","b","","c"]`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var score gen.SecureScore
			if err := json.Unmarshal([]byte(`{"enabledServices":["a",null,"b",null]}`), &score); err != nil {
				t.Fatal(err)
			}
			score.EnabledServices = tt.change(score.EnabledServices)
			got, err := json.Marshal(score)
			if err != nil || string(got) != `{"enabledServices":`+tt.want+`}` {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

// TestManyNulls would take minutes if each were looked for.
func TestManyNulls(t *testing.T) {
	t.Parallel()
	text := `{"enabledServices":[` + strings.Repeat("null,", 200_000) + `null]}`
	got, err := through[gen.SecureScore]([]byte(text))
	if err != nil || string(got) != text {
		t.Errorf("not the same: %d bytes, want %d (%v)", len(got), len(text), err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	declared := gen.ControlScore{}
	if err := declared.Extra.Set("score", 1); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		value gen.SecureScore
		want  string
	}{
		"bad UTF-8":              {gen.SecureScore{ID: new("a\xff")}, `secureScore: id: found "a\xff", wanted UTF-8`},
		"all of them":            {gen.SecureScore{EnabledServices: []string{"", "\xff"}, VendorInformation: &gen.SecurityVendorInformation{Vendor: new("\xfe")}}, `secureScore: enabledServices[1]: found "\xff", wanted UTF-8; vendorInformation.vendor: found "\xfe", wanted UTF-8`},
		"year of five digits":    {gen.SecureScore{CreatedDateTime: new(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))}, `secureScore: createdDateTime: found 10000-01-01 00:00:00 +0000 UTC, wanted a year of four digits`},
		"offset with seconds":    {gen.SecureScore{CreatedDateTime: new(time.Date(1900, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 61)))}, `secureScore: createdDateTime: found 1900-01-01 00:00:00 +0001 LMT, wanted an offset of whole minutes`},
		"declared name in Extra": {gen.SecureScore{ControlScores: []gen.ControlScore{{}, declared}}, `secureScore: controlScores[1].score: found a member in Extra, wanted its value in the field`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := json.Marshal(tt.value)
			var mismatch *gen.TypeError
			if !errors.As(err, &mismatch) || mismatch.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
