package client_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

func TestValidate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*client.SecureScore)
		want   []string // paths, in order
	}{
		"the sample": {func(*client.SecureScore) {}, nil},
		"nothing": {func(s *client.SecureScore) { *s = client.SecureScore{} }, []string{
			"activeUserCount", "averageComparativeScores", "azureTenantId", "controlScores", "currentScore", "enabledServices",
			"licensedUserCount", "maxScore", "vendorInformation",
		}},
		"empty slices": {func(s *client.SecureScore) {
			s.AverageComparativeScores, s.ControlScores, s.EnabledServices = []client.AverageComparativeScore{}, []client.ControlScore{}, []string{}
		}, nil},
		"nil slices":      {func(s *client.SecureScore) { s.ControlScores, s.EnabledServices = nil, nil }, []string{"controlScores", "enabledServices"}},
		"zero":            {func(s *client.SecureScore) { s.ActiveUserCount, s.CurrentScore = new(int32(0)), new(0.0) }, nil},
		"negative counts": {func(s *client.SecureScore) { s.ActiveUserCount, s.LicensedUserCount = new(int32(-1)), new(int32(-2)) }, []string{"activeUserCount", "licensedUserCount"}},
		"special doubles": {func(s *client.SecureScore) { s.CurrentScore, s.MaxScore = new(math.NaN()), new(math.Inf(1)) }, []string{"currentScore", "maxScore"}},
		"nested doubles": {func(s *client.SecureScore) {
			s.AverageComparativeScores = []client.AverageComparativeScore{{}, {AverageScore: new(math.Inf(-1))}}
			s.ControlScores = []client.ControlScore{{}, {}, {}, {Score: new(math.NaN())}}
		}, []string{"averageComparativeScores[1].averageScore", "controlScores[3].score"}},
		"no data": {func(s *client.SecureScore) {
			s.AverageComparativeScores = []client.AverageComparativeScore{{AverageScore: new(-1.0)}}
		}, nil},
		"empty id":          {func(s *client.SecureScore) { s.ID = new("") }, []string{"id"}},
		"empty tenant":      {func(s *client.SecureScore) { s.AzureTenantID = new("") }, []string{"azureTenantId"}},
		"an empty vendor":   {func(s *client.SecureScore) { s.VendorInformation = &client.SecurityVendorInformation{} }, nil},
		"not to be encoded": {func(s *client.SecureScore) { s.ID = new("\xff"); s.MaxScore = nil }, []string{"maxScore", "id"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			score := seedScore(t)
			tt.change(&score)
			wantFaults(t, client.Validate(score), tt.want)
		})
	}
}

func wantFaults(t *testing.T, err error, want []string) {
	t.Helper()
	var got []string
	if invalid, ok := errors.AsType[*client.ValidationError](err); ok {
		for _, f := range invalid.Faults {
			got = append(got, f.Path)
		}
		if !errors.Is(err, client.ErrInvalid) {
			t.Errorf("%v is not ErrInvalid", err)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("faults at %q, want %q: %v", got, want, err)
	}
}

func TestValidateNulls(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want []string
	}{
		"a null of the nine":  {`{"id":"a","currentScore":null,"controlScores":null,"vendorInformation":null}`, []string{"controlScores", "currentScore", "vendorInformation"}},
		"a null id":           {`{"id":null}`, []string{"id"}},
		"a null time":         {`{"createdDateTime":null}`, nil},
		"nested nulls":        {`{"controlScores":[{"description":null,"score":null},null],"vendorInformation":{"provider":null},"averageComparativeScores":[{"averageScore":null}]}`, nil},
		"a null undeclared":   {`{"x":null}`, nil},
		"special strings":     {`{"currentScore":"NaN","maxScore":"INF"}`, []string{"currentScore", "maxScore"}},
		"a null in a service": {`{"enabledServices":[null]}`, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sample, err := os.ReadFile("../gen/testdata/create-request-seed-shape.json")
			if err != nil {
				t.Fatal(err)
			}
			merged := members(t, sample)
			for name, v := range members(t, []byte(tt.text)) {
				merged[name] = v
			}
			text, err := json.Marshal(merged)
			if err != nil {
				t.Fatal(err)
			}
			var score client.SecureScore
			if err := json.Unmarshal(text, &score); err != nil {
				t.Fatal(err)
			}
			wantFaults(t, client.Validate(score), tt.want)
		})
	}
}

func TestValidationTellsAll(t *testing.T) {
	t.Parallel()
	score := seedScore(t)
	score.MaxScore = nil
	score.ActiveUserCount = new(int32(-3))
	score.ControlScores[0].Score = new(math.Inf(-1))
	if err := score.Extra.Set("currentScore", nil); err != nil {
		t.Fatal(err)
	}
	score.CurrentScore = nil
	const want = "secureScore not valid: currentScore: found null, wanted a number of points; maxScore: found nothing, wanted a number of points; " +
		"activeUserCount: found -3, wanted a number of users; controlScores[0].score: found -Inf, wanted a finite number"
	if err := client.Validate(score); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestValidationIsBounded holds that neither the faults found here nor those of encoding grow without end, or are lost.
func TestValidationIsBounded(t *testing.T) {
	t.Parallel()
	score := seedScore(t)
	score.ControlScores = make([]client.ControlScore, 300)
	for i := range score.ControlScores {
		score.ControlScores[i].Score = new(math.NaN())
		score.ControlScores[i].ControlName = new("\xff")
	}
	invalid, ok := errors.AsType[*client.ValidationError](client.Validate(score))
	if !ok || len(invalid.Faults) != 100 || invalid.More != 500 || len(invalid.Error()) > 10_000 {
		t.Errorf("got %d faults and %d more", len(invalid.Faults), invalid.More)
	}
}

// TestNothingInvalidIsSent holds that a create is refused before the token endpoint is asked.
func TestNothingInvalidIsSent(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	if created, err := c.SecureScores.Create(t.Context(), client.SecureScore{}); created != nil || !errors.Is(err, client.ErrInvalid) {
		t.Errorf("got %v, %v, want ErrInvalid", created, err)
	}
	if n := len(graph.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestPlaceholders holds what Microsoft's own example says in place of numbers.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/placeholders.json")
	if err != nil {
		t.Fatal(err)
	}
	var score client.SecureScore
	mismatch, ok := errors.AsType[*client.TypeError](json.Unmarshal(text, &score))
	if !ok {
		t.Fatal("the placeholders were taken for numbers")
	}
	want := []string{"averageComparativeScores[0].averageScore", "controlScores[0].score", "currentScore", "maxScore"}
	var got []string
	for _, f := range mismatch.Faults {
		got = append(got, f.Path)
	}
	if !slices.Equal(got, want) {
		t.Errorf("faults at %q, want %q", got, want)
	}
}
