package auth

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"
)

// ForTenant makes a source that asks src for tokens of one tenant, whatever src
// serves else: where one [Func] signs in to many tenants, each client gets a
// source of its own. A request that names another tenant is refused. Methods
// that src has beyond Token (see [TokenSource]) are passed on.
//
// The tenant is the GUID or a domain name. src is asked with it in
// [TokenRequest.TenantID] and answers for it that the token is of that tenant;
// a [Cache], inside or outside, keeps the tenants' tokens apart.
func ForTenant(src TokenSource, tenantID string) (TokenSource, error) {
	if src == nil {
		return nil, errors.New("auth: token source is nil")
	}
	if err := checkTenant(tenantID); err != nil {
		return nil, err
	}
	s := source{token: func(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
		if err := r.checkTenant(tenantID); err != nil {
			return nil, err
		}
		r.TenantID = tenantID
		return checked(src.Token(ctx, r))
	}}
	i, drops := src.(invalidator)
	invalidate := func(string) {}
	if drops {
		invalidate = i.Invalidate
	}
	if k, ok := src.(cloudKnower); ok {
		return &cloudSource{cachedSource: cachedSource{source: s, invalidate: invalidate}, cloud: k.Cloud()}, nil
	}
	if drops {
		return &cachedSource{source: s, invalidate: invalidate}, nil
	}
	return &s, nil
}

// checkTenant refuses a request for another tenant than the source's own.
func (r TokenRequest) checkTenant(own string) error {
	if r.TenantID == "" || asciiLower(r.TenantID) == asciiLower(own) {
		return nil
	}
	return fmt.Errorf("auth: a token of tenant %s was asked for, the token source is of tenant %s", cleanText(r.TenantID, 256), own)
}

// plain refuses what a source cannot ask for that has no say in its tokens.
func (r TokenRequest) plain(what string) error {
	if r.Claims != "" {
		return ErrNoClaims
	}
	if r.TenantID != "" {
		return fmt.Errorf("auth: a token of tenant %s was asked for, and whose %s is cannot be told", cleanText(r.TenantID, 256), what)
	}
	return nil
}
