package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// The least privileged permissions of Microsoft's documents. Delegated users also need a role: Security Reader to read,
// Security Administrator to write.
const (
	permissionRead  = "SecurityEvents.Read.All"
	permissionWrite = "SecurityEvents.ReadWrite.All"
)

// ErrNoScore is a tenant without any score.
var ErrNoScore = errors.New("the tenant has no score")

// SecureScoresService works on /security/secureScores, the daily scores of a tenant.
type SecureScoresService struct {
	collection[SecureScore]
}

func newSecureScores(c *Client) *SecureScoresService {
	return &SecureScoresService{collection[SecureScore]{
		client: c,
		names:  names{"secureScore", "secureScores", "/Security/secureScores"},
		id:     func(s *SecureScore) *string { return s.ID },
		list: func(ctx context.Context, p *gen.ListSecureScoresParams) (*http.Response, error) {
			return c.gen.ListSecureScores(ctx, p)
		},
		get: func(ctx context.Context, id string) (*http.Response, error) {
			return c.gen.GetSecureScore(ctx, id, nil)
		},
		count: func(ctx context.Context, filter *string) (*http.Response, error) {
			return c.gen.CountSecureScores(ctx, &gen.CountSecureScoresParams{Filter: filter})
		},
		update: func(ctx context.Context, id string, prefer *string, body io.Reader) (*http.Response, error) {
			return c.gen.UpdateSecureScoreWithBody(ctx, id, &gen.UpdateSecureScoreParams{Prefer: prefer}, mediaJSON, body)
		},
		delete: func(ctx context.Context, id string) (*http.Response, error) {
			return c.gen.DeleteSecureScore(ctx, id, nil)
		},
		decode:     gen.Decode[SecureScore],
		decodePage: decodeScorePage,
	}}
}

// Create stores a score and returns it as the service did: with the id and createdDateTime it was given. Both are sent
// only where the caller set them, to fill in history for example.
//
// A score that [Validate] refuses is not sent. The score itself is not changed: where it names no @odata.type, a copy
// does, and the @odata.context and @odata.etag that a score has from an answer are left out.
//
// Microsoft documents the operation and its metadata has it; whether a given tenant accepts it is for the tenant to say.
// It needs the permission SecurityEvents.ReadWrite.All.
//
// # Repeating a create
//
// A create is never sent twice, unless the service had provably not taken it (see the package's documentation). An error
// that is [ErrOutcomeUnknown] leaves open whether the score was stored. A caller who chose the id can repeat such a
// create: [ErrConflict] then says that it is there.
//
//	for {
//		created, err := c.SecureScores.Create(ctx, score) // score.ID is set
//		switch {
//		case errors.Is(err, client.ErrOutcomeUnknown):
//			continue // after a pause of your choosing
//		case errors.Is(err, client.ErrConflict):
//			// stored by an earlier round
//		}
//		break
//	}
func (s *SecureScoresService) Create(ctx context.Context, score SecureScore, opts ...CallOption) (*SecureScore, error) {
	body, err := encodeForCreate(score)
	if err != nil {
		return nil, err
	}
	var created *SecureScore
	chosen := ""
	if score.ID != nil {
		chosen = *score.ID
	}
	op := operation{
		name:       "create secureScore",
		write:      true,
		key:        naturalKey(score),
		permission: permissionWrite,
		accept:     []int{http.StatusCreated},
	}
	op.decode = into(&created, s.entity(chosen))
	err = s.client.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.client.gen.CreateSecureScoreWithBody(ctx, nil, mediaJSON, bytes.NewReader(body))
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

// List lists the tenant's scores over all pages, the newest first unless [ListOptions.OrderBy] says otherwise. Nil options
// ask for all of them, about 90.
//
// Nothing is sent before the list is ranged over, and each range starts afresh. An error is handed out once and ends the list;
// [Error.Cursor] then is the link of the page that failed, to go on from with [SecureScoresService.Resume]. An id that stands
// on several pages is handed out once. In a list only the newest score is fully populated: the service leaves the
// descriptions of older ones null.
//
// It needs the permission SecurityEvents.Read.All.
func (s *SecureScoresService) List(ctx context.Context, o *ListOptions, opts ...CallOption) iter.Seq2[*SecureScore, error] {
	o = o.clone()
	return s.items(s.pages(ctx, o, "", opts), o.limit())
}

// Pages lists page by page, as the service sends them. With [ListOptions.Limit] the last page is cut, and its NextLink goes on
// behind the whole of it.
func (s *SecureScoresService) Pages(ctx context.Context, o *ListOptions, opts ...CallOption) iter.Seq2[*Page[SecureScore], error] {
	o = o.clone()
	return limited(s.pages(ctx, o, "", opts), o.limit())
}

// All is List as a slice. On an error the scores that came before it are returned beside it.
func (s *SecureScoresService) All(ctx context.Context, o *ListOptions, opts ...CallOption) ([]SecureScore, error) {
	return collect(s.List(ctx, o, opts...))
}

// Resume goes on where a list ended: at the [Page.NextLink] of the last page seen, or the [Error.Cursor] of the error. A link
// that leads anywhere but to this client's scores is [ErrForeignLink], and nothing is sent.
func (s *SecureScoresService) Resume(ctx context.Context, nextLink string, opts ...CallOption) iter.Seq2[*SecureScore, error] {
	return s.items(s.resume(ctx, nextLink, opts), 0)
}

// ResumePages is Resume page by page.
func (s *SecureScoresService) ResumePages(ctx context.Context, nextLink string, opts ...CallOption) iter.Seq2[*Page[SecureScore], error] {
	return s.resume(ctx, nextLink, opts)
}

// Latest returns the newest score, with exactly one request ($top=1) that follows no link: $top is a page size to the
// service, and whoever follows its links reads the oldest score in the end. [ErrNoScore] says that the tenant has none.
func (s *SecureScoresService) Latest(ctx context.Context, opts ...CallOption) (*SecureScore, error) {
	w := s.walk(s.read("get", "latest secureScore"), "", opts)
	page, err := w.fetch(ctx, func(ctx context.Context) (*http.Response, error) {
		return s.list(ctx, &gen.ListSecureScoresParams{Top: new(int32(1))})
	})
	switch {
	case err != nil:
		return nil, err
	case len(page.Items) > 0:
		return newest(page.Items), nil
	case page.NextLink != "":
		return nil, w.failure(fmt.Errorf("%w: an empty first page that has another behind it", ErrProtocol))
	}
	return nil, w.failure(ErrNoScore)
}

// newest is the first score, unless a server that knows no $top sent another order.
func newest(scores []SecureScore) *SecureScore {
	first := &scores[0]
	for i := range scores {
		if t := scores[i].CreatedDateTime; t != nil && first.CreatedDateTime != nil && t.After(*first.CreatedDateTime) {
			first = &scores[i]
		}
	}
	return first
}

// Get returns the score with that id; [ErrNotFound] says that there is none.
func (s *SecureScoresService) Get(ctx context.Context, id string, opts ...CallOption) (*SecureScore, error) {
	return s.fetch(ctx, id, opts)
}

// Count returns the number of scores for which the filter holds, of all for the zero Filter.
func (s *SecureScoresService) Count(ctx context.Context, filter Filter, opts ...CallOption) (int64, error) {
	return s.number(ctx, filter, opts)
}

// Update changes the members that are set in change, and returns the score as it then is: [SecureScore.Extra] can send a null.
// Doubles must be finite and counts not negative. Where the service answers 204, the score is read back. [WithIfMatch] refuses
// to overwrite what somebody else has changed.
//
// Microsoft's metadata has the operation; whether a given tenant accepts it is for the tenant to say. It needs the permission
// SecurityEvents.ReadWrite.All, and is never sent twice, like all writes.
func (s *SecureScoresService) Update(ctx context.Context, id string, change SecureScore, opts ...CallOption) (*SecureScore, error) {
	const op = "update secureScore"
	if err := checkID(op, id); err != nil {
		return nil, err
	}
	body, err := encodeForUpdate(id, change)
	if err != nil {
		return nil, err
	}
	if string(body) == "{}" { // the id alone changes nothing
		return nil, fmt.Errorf("%s: %w: nothing is to be changed", op, ErrInvalid)
	}
	return s.change(ctx, id, body, opts)
}

// Delete removes the score with that id. [WithIfMatch] keeps one that has changed since.
//
// Microsoft's metadata has the operation; whether a given tenant accepts it is for the tenant to say. It needs the permission
// SecurityEvents.ReadWrite.All, and is never sent twice, like all writes: after [ErrOutcomeUnknown] a second Delete that
// answers [ErrNotFound] says that it is gone.
func (s *SecureScoresService) Delete(ctx context.Context, id string, opts ...CallOption) error {
	return s.remove(ctx, id, opts)
}

// naturalKey is what a score is looked up by: its id or, where the service assigns that, its tenant and time.
func naturalKey(s SecureScore) string {
	switch {
	case s.ID != nil:
		return *s.ID
	case s.CreatedDateTime != nil:
		return *s.AzureTenantID + " " + s.CreatedDateTime.Format(time.RFC3339Nano)
	}
	return *s.AzureTenantID
}

func decodeScorePage(r io.Reader) (*Page[SecureScore], error) {
	p, err := gen.Decode[gen.SecureScoreCollection](r)
	if err != nil {
		return nil, err
	}
	return checkPage(p.Value, p.ODataCount, p.ODataNextLink)
}
