package client

import (
	"bytes"
	"context"
	"errors"
	"io"
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

// SecureScoresService works on /security/secureScores, the daily scores of a tenant.
type SecureScoresService struct {
	client *Client
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
	op := operation{
		name:       "create secureScore",
		write:      true,
		key:        naturalKey(score),
		permission: permissionWrite,
		accept:     []int{http.StatusCreated},
		decode: func(r io.Reader) (err error) {
			created, err = decodeSecureScore(r)
			return err
		},
	}
	err = s.client.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.client.gen.CreateSecureScoreWithBody(ctx, nil, mediaJSON, bytes.NewReader(body))
	})
	if err != nil {
		return nil, err
	}
	return created, nil
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

// decodeSecureScore reads an answer that must be a score. The id is never null, and absent only where $select leaves it
// out.
func decodeSecureScore(r io.Reader) (*SecureScore, error) {
	score, err := gen.Decode[SecureScore](r)
	if err != nil {
		return nil, err
	}
	if score.ID == nil {
		return nil, errors.New("the answer has no id")
	}
	return score, nil
}
