package clienttest

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What a [Graph] made with no options accepts.
const (
	DefaultTenantID = "11111111-2222-4333-8444-555555555555"
	DefaultClientID = "66666666-7777-4888-8999-000000000000"
	DefaultSecret   = "clienttest-secret-not-for-any-tenant"
	DefaultBasePath = "/v1.0"
	DefaultPageSize = 100 // entities, where the request has no $top

	// DefaultTokenLifetime is what Entra's own expires_in mostly says.
	DefaultTokenLifetime = 3599 * time.Second
)

// Option sets up a [Graph].
type Option func(*Graph)

// WithTenant sets the tenant whose token endpoint exists. It is compared
// without regard to case.
func WithTenant(id string) Option { return func(g *Graph) { g.tenant = id } }

// WithOtherTenants adds tenants that the application may ask for tokens too.
// The Graph is not theirs: it refuses their tokens.
func WithOtherTenants(ids ...string) Option {
	return func(g *Graph) { g.otherTenants = append(g.otherTenants, ids...) }
}

// WithClient sets the application that may ask for tokens.
func WithClient(id, secret string) Option {
	return func(g *Graph) {
		g.clientID = id
		g.secret = func() string { return secret }
	}
}

// WithTokenLifetime sets for how long a token is accepted, and so its
// expires_in (in whole seconds). A negative lifetime makes tokens that have
// expired already; their expires_in is 0.
func WithTokenLifetime(d time.Duration) Option { return func(g *Graph) { g.lifetime = d } }

// WithClock sets the clock that is used for createdDateTime, the Date header,
// the expiry of tokens and [Request].Time, instead of [time.Now].
func WithClock(now func() time.Time) Option { return func(g *Graph) { g.now = now } }

// WithBasePath sets the path of the Graph root, such as "/beta" or
// "/proxy/v1.0", instead of "/v1.0".
func WithBasePath(path string) Option { return func(g *Graph) { g.base = path } }

// WithPageSize sets how many entities a page holds where the request has no
// $top.
func WithPageSize(n int) Option { return func(g *Graph) { g.pageSize = n } }

// WithRecordLimit makes [Graph.Requests] remember the newest n requests only, a
// batch being one. 0 remembers none.
func WithRecordLimit(n int) Option {
	return func(g *Graph) { g.limitRecord, g.recordLimit = true, n }
}

// WithETags gives each entity an @odata.etag, and answers with one entity an
// ETag header. Without it only entities that were added with an @odata.etag have
// one, so that samples stay as they are.
func WithETags() Option { return func(g *Graph) { g.scores.tagged, g.profiles.tagged = true, true } }

// check says what makes no sense in the options, or "".
func (g *Graph) check() string {
	switch {
	case !segment(g.tenant):
		return fmt.Sprintf("WithTenant: %q is not one path segment", g.tenant)
	case !allSegments(g.otherTenants):
		return fmt.Sprintf("WithOtherTenants: one of %q is not one path segment", g.otherTenants)
	case slices.ContainsFunc(g.certificates, func(c *x509.Certificate) bool { return c == nil || !verifies(c.PublicKey, "PS256") }):
		return "WithCertificate: a certificate is nil, or its key is not RSA"
	case slices.ContainsFunc(g.federations, func(f FederatedCredential) bool { return f.Issuer == "" || f.Subject == "" }):
		return "WithFederation: the issuer or the subject is missing"
	case slices.ContainsFunc(g.federations, func(f FederatedCredential) bool { return !verifies(f.Key, "PS256") && !verifies(f.Key, "ES256") }):
		return "WithFederation: a key is neither an *rsa.PublicKey nor an *ecdsa.PublicKey of P-256"
	case g.deviceLife < time.Second || g.deviceInterval < 0:
		return fmt.Sprintf("WithDeviceCodes: a lifetime of %v or an interval of %v makes no sense", g.deviceLife, g.deviceInterval)
	case g.clientID == "" || g.secret() == "":
		return "WithClient: the client id or the secret is empty"
	case g.now == nil:
		return "WithClock: the clock is nil"
	case g.pageSize < 1:
		return fmt.Sprintf("WithPageSize: %d is less than 1", g.pageSize)
	case g.recordLimit < 0:
		return fmt.Sprintf("WithRecordLimit: %d is less than 0", g.recordLimit)
	}
	rest, ok := strings.CutPrefix(g.base, "/")
	for s := range strings.SplitSeq(rest, "/") {
		if !ok || !segment(s) {
			return fmt.Sprintf("WithBasePath: %q is not a path such as /v1.0", g.base)
		}
	}
	return ""
}

func allSegments(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return !segment(id) })
}

// segment reports whether s stands for itself as a segment of a URL path.
func segment(s string) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-._~", r):
		default:
			return false
		}
	}
	return s != "" && s != "." && s != ".."
}
