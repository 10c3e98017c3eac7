package posture_test

import (
	"math"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/posture"
)

func TestPercent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		points, max *float64
		want        float64
		ok          bool
	}{
		"of a score":       {new(53.0), new(64.0), 82.8125, true},
		"whole":            {new(7.0), new(100.0), 7, true},
		"nothing earned":   {new(0.0), new(64.0), 0, true},
		"all":              {new(64.0), new(64.0), 100, true},
		"more than all":    {new(12.0), new(10.0), 120, true},
		"no points":        {nil, new(64.0), 0, false},
		"no max":           {new(53.0), nil, 0, false},
		"nothing at all":   {nil, nil, 0, false},
		"zero max":         {new(0.0), new(0.0), 0, false},
		"points, zero max": {new(1.0), new(0.0), 0, false},
		"points -1":        {new(-1.0), new(64.0), 0, false},
		"max -1":           {new(1.0), new(-1.0), 0, false},
		"NaN":              {new(math.NaN()), new(64.0), 0, false},
		"infinite points":  {new(math.Inf(1)), new(64.0), 0, false},
		"infinite max":     {new(53.0), new(math.Inf(1)), 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := posture.Percent(tt.points, tt.max)
			wantFloat(t, "percent", got, ok, tt.want, tt.ok)
		})
	}
	if got, ok := posture.Percent(new(1e300), new(1e-300)); ok {
		t.Errorf("beyond a float64: %v, want not ok", got)
	}
}
