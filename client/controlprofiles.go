package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// ControlProfilesService works on /security/secureScoreControlProfiles, the controls that a score is made of.
type ControlProfilesService struct {
	collection[SecureScoreControlProfile]
}

func newControlProfiles(c *Client) *ControlProfilesService {
	return &ControlProfilesService{collection[SecureScoreControlProfile]{
		client: c,
		names:  names{"secureScoreControlProfile", "secureScoreControlProfiles", "/Security/secureScoreControlProfiles"},
		id:     func(p *SecureScoreControlProfile) *string { return p.ID },
		list: func(ctx context.Context, p *gen.ListSecureScoresParams) (*http.Response, error) {
			return c.gen.ListSecureScoreControlProfiles(ctx, (*gen.ListSecureScoreControlProfilesParams)(p))
		},
		get: func(ctx context.Context, id string) (*http.Response, error) {
			return c.gen.GetSecureScoreControlProfile(ctx, id, nil)
		},
		count: func(ctx context.Context, filter *string) (*http.Response, error) {
			return c.gen.CountSecureScoreControlProfiles(ctx, &gen.CountSecureScoreControlProfilesParams{Filter: filter})
		},
		update: func(ctx context.Context, id string, prefer *string, body io.Reader) (*http.Response, error) {
			params := gen.UpdateSecureScoreControlProfileParams{Prefer: prefer}
			return c.gen.UpdateSecureScoreControlProfileWithBody(ctx, id, &params, mediaJSON, body)
		},
		delete: func(ctx context.Context, id string) (*http.Response, error) {
			return c.gen.DeleteSecureScoreControlProfile(ctx, id, nil)
		},
		decode:     gen.Decode[SecureScoreControlProfile],
		decodePage: decodeProfilePage,
	}}
}

func decodeProfilePage(r io.Reader) (*Page[SecureScoreControlProfile], error) {
	p, err := gen.Decode[gen.SecureScoreControlProfileCollection](r)
	if err != nil {
		return nil, err
	}
	return checkPage(p.Value, p.ODataCount, p.ODataNextLink)
}

// List lists the tenant's control profiles over all pages, 80 to 450 of them. It is like [SecureScoresService.List].
//
// It needs the permission SecurityEvents.Read.All.
func (s *ControlProfilesService) List(ctx context.Context, o *ListOptions, opts ...CallOption) iter.Seq2[*SecureScoreControlProfile, error] {
	o = o.clone()
	return s.items(s.pages(ctx, o, "", opts), o.limit())
}

// Pages lists page by page, as the service sends them. With [ListOptions.Limit] the last page is cut, and its NextLink goes on
// behind the whole of it.
func (s *ControlProfilesService) Pages(ctx context.Context, o *ListOptions, opts ...CallOption) iter.Seq2[*Page[SecureScoreControlProfile], error] {
	o = o.clone()
	return limited(s.pages(ctx, o, "", opts), o.limit())
}

// All is List as a slice. On an error the profiles that came before it are returned beside it.
func (s *ControlProfilesService) All(ctx context.Context, o *ListOptions, opts ...CallOption) ([]SecureScoreControlProfile, error) {
	return collect(s.List(ctx, o, opts...))
}

// Resume goes on where a list ended, as [SecureScoresService.Resume] does.
func (s *ControlProfilesService) Resume(ctx context.Context, nextLink string, opts ...CallOption) iter.Seq2[*SecureScoreControlProfile, error] {
	return s.items(s.resume(ctx, nextLink, opts), 0)
}

// ResumePages is Resume page by page.
func (s *ControlProfilesService) ResumePages(ctx context.Context, nextLink string, opts ...CallOption) iter.Seq2[*Page[SecureScoreControlProfile], error] {
	return s.resume(ctx, nextLink, opts)
}

// Get returns the profile with that id, the name of the control; [ErrNotFound] says that there is none.
func (s *ControlProfilesService) Get(ctx context.Context, id string, opts ...CallOption) (*SecureScoreControlProfile, error) {
	return s.fetch(ctx, id, opts)
}

// Count returns the number of profiles for which the filter holds, of all for the zero Filter.
func (s *ControlProfilesService) Count(ctx context.Context, filter Filter, opts ...CallOption) (int64, error) {
	return s.number(ctx, filter, opts)
}

// Create stores a profile, which needs an id, and returns it as the service did. The @odata.etag that a profile has from an
// answer is left out.
//
// Microsoft's metadata has the operation; whether a given tenant accepts it is for the tenant to say. It needs the permission
// SecurityEvents.ReadWrite.All, and is never sent twice, like all writes: after [ErrOutcomeUnknown] a second Create that
// answers [ErrConflict] says that it is there.
func (s *ControlProfilesService) Create(ctx context.Context, profile SecureScoreControlProfile, opts ...CallOption) (*SecureScoreControlProfile, error) {
	op := operation{
		name: "create " + s.names.one, write: true, permission: permissionWrite, accept: []int{http.StatusCreated},
	}
	if profile.ID == nil {
		return nil, fmt.Errorf("%s: %w: the profile has no id", op.name, ErrInvalid)
	}
	if err := checkID(op.name, *profile.ID); err != nil {
		return nil, err
	}
	op.key = *profile.ID
	profile.ODataETag = nil
	stripAnnotations(&profile.Extra)
	body, err := profile.MarshalJSON()
	if mismatch, ok := errors.AsType[*TypeError](err); ok {
		return nil, &ValidationError{what: s.names.one, Faults: mismatch.Faults, More: mismatch.More}
	}
	if err != nil {
		return nil, err
	}
	var created *SecureScoreControlProfile
	op.decode = into(&created, s.entity(op.key))
	err = s.client.do(ctx, op, opts, func(ctx context.Context) (*http.Response, error) {
		return s.client.gen.CreateSecureScoreControlProfileWithBody(ctx, nil, mediaJSON, bytes.NewReader(body))
	})
	if err != nil {
		return nil, err
	}
	return created, nil
}

// Delete removes the profile with that id, as [SecureScoresService.Delete] does.
func (s *ControlProfilesService) Delete(ctx context.Context, id string, opts ...CallOption) error {
	return s.remove(ctx, id, opts)
}
