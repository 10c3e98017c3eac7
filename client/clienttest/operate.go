package clienttest

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// operate answers a request for the Graph itself.
func (g *Graph) operate(c *call) *answer {
	if fault := g.authorize(c); fault != nil {
		return fault.answer(c)
	}
	a, fault := g.route(c)
	if fault != nil {
		return fault.answer(c)
	}
	return a
}

// route finds the operation by path and method.
func (g *Graph) route(c *call) (*answer, *odataError) {
	segments, ok := segmentsUnder(g.base, c.URL.EscapedPath())
	if !ok {
		return nil, badRequest("", "The path %s is not under the Graph root %s.", clip(c.URL.Path), g.base)
	}
	if len(segments) > 0 && !strings.EqualFold(segments[0], "security") {
		return nil, noSegment(segments[0])
	}
	if len(segments) < 2 {
		return nil, badRequest("", "The path %s names no collection.", clip(c.URL.Path))
	}
	col := g.collection(segments[1])
	if col == nil {
		return nil, noSegment(segments[1])
	}
	if len(segments) > 3 {
		return nil, noSegment(segments[3])
	}
	switch {
	case len(segments) == 2 && c.Method == http.MethodGet:
		return g.list(c, col)
	case len(segments) == 2 && c.Method == http.MethodPost && col == g.scores:
		return g.create(c, col)
	case len(segments) == 2 && col == g.scores:
		return nil, methodNotAllowed(http.MethodGet, http.MethodPost)
	case c.Method != http.MethodGet:
		return nil, methodNotAllowed(http.MethodGet)
	case strings.EqualFold(segments[2], "$count"):
		return g.count(c, col)
	default:
		return g.get(c, col, segments[2])
	}
}

func noSegment(name string) *odataError {
	return badRequest("", "Resource not found for the segment '%s'.", clip(name))
}

// collection returns the collection of that name, in any case, or nil.
func (g *Graph) collection(name string) *collection {
	for _, col := range []*collection{g.scores, g.profiles} {
		if strings.EqualFold(col.name, name) {
			return col
		}
	}
	return nil
}

// create stores the request's document and answers with what was stored.
func (g *Graph) create(c *call, col *collection) (*answer, *odataError) {
	if _, fault := parseQuery(c.URL.RawQuery); fault != nil {
		return nil, fault
	}
	if fault := checkJSONBody(c); fault != nil {
		return nil, fault
	}
	doc, err := parseDocument(c.body)
	if err != nil {
		return nil, badRequest("", "Unable to read JSON request payload: %v.", err)
	}
	if fault := col.kind.check("", doc, forCreate); fault != nil {
		return nil, fault
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if col.dated && doc.get("createdDateTime") == nil {
		doc = doc.with("createdDateTime", appendString(nil, stamp(c.at)))
	}
	e, fault := col.prepare(doc)
	if fault != nil {
		return nil, fault
	}
	col.insert(e)
	a := jsonAnswer(http.StatusCreated, e.doc.appendTo(nil, g.contextOf(c, col)+"/$entity"))
	a.header.Set("Location", g.urlOf(c, col)+"/"+url.PathEscape(e.id))
	return a, nil
}

// checkJSONBody refuses a request that has no JSON in its body.
func checkJSONBody(c *call) *odataError {
	mediaType, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || mediaType != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &odataError{
			status: http.StatusUnsupportedMediaType, code: "UnsupportedMediaType",
			message: fmt.Sprintf("The content type %q of the request is not supported; send application/json.", clip(c.Header.Get("Content-Type"))),
		}
	}
	return bodyFault(c.bodyErr)
}

func (g *Graph) get(c *call, col *collection, id string) (*answer, *odataError) {
	if _, fault := parseQuery(c.URL.RawQuery); fault != nil {
		return nil, fault
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	e := col.byID[id]
	if e == nil {
		return nil, &odataError{
			status: http.StatusNotFound, code: "ResourceNotFound",
			message: fmt.Sprintf("Resource '%s' does not exist in %s.", clip(id), col.name),
		}
	}
	return jsonAnswer(http.StatusOK, e.doc.appendTo(nil, g.contextOf(c, col)+"/$entity")), nil
}

func (g *Graph) count(c *call, col *collection) (*answer, *odataError) {
	if _, fault := parseQuery(c.URL.RawQuery); fault != nil {
		return nil, fault
	}
	if !admits(c.Header.Values("Accept"), "text", "plain") {
		return nil, &odataError{
			status: http.StatusUnsupportedMediaType, code: "UnsupportedMediaType",
			message: fmt.Sprintf("A count is text/plain, which the Accept header %q does not admit.", clip(c.Header.Get("Accept"))),
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	a := &answer{status: http.StatusOK, header: http.Header{}, body: strconv.AppendInt(nil, int64(len(col.order)), 10)}
	a.header.Set("Content-Type", "text/plain")
	return a, nil
}

func (g *Graph) list(c *call, col *collection) (*answer, *odataError) {
	q, fault := parseQuery(c.URL.RawQuery, optionTop, optionSkip, optionCount, optionSkipToken)
	if fault != nil {
		return nil, fault
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	size := g.pageSize
	if q.top > 0 {
		size = q.top
	}
	begin, fault := col.position(q)
	if fault != nil {
		return nil, fault
	}
	end := begin + min(size, len(col.order)-begin)

	body := appendMember([]byte{'{'}, "@odata.context", g.contextOf(c, col))
	if q.count {
		body = append(body, `,"@odata.count":`...)
		body = strconv.AppendInt(body, int64(len(col.order)), 10)
	}
	if end < len(col.order) {
		body = append(body, ',')
		body = appendMember(body, "@odata.nextLink", g.urlOf(c, col)+"?"+q.next(col.tokenAfter(end)))
	}
	body = append(body, `,"value":[`...)
	for i, e := range col.order[begin:end] {
		if i > 0 {
			body = append(body, ',')
		}
		body = e.doc.appendTo(body, "")
	}
	return jsonAnswer(http.StatusOK, append(body, ']', '}')), nil
}

// urlOf returns the absolute URL of a collection, as the client reached it.
func (g *Graph) urlOf(c *call, col *collection) string {
	return c.origin() + g.base + "/security/" + col.name
}

// contextOf returns the @odata.context of a collection.
func (g *Graph) contextOf(c *call, col *collection) string {
	return c.origin() + g.base + "/$metadata#security/" + col.name
}

// admits reports whether an Accept header, which may be absent, admits a type.
func admits(accept []string, main, sub string) bool {
	if len(accept) == 0 {
		return true
	}
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q == 0 {
			continue
		}
		if name == main+"/"+sub || name == main+"/*" || name == "*/*" {
			return true
		}
	}
	return false
}
