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
	if len(segments) == 1 && strings.EqualFold(segments[0], "$batch") {
		return g.batch(c)
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
	switch len(segments) {
	case 2:
		return g.onCollection(c, col)
	case 3:
		return g.onEntity(c, col, segments[2])
	}
	return nil, noSegment(segments[3])
}

// onCollection carries out an operation on a collection as a whole.
func (g *Graph) onCollection(c *call, col *collection) (*answer, *odataError) {
	switch c.Method {
	case http.MethodGet:
		return g.list(c, col)
	case http.MethodPost:
		return g.create(c, col)
	}
	return nil, methodNotAllowed(http.MethodGet, http.MethodPost)
}

// onEntity carries out an operation on one entity, or the count.
func (g *Graph) onEntity(c *call, col *collection, id string) (*answer, *odataError) {
	count := strings.EqualFold(id, "$count")
	switch {
	case count && c.Method == http.MethodGet:
		return g.count(c, col)
	case count:
		return nil, methodNotAllowed(http.MethodGet)
	case c.Method == http.MethodGet:
		return g.get(c, col, id)
	case c.Method == http.MethodPatch:
		return g.update(c, col, id)
	case c.Method == http.MethodDelete:
		return g.remove(c, col, id)
	}
	return nil, methodNotAllowed(http.MethodGet, http.MethodPatch, http.MethodDelete)
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
	doc, fault := readDocument(c, col.kind)
	if fault != nil {
		return nil, fault
	}
	if fault := col.kind.check("", doc, forCreate); fault != nil {
		return nil, fault
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	doc = doc.without("@odata.etag") // the service's alone to give
	if col.dated && doc.get("createdDateTime") == nil {
		doc = doc.with("createdDateTime", appendString(nil, stamp(c.at)))
	}
	e, fault := col.prepare(doc)
	if fault != nil {
		return nil, fault
	}
	col.insert(e)
	a := g.entityAnswer(c, col, e, selection{})
	a.status = http.StatusCreated
	a.header.Set("Location", g.urlOf(c, col)+"/"+url.PathEscape(e.id))
	return a, nil
}

// readDocument reads the document in the body of a request.
func readDocument(c *call, kind *structuredType) (document, *odataError) {
	if _, fault := kind.parseQuery(c.URL.RawQuery); fault != nil {
		return nil, fault
	}
	if fault := checkJSONBody(c); fault != nil {
		return nil, fault
	}
	doc, err := parseDocument(c.body)
	if err != nil {
		return nil, badRequest("", "Unable to read JSON request payload: %v.", err)
	}
	return doc, nil
}

// entityAnswer answers with an entity.
func (g *Graph) entityAnswer(c *call, col *collection, e *entity, s selection) *answer {
	context := g.contextOf(c, col) + s.context() + "/$entity"
	a := jsonAnswer(http.StatusOK, s.of(e.doc).appendTo(nil, context))
	if tag := e.etag(); tag != "" {
		a.header.Set("ETag", tag)
	}
	return a
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
	q, fault := col.kind.parseQuery(c.URL.RawQuery, optionSelect)
	if fault != nil {
		return nil, fault
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	e, fault := col.find(id)
	if fault != nil {
		return nil, fault
	}
	return g.entityAnswer(c, col, e, q.selection), nil
}

func (g *Graph) count(c *call, col *collection) (*answer, *odataError) {
	q, fault := col.kind.parseQuery(c.URL.RawQuery, optionFilter)
	if fault != nil {
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
	n := len(col.view(q).entities)
	a := &answer{status: http.StatusOK, header: http.Header{}, body: strconv.AppendInt(nil, int64(n), 10)}
	a.header.Set("Content-Type", "text/plain")
	return a, nil
}

func (g *Graph) list(c *call, col *collection) (*answer, *odataError) {
	q, fault := col.kind.parseQuery(c.URL.RawQuery,
		optionTop, optionSkip, optionCount, optionFilter, optionOrderBy, optionSelect, optionSkipToken)
	if fault != nil {
		return nil, fault
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	size := g.pageSize
	if q.top > 0 {
		size = q.top
	}
	v := col.view(q)
	begin, fault := v.position(q)
	if fault != nil {
		return nil, fault
	}
	end := begin + min(size, len(v.entities)-begin)

	body := appendMember([]byte{'{'}, "@odata.context", g.contextOf(c, col)+q.selection.context())
	if q.count {
		body = append(body, `,"@odata.count":`...)
		body = strconv.AppendInt(body, int64(len(v.entities)), 10)
	}
	if end < len(v.entities) {
		body = append(body, ',')
		body = appendMember(body, "@odata.nextLink", g.urlOf(c, col)+"?"+q.next(v.tokenAfter(end)))
	}
	body = append(body, `,"value":[`...)
	for i, e := range v.entities[begin:end] {
		if i > 0 {
			body = append(body, ',')
		}
		body = q.selection.of(e.doc).appendTo(body, "")
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
