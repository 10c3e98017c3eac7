package client

import "testing"

func TestBudget(t *testing.T) {
	t.Parallel()
	b := newBudget()
	n := 0
	for b.take(costRetry) {
		n++
	}
	if n != 35 || b.left != 10 {
		t.Errorf("%d repeats, %d left", n, b.left)
	}
	for range 2 {
		if !b.take(costThrottled) {
			t.Errorf("%d tokens do not pay for %d", b.left, costThrottled)
		}
	}
	if b.take(1) || b.left != 0 {
		t.Errorf("%d left", b.left)
	}
	b.giveBack(0)
	b.giveBack(costRetry)
	if b.left != 15 {
		t.Errorf("%d left, want 15", b.left)
	}
	b.giveBack(quotaTokens)
	if b.left != quotaTokens {
		t.Errorf("%d left, want no more than %d", b.left, quotaTokens)
	}
}
