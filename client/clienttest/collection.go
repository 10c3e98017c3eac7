package clienttest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// entity is one document of a collection. It is never changed.
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
	e := &entity{id: doc.text("id"), doc: doc}
	if e.id == "" {
		return nil, badRequest("id", "The property 'id' must not be empty.")
	}
	if col.byID[e.id] != nil {
		return nil, &odataError{
			status: http.StatusConflict, code: "Conflict", target: "id",
			message: fmt.Sprintf("Another object with the id '%s' already exists in %s.", clip(e.id), col.name),
		}
	}
	if col.dated {
		// Checked already; of a seed it may be absent, which is the oldest.
		_ = e.created.UnmarshalText([]byte(doc.text("createdDateTime")))
	}
	return e, nil
}

// insert puts an entity in its place. Of equal times the later one comes first.
func (col *collection) insert(e *entity) {
	e.number = col.inserted
	col.inserted++
	col.byID[e.id] = e
	at := len(col.order)
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
