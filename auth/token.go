package auth

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// checkAccessToken refuses what cannot be a bearer token (RFC 6750, section
// 2.1, read generously): a line break in it would be another header.
func checkAccessToken(s string) error {
	if s == "" {
		return errors.New("access token is empty")
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f {
			return errors.New("access token holds white space, a control character or a character that is not ASCII")
		}
	}
	return nil
}

// checkToken refuses what a source must not hand out. Its errors say nothing
// of the token's text.
func checkToken(t *oauth2.Token, now time.Time) error {
	if t == nil {
		return errors.New("auth: token source returned neither a token nor an error")
	}
	if err := checkAccessToken(t.AccessToken); err != nil {
		return fmt.Errorf("auth: token source: %w", err)
	}
	if t.TokenType != "" && !strings.EqualFold(t.TokenType, "Bearer") {
		return errors.New("auth: token source: token type is not Bearer")
	}
	if !t.Expiry.IsZero() && !now.Before(t.Expiry) {
		return fmt.Errorf("auth: token source: token expired %s ago", now.Sub(t.Expiry).Round(time.Second))
	}
	return nil
}
