package clienttest

import (
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
	optionFilter    = "$filter"
	optionOrderBy   = "$orderby"
	optionSelect    = "$select"
	optionSkipToken = "$skiptoken"
)

// query is the query options of one request, read.
type query struct {
	top       int // 0: not given
	skip      int
	count     bool
	filter    filter
	order     []sortKey
	selection selection
	token     string
	given     url.Values // by lower-case name, as the caller wrote the values
}

// parseQuery reads the system query options of a URL, which begin with $, for
// entities of a type. One that is not supported is refused. Others are the
// caller's own and ignored, as OData has it.
func (t *structuredType) parseQuery(raw string, supported ...string) (query, *odataError) {
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
		if fault := q.set(t, option, v[0]); fault != nil {
			return q, fault
		}
	}
	if q.given.Has(optionSkip) && q.given.Has(optionSkipToken) {
		return q, badRequest(optionSkip, "The query options '$skip' and '$skiptoken' exclude each other.")
	}
	return q, nil
}

func (q *query) set(t *structuredType, option, value string) (fault *odataError) {
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
	case optionFilter:
		q.filter, fault = t.parseFilter(value)
	case optionOrderBy:
		q.order, fault = t.parseOrder(value)
	case optionSelect:
		q.selection, fault = t.parseSelection(value)
	}
	return fault
}

// next returns the query of the link to the next page: the caller's options
// with a new token. $skip has had its effect.
func (q *query) next(token string) string {
	var b strings.Builder
	for _, option := range []string{optionCount, optionFilter, optionOrderBy, optionSelect, optionTop} {
		if q.given.Has(option) {
			value := strings.ReplaceAll(url.QueryEscape(q.given.Get(option)), "+", "%20")
			b.WriteString(option + "=" + value + "&")
		}
	}
	return b.String() + optionSkipToken + "=" + token
}
