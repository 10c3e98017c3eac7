package posture_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

// parse decodes a value of the API from JSON, undeclared members and all.
func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func sample[T any](t *testing.T, name string) T {
	t.Helper()
	text, err := os.ReadFile("../../gen/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return parse[T](t, string(text))
}

func sampleProfiles(t *testing.T) []client.SecureScoreControlProfile {
	t.Helper()
	type page struct {
		Value []client.SecureScoreControlProfile `json:"value"`
	}
	return append(sample[page](t, "controlProfiles-page1").Value, sample[page](t, "controlProfiles-last-page").Value...)
}

// wantFloat compares exactly: the package promises to cut the noise of binary fractions.
func wantFloat(t *testing.T, what string, got float64, ok bool, want float64, wantOK bool) {
	t.Helper()
	if got != want || ok != wantOK {
		t.Errorf("%s: %v, %v, want %v, %v", what, got, ok, want, wantOK)
	}
}

func controlNames(controls []posture.Control) []string {
	names := make([]string, 0, len(controls))
	for _, c := range controls {
		names = append(names, c.Name())
	}
	return names
}
