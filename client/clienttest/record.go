package clienttest

import (
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Request is a request that the Graph received.
type Request struct {
	Kind   Kind
	Method string
	Path   string     // decoded
	Query  url.Values // decoded
	// RequestURI is path and query as they came.
	RequestURI string
	// Header has "present" in place of the values of Authorization,
	// Proxy-Authorization and Cookie.
	Header http.Header
	// Body is the body, unpacked where it was gzip. A form has "redacted" in
	// place of anything that may be secret.
	Body []byte
	// Status is that of the answer, 0 before there was one and where the
	// connection was cut before it.
	Status int
	// RemoteAddr tells connections apart.
	RemoteAddr string
	// Time is when the request's headers had arrived, by the Graph's clock.
	Time time.Time
}

// Requests returns all requests received, in their order, whatever became of
// them. The record grows until [Graph.ClearRequests].
func (g *Graph) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]Request, len(g.log))
	for i, r := range g.log {
		out[i] = *r
		out[i].Header = r.Header.Clone()
		out[i].Body = slices.Clone(r.Body)
		out[i].Query = url.Values(http.Header(r.Query).Clone())
	}
	return out
}

// ClearRequests forgets the requests received so far.
func (g *Graph) ClearRequests() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = nil
}

// received records a request whose body is still to come.
func (g *Graph) received(c *call) *Request {
	r := &Request{
		Kind: c.kind, Method: c.Method, Path: c.URL.Path, RequestURI: c.RequestURI,
		Header: c.Header.Clone(), RemoteAddr: c.RemoteAddr, Time: c.at,
	}
	rawQuery := c.URL.RawQuery
	if c.kind == KindToken {
		path, _, found := strings.Cut(r.RequestURI, "?")
		rawQuery = redactForm(rawQuery)
		if found {
			r.RequestURI = path + "?" + rawQuery
		}
	}
	r.Query, _ = url.ParseQuery(rawQuery) // what can be read of it
	for _, name := range []string{"Authorization", "Proxy-Authorization", "Cookie"} {
		if _, ok := r.Header[name]; ok {
			r.Header[name] = []string{"present"}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = append(g.log, r)
	return r
}

// receivedBody adds the body to the record of a request.
func (g *Graph) receivedBody(r *Request, c *call) {
	body := slices.Clone(c.body)
	mediaType, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if c.kind == KindToken || mediaType == "application/x-www-form-urlencoded" {
		body = []byte(redactForm(string(body)))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	r.Body = body
}

// answered adds the outcome to the record of a request.
func (g *Graph) answered(r *Request, a *answer) {
	if a.cut == CutBeforeAnswer || a.cut == CutReset {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	r.Status = a.status
}

// publicParameters are those of a token request that are no secret.
var publicParameters = []string{"grant_type", "client_id", "client_assertion_type", "scope", "claims"}

// parameterName is what a parameter's name may look like to be shown: the
// "name" of something that is not a form at all may be the secret.
var parameterName = regexp.MustCompile(`^[a-z_]{1,40}$`)

// redactForm replaces what is not known to be public in a form, whether or not
// it is well-formed.
func redactForm(form string) string {
	if form == "" {
		return ""
	}
	const redacted = "redacted"
	var out []string
	for pair := range strings.SplitSeq(form, "&") {
		name, value, hasValue := strings.Cut(pair, "=")
		switch {
		case slices.Contains(publicParameters, name):
		case !hasValue || !parameterName.MatchString(name):
			name, value = redacted, redacted
		default:
			value = redacted
		}
		out = append(out, name+"="+value)
	}
	return strings.Join(out, "&")
}
