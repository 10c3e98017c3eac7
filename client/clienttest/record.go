package clienttest

import (
	"mime"
	"net/http"
	"net/url"
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
	// Items are the requests of a batch, in the order in which they were carried
	// out; they have the RemoteAddr and the Time of the batch.
	Items []Request

	items []*Request // what Items is made of
}

// Requests returns the requests received, in their order, whatever became of
// them. The requests of a batch are the Items of that one. The record grows
// until [Graph.ClearRequests], unless [WithRecordLimit] bounds it.
func (g *Graph) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return copyRequests(g.log)
}

func copyRequests(log []*Request) []Request {
	out := make([]Request, len(log))
	for i, r := range log {
		out[i] = *r
		out[i].Header = r.Header.Clone()
		out[i].Body = slices.Clone(r.Body)
		out[i].Query = url.Values(http.Header(r.Query).Clone())
		if out[i].items = nil; len(r.items) > 0 {
			out[i].Items = copyRequests(r.items)
		}
	}
	return out
}

// ClearRequests forgets the requests received so far.
func (g *Graph) ClearRequests() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = nil
}

// received records a request whose body is still to come, as one of a batch
// where there is one.
func (g *Graph) received(c *call, batch *Request) *Request {
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
	for _, name := range secretHeaders {
		if _, ok := r.Header[name]; ok {
			r.Header[name] = []string{"present"}
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if batch != nil {
		batch.items = append(batch.items, r)
		return r
	}
	g.log = append(g.log, r)
	if excess := len(g.log) - g.recordLimit; g.limitRecord && excess > 0 {
		g.log = slices.Delete(g.log, 0, excess)
	}
	return r
}

// receivedBody adds the body to the record of a request.
func (g *Graph) receivedBody(c *call) {
	body := slices.Clone(c.body)
	mediaType, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	switch {
	case c.kind == KindToken || mediaType == "application/x-www-form-urlencoded":
		body = []byte(redactForm(string(body)))
	case strings.HasSuffix(strings.ToLower(c.URL.Path), "/$batch"):
		body = redactBatch(body)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c.entry.Body = body
}

// answered adds the outcome to the record of a request.
func (g *Graph) answered(c *call, a *answer) {
	if a.cut == CutBeforeAnswer || a.cut == CutReset {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c.entry.Status = a.status
}
