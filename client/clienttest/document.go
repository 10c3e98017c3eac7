package clienttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one member of a JSON object, its value as it came.
type member struct {
	name  string
	value []byte
}

// document is a JSON object with its members in order. Values are kept as text:
// no number passes through a float64.
type document []member

// parseDocument reads one JSON object, and nothing after it. Duplicate names
// and invalid UTF-8 are refused. Blanks between tokens are dropped.
func parseDocument(data []byte) (document, error) {
	members, err := parseObject(data)
	if err != nil {
		return nil, err
	}
	for i, m := range members {
		var compact bytes.Buffer
		if err := json.Compact(&compact, m.value); err != nil {
			return nil, err
		}
		members[i].value = compact.Bytes()
	}
	return members, nil
}

func parseObject(data []byte) (document, error) {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	switch kind := d.PeekKind(); {
	case kind == '{':
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("the body is empty")
	case kind > 0:
		return nil, fmt.Errorf("an object is wanted, found %s", describe(data))
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, syntaxError(err)
	}
	var members document
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, syntaxError(err)
		}
		m := member{name: name.String()}
		value, err := d.ReadValue()
		if err != nil {
			return nil, syntaxError(err)
		}
		m.value = bytes.Clone(value)
		members = append(members, m)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, syntaxError(err)
	}
	return members, atEnd(d)
}

// parseArray returns the elements of a JSON array.
func parseArray(data []byte) ([][]byte, error) {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	if _, err := d.ReadToken(); err != nil {
		return nil, syntaxError(err)
	}
	var elements [][]byte
	for d.PeekKind() != ']' {
		value, err := d.ReadValue()
		if err != nil {
			return nil, syntaxError(err)
		}
		elements = append(elements, bytes.Clone(value))
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, syntaxError(err)
	}
	return elements, atEnd(d)
}

func atEnd(d *jsontext.Decoder) error {
	switch _, err := d.ReadToken(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return syntaxError(err)
	}
	return errors.New("there is more after the end of the JSON value")
}

// syntaxError shortens an error of the decoder to what a caller can use.
func syntaxError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return errors.New("the JSON ends too early")
	}
	return errors.New("it is not valid JSON: " + strings.TrimPrefix(err.Error(), "jsontext: "))
}

// get returns the value of a member, nil where there is none or it is null.
func (d document) get(name string) []byte {
	for _, m := range d {
		if m.name == name && string(m.value) != "null" {
			return m.value
		}
	}
	return nil
}

// member returns the member of that name, be it null.
func (d document) member(name string) (member, bool) {
	for _, m := range d {
		if m.name == name {
			return m, true
		}
	}
	return member{}, false
}

// text returns the value of a member that is a string, or "".
func (d document) text(name string) string {
	var s string
	if v := d.get(name); v != nil {
		_ = json.Unmarshal(v, &s) // checked to be a string, see check
	}
	return s
}

// with returns the document with a member set: in its place where it is there
// (as null), else before the first member that is not an annotation.
func (d document) with(name string, value []byte) document {
	out := make(document, 0, len(d)+1)
	at := -1
	for i, m := range d {
		if m.name == name {
			at = i
			break
		}
	}
	if at >= 0 {
		out = append(out, d...)
		out[at].value = value
		return out
	}
	for at = 0; at < len(d) && annotation(d[at].name); at++ {
	}
	out = append(out, d[:at]...)
	out = append(out, member{name, value})
	return append(out, d[at:]...)
}

// set returns the document with a member set: in its place, else at the end.
func (d document) set(name string, value []byte) document {
	out := append(make(document, 0, len(d)+1), d...)
	for i, m := range out {
		if m.name == name {
			out[i].value = value
			return out
		}
	}
	return append(out, member{name, value})
}

// without returns the document with no member of that name.
func (d document) without(name string) document {
	return slices.DeleteFunc(slices.Clone(d), func(m member) bool { return m.name == name })
}

// annotation reports whether a name is one of OData's own.
func annotation(name string) bool { return strings.Contains(name, "@") }

// appendTo writes the document. A context is written first, in place of the one
// that the document may have; "" writes none.
func (d document) appendTo(b []byte, context string) []byte {
	b = append(b, '{')
	if context != "" {
		b = appendMember(b, "@odata.context", context)
	}
	comma := context != ""
	for _, m := range d {
		if m.name == "@odata.context" {
			continue
		}
		if comma {
			b = append(b, ',')
		}
		comma = true
		b = appendString(b, m.name)
		b = append(b, ':')
		b = append(b, m.value...)
	}
	return append(b, '}')
}

// appendMember writes a member whose value is a string.
func appendMember(b []byte, name, value string) []byte {
	b = appendString(b, name)
	b = append(b, ':')
	return appendString(b, value)
}

func appendString(b []byte, s string) []byte {
	// It fails for invalid UTF-8 only, and writes replacement runes for that.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}
