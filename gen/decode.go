package gen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// model is a pointer to a generated type.
type model[T any] interface {
	*T
	decode(*decoder)
	encode(*encoder)
}

// Decode reads one JSON object from r, to the end of r. A *[TypeError] tells of members of the wrong type in a well-formed
// text; any other error is one of reading or of syntax, and holds io.ErrUnexpectedEOF where the text ends too soon.
func Decode[T any, P model[T]](r io.Reader) (*T, error) {
	d := decoder{dec: jsontext.NewDecoder(r), whole: true}
	return decode[T, P](&d)
}

// unmarshal takes a null, too: it is an element of somebody's array, and encodes to null again.
func unmarshal[T any, P model[T]](b []byte, dst P) error {
	v, err := decode[T, P](&decoder{dec: jsontext.NewDecoder(bytes.NewBuffer(b))})
	if err == nil {
		*dst = *v
	}
	return err
}

func decode[T any, P model[T]](d *decoder) (*T, error) {
	v := new(T)
	P(v).decode(d)
	if err := d.finish(); err != nil {
		return nil, err
	}
	return v, nil
}

type decoder struct {
	dec     *jsontext.Decoder
	info    *typeInfo // of the outermost object
	whole   bool      // a null in its place is a fault
	err     error     // the first error of reading or of syntax; nothing is read after it
	faults  Faults
	scratch []byte // undeclared members of the objects being decoded, the innermost last
}

func (d *decoder) finish() error {
	if d.err == nil {
		if _, err := d.dec.ReadToken(); err == nil {
			d.err = fmt.Errorf("more than one JSON value, at offset %d", d.dec.InputOffset())
		} else if !errors.Is(err, io.EOF) {
			d.err = err
		}
	}
	switch {
	case d.err == nil:
		return d.faults.err(d.info)
	case errors.Is(d.err, io.EOF):
		return fmt.Errorf("no JSON value: %w", io.ErrUnexpectedEOF)
	}
	return &decodeError{d.err}
}

// decodeError keeps the texts of jsontext's errors, which encoding/json rewrites when it is built on version 2.
type decodeError struct{ err error }

func (e *decodeError) Error() string { return e.err.Error() }
func (e *decodeError) Unwrap() error { return e.err }

// object is the state of one object that is being decoded.
type object struct {
	held
	name []byte // of the current member, unquoted; valid until the next read
	base int    // where the undeclared members begin in scratch
	open bool
}

func (d *decoder) begin(info *typeInfo) object {
	o := object{base: len(d.scratch)}
	o.info = info
	outermost := d.info == nil
	if outermost {
		d.info = info
	}
	switch {
	case d.err != nil:
	case d.dec.PeekKind() == '{':
		_, d.err = d.dec.ReadToken()
		o.open = d.err == nil
	default:
		v := d.value()
		o.null = string(v) == "null" && !(outermost && d.whole)
		if v != nil && !o.null {
			d.mismatch(v, "an object ("+info.name+")")
		}
	}
	return o
}

// next reads the name of the next member.
func (d *decoder) next(o *object) bool {
	if !o.open || d.err != nil {
		return false
	}
	if d.dec.PeekKind() == '}' {
		_, d.err = d.dec.ReadToken()
		return false
	}
	quoted := d.value()
	if d.err != nil {
		return false
	}
	o.name = quoted[1 : len(quoted)-1]
	if bytes.IndexByte(quoted, '\\') >= 0 {
		o.name, d.err = jsontext.AppendUnquote(nil, quoted)
	}
	return d.err == nil
}

func (d *decoder) undeclared(o *object) {
	if len(d.scratch) > o.base {
		d.scratch = append(d.scratch, ',')
	}
	// The name is only a name again once it is quoted: it may have come with escapes.
	d.scratch, _ = jsontext.AppendQuote(d.scratch, o.name)
	d.scratch = append(d.scratch, ':')
	d.scratch = append(d.scratch, d.value()...)
}

func (d *decoder) end(o *object) Members {
	o.raw = string(d.scratch[o.base:])
	d.scratch = d.scratch[:o.base]
	if o.raw == "" && o.nulls == 0 && !o.null && o.details == nil {
		return Members{}
	}
	held := o.held
	return Members{&held}
}

// value reads the next value; nil after an error.
func (d *decoder) value() jsontext.Value {
	if d.err != nil {
		return nil
	}
	v, err := d.dec.ReadValue()
	if err != nil {
		d.err = err
		return nil
	}
	return v
}

// property reads the value of a declared property; nil where it is null or cannot be read.
func (d *decoder) property(o *object, i int) jsontext.Value {
	v := d.value()
	if string(v) == "null" {
		o.nulls |= 1 << i
		return nil
	}
	return v
}

// enter is property for arrays and objects, which are not read at once.
func (d *decoder) enter(o *object, i int) bool {
	if d.err != nil {
		return false
	}
	if d.dec.PeekKind() == 'n' {
		d.property(o, i)
		return false
	}
	return true
}

// elements calls each for every element of the array that comes next.
func (d *decoder) elements(each func()) {
	if d.dec.PeekKind() != '[' {
		if v := d.value(); v != nil {
			d.mismatch(v, "an array")
		}
		return
	}
	_, d.err = d.dec.ReadToken()
	for d.err == nil && d.dec.PeekKind() != ']' {
		each()
	}
	if d.err == nil {
		_, d.err = d.dec.ReadToken()
	}
}

// mismatch records that the value just read is not what was wanted.
func (d *decoder) mismatch(found jsontext.Value, wanted string) {
	d.faults.Add(d.path(), describe(found), wanted)
}

// path is the place of the value just read, in the notation of Go and JavaScript.
func (d *decoder) path() string {
	var b strings.Builder
	level := 0
	for token := range d.dec.StackPointer().Tokens() {
		level++
		switch kind, _ := d.dec.StackIndex(level); {
		case kind == '[':
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}

// describe names a JSON value in a few words.
func describe(v jsontext.Value) string {
	switch v[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return shorten(string(v))
}

// shorten cuts a text to 40 characters and escapes what would steer a terminal.
func shorten(s string) string {
	const limit = 40
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > limit {
			return b.String() + "…"
		}
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func decodeString(d *decoder, o *object, i int, dst **string) {
	v := d.property(o, i)
	switch {
	case v == nil:
	case v[0] == '"':
		s := d.text(v)
		*dst = &s
	default:
		d.mismatch(v, "a string (Edm.String)")
	}
}

// text unquotes a JSON string that the decoder has already checked.
func (d *decoder) text(quoted jsontext.Value) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	b, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		d.err = err
	}
	return string(b)
}

func decodeDouble(d *decoder, o *object, i int, dst **float64) {
	v := d.property(o, i)
	if v == nil {
		return
	}
	f, ok := parseDouble(v)
	if !ok {
		d.mismatch(v, "a number (Edm.Double)")
		return
	}
	*dst = &f
}

func parseDouble(v []byte) (float64, bool) {
	switch string(v) {
	case `"NaN"`:
		return math.NaN(), true
	case `"INF"`:
		return math.Inf(1), true
	case `"-INF"`:
		return math.Inf(-1), true
	}
	if !number(v) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if f == 0 && err == nil { // not zero is not zero, however small
		digits, _, _ := strings.Cut(strings.ToLower(string(v)), "e")
		return f, !strings.ContainsAny(digits, "123456789")
	}
	return f, err == nil
}

// number reports whether a valid JSON value is a number; strconv takes more than JSON does.
func number(v []byte) bool {
	return len(v) > 0 && (v[0] == '-' || '0' <= v[0] && v[0] <= '9')
}

func decodeInt32(d *decoder, o *object, i int, dst **int32) {
	if n, ok := decodeInteger(d, o, i, 32); ok {
		n32 := int32(n)
		*dst = &n32
	}
}

func decodeInt64(d *decoder, o *object, i int, dst **int64) {
	if n, ok := decodeInteger(d, o, i, 64); ok {
		*dst = &n
	}
}

func decodeInteger(d *decoder, o *object, i, bits int) (int64, bool) {
	v := d.property(o, i)
	if v == nil {
		return 0, false
	}
	n, ok := parseInteger(v, bits)
	if !ok {
		d.mismatch(v, fmt.Sprintf("an integer of %d bits (Edm.Int%d)", bits, bits))
	}
	return n, ok
}

// parseInteger takes 3.0 and 3e0 as well as 3: one number, three spellings. It works on the text, for a float64 would round.
func parseInteger(v []byte, bits int) (int64, bool) {
	if !number(v) {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(v), 10, bits); err == nil {
		return n, true
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(string(v)), "e")
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	digits := strings.TrimRight(all, "0")
	if digits == "" {
		return 0, true
	}
	power := 0
	if exponent != "" {
		var err error
		if power, err = strconv.Atoi(exponent); err != nil {
			return 0, false
		}
	}
	const most = 19 // digits of an int64
	zeros := power - len(fraction) + len(all) - len(digits)
	if zeros < 0 || zeros > most || len(digits)+zeros > most {
		return 0, false
	}
	digits += strings.Repeat("0", zeros)
	if negative {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, 10, bits)
	return n, err == nil
}

func decodeBoolean(d *decoder, o *object, i int, dst **bool) {
	v := d.property(o, i)
	switch string(v) {
	case "":
	case "true", "false":
		b := v[0] == 't'
		*dst = &b
	default:
		d.mismatch(v, "true or false (Edm.Boolean)")
	}
}

func decodeDateTimeOffset(d *decoder, o *object, i int, dst **time.Time) {
	v := d.property(o, i)
	if v == nil {
		return
	}
	if v[0] == '"' {
		s := d.text(v)
		if t, ok := parseDateTimeOffset(s); ok {
			*dst = &t
			if s != formatDateTimeOffset(t) {
				o.remember().texts = append(o.details.texts, text{i, s})
			}
			return
		}
	}
	d.mismatch(v, "a date and time with offset (Edm.DateTimeOffset)")
}

func (o *object) remember() *details {
	if o.details == nil {
		o.details = new(details)
	}
	return o.details
}

// parseDateTimeOffset takes what OData's Edm.DateTimeOffset allows: RFC 3339, with any number of fractional digits (the
// value keeps nine), and the seconds may be left out.
func parseDateTimeOffset(s string) (time.Time, bool) {
	const minutes = len("2006-01-02T15:04")
	if len(s) > minutes && s[minutes] != ':' {
		s = s[:minutes] + ":00" + s[minutes:]
	}
	t, err := time.Parse(time.RFC3339, s)
	_, offset := t.Zone()
	// time.Parse takes a comma for the point, and offsets of a day and more.
	return t, err == nil && !strings.Contains(s, ",") && max(offset, -offset) < 24*60*60
}

func decodeStrings(d *decoder, o *object, i int, dst *[]string) {
	if !d.enter(o, i) {
		return
	}
	list := []string{}
	var nulls []int
	d.elements(func() {
		v := d.value()
		switch {
		case v == nil:
			return
		case v[0] == '"':
			list = append(list, d.text(v))
			return
		case v[0] == 'n':
			nulls = append(nulls, len(list))
		default:
			d.mismatch(v, "a string (Edm.String)")
		}
		list = append(list, "")
	})
	if nulls != nil {
		o.remember().lists = append(o.details.lists, nullList{i, list, nulls})
	}
	*dst = list
}

func decodeObjects[T any, P model[T]](d *decoder, o *object, i int, dst *[]T) {
	if !d.enter(o, i) {
		return
	}
	items := []T{}
	d.elements(func() {
		items = append(items, *new(T))
		P(&items[len(items)-1]).decode(d)
	})
	*dst = items
}

func decodeObject[T any, P model[T]](d *decoder, o *object, i int, dst **T) {
	if !d.enter(o, i) {
		return
	}
	*dst = new(T)
	P(*dst).decode(d)
}

// decodeRaw is for the bodies that the batch endpoint carries.
func decodeRaw(d *decoder, o *object, i int, dst *json.RawMessage) {
	if v := d.property(o, i); v != nil {
		*dst = json.RawMessage(v.Clone())
	}
}

// decodeHeaders is for the headers that the batch endpoint carries.
func decodeHeaders(d *decoder, o *object, i int, dst *map[string]string) {
	v := d.property(o, i)
	if v == nil {
		return
	}
	var headers map[string]*string
	err := json.Unmarshal(v, &headers)
	*dst = make(map[string]string, len(headers))
	for name, value := range headers {
		if value == nil {
			err = errors.New("null")
			continue
		}
		(*dst)[name] = *value
	}
	if err != nil {
		d.mismatch(v, "an object of strings")
	}
}
