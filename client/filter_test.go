package client_test

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
)

type category string

func TestFilterText(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 17, 1, 2, 3, 400, time.FixedZone("", 3*3600))
	a, b, c := client.Eq("a", 1), client.Eq("b", 2), client.Eq("c", 3)
	tests := map[string]struct{ got, want client.Filter }{
		"string":                 {client.Eq("title", "plain"), "title eq 'plain'"},
		"quotes are doubled":     {client.Eq("title", "it's ''"), "title eq 'it''s '''''"},
		"what looks like a term": {client.Eq("title", "x' or 'a' eq 'a"), "title eq 'x'' or ''a'' eq ''a'"},
		"path":                   {client.Ne("vendorInformation/provider", "p"), "vendorInformation/provider ne 'p'"},
		"own type":               {client.Eq("c", category("x")), "c eq 'x'"},
		"bool":                   {client.Eq("deprecated", true), "deprecated eq true"},
		"int":                    {client.Gt("rank", -7), "rank gt -7"},
		"uint":                   {client.Ge("rank", uint64(math.MaxUint64)), "rank ge 18446744073709551615"},
		"double":                 {client.Lt("maxScore", 9.5), "maxScore lt 9.5"},
		"large double":           {client.Lt("maxScore", 1e21), "maxScore lt 1000000000000000000000"},
		"single":                 {client.Le("maxScore", float32(0.1)), "maxScore le 0.1"},
		"nil":                    {client.Eq("tier", nil), "tier eq null"},
		"nil pointer":            {client.Ne("tier", (*string)(nil)), "tier ne null"},
		"pointer":                {client.Ne("tier", new("x")), "tier ne 'x'"},
		"time":                   {client.Ge("createdDateTime", at), "createdDateTime ge 2026-07-16T22:02:03.0000004Z"},
		"pointer to a time":      {client.Ge("createdDateTime", &at), "createdDateTime ge 2026-07-16T22:02:03.0000004Z"},
		"startswith":             {client.StartsWith("id", "scid_'"), "startswith(id,'scid_''')"},
		"and":                    {client.And(a, b, c), "a eq 1 and b eq 2 and c eq 3"},
		"and of one":             {client.And(a), "a eq 1"},
		"and of none":            {client.And(), ""},
		"and of empty":           {client.And("", a, ""), "a eq 1"},
		"or":                     {client.Or(a, b), "a eq 1 or b eq 2"},
		"and of or":              {client.And(client.Or(a, b), c), "(a eq 1 or b eq 2) and c eq 3"},
		"and of or by hand":      {client.And("a OR b", c), "(a OR b) and c eq 3"},
		"and of or and brackets": {client.And("a or (b or c)", c), "(a or (b or c)) and c eq 3"},
		"and of or in brackets":  {client.And("(a or b)", c), "(a or b) and c eq 3"},
		"and of or in a text":    {client.And(client.Eq("t", " or "), c), "t eq ' or ' and c eq 3"},
		"or of and":              {client.Or(client.And(a, b), c), "a eq 1 and b eq 2 or c eq 3"},
		"or of or":               {client.Or(client.Or(a, b), c), "a eq 1 or b eq 2 or c eq 3"},
		"not":                    {client.Not(client.Or(a, b)), "not (a eq 1 or b eq 2)"},
		"not of startswith":      {client.And(client.Not(client.StartsWith("id", "x")), a), "not (startswith(id,'x')) and a eq 1"},
		"by hand":                {"a eq 'x'", "a eq 'x'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := tt.got.Err(); err != nil || tt.got != tt.want {
				t.Errorf("got %s, %v\nwant %s", tt.got, err, tt.want)
			}
		})
	}
}

func TestFilterRefuses(t *testing.T) {
	t.Parallel()
	bad := client.Eq("a b", 1)
	tests := map[string]struct {
		filter client.Filter
		text   string
	}{
		"no property":             {client.Eq("", 1), "1 to 128"},
		"long property":           {client.Eq(strings.Repeat("a", 129), 1), "1 to 128"},
		"property with a blank":   {bad, `"a b"`},
		"property with a quote":   {client.Eq("a'", 1), "name of a property"},
		"property with a digit":   {client.Eq("1a", 1), "name of a property"},
		"property not ASCII":      {client.Eq("ä", 1), "name of a property"},
		"open path":               {client.Eq("a/", 1), "1 to 128"},
		"property in startswith":  {client.StartsWith("a,b", "x"), "name of a property"},
		"a slice":                 {client.Eq("a", []int{1}), "[]int"},
		"a struct":                {client.Eq("a", struct{}{}), "struct {}"},
		"NaN":                     {client.Eq("a", math.NaN()), "not finite"},
		"infinity":                {client.Eq("a", math.Inf(-1)), "not finite"},
		"bytes that are no text":  {client.Eq("a", "\xff"), "UTF-8"},
		"the same in startswith":  {client.StartsWith("a", "\xff"), "UTF-8"},
		"a year of five digits":   {client.Eq("a", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), "four digits"},
		"greater than nil":        {client.Gt("a", nil), "no order"},
		"not less than nil":       {client.Ge("a", (*int)(nil)), "no order"},
		"or of none":              {client.Or(), "no filter"},
		"or of an empty one":      {client.Or(client.Eq("a", 1), ""), "empty"},
		"not of an empty one":     {client.Not(""), "empty"},
		"a bad one in and":        {client.And(client.Eq("a", 1), bad), `"a b"`},
		"a bad one in or":         {client.Or(bad), `"a b"`},
		"a bad one in not":        {client.Not(client.And(bad)), `"a b"`},
		"an open quote":           {"a eq 'b", "quote"},
		"an open quote in and":    {client.And("a eq 'b", "c eq 'd"), "quote"},
		"an open bracket":         {"(a eq 1", "not closed"},
		"an open bracket in or":   {client.Or("(a eq 1", "b eq 2)"), "not closed"},
		"a bracket not opened":    {client.And("a eq 1) or (b eq 2", "c eq 3"), "not opened"},
		"16 terms":                {client.Or(terms(16)...), "more than 15"},
		"16 terms, nested":        {client.And(client.Or(terms(8)...), client.Or(terms(9)...)), "more than 15"},
		"16 terms by hand":        {client.Filter("a" + strings.Repeat(" or\ta", 15)), "more than 15"},
		"16 terms, no blanks":     {client.Filter("(a)" + strings.Repeat("or(a)", 15)), "more than 15"},
		"what is no UTF-8 in two": {client.Gt("a b", "\xff"), "UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.filter.Err()
			if !errors.Is(err, client.ErrInvalid) || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want ErrInvalid with %q", err, tt.text)
			}
		})
	}
}

func terms(n int) []client.Filter {
	var filters []client.Filter
	for i := range n {
		filters = append(filters, client.Eq("id", fmt.Sprint(i, " or ")))
	}
	return filters
}

func TestFilterTakesFifteenTerms(t *testing.T) {
	t.Parallel()
	if err := client.Or(terms(15)...).Err(); err != nil {
		t.Error(err)
	}
}

// FuzzFilter holds that no value gets out of its quotes: whatever it is, the filter reads as one term with that
// value.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"", "'", "''", "a' or 'b", "(", ")", "!", "\x00", "ä", "\xff"} {
		f.Add("title", s)
	}
	f.Add("a b", "")
	f.Fuzz(func(t *testing.T, property, value string) {
		filter := client.Eq(property, value)
		if filter.Err() != nil {
			return
		}
		text, found := strings.CutPrefix(string(filter), property+" eq '")
		inner, closed := strings.CutSuffix(text, "'")
		if !found || !closed || strings.ReplaceAll(inner, "''", "") != strings.ReplaceAll(value, "'", "") || strings.Contains(strings.ReplaceAll(inner, "''", ""), "'") {
			t.Fatalf("%q", filter)
		}
		whole := client.And(client.Or(filter, client.Not(filter)), filter)
		if err := whole.Err(); err != nil {
			t.Fatalf("%q: %v", whole, err)
		}
		if got, err := url.QueryUnescape(url.QueryEscape(string(whole))); err != nil || got != string(whole) {
			t.Fatalf("%q does not fit in a URL: %v", whole, err)
		}
	})
}

func TestBlankFilters(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 2)
	c := serve(t, graph)
	if n, err := c.SecureScores.Count(t.Context(), " \t"); err != nil || n != 2 {
		t.Errorf("got %d, %v", n, err)
	}
	if f := client.And(" ", client.Eq("a", 1)); f != "a eq 1" {
		t.Errorf("got %q", f)
	}
	for _, f := range []client.Filter{client.Or(" ", "a eq 1"), client.Not(" ")} {
		if f.Err() == nil {
			t.Errorf("%q is taken", f)
		}
	}
	type day time.Time
	if f := client.Gt("createdDateTime", day(time.Date(2026, 7, 17, 0, 0, 0, 0, time.UTC))); f != "createdDateTime gt 2026-07-17T00:00:00Z" {
		t.Errorf("got %q", f)
	}
}
