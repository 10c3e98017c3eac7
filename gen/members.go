package gen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Members holds the members of a JSON object that its type does not declare, exactly as they came: order, digits and
// escapes. It also remembers which declared members came as null. The zero value is empty.
//
// Copies are independent of each other: a change replaces what the copy holds, so b := a never aliases. Reading is safe
// for concurrent use; Set and Delete are not.
type Members struct {
	held *held // never changed once it is shared
}

type held struct {
	info    *typeInfo // of the object that was decoded; nil before
	raw     string    // `"name":value` pairs joined by commas
	nulls   uint64    // bit i: the i-th declared property came as null
	null    bool      // the whole object came as null
	edited  bool      // raw may hold declared names
	details *details
}

// details is what few objects have.
type details struct {
	texts []text     // dates whose text is not the one that would be written
	lists []nullList // string collections with elements that came as null
}

type text struct {
	property int
	text     string
}

// nullList remembers which elements of a string collection came as null, as long as the field holds that very slice.
type nullList struct {
	property int
	list     []string
	at       []int // ascending
}

type typeInfo struct {
	name       string
	properties []string
}

func (t *typeInfo) declares(name string) bool {
	for _, p := range t.properties {
		if p == name {
			return true
		}
	}
	return false
}

// all yields the members in order. The values are JSON known to be valid.
func (m Members) all() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		if m.held == nil {
			return
		}
		for rest := m.held.raw; rest != ""; {
			var quoted, value string
			quoted, rest = cutValue(rest)
			value, rest = cutValue(rest)
			if !yield(unquote(quoted), value) {
				return
			}
		}
	}
}

// cutValue cuts the first JSON value off s, and the delimiter behind it.
func cutValue(s string) (value, rest string) {
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			depth++
		case c == '}', c == ']':
			depth--
		case depth == 0 && (c == ',' || c == ':'):
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func unquote(quoted string) string {
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	b, _ := jsontext.AppendUnquote(nil, quoted)
	return string(b)
}

func (m Members) lookup(name string) (string, bool) {
	for n, value := range m.all() {
		if n == name {
			return value, true
		}
	}
	return "", false
}

// Len is the number of undeclared members.
func (m Members) Len() int {
	n := 0
	for range m.all() {
		n++
	}
	return n
}

// Names are the names of the undeclared members, in the order they came in.
func (m Members) Names() []string {
	var names []string
	for name := range m.all() {
		names = append(names, name)
	}
	return names
}

// Get returns the JSON text of an undeclared member as it came. The name is case-sensitive.
func (m Members) Get(name string) (json.RawMessage, bool) {
	value, ok := m.lookup(name)
	if !ok {
		return nil, false
	}
	return json.RawMessage(value), true
}

// Null reports whether the member, declared or not, came or was set as null.
func (m Members) Null(name string) bool {
	if value, ok := m.lookup(name); ok {
		return value == "null"
	}
	if m.held == nil || m.held.info == nil {
		return false
	}
	for i, p := range m.held.info.properties {
		if p == name {
			return m.held.nulls&(1<<i) != 0
		}
	}
	return false
}

// IsNull reports whether the whole object came as null, as an element of a collection may. It encodes to null again unless
// one of its fields or an undeclared member is set.
func (m Members) IsNull() bool {
	return m.held != nil && m.held.null
}

// Text returns an undeclared member that is a JSON string; ok is false where it is absent or of another type.
func (m Members) Text(name string) (s string, ok bool) {
	value, _ := m.lookup(name)
	if value == "" || value[0] != '"' {
		return "", false
	}
	return unquote(value), true
}

// Float64 returns an undeclared member that is a JSON number or one of the strings "NaN", "INF" and "-INF"; ok is false
// where it is absent, of another type or beyond a float64.
func (m Members) Float64(name string) (f float64, ok bool) {
	value, _ := m.lookup(name)
	return parseDouble([]byte(value))
}

// Int64 returns an undeclared member that is a JSON number with an integral value; ok is false where it is absent, of
// another type or beyond an int64.
func (m Members) Int64(name string) (i int64, ok bool) {
	value, _ := m.lookup(name)
	return parseInteger([]byte(value), 64)
}

// Bool returns an undeclared member that is true or false; ok is false where it is absent or of another type.
func (m Members) Bool(name string) (b, ok bool) {
	value, _ := m.lookup(name)
	return value == "true", value == "true" || value == "false"
}

// Time returns an undeclared member that is a JSON string holding a date and time with offset; ok is false where it is
// absent, of another type or no such text.
func (m Members) Time(name string) (t time.Time, ok bool) {
	s, ok := m.Text(name)
	if !ok {
		return time.Time{}, false
	}
	return parseDateTimeOffset(s)
}

// Set sets an undeclared member to the JSON encoding of value, in its place or behind the others; a json.RawMessage is
// kept as it is. Setting the name of a declared member to nil sends a null while its field is unset; any other value
// under a declared name is an error when the object is encoded.
func (m *Members) Set(name string, value any) error {
	quoted, err := jsontext.AppendQuote(nil, name)
	if err != nil {
		return fmt.Errorf("name of member %q: %w", name, err)
	}
	encoded, err := encodeMember(value)
	if err != nil {
		return fmt.Errorf("member %q: %w", name, err)
	}
	m.edit(name, string(quoted)+":"+encoded)
	return nil
}

// Delete removes an undeclared member, if it is there, and forgets that a declared one came as null.
func (m *Members) Delete(name string) {
	m.edit(name, "")
}

// edit replaces the pair of that name, appends it, or removes it where pair is "".
func (m *Members) edit(name, pair string) {
	next := held{}
	if m.held != nil {
		next = *m.held
	}
	var pairs []string
	for rest := next.raw; rest != ""; {
		whole := rest
		var quoted string
		quoted, rest = cutValue(rest)
		var value string
		value, rest = cutValue(rest)
		if unquote(quoted) == name {
			if pair != "" {
				pairs = append(pairs, pair)
				pair = ""
			}
			continue
		}
		pairs = append(pairs, whole[:len(quoted)+1+len(value)])
	}
	if pair != "" {
		pairs = append(pairs, pair)
	}
	next.raw = strings.Join(pairs, ",")
	next.edited, next.null = true, false
	if next.info != nil {
		for i, p := range next.info.properties {
			if p == name {
				next.nulls &^= 1 << i
			}
		}
	}
	m.held = &next
}

func encodeMember(value any) (string, error) {
	text, ok := value.(json.RawMessage)
	if !ok {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(value); err != nil {
			return "", err
		}
		text = b.Bytes()
	}
	// As strict as decoding: a name that stands twice, say, would be refused there.
	d := decoder{dec: jsontext.NewDecoder(bytes.NewReader(text))}
	encoded := strings.TrimSpace(string(d.value()))
	if err := d.finish(); err != nil {
		return "", fmt.Errorf("%s is not JSON: %w", shorten(strconv.Quote(string(text))), err)
	}
	return encoded, nil
}

// Clone returns a copy that shares no memory with m. What a page's objects hold may share the page's memory; clone what
// outlives it.
func (m Members) Clone() Members {
	if m.held == nil {
		return m
	}
	next := *m.held
	next.raw = strings.Clone(next.raw)
	return Members{&next}
}

// UnmarshalJSON replaces all members by those of one object.
func (m *Members) UnmarshalJSON(b []byte) error {
	d := decoder{dec: jsontext.NewDecoder(bytes.NewReader(b))}
	o := d.begin(membersInfo)
	for d.next(&o) {
		d.undeclared(&o)
	}
	members := d.end(&o)
	if err := d.finish(); err != nil {
		return err
	}
	*m = members
	return nil
}

var membersInfo = &typeInfo{name: "members"}

// MarshalJSON writes the undeclared members as one object.
func (m Members) MarshalJSON() ([]byte, error) {
	if m.held == nil {
		return []byte("{}"), nil
	}
	return []byte("{" + m.held.raw + "}"), nil
}
