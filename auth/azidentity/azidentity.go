// Package azidentity lends the credentials of Microsoft's azidentity, or any
// other azcore.TokenCredential, to this library. It is a module of its own,
// with azcore in it, so that nobody else has that to download; copy the one
// function rather than depend on it, if that is easier.
package azidentity

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// Source makes a token source of a credential. Each request for a token goes to
// the credential with all that it says: scopes, claims, the willingness to
// answer challenges (EnableCAE) and the tenant. azidentity keeps its tokens
// itself and renews them early, so no [auth.Cache] goes around the source.
func Source(cred azcore.TokenCredential) (auth.TokenSource, error) {
	if cred == nil {
		return nil, errors.New("azidentity: the credential is nil")
	}
	return auth.Func(func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		t, err := cred.GetToken(ctx, policy.TokenRequestOptions{
			Scopes: r.Scopes, Claims: r.Claims, EnableCAE: r.EnableCAE, TenantID: r.TenantID,
		})
		if err != nil {
			return nil, failure(ctx, err)
		}
		return &oauth2.Token{AccessToken: t.Token, TokenType: "Bearer", Expiry: t.ExpiresOn}, nil
	})
}

var aadsts = regexp.MustCompile(`AADSTS[0-9]{4,9}`)

// failure replaces an error of azcore's or azidentity's, whose texts hold whole
// answers over many lines, and which hold the request with the client secret.
// Left of it are its type, the HTTP status, and Entra's code.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e := &auth.Error{Op: "token request", AADSTS: aadsts.FindString(err.Error()), Err: fmt.Errorf("the credential failed with a %T", err)}
	if response, ok := errors.AsType[*azcore.ResponseError](err); ok {
		e.StatusCode = response.StatusCode
	}
	return e
}
