package clienttest

import (
	"crypto"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"
)

// assertionType is the one client_assertion_type there is (RFC 7523).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// DefaultFederationAudience is what the aud of another issuer's token must be.
const DefaultFederationAudience = "api://AzureADTokenExchange"

// FederatedCredential is what the token of another issuer must have to stand for
// the application (workload identity federation). All of it must match.
type FederatedCredential struct {
	Issuer   string
	Subject  string
	Audience string // "" is DefaultFederationAudience
	// Key is the issuer's *rsa.PublicKey (RS256, PS256) or *ecdsa.PublicKey of
	// the curve P-256 (ES256).
	Key crypto.PublicKey
}

// WithCertificate registers a certificate with the application, besides its
// secret and other certificates: an assertion that its key has signed (RS256 or
// PS256, named by the header x5t#S256, or the older x5t) stands for the
// application. The assertion's aud must be the token endpoint or the issuer of
// the tenant, its iss and sub the application, it must be within its time, and
// its jti must not have been seen before.
func WithCertificate(cert *x509.Certificate) Option {
	return func(g *Graph) { g.certificates = append(g.certificates, cert) }
}

// WithFederation registers a federated credential with the application, besides
// its secret and other credentials.
func WithFederation(f FederatedCredential) Option {
	return func(g *Graph) {
		if f.Audience == "" {
			f.Audience = DefaultFederationAudience
		}
		g.federations = append(g.federations, f)
	}
}

// checkAssertion checks that an assertion is one of the application's.
func (g *Graph) checkAssertion(c *call, form url.Values) *entraError {
	if form.Get("client_assertion_type") != assertionType {
		return invalidRequest(900144, "The request body must contain the following parameter: 'client_assertion_type' with the value '%s'.", assertionType)
	}
	t, err := parseJWT(form.Get("client_assertion"))
	if err != nil {
		return invalidRequest(50027, "JWT token is invalid or malformed: %v.", err)
	}
	if t.claims.Expires == nil {
		return invalidRequest(50027, "JWT token is invalid or malformed: it has no 'exp'.")
	}
	if !strings.EqualFold(t.claims.Issuer, g.clientID) && len(g.federations) > 0 {
		return g.checkFederated(c, t)
	}
	return g.checkCertified(c, t)
}

// checkCertified checks an assertion that the application has signed itself.
func (g *Graph) checkCertified(c *call, t *jwt) *entraError {
	cert := g.certificateOf(t)
	switch {
	case cert == nil:
		return invalidClient(700027, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found.]")
	case !t.verify(cert.PublicKey):
		return invalidClient(700027, "Client assertion failed signature validation. [Reason - The signature does not fit the key, or the algorithm is not RS256 or PS256.]")
	case c.at.Before(cert.NotBefore) || c.at.After(cert.NotAfter):
		return invalidClient(7000222, "The provided client certificate is not within its validity.")
	case !strings.EqualFold(t.claims.Issuer, g.clientID) || !strings.EqualFold(t.claims.Subject, g.clientID):
		return invalidClient(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
	case !g.isAudience(c, t.claims.Audience):
		return invalidClient(700023, "Client assertion audience claim does not match Realm issuer.")
	case !t.within(c.at):
		return invalidClient(700024, "Client assertion is not within its valid time range.")
	case t.claims.ID == "":
		return invalidRequest(50027, "JWT token is invalid or malformed: it has no 'jti'.")
	case g.replayed(t, c.at):
		return invalidClient(50012, "Authentication failed: the client assertion has been used before.")
	}
	return nil
}

// certificateOf returns the registered certificate that an assertion names.
func (g *Graph) certificateOf(t *jwt) *x509.Certificate {
	for _, cert := range g.certificates {
		named, sum := t.header.ThumbprintS256, sha256.Sum256(cert.Raw)
		of := sum[:]
		if named == "" {
			old := sha1.Sum(cert.Raw)
			named, of = t.header.Thumbprint, old[:]
		}
		if strings.TrimRight(named, "=") == base64.RawURLEncoding.EncodeToString(of) {
			return cert
		}
	}
	return nil
}

// isAudience reports whether an aud is the endpoint, or the issuer, of the
// tenant that is asked.
func (g *Graph) isAudience(c *call, aud audiences) bool {
	tenant, _, _ := loginEndpoint(c.URL.Path)
	base := c.origin() + "/" + tenant
	return slices.ContainsFunc(aud, func(a string) bool {
		return strings.EqualFold(a, base+"/oauth2/v2.0/token") || strings.EqualFold(a, base+"/v2.0")
	})
}

// replayed reports whether an assertion was seen before, and remembers it until
// it would be refused for its time.
func (g *Graph) replayed(t *jwt, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, until := range g.seenJTIs {
		if now.After(until) {
			delete(g.seenJTIs, id)
		}
	}
	_, seen := g.seenJTIs[t.claims.ID]
	const grace = time.Hour // more than clocks may differ by
	g.seenJTIs[t.claims.ID] = time.Unix(int64(*t.claims.Expires), 0).Add(grace)
	return seen
}

// checkFederated checks the token of another issuer. It may be used again: a
// file with one is read many times before it is replaced.
func (g *Graph) checkFederated(c *call, t *jwt) *entraError {
	left := g.federations
	for _, step := range []struct {
		number int
		what   string
		fits   func(FederatedCredential) bool
	}{
		{700211, "issuer", func(f FederatedCredential) bool { return f.Issuer == t.claims.Issuer }},
		{700213, "subject", func(f FederatedCredential) bool { return f.Subject == t.claims.Subject }},
		{700212, "audience", func(f FederatedCredential) bool { return slices.Equal(t.claims.Audience, []string{f.Audience}) }},
	} {
		var fitting []FederatedCredential
		for _, f := range left {
			if step.fits(f) {
				fitting = append(fitting, f)
			}
		}
		if left = fitting; len(left) == 0 {
			return invalidClient(step.number, "No matching federated identity record found for presented assertion %s.", step.what)
		}
	}
	switch {
	case !slices.ContainsFunc(left, func(f FederatedCredential) bool { return t.verify(f.Key) }):
		return invalidClient(50013, "Assertion failed signature validation.")
	case !t.within(c.at):
		return invalidClient(700024, "Client assertion is not within its valid time range.")
	}
	return nil
}
