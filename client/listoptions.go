package client

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// ListOptions say which entities a list has, and how it is fetched. Nil and the zero value ask for all of them.
type ListOptions struct {
	// Limit is the number of items wanted in all; 0 means every one. It is this client's own: no page is asked for that is not
	// needed.
	Limit int
	// PageSize is the number of items of one page ($top); 0 leaves it to the service. It limits nothing. Where Limit is
	// smaller, Limit is sent.
	PageSize int
	// Skip passes over that many items ($skip).
	Skip int
	// Filter keeps the items that it holds for ($filter).
	Filter Filter
	// OrderBy names the properties to sort by, each with an optional " asc" or " desc" ($orderby). The service's own order of
	// scores is the newest first.
	OrderBy []string
	// Select names the properties wanted ($select); the others are absent.
	Select []string
	// Count asks for the number of items over all pages ($count), which comes with [Page.Count].
	Count bool
}

// params are what is sent of o.
func (o *ListOptions) params() (*gen.ListSecureScoresParams, error) {
	if o == nil {
		return &gen.ListSecureScoresParams{}, nil
	}
	for _, f := range []struct {
		name  string
		value int
	}{{"Limit", o.Limit}, {"PageSize", o.PageSize}, {"Skip", o.Skip}} {
		if f.value < 0 || f.value > math.MaxInt32 {
			return nil, fmt.Errorf("ListOptions.%s is %d, want 0 to %d", f.name, f.value, math.MaxInt32)
		}
	}
	p := gen.ListSecureScoresParams{Select: o.Select, Orderby: o.OrderBy}
	for _, name := range o.Select {
		if err := checkProperty(name); err != nil {
			return nil, fmt.Errorf("ListOptions.Select has %q: %w", clean(name, maxIDText), err)
		}
	}
	for _, term := range o.OrderBy {
		name, direction, _ := strings.Cut(term, " ")
		if checkProperty(name) != nil || direction != "" && direction != "asc" && direction != "desc" {
			return nil, fmt.Errorf("ListOptions.OrderBy has %q, want the name of a property, alone or with asc or desc behind it", clean(term, maxIDText))
		}
	}
	filter, err := o.Filter.param()
	if err != nil {
		return nil, err
	}
	p.Filter = filter
	top := o.PageSize
	if o.Limit > 0 && (top == 0 || o.Limit < top) {
		top = o.Limit
	}
	if top > 0 {
		p.Top = new(int32(top))
	}
	if o.Skip > 0 {
		p.Skip = new(int32(o.Skip))
	}
	if o.Count {
		p.Count = &o.Count
	}
	return &p, nil
}

// leavesOut says that a property is not among the selected ones.
func (o *ListOptions) leavesOut(property string) bool {
	return o != nil && len(o.Select) > 0 && !slices.Contains(o.Select, property)
}

// param is what is sent of f: nothing of a blank one.
func (f Filter) param() (*string, error) {
	if err := f.Err(); err != nil || strings.TrimSpace(string(f)) == "" {
		return nil, err
	}
	return (*string)(&f), nil
}

func (o *ListOptions) limit() int {
	if o == nil {
		return 0
	}
	return o.Limit
}

// clone keeps a list from seeing what the caller does to the options later.
func (o *ListOptions) clone() *ListOptions {
	if o == nil {
		return nil
	}
	c := *o
	c.OrderBy, c.Select = slices.Clone(o.OrderBy), slices.Clone(o.Select)
	return &c
}
