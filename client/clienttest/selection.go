package clienttest

import "strings"

// selection is a $select, read. The zero selection is everything.
type selection struct {
	names map[string][]string // properties, and those of a complex one; nil for all of it
	text  string              // as it stands in the context
}

// parseSelection reads a $select: declared properties, one level of a complex
// one's, or *.
func (t *structuredType) parseSelection(text string) (selection, *odataError) {
	s := selection{names: map[string][]string{}}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "*" {
			return selection{}, nil
		}
		items = append(items, item)
		name, inner, nested := strings.Cut(item, "/")
		p, ok := t.declared(name)
		if !ok {
			return s, badRequest(optionSelect, "Could not find a property named '%s' on type '%s'.", clip(name), t.name)
		}
		if !nested {
			s.names[name] = nil
			continue
		}
		if p.complex == nil || p.collection {
			return s, badRequest(optionSelect, "The property '%s' of type %s cannot be selected from with '%s'.", name, p.typeName(), clip(item))
		}
		if _, ok := p.complex.declared(inner); !ok {
			return s, badRequest(optionSelect, "Could not find a property named '%s' on type '%s'.", clip(inner), p.complex.name)
		}
		if all, chosen := s.names[name]; !chosen || all != nil {
			s.names[name] = append(all, inner)
		}
	}
	s.text = strings.Join(items, ",")
	return s, nil
}

// context returns what the selection adds to an @odata.context.
func (s selection) context() string {
	if s.text == "" {
		return ""
	}
	return "(" + s.text + ")"
}

// of returns what is selected of a document. OData's own members of the entity
// stay, those of a property go where it does.
func (s selection) of(doc document) document {
	if s.names == nil {
		return doc
	}
	var out document
	for _, m := range doc {
		name, _, _ := strings.Cut(m.name, "@")
		inner, ok := s.names[name]
		switch {
		case !ok && name != "":
			continue
		case inner != nil && m.value[0] == '{':
			nested, _ := parseObject(m.value) // part of a document that was read
			m.value = selectionOf(inner).of(nested).appendTo(nil, "")
		}
		out = append(out, m)
	}
	return out
}

func selectionOf(names []string) selection {
	s := selection{names: map[string][]string{}}
	for _, n := range names {
		s.names[n] = nil
	}
	return s
}
