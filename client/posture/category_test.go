package posture_test

import (
	"slices"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

func TestByCategorySamples(t *testing.T) {
	t.Parallel()
	score := sample[client.SecureScore](t, "secureScore-entity")
	controls := posture.Join(&score, sampleProfiles(t))
	want := []posture.CategoryTotal{
		{Category: "Apps", Total: posture.Total{Controls: 1, Unknown: 1}},
		{Category: "Data", Total: posture.Total{Controls: 1, MaxScore: 5}},
		{Category: "Device", Total: posture.Total{Controls: 1, Points: 9.26, MaxScore: 10}},
		{Category: "Identity", Total: posture.Total{Controls: 4, Points: 6, MaxScore: 9, Unknown: 3, UnknownPoints: 12}},
	}
	got := posture.ByCategory(controls)
	if !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got, want := posture.Sum(controls), (posture.Total{Controls: 7, Points: 15.26, MaxScore: 24, Unknown: 4, UnknownPoints: 12}); got != want {
		t.Errorf("sum %+v, want %+v", got, want)
	}
	percent, ok := got[2].Percent()
	wantFloat(t, "Device", percent, ok, 92.6, true)
	percent, ok = got[1].Percent()
	wantFloat(t, "Data", percent, ok, 0, true)
	percent, ok = got[0].Percent()
	wantFloat(t, "Apps", percent, ok, 0, false)
}

func TestByCategoryOrder(t *testing.T) {
	t.Parallel()
	var controls []posture.Control
	for _, category := range []*string{nil, new("b"), new("B"), new(""), new("a"), new("b")} {
		c := control("c", 0.1, 0.3)
		c.Score.ControlCategory = category
		controls = append(controls, c)
	}
	want := []posture.CategoryTotal{
		{Category: "B", Total: posture.Total{Controls: 1, Points: 0.1, MaxScore: 0.3}},
		{Category: "a", Total: posture.Total{Controls: 1, Points: 0.1, MaxScore: 0.3}},
		{Category: "b", Total: posture.Total{Controls: 2, Points: 0.2, MaxScore: 0.6}},
		{Category: "", Total: posture.Total{Controls: 2, Points: 0.2, MaxScore: 0.6}},
	}
	if got := posture.ByCategory(controls); !slices.Equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got, want := posture.Sum(controls), (posture.Total{Controls: 6, Points: 0.6, MaxScore: 1.8}); got != want {
		t.Errorf("sum %+v, want %+v", got, want)
	}
	noisy := []posture.Control{control("a", 0.1, 0.1), control("b", 0.2, 0.2)} // 0.30000000000000004
	if got, want := posture.Sum(noisy), (posture.Total{Controls: 2, Points: 0.3, MaxScore: 0.3}); got != want {
		t.Errorf("sum %+v, want %+v", got, want)
	}
	if got := posture.ByCategory(nil); len(got) != 0 {
		t.Errorf("no controls: %+v", got)
	}
}

func TestSumUnknown(t *testing.T) {
	t.Parallel()
	controls := []posture.Control{control("complete", 1, 4), control("no max", 2, -1), control("no score", -1, 8), {}}
	if got, want := posture.Sum(controls), (posture.Total{Controls: 4, Points: 1, MaxScore: 4, Unknown: 3, UnknownPoints: 2}); got != want {
		t.Errorf("sum %+v, want %+v", got, want)
	}
}
