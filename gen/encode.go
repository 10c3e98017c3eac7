package gen

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

func marshal[T any, P model[T]](v P) ([]byte, error) {
	e := encoder{b: make([]byte, 0, 512)}
	v.encode(&e)
	if err := e.faults.err(e.info); err != nil {
		return nil, err
	}
	return e.b, nil
}

type encoder struct {
	b      []byte
	info   *typeInfo // of the outermost object
	path   []byte    // of the object being encoded
	faults Faults
}

// output is the state of one object that is being encoded.
type output struct {
	*held
	info   *typeInfo
	start  int // where it begins in encoder.b
	fields uint64
}

var nothing = new(held)

func (e *encoder) begin(info *typeInfo, extra Members) output {
	if e.info == nil {
		e.info = info
	}
	o := output{held: extra.held, info: info, start: len(e.b)}
	switch {
	case o.held == nil:
		o.held = nothing
	case o.held.info != nil && o.held.info != info:
		// Of another type: what it remembers of declared members is not about these, and it may hold their names.
		o.held = &held{raw: o.held.raw, edited: true}
	}
	e.b = append(e.b, '{')
	return o
}

func (e *encoder) end(o *output) {
	if o.edited {
		e.edited(o)
	} else if o.raw != "" {
		e.comma(o)
		e.b = append(e.b, o.raw...)
	}
	if o.null && len(e.b) == o.start+1 {
		e.b = append(e.b[:o.start], "null"...)
		return
	}
	e.b = append(e.b, '}')
}

// edited writes the undeclared members of an object whose Extra was changed by hand, and may hold declared names.
func (e *encoder) edited(o *output) {
	for name, value := range (Members{o.held}).all() {
		if o.info.declares(name) {
			if value != "null" {
				e.fault(name, "a member in Extra", "its value in the field")
				continue
			}
			if e.written(o, name) {
				continue
			}
		}
		e.comma(o)
		e.b, _ = jsontext.AppendQuote(e.b, name)
		e.b = append(e.b, ':')
		e.b = append(e.b, value...)
	}
}

func (e *encoder) written(o *output, name string) bool {
	for i, p := range o.info.properties {
		if p == name {
			return o.fields&(1<<i) != 0
		}
	}
	return false
}

func (e *encoder) comma(o *output) {
	if len(e.b) > o.start+1 {
		e.b = append(e.b, ',')
	}
}

// name writes a property's name. It reports false where the property is unset, having written the null that it came as.
func (e *encoder) name(o *output, i int, set bool) bool {
	if !set && o.nulls&(1<<i) == 0 {
		return false
	}
	e.comma(o)
	e.b = append(e.b, '"')
	e.b = append(e.b, o.info.properties[i]...)
	e.b = append(e.b, '"', ':')
	o.fields |= 1 << i
	if !set {
		e.b = append(e.b, "null"...)
	}
	return set
}

// fault records that the named member of the current object cannot be written.
func (e *encoder) fault(name, found, wanted string) {
	path := string(e.path)
	if path != "" {
		path += "."
	}
	e.faults.Add(path+name, found, wanted)
}

// within runs encode with the path extended.
func (e *encoder) within(name string, index int, encode func(*encoder)) {
	length := len(e.path)
	if length > 0 {
		e.path = append(e.path, '.')
	}
	e.path = append(e.path, name...)
	if index >= 0 {
		e.path = append(e.path, '[')
		e.path = strconv.AppendInt(e.path, int64(index), 10)
		e.path = append(e.path, ']')
	}
	encode(e)
	e.path = e.path[:length]
}

// text writes a string: a property, or the element of one where index is not negative.
func (e *encoder) text(s, name string, index int) {
	var err error
	if e.b, err = jsontext.AppendQuote(e.b, s); err != nil {
		if index >= 0 {
			name = fmt.Sprintf("%s[%d]", name, index)
		}
		e.fault(name, shorten(strconv.Quote(s)), "UTF-8")
	}
}

func encodeString(e *encoder, o *output, i int, v *string) {
	if e.name(o, i, v != nil) {
		e.text(*v, o.info.properties[i], -1)
	}
}

func encodeDouble(e *encoder, o *output, i int, v *float64) {
	if e.name(o, i, v != nil) {
		e.b = appendDouble(e.b, *v)
	}
}

// appendDouble writes the shortest digits that read as the same number, with an exponent where encoding/json has one.
func appendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, `"NaN"`...)
	case math.IsInf(f, 1):
		return append(b, `"INF"`...)
	case math.IsInf(f, -1):
		return append(b, `"-INF"`...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, 64)
}

func encodeInt32(e *encoder, o *output, i int, v *int32) {
	if e.name(o, i, v != nil) {
		e.b = strconv.AppendInt(e.b, int64(*v), 10)
	}
}

func encodeInt64(e *encoder, o *output, i int, v *int64) {
	if e.name(o, i, v != nil) {
		e.b = strconv.AppendInt(e.b, *v, 10)
	}
}

func encodeBoolean(e *encoder, o *output, i int, v *bool) {
	if e.name(o, i, v != nil) {
		e.b = strconv.AppendBool(e.b, *v)
	}
}

func encodeDateTimeOffset(e *encoder, o *output, i int, v *time.Time) {
	if !e.name(o, i, v != nil) {
		return
	}
	s := formatDateTimeOffset(*v)
	if came, ok := o.came(i); ok {
		if t, ok := parseDateTimeOffset(came); ok && formatDateTimeOffset(t) == s {
			s = came
		}
	}
	if _, ok := parseDateTimeOffset(s); !ok {
		e.fault(o.info.properties[i], v.String(), "a year of four digits")
	} else if _, offset := v.Zone(); offset%60 != 0 {
		e.fault(o.info.properties[i], v.String(), "an offset of whole minutes")
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, s...)
	e.b = append(e.b, '"')
}

func formatDateTimeOffset(t time.Time) string {
	return t.Format(time.RFC3339Nano)
}

// came returns the text that a date came as, where it differs from what would be written.
func (h *held) came(property int) (string, bool) {
	if h.details == nil {
		return "", false
	}
	for _, t := range h.details.texts {
		if t.property == property {
			return t.text, true
		}
	}
	return "", false
}

func encodeStrings(e *encoder, o *output, i int, v []string) {
	if !e.name(o, i, v != nil) {
		return
	}
	nulls := o.cameNull(i, v)
	e.b = append(e.b, '[')
	for j, s := range v {
		if j > 0 {
			e.b = append(e.b, ',')
		}
		if len(nulls) > 0 && nulls[0] == j {
			nulls = nulls[1:]
			if s == "" {
				e.b = append(e.b, "null"...)
				continue
			}
		}
		e.text(s, o.info.properties[i], j)
	}
	e.b = append(e.b, ']')
}

// cameNull returns which elements came as null, if the field still holds the slice that was decoded.
func (h *held) cameNull(property int, v []string) []int {
	if h.details == nil || len(v) == 0 {
		return nil
	}
	for _, l := range h.details.lists {
		if l.property == property && len(l.list) == len(v) && &l.list[0] == &v[0] {
			return l.at
		}
	}
	return nil
}

func encodeObjects[T any, P model[T]](e *encoder, o *output, i int, v []T) {
	if !e.name(o, i, v != nil) {
		return
	}
	e.b = append(e.b, '[')
	for j := range v {
		if j > 0 {
			e.b = append(e.b, ',')
		}
		e.within(o.info.properties[i], j, P(&v[j]).encode)
	}
	e.b = append(e.b, ']')
}

func encodeObject[T any, P model[T]](e *encoder, o *output, i int, v *T) {
	if e.name(o, i, v != nil) {
		e.within(o.info.properties[i], -1, P(v).encode)
	}
}

// encodeRaw is for the bodies that the batch endpoint carries.
func encodeRaw(e *encoder, o *output, i int, v json.RawMessage) {
	if !e.name(o, i, v != nil) {
		return
	}
	if !json.Valid(v) {
		e.fault(o.info.properties[i], shorten(strconv.Quote(string(v))), "JSON")
	}
	e.b = append(e.b, v...)
}

// encodeHeaders is for the headers that the batch endpoint carries.
func encodeHeaders(e *encoder, o *output, i int, v map[string]string) {
	if !e.name(o, i, v != nil) {
		return
	}
	e.b = append(e.b, '{')
	for j, name := range slices.Sorted(maps.Keys(v)) {
		if j > 0 {
			e.b = append(e.b, ',')
		}
		e.text(name, o.info.properties[i], -1)
		e.b = append(e.b, ':')
		e.text(v[name], o.info.properties[i]+"."+name, -1)
	}
	e.b = append(e.b, '}')
}
