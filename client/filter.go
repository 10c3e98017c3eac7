package client

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Filter is an OData filter expression; "" filters nothing. [Eq] and its kin, [StartsWith], [And], [Or] and [Not]
// build one with every value quoted as OData wants it, so that no value can change what the filter means:
//
//	client.And(client.Eq("controlCategory", "Identity"), client.Ne("deprecated", true))
//
// A filter written by hand is sent as it is:
//
//	client.Filter("controlCategory eq 'Identity' and deprecated ne true")
//
// A filter that could not be built holds the reason, see [Filter.Err], and the calls that are given it are refused.
type Filter string

// maxOrTerms is how many alternatives the service bears in a filter: one with more was answered with success and an
// empty list. Whether it counts the alternatives or the words "or" is not known; with the former nothing is lost.
const maxOrTerms = 15

// badFilter begins a filter that could not be built; the reason follows. No expression begins with it.
const badFilter = "!"

// Eq is "property eq value". The property is a name, or a path such as "vendorInformation/provider". The value is
// nil, a string, a bool, a number, a [time.Time], or a pointer to one of them; also of a type that has one of these
// beneath it.
func Eq(property string, value any) Filter { return compare(property, "eq", value) }

// Ne is "property ne value", with property and value as for [Eq].
func Ne(property string, value any) Filter { return compare(property, "ne", value) }

// Gt is "property gt value", with property and value as for [Eq]; nil is refused, for it is greater than nothing.
func Gt(property string, value any) Filter { return compare(property, "gt", value) }

// Ge is "property ge value", with property and value as for [Gt].
func Ge(property string, value any) Filter { return compare(property, "ge", value) }

// Lt is "property lt value", with property and value as for [Gt].
func Lt(property string, value any) Filter { return compare(property, "lt", value) }

// Le is "property le value", with property and value as for [Gt].
func Le(property string, value any) Filter { return compare(property, "le", value) }

// StartsWith is "startswith(property,'prefix')", with property as for [Eq].
func StartsWith(property, prefix string) Filter {
	text, err := literal(prefix)
	if err = errors.Join(checkProperty(property), err); err != nil {
		return refusedFilter("startswith", property, err)
	}
	return Filter("startswith(" + property + "," + text + ")")
}

// And holds where all filters do. Empty ones are left out, as they hold always; with none left it is empty.
func And(filters ...Filter) Filter {
	var parts []string
	for _, f := range filters {
		if strings.TrimSpace(string(f)) == "" {
			continue
		}
		s, err := f.scan()
		if err != nil {
			return f.refused(err)
		}
		if s.topOr {
			f = "(" + f + ")"
		}
		parts = append(parts, string(f))
	}
	return Filter(strings.Join(parts, " and "))
}

// Or holds where any of the filters does. No filter at all is refused, and so is an empty one: the first would hold
// never and the second always, and the service would be asked for everything in either case.
func Or(filters ...Filter) Filter {
	var parts []string
	for _, f := range filters {
		if _, err := f.scan(); err != nil {
			return f.refused(err)
		}
		if strings.TrimSpace(string(f)) == "" {
			return badFilter + "or: one of the filters is empty"
		}
		parts = append(parts, string(f))
	}
	if len(parts) == 0 {
		return badFilter + "or: there is no filter"
	}
	return Filter(strings.Join(parts, " or "))
}

// Not holds where f does not. An empty filter is refused.
func Not(f Filter) Filter {
	if _, err := f.scan(); err != nil {
		return f.refused(err)
	}
	if strings.TrimSpace(string(f)) == "" {
		return badFilter + "not: the filter is empty"
	}
	return "not (" + f + ")"
}

// Err says why the filter is not sent: a helper was given what it cannot write, quotes or parentheses do not pair, or
// there are more than 15 terms with "or" between them, which the service answers with an empty list. It is
// [ErrInvalid]; nil means that the filter is sent, not that the service understands it.
func (f Filter) Err() error {
	s, err := f.scan()
	if err == nil && s.ors+1 > maxOrTerms {
		err = fmt.Errorf("it has %d terms with \"or\" between them, and the service answers more than %d with an empty list: "+
			"make several calls", s.ors+1, maxOrTerms)
	}
	if err != nil {
		return fmt.Errorf("%w: filter: %w", ErrInvalid, err)
	}
	return nil
}

func compare(property, operator string, value any) Filter {
	text, err := literal(value)
	if err == nil && text == "null" && operator != "eq" && operator != "ne" {
		err = errors.New("nil has no order")
	}
	if err = errors.Join(checkProperty(property), err); err != nil {
		return refusedFilter(operator, property, err)
	}
	return Filter(property + " " + operator + " " + text)
}

func refusedFilter(operator, property string, err error) Filter {
	reason := strings.ReplaceAll(err.Error(), "\n", "; ")
	return Filter(fmt.Sprintf("%s%s of property %q: %s", badFilter, operator, clean(property, maxCodeText), reason))
}

// refused keeps the reason of a part for the whole.
func (f Filter) refused(err error) Filter {
	if strings.HasPrefix(string(f), badFilter) {
		return f
	}
	return Filter(badFilter + err.Error())
}

// checkProperty takes names, and paths of them. The service's own are plain ASCII.
func checkProperty(path string) error {
	for name := range strings.SplitSeq(path, "/") {
		for i, r := range name {
			if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
				return errors.New("not the name of a property, nor a path such as vendorInformation/provider")
			}
		}
		if name == "" || len(name) > 128 { // OData's limit
			return errors.New("a name has 1 to 128 characters")
		}
	}
	return nil
}

// literal writes a value as OData does, to be put into an expression.
func literal(value any) (string, error) {
	if t, ok := value.(time.Time); ok {
		return timeLiteral(t)
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Invalid:
		return "null", nil
	case reflect.Pointer:
		if v.IsNil() {
			return "null", nil
		}
		return literal(v.Elem().Interface())
	case reflect.String:
		if !utf8.ValidString(v.String()) {
			return "", errors.New("the text is not UTF-8")
		}
		return "'" + strings.ReplaceAll(v.String(), "'", "''") + "'", nil
	case reflect.Struct:
		if t := reflect.TypeFor[time.Time](); v.CanConvert(t) {
			return timeLiteral(v.Convert(t).Interface().(time.Time))
		}
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		return floatLiteral(v.Float(), v.Type().Bits())
	}
	return "", fmt.Errorf("a value of type %T cannot be written: give a string, a bool, a number or a time.Time", value)
}

func floatLiteral(f float64, bits int) (string, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", errors.New("the number is not finite")
	}
	return strconv.FormatFloat(f, 'f', -1, bits), nil
}

// timeLiteral is in UTC: an offset would have a plus sign, which some servers read as a blank.
func timeLiteral(t time.Time) (string, error) {
	t = t.UTC()
	if t.Year() < 1 || t.Year() > 9999 {
		return "", errors.New("the time's year does not have four digits")
	}
	return t.Format(time.RFC3339Nano), nil
}

// expression is what matters of a filter's text here.
type expression struct {
	ors   int  // the operators "or", at any depth
	topOr bool // one of them is outside all parentheses
}

// scan reads an expression as far as its quotes, parentheses and words.
func (f Filter) scan() (expression, error) {
	var e expression
	if reason, bad := strings.CutPrefix(string(f), badFilter); bad {
		return e, errors.New(reason)
	}
	depth, word := 0, -1 // word: where the current one begins
	endWord := func(end int) {
		if word >= 0 && strings.EqualFold(string(f[word:end]), "or") {
			e.ors++
			e.topOr = e.topOr || depth == 0
		}
		word = -1
	}
	for i := 0; i < len(f); i++ {
		switch c := f[i]; c {
		case '\'':
			endWord(i)
			n := strings.IndexByte(string(f[i+1:]), '\'') // a doubled quote ends one text and begins the next
			if n < 0 {
				return e, errors.New("a quote is not closed")
			}
			i += n + 1
		case '(':
			endWord(i)
			depth++
		case ')':
			endWord(i)
			if depth--; depth < 0 {
				return e, errors.New("a parenthesis is closed that was not opened")
			}
		case ' ', '\t', '\n', '\r', ',':
			endWord(i)
		default:
			if word < 0 {
				word = i
			}
		}
	}
	endWord(len(f))
	if depth > 0 {
		return e, errors.New("a parenthesis is not closed")
	}
	return e, nil
}
