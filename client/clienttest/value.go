package clienttest

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// edmNull is the type of the literal null, which goes with any other.
const edmNull edm = ""

// value is a primitive value of OData. Null has a type too.
type value struct {
	kind   edm
	null   bool
	text   string    // edmString
	number float64   // edmDouble, edmInt32: each fits exactly
	truth  bool      // edmBoolean
	at     time.Time // edmDateTimeOffset
}

func truth(b bool) value { return value{kind: edmBoolean, truth: b} }

// path is a property to filter or sort by, such as currentScore or
// vendorInformation/provider.
type path struct {
	names []string
	kind  edm
}

// resolve finds a declared primitive property. Names are in exactly the case
// that they are declared in.
func (t *structuredType) resolve(name string) (path, *odataError) {
	names := strings.Split(name, "/")
	in := t
	for i, n := range names {
		p, ok := in.declared(n)
		last := i == len(names)-1
		switch {
		case !ok:
			return path{}, badRequest("", "Could not find a property named '%s' on type '%s'.", clip(n), in.name)
		case p.collection:
			return path{}, badRequest("", "The property '%s' of type %s is a collection, which is not supported here.", n, p.typeName())
		case last && p.complex != nil:
			return path{}, badRequest("", "The property '%s' of type %s has no single value: name one of its properties, as in %s/%s.", n, p.typeName(), clip(name), p.complex.properties[0].name)
		case last:
			return path{names: names, kind: p.primitive}, nil
		case p.complex == nil:
			return path{}, badRequest("", "The property '%s' of type %s has no properties of its own.", n, p.typeName())
		}
		in = p.complex
	}
	panic("clienttest: strings.Split returned nothing")
}

// of returns the property's value in a document that has been checked. A member
// that is absent is null.
func (p path) of(doc document) value {
	for _, name := range p.names[:len(p.names)-1] {
		doc, _ = parseObject(doc.get(name)) // nothing where it is null
	}
	raw := doc.get(p.names[len(p.names)-1])
	if raw == nil {
		return value{kind: p.kind, null: true}
	}
	v := value{kind: p.kind}
	switch p.kind {
	case edmBoolean:
		v.truth = raw[0] == 't'
	case edmInt32, edmDouble:
		v.number, _ = strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	case edmDateTimeOffset:
		_ = v.at.UnmarshalJSON(raw)
	default:
		_ = json.Unmarshal(raw, &v.text)
	}
	return v
}

// compare orders two values of kinds that go together, null before all others
// and NaN before all other numbers.
func compare(a, b value) int {
	if a.null || b.null {
		return flag(!a.null) - flag(!b.null)
	}
	switch a.kind {
	case edmBoolean:
		return flag(a.truth) - flag(b.truth)
	case edmInt32, edmDouble:
		return cmp.Compare(a.number, b.number)
	case edmDateTimeOffset:
		return a.at.Compare(b.at)
	}
	return strings.Compare(a.text, b.text)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
