package clienttest

import (
	"testing"
	"time"
)

func TestExpiredTokensAreForgotten(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 17, 0, 0, 0, 0, time.UTC)
	g := NewGraph(WithClock(func() time.Time { return now }), WithTokenLifetime(time.Minute))
	for _, step := range []struct {
		after time.Duration
		kept  int
	}{{0, 1}, {time.Minute + time.Hour, 2}, {time.Second, 2}, {2 * time.Hour, 1}} {
		now = now.Add(step.after)
		g.NewToken()
		if got := len(g.tokens); got != step.kept {
			t.Errorf("%d tokens at %v, want %d", got, now, step.kept)
		}
	}
}
