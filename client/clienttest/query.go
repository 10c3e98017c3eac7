package clienttest

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The query options that a list understands.
const (
	optionTop       = "$top"
	optionSkip      = "$skip"
	optionCount     = "$count"
	optionSkipToken = "$skiptoken"
)

// query is the query options of one request, read.
type query struct {
	top   int // 0: not given
	skip  int
	count bool
	token string
	given url.Values // by lower-case name, as the caller wrote the values
}

// parseQuery reads the system query options of a URL, which begin with $. One
// that is not supported is refused. Others are the caller's own and ignored, as
// OData has it.
func parseQuery(raw string, supported ...string) (query, *odataError) {
	q := query{given: url.Values{}}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, badRequest("", "The query of the request is not well-formed: %v.", err)
	}
	for name, v := range values {
		option := strings.ToLower(name)
		if !strings.HasPrefix(option, "$") {
			continue
		}
		if !slices.Contains(supported, option) {
			return q, badRequest(option, "The query option '%s' is not supported here.", clip(name))
		}
		if len(v) > 1 || q.given.Has(option) {
			return q, badRequest(option, "The query option '%s' must not occur more than once.", option)
		}
		if fault := q.set(option, v[0]); fault != nil {
			return q, fault
		}
	}
	if q.given.Has(optionSkip) && q.given.Has(optionSkipToken) {
		return q, badRequest(optionSkip, "The query options '$skip' and '$skiptoken' exclude each other.")
	}
	return q, nil
}

func (q *query) set(option, value string) *odataError {
	invalid := func(want string) *odataError {
		return badRequest(option, "Invalid value '%s' for the query option '%s': %s is wanted.", clip(value), option, want)
	}
	q.given.Set(option, value)
	n, err := strconv.ParseInt(value, 10, 32)
	switch option {
	case optionTop:
		if err != nil || n < 1 {
			return invalid("an integer of at least 1")
		}
		q.top = int(n)
	case optionSkip:
		if err != nil || n < 0 {
			return invalid("an integer of at least 0")
		}
		q.skip = int(n)
	case optionCount:
		if value != "true" && value != "false" {
			return invalid("true or false")
		}
		q.count = value == "true"
	case optionSkipToken:
		if value == "" {
			return invalid("the token of a nextLink")
		}
		q.token = value
	}
	return nil
}

// next returns the query of the link to the next page: the caller's options
// with a new token. $skip has had its effect.
func (q *query) next(token string) string {
	var b strings.Builder
	for _, option := range []string{optionCount, optionTop} {
		if q.given.Has(option) {
			b.WriteString(option + "=" + url.QueryEscape(q.given.Get(option)) + "&")
		}
	}
	return b.String() + optionSkipToken + "=" + token
}

// tokenAfter returns the token for the page that begins at position end. It
// names the entity before it, so that one created meanwhile moves nothing, and
// the position, for when that entity is gone.
func (col *collection) tokenAfter(end int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s/%d/%d", col.name, col.order[end-1].number, end))
}

// position returns where the page that was asked for begins.
func (col *collection) position(q query) (int, *odataError) {
	if q.token == "" {
		return min(q.skip, len(col.order)), nil
	}
	refused := badRequest(optionSkipToken, "The skip token is not valid for %s.", col.name)
	text, err := base64.RawURLEncoding.Strict().DecodeString(q.token)
	if err != nil {
		return 0, refused
	}
	parts := strings.Split(string(text), "/")
	if len(parts) != 3 || parts[0] != col.name {
		return 0, refused
	}
	number, err1 := strconv.ParseUint(parts[1], 10, 31)
	end, err2 := strconv.ParseUint(parts[2], 10, 31)
	if err1 != nil || err2 != nil || end == 0 {
		return 0, refused
	}
	for i, e := range col.order {
		if e.number == int(number) {
			return i + 1, nil
		}
	}
	return min(int(end)-1, len(col.order)), nil // what followed it has moved up
}
