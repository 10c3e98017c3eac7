package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// ErrNotSent marks an update of [ControlProfilesService.UpdateMany] that did not happen because it was never sent:
// the call had ended before its turn. It can be asked for again, when what ended the call is over.
var ErrNotSent = errors.New("not sent")

// maxBatch is how many requests the service takes in a batch.
const maxBatch = 20

const opUpdateControls = "update secureScoreControlProfiles"

// ControlChange is one update of [ControlProfilesService.UpdateMany].
type ControlChange struct {
	// ID is the control's.
	ID string
	// Update is what to change of it.
	Update ControlUpdate
}

// ControlResult is what became of one update of [ControlProfilesService.UpdateMany].
type ControlResult struct {
	// ID is the control's.
	ID string
	// Profile is the profile as the service then has it. It is nil when Err is not, and where the service made the
	// update and returned no profile (a 204).
	Profile *SecureScoreControlProfile
	// Err is nil when the update was made. Otherwise it is the *[Error] that the update would have ended with alone,
	// with Key set to the ID, so that errors.Is finds [ErrOutcomeUnknown], [ErrNotFound] and the others; or one that
	// is [ErrNotSent].
	Err error
}

// UpdateMany updates many controls with a few requests: 20 to each (POST /$batch), one request at a time. There is
// one result for each change, in the order of the changes. The error is nil when all were made; otherwise it counts
// what was not, in one line, and errors.Is and errors.As find the errors of the results in it.
//
// All changes are checked before anything is sent. When any is refused, nothing is sent, there are no results, and
// the error is one [ValidationError] that names everything that is wrong: an id that is none or stands there twice
// (in any case, which the service does not regard; it promises no order in a batch), a scid_* control (see [WithSCIDAllowed]), an update that
// [ControlProfilesService.Update] would refuse.
//
// Each update is a write of its own, and what the package's documentation says of writes holds for it:
//
//   - One that the service throttled (429, or a 503 under [RetryPolicy.TrustRetryAfterOn503]) is sent again in a later
//     batch, when the longest Retry-After of those in its batch is over, within the limits of the [RetryPolicy] and
//     the retry quota, which pays for a batch as for any other request. Those that follow wait with it. No other update
//     is ever sent again.
//   - One that the service refused has its status, code, message and request-id.
//   - One that may or may not have happened is [ErrOutcomeUnknown]: a status such as 500 or 503, an answer that is
//     wrong, twice there, missing or about another control.
//
// The call ends early when the service throttles an update that is not sent again (it asks for a longer wait than the
// policy or the context's deadline allow, or attempts or quota are used up), and when all updates of a batch are
// ErrOutcomeUnknown. Those of the batch that were throttled then have that error, and those not sent by then are
// [ErrNotSent], with the reason and how long the service asks to wait.
//
// When a batch as a whole fails, the call ends, since what follows would most likely fail too and might leave more in
// doubt. If the service had provably not taken that batch (it refused it, or was not reached), its updates have that
// error; else they are all ErrOutcomeUnknown. Updates not sent by then, as those that are left when the context ends,
// are ErrNotSent. A batch that is throttled as a whole is repeated before it comes to that, as is any write.
//
// The service is asked to return the profiles. Where it answers with 204 a result has no Profile: reading them back
// would take one request each of the 150 in a minute that the service allows. List reads them all in a few.
//
// Headers of the options are sent with the batches, and a [Response] is that of the last batch with the attempts of
// all. [WithIfMatch] is refused: an ETag is for one control. Each update has a client-request-id of its own. It needs
// the permission SecurityEvents.ReadWrite.All.
func (s *ControlProfilesService) UpdateMany(ctx context.Context, changes []ControlChange, opts ...CallOption) ([]ControlResult, error) {
	if ctx == nil {
		return nil, fmt.Errorf("%s: %w: the context is nil", opUpdateControls, ErrInvalid)
	}
	options, err := newCall(updateControls(), opts)
	if err != nil {
		return nil, err
	}
	items, err := s.newBulkItems(ctx, changes, options.scid)
	if err != nil {
		return nil, err
	}
	b := bulk{client: s.client, opts: accumulating(opts, new(Response))}
	b.run(ctx, items)
	return results(items)
}

func updateControls() operation {
	return operation{name: opUpdateControls, write: true, permission: permissionWrite, accept: []int{http.StatusOK}}
}

// bulkItem is one update of a call. Its call is that of the update alone: it has been sent and answered as if there
// were no batch.
type bulkItem struct {
	call    *call
	request *http.Request // for texts and logs
	url     string        // as a batch has it: relative to the Graph root
	body    []byte
	profile *SecureScoreControlProfile
	err     error
}

// newBulkItems checks all changes and says all that is wrong with them.
func (s *ControlProfilesService) newBulkItems(ctx context.Context, changes []ControlChange, scid bool) ([]*bulkItem, error) {
	v := validation{}
	seen := map[string]int{}
	items := make([]*bulkItem, len(changes))
	for i, change := range changes {
		path := fmt.Sprintf("changes[%d]", i)
		found := strconv.Quote(clean(change.ID, maxCodeText))
		if err := checkID(opUpdateControls, change.ID); err != nil {
			v.fault(path+".ID", found, "the id of a control")
		}
		if first, twice := seen[strings.ToLower(change.ID)]; twice {
			v.fault(path+".ID", found+" again", fmt.Sprintf("one change for each control: it is in changes[%d]", first))
		} else {
			seen[strings.ToLower(change.ID)] = i
		}
		if isSCID(change.ID) && !scid {
			v.fault(path+".ID", found, "another control: "+errSCID.Error())
		}
		body, faults := change.Update.encode()
		for _, f := range faults {
			v.fault(strings.TrimSuffix(path+".Update."+f.Path, "."), f.Found, f.Wanted)
		}
		item, err := s.newBulkItem(ctx, change.ID, body)
		if err != nil {
			v.fault(path+".ID", found, err.Error())
		}
		items[i] = item
	}
	if len(v.faults.Kept) > 0 {
		return nil, fmt.Errorf("%s: %w", opUpdateControls, &ValidationError{Faults: v.faults.Kept, More: v.faults.More, what: "changes"})
	}
	return items, nil
}

func (s *ControlProfilesService) newBulkItem(ctx context.Context, id string, body []byte) (*bulkItem, error) {
	req, err := gen.NewUpdateSecureScoreControlProfileRequestWithBody(s.client.gen.Server, id, nil, mediaJSON, http.NoBody)
	if err != nil {
		return nil, err
	}
	item := &bulkItem{
		call: &call{op: s.updating(id), clientRequestID: uuid.NewString()}, request: req.WithContext(ctx), body: body,
		url: strings.TrimPrefix(req.URL.EscapedPath(), s.client.path),
	}
	item.call.op.decode = into(&item.profile, s.entity(id))
	return item, nil
}

// bulk is one call of UpdateMany under way.
type bulk struct {
	client *Client
	opts   []CallOption
	paid   int // quota tokens for batches that repeat updates, until one succeeds
}

// run settles all items.
func (b *bulk) run(ctx context.Context, pending []*bulkItem) {
	for len(pending) > 0 {
		n := min(len(pending), maxBatch)
		batch, rest := pending[:n], pending[n:]
		answers, outer, err := b.send(ctx, batch)
		if err != nil {
			b.broken(ctx, batch, rest, err)
			return
		}
		again, wait, why := b.settle(ctx, batch, answers, outer)
		switch {
		case ctx.Err() != nil || why == "" && !pause(ctx, wait):
			b.interrupted(ctx, again, rest)
			return
		case why != "":
			b.leave(rest, why)
			return
		}
		pending = append(again, rest...)
	}
}

// pause waits, and says false when the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// send sends one batch and gives its answers, and the outcome of the batch as a whole where that is a success.
func (b *bulk) send(ctx context.Context, batch []*bulkItem) (answers batchAnswers, _ *outcome, _ error) {
	body, err := encodeBatch(batch)
	if err != nil {
		return nil, nil, err
	}
	op := updateControls()
	op.decode = into(&answers, decodeBatchAnswers)
	var outer *call
	opts := append(slices.Clip(b.opts), func(cl *call) error {
		outer = cl
		return nil
	})
	err = b.client.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return b.client.gen.BatchWithBody(ctx, nil, mediaJSON, bytes.NewReader(body))
	})
	if err != nil {
		return nil, nil, err
	}
	return answers, &outer.last, nil
}

// encodeBatch names each request by its place in the batch.
func encodeBatch(batch []*bulkItem) ([]byte, error) {
	var r gen.BatchRequest
	for i, item := range batch {
		r.Requests = append(r.Requests, gen.BatchRequestItem{
			ID: new(batchID(i)), Method: new(http.MethodPatch), URL: new(item.url), Body: item.body,
			Headers: map[string]string{
				"Content-Type": mediaJSON, "Prefer": preferRepresentation, "client-request-id": item.call.clientRequestID,
			},
		})
	}
	return r.MarshalJSON()
}

func batchID(i int) string { return strconv.Itoa(i + 1) }

// fail ends an item with the error of its last answer. The batch's request-id stands in for one that the answer does
// not have.
func (item *bulkItem) fail(d *doer, outer *outcome) {
	e := d.fail(item.request, item.call)
	if e.RequestID == "" && outer != nil {
		e.RequestID = clean(outer.header.Get("request-id"), maxIDText)
	}
	item.err = e
}

// broken ends all items after a batch that failed as a whole.
func (b *bulk) broken(ctx context.Context, batch, rest []*bulkItem, err error) {
	whole, ok := errors.AsType[*Error](err)
	if !ok {
		whole = &Error{Err: err, kinds: []error{ErrInvalid}}
	}
	kinds := whole.kinds
	if whole.StatusCode == 0 && !errors.Is(whole, ErrOutcomeUnknown) {
		kinds = append(slices.Clip(kinds), ErrNotSent)
	}
	for _, item := range batch {
		e := *whole
		e.Op, e.Key = item.call.op.name, item.call.op.key
		e.Attempts += item.call.attempts
		e.kinds = kinds
		e.advice = advise(&e, item.call.op.permission)
		item.err = &e
	}
	switch {
	case ctx.Err() != nil:
		b.interrupted(ctx, nil, rest)
	case whole.StatusCode == 0:
		b.leave(rest, "a batch before it got no answer")
	default:
		b.leave(rest, "a batch before it failed with status "+strconv.Itoa(whole.StatusCode))
	}
}

// interrupted ends all items when the context has ended.
func (b *bulk) interrupted(ctx context.Context, again, rest []*bulkItem) {
	for _, item := range again {
		item.fail(b.client.doer, nil)
	}
	err := contextError(ctx)
	b.leave(rest, err.Error(), err)
}

// leave ends items that were in no batch. What ended the call is in their errors as a text only, but for the
// context's error: the batch may be ErrOutcomeUnknown, which they are not.
func (b *bulk) leave(rest []*bulkItem, why string, kinds ...error) {
	for _, item := range rest {
		item.err = &Error{
			Op: item.call.op.name, Method: item.request.Method, Host: item.request.URL.Host, Key: item.call.op.key,
			kinds: append(kinds[:len(kinds):len(kinds)], ErrNotSent), reason: "not sent: " + why,
		}
	}
}

// results are the results of all items, and the error that sums up.
func results(items []*bulkItem) ([]ControlResult, error) {
	all := make([]ControlResult, len(items))
	failed := &bulkError{of: len(items)}
	for i, item := range items {
		all[i] = ControlResult{ID: item.call.op.key, Profile: item.profile, Err: item.err}
		if item.err != nil {
			failed.errs = append(failed.errs, item.err)
		}
	}
	if len(failed.errs) == 0 {
		return all, nil
	}
	return all, failed
}

// bulkError sums up the errors of UpdateMany.
type bulkError struct {
	of   int
	errs []error // not empty
}

// Error is one line, however many there are.
func (e *bulkError) Error() string {
	var unknown, unsent int
	for _, err := range e.errs {
		switch {
		case errors.Is(err, ErrOutcomeUnknown):
			unknown++
		case errors.Is(err, ErrNotSent):
			unsent++
		}
	}
	return fmt.Sprintf("%s: %d of %d failed (%d may or may not have happened, %d not sent); the first: %s",
		opUpdateControls, len(e.errs), e.of, unknown, unsent, e.errs[0])
}

// Unwrap gives the errors of the results.
func (e *bulkError) Unwrap() []error { return e.errs }

// GoString is the one line, too.
func (e *bulkError) GoString() string { return fmt.Sprintf("client.bulkError{%q}", e.Error()) }
