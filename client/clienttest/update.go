package clienttest

import (
	"net/http"
	"strings"
)

// update changes an entity as the request's document says.
func (g *Graph) update(c *call, col *collection, id string) (*answer, *odataError) {
	doc, fault := readDocument(c, col.kind)
	if fault != nil {
		return nil, fault
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	e, fault := col.find(id)
	if fault != nil {
		return nil, fault
	}
	change := g.merge
	if col == g.profiles {
		change = g.changeState
	}
	changed, fault := change(c, col, e, doc)
	if fault != nil {
		return nil, fault
	}
	if fault := checkIfMatch(c, e); fault != nil {
		return nil, fault
	}
	if e.etag() != "" { // what was seeded with one gets another
		changed = changed.with("@odata.etag", appendString(nil, tagOf(changed)))
	}
	e = col.replace(e, changed)
	return g.updated(c, col, e), nil
}

// updated answers a change with the entity where it was asked for.
func (g *Graph) updated(c *call, col *collection, e *entity) *answer {
	a, applied := noContent(), ""
	for preference := range strings.SplitSeq(strings.Join(c.Header.Values("Prefer"), ","), ",") {
		switch preference = strings.ToLower(strings.ReplaceAll(preference, " ", "")); {
		case applied != "": // the first of the two counts
		case preference == "return=representation":
			a, applied = g.entityAnswer(c, col, e, selection{}), preference
		case preference == "return=minimal":
			applied = preference
		}
	}
	if applied != "" {
		a.header.Set("Preference-Applied", applied)
	}
	if tag := e.etag(); tag != "" {
		a.header.Set("ETag", tag)
	}
	return a
}

// remove deletes an entity.
func (g *Graph) remove(c *call, col *collection, id string) (*answer, *odataError) {
	if _, fault := col.kind.parseQuery(c.URL.RawQuery); fault != nil {
		return nil, fault
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	e, fault := col.find(id)
	if fault != nil {
		return nil, fault
	}
	if fault := checkIfMatch(c, e); fault != nil {
		return nil, fault
	}
	col.take(e)
	return noContent(), nil
}

func noContent() *answer {
	return &answer{status: http.StatusNoContent, header: http.Header{}}
}

// merge sets the members that a document has. The id stays what it is.
func (g *Graph) merge(_ *call, col *collection, e *entity, change document) (document, *odataError) {
	if fault := col.kind.check("", change, forUpdate); fault != nil {
		return nil, fault
	}
	if change.get("id") != nil && change.text("id") != e.id {
		return nil, badRequest("id", "The property 'id' cannot be changed: it is '%s' in the body and '%s' in the path.", clip(change.text("id")), clip(e.id))
	}
	return e.doc.merged(col.kind, change.without("id")), nil
}

// merged returns the document with the members of another one. Those of a
// complex property are merged in turn, and what is null becomes null. Members
// of OData's own stay as they are.
func (d document) merged(t *structuredType, change document) document {
	for _, m := range change {
		if annotation(m.name) {
			continue
		}
		if p, ok := t.declared(m.name); ok && p.complex != nil && !p.collection && m.value[0] == '{' {
			var old document
			if raw := d.get(m.name); raw != nil {
				old, _ = parseObject(raw) // part of a document that was read, as is the other
			}
			inner, _ := parseObject(m.value)
			m.value = old.merged(p.complex, inner).appendTo(nil, "")
		}
		d = d.set(m.name, m.value)
	}
	return d
}
