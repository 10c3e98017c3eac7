package clienttest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxBatch is how many requests a batch may hold.
const maxBatch = 20

// batchItem is one request of a batch.
type batchItem struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      json.RawMessage   `json:"body"`
	DependsOn []string          `json:"dependsOn"`

	request *http.Request
}

// batch carries out the requests of a batch one after another, in their order,
// and answers in the reverse order.
func (g *Graph) batch(c *call) (*answer, *odataError) {
	if c.kind == KindBatchItem {
		return nil, badRequest("", "A batch cannot hold a batch.")
	}
	if c.Method != http.MethodPost {
		return nil, methodNotAllowed(http.MethodPost)
	}
	if fault := checkJSONBody(c); fault != nil {
		return nil, fault
	}
	items, fault := g.readBatch(c)
	if fault != nil {
		return nil, fault
	}
	var answers [][]byte
	succeeded := map[string]bool{}
	for _, item := range items {
		a := g.item(c, item, succeeded)
		succeeded[strings.ToLower(item.ID)] = a.status >= 200 && a.status < 400
		if a.cut == CutNone {
			answers = append(answers, a.asItem(item.ID))
		}
	}
	slices.Reverse(answers)
	body := []byte(`{"responses":[`)
	for i, a := range answers {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, a...)
	}
	a := jsonAnswer(http.StatusOK, append(body, ']', '}'))
	a.header = http.Header{"Content-Type": {"application/json"}}
	return a, nil
}

// item carries out one request of a batch.
func (g *Graph) item(c *call, item batchItem, succeeded map[string]bool) *answer {
	ic := &call{
		Request: item.request, kind: KindBatchItem, at: c.at, body: item.Body,
		requestID: c.requestID, clientRequestID: c.clientRequestID,
	}
	if id := clientRequestID(ic.Header.Get("client-request-id")); id != "" {
		ic.clientRequestID = id
	}
	ic.entry = g.received(ic, c.entry)
	g.receivedBody(ic)
	var a *answer
	for _, id := range item.DependsOn {
		if !succeeded[strings.ToLower(id)] {
			a = (&odataError{
				status: http.StatusFailedDependency, code: "FailedDependency",
				message: "The request depends on the request '" + clip(id) + "', which failed.",
			}).answer(ic)
		}
	}
	if a == nil {
		a = g.respond(ic, g.takeFault(ic))
	}
	g.answered(ic, a)
	return a
}

// asItem writes the answer as one of a batch.
func (a *answer) asItem(id string) []byte {
	b := appendMember([]byte{'{'}, "id", id)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(a.status), 10)
	headers := map[string]string{"Cache-Control": "private"}
	for name, values := range a.header {
		if values == nil {
			delete(headers, name)
			continue
		}
		headers[name] = strings.Join(values, ", ")
	}
	b = append(b, `,"headers":`...)
	b = append(b, mustMarshal(headers)...)
	if len(a.body) > 0 {
		b = append(b, `,"body":`...)
		b = append(b, itemBody(headers["Content-Type"], a.body)...)
	}
	return append(b, '}')
}

// itemBody is the body of an answer in a batch: JSON as it is, text as a string,
// anything else as base64url.
//
// Source: OData JSON Format 4.01, 19.1 and 19.5.
func itemBody(contentType string, body []byte) []byte {
	switch {
	case json.Valid(body) && !strings.HasPrefix(contentType, "text/"):
		return body
	case strings.HasPrefix(contentType, "text/"):
		return appendString(nil, string(body))
	}
	return appendString(nil, base64.RawURLEncoding.EncodeToString(body))
}

// readBatch reads the requests of a batch. One that is malformed refuses all.
func (g *Graph) readBatch(c *call) ([]batchItem, *odataError) {
	doc, err := parseDocument(c.body)
	if err != nil {
		return nil, badRequest("", "Invalid batch payload format: %v.", err)
	}
	var batch struct {
		Requests []batchItem `json:"requests"`
	}
	if err := json.Unmarshal(doc.appendTo(nil, ""), &batch); err != nil {
		return nil, badRequest("", "Invalid batch payload format: %s.", clip(strings.TrimPrefix(err.Error(), "json: ")))
	}
	items := batch.Requests
	switch {
	case len(items) == 0:
		return nil, badRequest("requests", "Invalid batch payload format: the batch has no requests.")
	case len(items) > maxBatch:
		return nil, badRequest("requests", "Number of batch request steps exceeds the maximum value of %d.", maxBatch)
	}
	seen := map[string]bool{}
	for i := range items {
		if fault := g.prepareItem(c, &items[i], seen); fault != nil {
			return nil, fault
		}
		seen[strings.ToLower(items[i].ID)] = true
	}
	return items, nil
}

// prepareItem checks a request of a batch and makes an HTTP request of it. Ids
// are compared without regard to case.
func (g *Graph) prepareItem(c *call, item *batchItem, seen map[string]bool) *odataError {
	id := clip(item.ID)
	switch {
	case item.ID == "" || item.Method == "" || item.URL == "":
		return badRequest("", "Invalid batch payload format: the request with id '%s' lacks one of id, method and url.", id)
	case seen[strings.ToLower(item.ID)]:
		return badRequest("", "Duplicate request id '%s' in the batch.", id)
	}
	for _, d := range item.DependsOn {
		if !seen[strings.ToLower(d)] {
			return badRequest("", "The request with id '%s' depends on '%s', which is no earlier request of the batch.", id, clip(d))
		}
	}
	target, err := url.Parse(item.URL)
	if err != nil || target.IsAbs() || target.Host != "" || target.User != nil || target.Path == "" {
		return badRequest("", "The url '%s' of the request with id '%s' is not relative to the Graph root, as /security/secureScores is.", clip(item.URL), id)
	}
	path := g.base + "/" + strings.TrimPrefix(target.Path, "/")
	escaped := g.base + "/" + strings.TrimPrefix(target.EscapedPath(), "/")
	header := http.Header{}
	for name, v := range item.Headers {
		header.Add(name, v)
	}
	if _, own := header["Authorization"]; !own {
		header["Authorization"] = c.Header["Authorization"]
	}
	writes := item.Method == http.MethodPost || item.Method == http.MethodPatch || item.Method == http.MethodPut
	if writes && (len(item.Body) == 0 || header.Get("Content-Type") == "") {
		return badRequest("", "Write request id : %s does not contain Content-Type header or body.", id)
	}
	item.request = (&http.Request{
		Method: item.Method, Host: c.Host, TLS: c.TLS, Header: header, RemoteAddr: c.RemoteAddr, Body: http.NoBody,
		URL: &url.URL{Path: path, RawPath: escaped, RawQuery: target.RawQuery}, RequestURI: escaped,
	}).WithContext(c.Context())
	if target.RawQuery != "" {
		item.request.RequestURI += "?" + target.RawQuery
	}
	return nil
}
