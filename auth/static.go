package auth

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/oauth2"
)

// errNoClaims is for sources whose tokens cannot be asked for with claims.
var errNoClaims = errors.New("auth: this token source cannot answer a claims challenge: sign in again and make a new source")

// Static is a source of one token that was got elsewhere, for every scope. It
// never renews it: once the service refuses the token, requests fail with the
// service's 401. A token that is empty or holds white space, a control
// character or a character that is not ASCII is refused, and so is a request
// with claims.
func Static(accessToken string) (TokenSource, error) {
	if err := checkAccessToken(accessToken); err != nil {
		return nil, fmt.Errorf("auth: static: %w", err)
	}
	return &source{token: func(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
		if ctx.Err() != nil {
			return nil, waitError(ctx)
		}
		if r.Claims != "" {
			return nil, errNoClaims
		}
		return &oauth2.Token{AccessToken: accessToken, TokenType: "Bearer"}, nil
	}}, nil
}
