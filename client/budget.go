package client

import "sync"

// The retry quota of one client, in tokens. When the service is down, calls stop being repeated after 35 repeats in
// all (500/14), so that 1,000 failing calls make at most 1,035 requests. The numbers are those of the AWS SDKs'
// standard mode, with a cheaper repeat where the service is well and only asks for a pause.
const (
	quotaTokens   = 500
	costRetry     = 14
	costThrottled = 5
	// gainSuccess comes back for a call that succeeds at once: otherwise a quota once spent would never recover.
	gainSuccess = 1
)

// budget is the quota, shared by all calls of a client.
type budget struct {
	mu   sync.Mutex
	left int
}

func newBudget() *budget { return &budget{left: quotaTokens} }

// take pays for one repeat. It says false, and takes nothing, when what is left does not pay for it.
func (b *budget) take(cost int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cost > b.left {
		return false
	}
	b.left -= cost
	return true
}

// giveBack returns what a call had paid, once it has succeeded.
func (b *budget) giveBack(paid int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(quotaTokens, b.left+max(paid, gainSuccess))
}
