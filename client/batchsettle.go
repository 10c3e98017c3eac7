package client

import (
	"context"
	"log/slog"
	"time"
)

// settled is what the answers of a batch come to.
type settled struct {
	made, unknown int
	throttled     []*bulkItem   // those that the service did not take, and that nothing but it keeps from being repeated
	gaveUp        []*bulkItem   // those that it did not take, and that are not repeated
	wait          time.Duration // before the throttled are sent again
	cost          int           // in quota tokens, of sending them
}

// settle takes each item's answer for what it would be alone. It gives those that are to be sent again, and after how
// long; or why nothing more is to be sent.
func (b *bulk) settle(
	ctx context.Context, batch []*bulkItem, answers batchAnswers, outer *outcome,
) (again []*bulkItem, wait time.Duration, why string) {
	d := b.client.doer
	var s settled
	for i, item := range batch {
		item.call.attempts++
		item.call.record(answers[batchID(i)].outcome(&item.call.op, outer, d.policy.TrustRetryAfterOn503))
		b.sort(ctx, item, outer, &s)
	}
	if s.made == 0 {
		// The batch as a request was a success, and has earned this; for what was asked of the service it is none.
		d.budget.take(gainSuccess)
	}
	switch {
	case len(s.gaveUp) > 0:
		why = throttling(s.gaveUp)
	case s.unknown == len(batch):
		why = "all updates of a batch before it may or may not have happened"
	case len(s.throttled) == 0:
		if b.paid > 0 && s.made > 0 && s.unknown == 0 {
			d.budget.giveBack(b.paid)
			b.paid = 0
		}
	case !d.budget.take(s.cost):
		why = throttling(s.throttled) + ", and this client's retry quota is used up"
		b.end(s.throttled, outer, "this client's retry quota is used up")
		return nil, 0, why
	default:
		b.paid += s.cost
	}
	if why != "" {
		b.end(s.throttled, outer, why)
		return nil, 0, why
	}
	for _, item := range s.throttled {
		d.logRepeat(item.request, item.call)
	}
	return s.throttled, s.wait, ""
}

// sort settles one item that has its answer, unless it may be repeated.
func (b *bulk) sort(ctx context.Context, item *bulkItem, outer *outcome, s *settled) {
	d, cl := b.client.doer, item.call
	if cl.last.class == done {
		s.made++
		d.log(ctx, slog.LevelDebug, "operation done", item.request, cl, slog.Int("status", cl.last.status))
		return
	}
	switch d.verdicts.of(cl.last.class, cl.op.write) {
	case repeat:
		// The client's quota pays for requests, so that the batch is what it is asked for: this one always pays.
		cl.paid = 0
		r := retrier{call: cl, policy: d.policy, verdicts: &d.verdicts, budget: newBudget()}
		if r.decide(ctx) {
			s.throttled = append(s.throttled, item)
			s.wait, s.cost = max(s.wait, cl.wait), max(s.cost, cl.paid)
			return
		}
		s.gaveUp = append(s.gaveUp, item)
	case unknown:
		s.unknown++
	}
	item.fail(d, outer)
}

// end ends items that might have been repeated.
func (b *bulk) end(items []*bulkItem, outer *outcome, why string) {
	for _, item := range items {
		item.call.reason = "not repeated: " + why
		item.fail(b.client.doer, outer)
	}
}

// throttling says what the service answered to the items that asks for the longest wait.
func throttling(items []*bulkItem) string {
	longest := &items[0].call.last
	for _, item := range items {
		if o := &item.call.last; o.retryAfter > longest.retryAfter {
			longest = o
		}
	}
	text := "the service throttles"
	if longest.class == trusted503 {
		text = "the service is overloaded"
	}
	if longest.retryAfter > 0 {
		text += ": it asks to wait " + longest.retryAfter.String()
	}
	return text
}
