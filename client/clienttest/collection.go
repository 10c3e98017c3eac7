package clienttest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// entity is one document of a collection. It is never changed, but replaced.
type entity struct {
	id      string
	created time.Time
	number  int // how many were inserted before it
	doc     document
}

// collection holds the entities of one entity set in the order in which they
// are listed. The Graph's mutex guards it.
type collection struct {
	name     string
	kind     *structuredType
	dated    bool // has a createdDateTime, and is listed newest first
	tagged   bool // gives each entity an ETag
	byID     map[string]*entity
	order    []*entity
	inserted int
}

func newCollection(name string, kind *structuredType) *collection {
	_, dated := kind.declared("createdDateTime")
	return &collection{name: name, kind: kind, dated: dated, byID: map[string]*entity{}}
}

// prepare makes an entity of a checked document. An id is assigned where none
// was given; one that exists is refused.
func (col *collection) prepare(doc document) (*entity, *odataError) {
	if doc.get("id") == nil {
		doc = doc.with("id", appendString(nil, uuid.NewString()))
	}
	e := col.entity(doc)
	if e.id == "" {
		return nil, badRequest("id", "The property 'id' must not be empty.")
	}
	if col.byID[e.id] != nil {
		return nil, &odataError{
			status: http.StatusConflict, code: "Conflict", target: "id",
			message: fmt.Sprintf("Another object with the id '%s' already exists in %s.", clip(e.id), col.name),
		}
	}
	return e, nil
}

// entity makes an entity of a document that has an id.
func (col *collection) entity(doc document) *entity {
	if col.tagged && doc.get("@odata.etag") == nil {
		doc = doc.with("@odata.etag", appendString(nil, tagOf(doc)))
	}
	e := &entity{id: doc.text("id"), doc: doc}
	if col.dated {
		// Checked already; of a seed it may be absent, which is the oldest.
		_ = e.created.UnmarshalText([]byte(doc.text("createdDateTime")))
	}
	return e
}

// find returns the entity of that id.
func (col *collection) find(id string) (*entity, *odataError) {
	if e := col.byID[id]; e != nil {
		return e, nil
	}
	return nil, &odataError{
		status: http.StatusNotFound, code: "ResourceNotFound",
		message: fmt.Sprintf("Resource '%s' does not exist in %s.", clip(id), col.name),
	}
}

// insert puts a new entity in its place.
func (col *collection) insert(e *entity) {
	e.number = col.inserted
	col.inserted++
	col.place(e, len(col.order))
}

// replace puts a new version of an entity in its place.
func (col *collection) replace(old *entity, doc document) *entity {
	e := col.entity(doc)
	e.number = old.number
	col.place(e, col.take(old))
	return e
}

// take takes an entity out, and returns where it was.
func (col *collection) take(e *entity) int {
	at := slices.Index(col.order, e)
	col.order = slices.Delete(col.order, at, at+1)
	delete(col.byID, e.id)
	return at
}

// place puts an entity where it belongs by its time, or at a position where
// times do not matter. Of equal times the later one comes first.
func (col *collection) place(e *entity, at int) {
	col.byID[e.id] = e
	if col.dated {
		at, _ = slices.BinarySearchFunc(col.order, e, func(a, b *entity) int {
			if c := b.created.Compare(a.created); c != 0 {
				return c
			}
			return b.number - a.number
		})
	}
	col.order = slices.Insert(col.order, at, e)
}

// seed adds documents, all or none.
func (g *Graph) seed(col *collection, data [][]byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	var added []*entity
	for i, text := range data {
		entities, err := entitiesOf(text)
		if err != nil {
			return fmt.Errorf("clienttest: %s, argument %d: %w", col.name, i+1, err)
		}
		for n, raw := range entities {
			e, err := col.prepareSeed(raw, added)
			if err != nil {
				return fmt.Errorf("clienttest: %s, argument %d, entity %d: %w", col.name, i+1, n+1, err)
			}
			added = append(added, e)
		}
	}
	for _, e := range added {
		col.insert(e)
	}
	return nil
}

// prepareSeed is prepare for a document that comes with others.
func (col *collection) prepareSeed(raw []byte, others []*entity) (*entity, error) {
	doc, err := parseDocument(raw)
	if err != nil {
		return nil, err
	}
	if fault := col.kind.check("", doc, forSeed); fault != nil {
		return nil, fault
	}
	e, fault := col.prepare(doc)
	if fault != nil {
		return nil, fault
	}
	for _, o := range others {
		if o.id == e.id {
			return nil, fmt.Errorf("the id %q occurs twice", e.id)
		}
	}
	return e, nil
}

// entitiesOf splits what a caller seeds: an entity, an array, or a page.
func entitiesOf(text []byte) ([][]byte, error) {
	text = bytes.TrimSpace(text)
	if bytes.HasPrefix(text, []byte{'['}) {
		return parseArray(text)
	}
	doc, err := parseObject(text)
	if err != nil {
		return nil, err
	}
	if value := doc.get("value"); bytes.HasPrefix(value, []byte{'['}) {
		return parseArray(value)
	}
	return [][]byte{text}, nil
}
