package main

import (
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client"
)

func TestShow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		score client.SecureScore
		want  []string
	}{
		"nothing set": {client.SecureScore{}, []string{"Created secureScore -\n", "score     - of - points\n", "users     - active, - licensed\n"}},
		"zero points": {client.SecureScore{CurrentScore: new(0.0), MaxScore: new(0.0)}, []string{"0.00 of 0.00 points\n"}},
		"no average":  {client.SecureScore{AverageComparativeScores: []client.AverageComparativeScore{{}, {Basis: new("A"), AverageScore: new(0.0)}}}, []string{"average of -  no data\n", "average of A  0.0%\n"}},
		"escapes":     {client.SecureScore{ID: new("a\x1b[31mb\nc")}, []string{"Created secureScore a\uFFFD[31mb c\n"}},
		"any script":  {client.SecureScore{EnabledServices: []string{"日本", "é"}}, []string{"日本, é\n"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := show(&out, &tt.score); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("got\n%s\nwant %q", out.String(), want)
				}
			}
		})
	}
}
