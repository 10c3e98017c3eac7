package clienttest

import (
	"crypto/x509"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Graph is Microsoft Graph's secure score for one tenant, in memory, with the
// token endpoint of that tenant. It is an [http.Handler], safe for concurrent
// use, and serves:
//
//	POST   /{tenant}/oauth2/v2.0/token
//	POST   /{tenant}/oauth2/v2.0/devicecode
//	GET    {base}/security/secureScores                 newest first, in pages
//	POST   {base}/security/secureScores                 201
//	GET    {base}/security/secureScores/$count          text/plain
//	GET    {base}/security/secureScores/{id}
//	PATCH  {base}/security/secureScores/{id}            204, or 200
//	DELETE {base}/security/secureScores/{id}            204
//	POST   {base}/$batch                                20 requests at most
//
// and the same for secureScoreControlProfiles. Paths are compared without regard
// to case. Documents are kept as they came: undeclared members, nulls, and every
// digit of a number; only @odata.context is the answer's own.
//
// # Tokens
//
// An application proves who it is with its secret, with an assertion signed with
// a certificate ([WithCertificate]), or with the token of another issuer
// ([WithFederation]). People sign in with a device code, which
// [Graph.ApproveDevice] or [Graph.DenyDevice] decides; a refresh token comes
// along where the scope has offline_access. A token is accepted by the tenant
// that it was asked of, at the host that its scope names, until it expires: a
// client that asks for the wrong scope gets a 401. [Graph.RequireClaims] makes
// claims challenges.
//
// # Queries
//
// Lists know $top (a page size, as with the service, and not a limit), $skip,
// $count=true, $select, $filter, $orderby and the $skiptoken of their own
// @odata.nextLink; $count knows $filter, a single entity $select. Anything else
// that begins with $ is answered with 400, as is a name that is not declared.
//
// A filter has eq, ne, gt, ge, lt, le, and, or, not, parentheses and
// startswith, over every declared primitive property and those of
// vendorInformation, and compares by ordinals. Literals are strings in single
// quotes (a quote in one is doubled), numbers, true, false, null, and moments
// with no quotes. A filter of more than 15 terms and an or among them is
// answered with an empty list, as by the service.
//
// # Changes
//
// A PATCH answers 204, or 200 with the entity where the request has
// "Prefer: return=representation". That of a secure score sets the members that
// it has. That of a control profile appends to its controlStateUpdates: of
// assignedTo, comment and state, what the request leaves out is taken over from
// the newest update there is. Null and "" are kept as they came; a state is
// neither. updatedBy is the person or the application of the token. Profiles
// whose id begins with scid_ are refused with 400 and an error that says
// nothing, as by the service.
//
// An If-Match header that has neither the entity's ETag nor * is answered with
// 412.
//
// # Batches
//
// The requests of a batch are carried out in their order, and answered in the
// reverse order. A URL is relative to the Graph root. Each request is
// authorized, recorded and met by faults for itself; it is made with the token
// of the batch unless it has its own. One that depends on a request that failed
// is answered with 424.
//
// No text of a Graph, in any format, has the client secret or a token in it.
type Graph struct {
	tenant   string
	clientID string
	secret   func() string // a closure, so that printing a Graph cannot show it
	lifetime time.Duration
	now      func() time.Time
	base     string
	pageSize int

	otherTenants   []string
	certificates   []*x509.Certificate
	federations    []FederatedCredential
	deviceLife     time.Duration
	deviceInterval time.Duration

	limitRecord bool
	recordLimit int // requests

	mu       sync.Mutex
	scores   *collection
	profiles *collection
	tokens   tokens
	required *requirement
	refresh  refreshTokens
	devices  []*deviceCode
	seenJTIs map[string]time.Time // until when each is remembered
	faults   []*Fault
	log      []*Request
}

// NewGraph returns a Graph with nothing in it. It panics when an option makes
// no sense, such as a base path that does not begin with a slash: that is a
// mistake in the test itself.
func NewGraph(opts ...Option) *Graph {
	g := &Graph{
		tenant:   DefaultTenantID,
		clientID: DefaultClientID,
		secret:   func() string { return DefaultSecret },
		lifetime: DefaultTokenLifetime,
		now:      time.Now,
		base:     DefaultBasePath,
		pageSize: DefaultPageSize,
		scores:   newCollection("secureScores", &secureScoreType),
		profiles: newCollection("secureScoreControlProfiles", &controlProfileType),
		tokens:   tokens{},
		refresh:  refreshTokens{},
		seenJTIs: map[string]time.Time{},

		deviceLife:     DefaultDeviceCodeLifetime,
		deviceInterval: DefaultDeviceInterval,
	}
	for _, o := range opts {
		o(g)
	}
	if fault := g.check(); fault != "" {
		panic("clienttest: " + fault)
	}
	return g
}

// TenantID returns the tenant that the Graph is of.
func (g *Graph) TenantID() string { return g.tenant }

// ClientID returns the id of the application that may ask for tokens.
func (g *Graph) ClientID() string { return g.clientID }

// Secret returns the client secret of that application.
func (g *Graph) Secret() string { return g.secret() }

// BasePath returns the path of the Graph root, such as "/v1.0".
func (g *Graph) BasePath() string { return g.base }

// AddSecureScores adds secure scores given as JSON, each argument an entity, an
// array of entities, or a page ({"value": [...]}). Declared members must be of
// the declared types, and none is required: an id is assigned where there is
// none, all else stays as it is. A score without createdDateTime is listed as
// the oldest. When any entity is refused, none is added.
func (g *Graph) AddSecureScores(data ...[]byte) error {
	return g.seed(g.scores, data)
}

// AddControlProfiles adds control profiles, under the rules of
// [Graph.AddSecureScores]. They are listed in the order in which they were
// added.
func (g *Graph) AddControlProfiles(data ...[]byte) error {
	return g.seed(g.profiles, data)
}

// call is one request on its way through the Graph.
type call struct {
	*http.Request
	kind            Kind
	entry           *Request
	by              string // who asks, from the token
	at              time.Time
	requestID       string
	clientRequestID string
	body            []byte // decoded, see readBody
	bodyErr         error
}

// ServeHTTP answers one request. A fault that cuts the connection ends in a
// panic with [http.ErrAbortHandler], which net/http's server expects.
func (g *Graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, kind: KindGraph, at: g.now(), requestID: uuid.NewString()}
	if _, _, ok := loginEndpoint(r.URL.Path); ok {
		c.kind = KindToken
	}
	c.clientRequestID = clientRequestID(r.Header.Get("client-request-id"))
	if c.clientRequestID == "" {
		c.clientRequestID = c.requestID
	}
	c.entry = g.received(c, nil)
	c.body, c.bodyErr = readBody(w, r)
	g.receivedBody(c)

	fault := g.takeFault(c)
	a := g.respond(c, fault)
	g.answered(c, a)
	a.send(w, c)
}

// respond carries the request out, as far as the fault lets it.
func (g *Graph) respond(c *call, f *Fault) *answer {
	if f == nil {
		return g.perform(c)
	}
	var a *answer
	if f.Apply {
		a = g.perform(c)
	}
	if !wait(c.Context(), f.Delay) {
		return &answer{cut: CutBeforeAnswer}
	}
	if a == nil && f.needsAnswer() {
		a = g.perform(c)
	}
	return f.alter(a, c)
}

// perform carries the request out.
func (g *Graph) perform(c *call) *answer {
	if c.kind == KindToken {
		return g.issue(c)
	}
	return g.operate(c)
}

// clientRequestID returns the caller's id when it is sane enough to be echoed.
func clientRequestID(s string) string {
	const maxLength = 128
	if len(s) > maxLength || !segment(s) {
		return ""
	}
	return s
}

// origin returns scheme and host of the request's own URL.
func (c *call) origin() string {
	scheme := "http"
	if c.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + c.Host
}

// segmentsUnder returns the decoded segments of an escaped path after base, and
// whether it is under base. One trailing slash is not a segment.
func segmentsUnder(base, escaped string) ([]string, bool) {
	if len(escaped) < len(base) || !strings.EqualFold(escaped[:len(base)], base) {
		return nil, false
	}
	rest := escaped[len(base):]
	if rest == "" || rest == "/" {
		return nil, true
	}
	rest, ok := strings.CutPrefix(rest, "/")
	if !ok {
		return nil, false
	}
	segments := strings.Split(strings.TrimSuffix(rest, "/"), "/")
	for i, s := range segments {
		segments[i] = unescape(s)
	}
	return segments, true
}
