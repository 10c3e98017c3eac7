package clienttest

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TokenPrefix begins every access token, refresh token and device code that a
// [Graph] issues, so that a test can look for leaked ones in what was printed.
// What follows is random.
const TokenPrefix = "clienttest-token-"

// wellKnownAudiences are the roots of the real Graph, whose scopes are taken
// too: a client under test may keep its production scope.
var wellKnownAudiences = []string{"graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us"}

// grant is what a token stands for.
type grant struct {
	tenant   string
	audience string // host of the scope, "" for any
	by       string // whom changes are made by
	claims   claims
	settles  *requirement // the one that does not bind the token, or nil
	expires  time.Time
}

// tokens holds grants by the hash of their token, so that printing a Graph
// cannot show a token.
type tokens map[[sha256.Size]byte]grant

// grantToken makes a token and forgets those that have expired.
func (g *Graph) grantToken(who grant, now time.Time) string {
	token := TokenPrefix + rand.Text() + rand.Text()
	g.mu.Lock()
	defer g.mu.Unlock()
	for key, old := range g.tokens {
		// An hour's grace keeps the answer "expired" for tokens just past it.
		if now.Sub(old.expires) > time.Hour {
			delete(g.tokens, key)
		}
	}
	who.expires = now.Add(g.lifetime)
	who.settles = g.required.settle(who)
	g.tokens[sha256.Sum256([]byte(token))] = who
	return token
}

// NewToken returns an access token that the Graph accepts for its usual
// lifetime, under any host, without a request to the token endpoint.
func (g *Graph) NewToken() string {
	return g.grantToken(grant{tenant: g.tenant, by: g.clientID}, g.now())
}

// RevokeTokens makes the Graph refuse all access tokens issued so far with a
// 401. The token endpoint issues new ones as before, for refresh tokens too.
func (g *Graph) RevokeTokens() {
	g.mu.Lock()
	defer g.mu.Unlock()
	clear(g.tokens)
}

// authorize checks the bearer token of a request.
func (g *Graph) authorize(c *call) *odataError {
	scheme, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return unauthorized("Access token is empty.")
	}
	g.mu.Lock()
	granted, ok := g.tokens[sha256.Sum256([]byte(token))]
	required := g.required
	g.mu.Unlock()
	switch {
	case !ok:
		return unauthorized("Access token validation failure: the token was not issued here, or was revoked.")
	case !c.at.Before(granted.expires):
		return unauthorized("Lifetime validation failed, the token is expired.")
	case granted.audience != "" && granted.audience != audience(c.origin()):
		return unauthorized("Access token validation failure. Invalid audience.")
	case !strings.EqualFold(granted.tenant, g.tenant):
		return unauthorized("Access token validation failure. The token is of another tenant.")
	case required.binds(granted):
		return required.challenge()
	}
	c.by = granted.by
	return nil
}

const bearerChallenge = `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="` + graphAppID + `"`

func unauthorized(message string) *odataError {
	return &odataError{
		status: http.StatusUnauthorized, code: "InvalidAuthenticationToken", message: message,
		header: http.Header{"Www-Authenticate": {bearerChallenge}},
	}
}

// audience returns the host of an origin such as https://graph.microsoft.com in
// a comparable form; "" is not an origin.
func audience(origin string) string {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return ""
	}
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		return strings.TrimSuffix(host, ":443")
	case "http":
		return strings.TrimSuffix(host, ":80")
	}
	return ""
}
