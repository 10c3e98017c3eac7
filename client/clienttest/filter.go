package clienttest

import (
	"math"
	"strings"
)

// maxOrTerms is how many terms the service bears in a filter that has an or.
// More are answered with an empty list instead of an error.
const maxOrTerms = 15

// filter is a $filter, read. The zero filter lets everything through.
type filter struct {
	root expression
	ors  int // operators in it
}

// over reports whether the filter has more or terms than the service bears.
func (f filter) over() bool { return f.ors+1 > maxOrTerms }

// matches reports whether the filter lets a document through.
func (f filter) matches(doc document) bool {
	if f.over() {
		return false
	}
	if f.root == nil {
		return true
	}
	v := f.root.of(doc)
	return !v.null && v.truth
}

// expression is a part of a filter: a path, a literal or an operation.
type expression interface {
	of(doc document) value
	// typ is known without a document: a filter is refused for its types before
	// it meets any.
	typ() edm
}

func (p path) typ() edm { return p.kind }

func (v value) of(document) value { return v }
func (v value) typ() edm          { return v.kind }

// junction is a list of terms joined by and, or by or. Null is OData's third
// truth: it yields to a term that decides.
type junction struct {
	terms []expression
	or    bool
}

func (junction) typ() edm { return edmBoolean }

func (j junction) of(doc document) value {
	out := truth(!j.or)
	for _, t := range j.terms {
		v := t.of(doc)
		switch {
		case v.null:
			out = value{kind: edmBoolean, null: true}
		case v.truth == j.or:
			return truth(j.or)
		}
	}
	return out
}

// negation is not. The negation of null is null.
type negation struct{ term expression }

func (negation) typ() edm { return edmBoolean }

func (n negation) of(doc document) value {
	v := n.term.of(doc)
	v.truth = !v.truth
	return v
}

// comparison is one of eq ne gt ge lt le. It is never null: null is equal to
// null only, and neither before nor after anything.
type comparison struct {
	op          string
	left, right expression
}

func (comparison) typ() edm { return edmBoolean }

func (c comparison) of(doc document) value {
	a, b := c.left.of(doc), c.right.of(doc)
	if c.op == "eq" || c.op == "ne" {
		equal := compare(a, b) == 0 && !a.notANumber() && !b.notANumber()
		return truth(equal == (c.op == "eq"))
	}
	if a.null || b.null || a.notANumber() || b.notANumber() {
		return truth(false)
	}
	order := compare(a, b)
	switch c.op {
	case "gt":
		return truth(order > 0)
	case "ge":
		return truth(order >= 0)
	case "lt":
		return truth(order < 0)
	}
	return truth(order <= 0)
}

func (v value) notANumber() bool { return !v.null && math.IsNaN(v.number) }

// startsWith is the function of that name. It is null where one argument is.
type startsWith struct{ text, prefix expression }

func (startsWith) typ() edm { return edmBoolean }

func (s startsWith) of(doc document) value {
	text, prefix := s.text.of(doc), s.prefix.of(doc)
	if text.null || prefix.null {
		return value{kind: edmBoolean, null: true}
	}
	return truth(strings.HasPrefix(text.text, prefix.text))
}
