package clienttest

import (
	"crypto/rand"
	"crypto/sha256"
	"maps"
	"net/http"
	"net/url"
	"time"
)

// refreshLifetime is for how long a refresh token is good, as at Entra.
const refreshLifetime = 90 * 24 * time.Hour

// refreshGrant is what a refresh token stands for.
type refreshGrant struct {
	tenant  string
	user    string
	want    delegated
	expires time.Time
	revoked bool
}

// refreshTokens holds grants by the hash of their refresh token.
type refreshTokens map[[sha256.Size]byte]refreshGrant

// RevokeRefreshTokens makes the token endpoint refuse all refresh tokens issued
// so far with invalid_grant: people must sign in again.
func (g *Graph) RevokeRefreshTokens() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, r := range g.refresh {
		r.revoked = true
		g.refresh[key] = r
	}
}

// delegatedToken makes the body of an answer with a person's token, and with a
// refresh token where it was asked for.
func (g *Graph) delegatedToken(who grant, want delegated, now time.Time) tokenBody {
	body := g.token(who, now)
	body.Scope = want.scope
	if want.offline {
		body.RefreshToken = TokenPrefix + "refresh-" + rand.Text() + rand.Text()
		g.mu.Lock()
		defer g.mu.Unlock()
		// A day's grace keeps the answer "expired" for tokens just past it.
		maps.DeleteFunc(g.refresh, func(_ [sha256.Size]byte, r refreshGrant) bool { return now.Sub(r.expires) > 24*time.Hour })
		g.refresh[sha256.Sum256([]byte(body.RefreshToken))] = refreshGrant{
			tenant: who.tenant, user: who.by, want: want, expires: now.Add(refreshLifetime),
		}
	}
	return body
}

// redeemRefresh answers a refresh token with an access token and another refresh
// token. The old one stays good, as at Entra.
func (g *Graph) redeemRefresh(c *call, form url.Values, who grant) (any, *entraError) {
	g.mu.Lock()
	r, ok := g.refresh[sha256.Sum256([]byte(form.Get("refresh_token")))]
	g.mu.Unlock()
	invalid := func(number int, text string) *entraError {
		return &entraError{status: http.StatusBadRequest, code: "invalid_grant", number: number, text: text}
	}
	switch {
	case !ok || r.tenant != who.tenant:
		return nil, invalid(9002313, "Invalid request. Request is malformed or invalid: the refresh token was not issued here.")
	case r.revoked:
		return nil, invalid(50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed.")
	case !c.at.Before(r.expires):
		return nil, invalid(700082, "The refresh token has expired due to inactivity.")
	}
	want := r.want
	if scope := form.Get("scope"); scope != "" {
		var refused *entraError
		if want, refused = parseDelegated(scope); refused != nil {
			return nil, refused
		}
	}
	want.offline = true // one that was asked for once comes each time
	who.audience, who.by = want.audience, r.user
	return g.delegatedToken(who, want, c.at), nil
}
