package auth

import (
	"context"
	"fmt"

	"golang.org/x/oauth2"
)

// Static is a source of one token that was got elsewhere, for every scope. It
// never renews it: once the service refuses the token, requests fail with the
// service's 401. A token that is empty or holds white space, a control
// character or a character that is not ASCII is refused, and so is a request
// with claims ([ErrNoClaims]) or for a named tenant: whose token it is cannot be
// told.
func Static(accessToken string) (TokenSource, error) {
	if err := checkAccessToken(accessToken); err != nil {
		return nil, fmt.Errorf("auth: static: %w", err)
	}
	return &source{token: func(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
		if ctx.Err() != nil {
			return nil, waitError(ctx)
		}
		if err := r.plain("a static token"); err != nil {
			return nil, err
		}
		return &oauth2.Token{AccessToken: accessToken, TokenType: "Bearer"}, nil
	}}, nil
}
