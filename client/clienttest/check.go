package clienttest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// purpose is what a document is checked for.
type purpose int

const (
	forSeed   purpose = iota // types only
	forCreate                // types, closed types, the required members
	forUpdate                // types, closed types
)

// check holds a document against a type. The first fault found is returned,
// with its path, as the service does.
func (t *structuredType) check(path string, doc document, why purpose) *odataError {
	for _, m := range doc {
		at := join(path, m.name)
		p, ok := t.declared(m.name)
		switch {
		case ok:
			if fault := p.check(at, m.value, why); fault != nil {
				return fault
			}
		case m.name == "@odata.type":
			if fault := t.checkName(at, m.value); fault != nil {
				return fault
			}
		case annotation(m.name), t.open, why == forSeed:
		default:
			return badRequest(at, "The property '%s' does not exist on type '%s'. Make sure to only use property names that are defined by the type.", clip(at), t.name)
		}
	}
	if why != forCreate {
		return nil
	}
	for _, p := range t.properties {
		if p.onCreate && doc.get(p.name) == nil {
			at := join(path, p.name)
			return badRequest(at, "The required property '%s' (%s) is missing or null.", at, p.typeName())
		}
	}
	return nil
}

// checkName checks an @odata.type, which may begin with # or not.
func (t *structuredType) checkName(path string, value []byte) *odataError {
	var name string
	if err := json.Unmarshal(value, &name); err != nil || !strings.EqualFold(strings.TrimPrefix(name, "#"), t.name) {
		return badRequest(path, "The value %s of '%s' does not name the expected type '%s'.", describe(value), path, t.name)
	}
	return nil
}

func (p property) check(path string, value []byte, why purpose) *odataError {
	if string(value) == "null" {
		// A null id asks the service for one, like none.
		if p.notNull && p.name != "id" {
			return p.mismatch(path, value)
		}
		return nil
	}
	if !p.collection {
		return p.checkOne(path, value, why)
	}
	if value[0] != '[' {
		return p.mismatch(path, value)
	}
	elements, _ := parseArray(value) // the document has been read: its values are valid
	element := p
	element.collection = false
	for i, v := range elements {
		if string(v) == "null" {
			continue
		}
		if fault := element.checkOne(fmt.Sprintf("%s[%d]", path, i), v, why); fault != nil {
			return fault
		}
	}
	return nil
}

func (p property) checkOne(path string, value []byte, why purpose) *odataError {
	if p.complex == nil {
		if !p.primitive.accepts(value) {
			return p.mismatch(path, value)
		}
		return nil
	}
	if value[0] != '{' {
		return p.mismatch(path, value)
	}
	doc, _ := parseObject(value) // valid too
	return p.complex.check(path, doc, why)
}

// mismatch is the error for a value of the wrong type.
func (p property) mismatch(path string, value []byte) *odataError {
	return badRequest(path, "Cannot convert the value of property '%s' to the expected type '%s': found %s.", path, p.typeName(), describe(value))
}

// accepts reports whether a JSON value other than null is one of the type.
func (e edm) accepts(value []byte) bool {
	switch e {
	case edmBoolean:
		return value[0] == 't' || value[0] == 'f'
	case edmInt32:
		_, err := strconv.ParseInt(string(value), 10, 32)
		return err == nil
	case edmDouble:
		switch string(value) {
		case `"NaN"`, `"INF"`, `"-INF"`:
			return true
		}
		_, err := strconv.ParseFloat(string(value), 64)
		return err == nil
	}
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		return false
	}
	if e == edmDateTimeOffset {
		var t time.Time
		return t.UnmarshalText([]byte(s)) == nil
	}
	return true
}

// describe names a JSON value in a message.
func describe(value []byte) string {
	value = []byte(clip(strings.TrimSpace(string(value))))
	switch value[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "the string " + string(value)
	case 'n', 't', 'f':
		return string(value)
	}
	return "the number " + string(value)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
