package clienttest

import (
	"cmp"
	"slices"
	"strings"
)

// sortKey is one term of an $orderby.
type sortKey struct {
	by         path
	descending bool
}

// parseOrder reads an $orderby.
func (t *structuredType) parseOrder(text string) ([]sortKey, *odataError) {
	var out []sortKey
	for term := range strings.SplitSeq(text, ",") {
		words := strings.Fields(term)
		if len(words) == 0 {
			return nil, badRequest(optionOrderBy, "The query option '$orderby' has an empty term.")
		}
		by, fault := t.resolve(words[0])
		if fault != nil {
			fault.target = optionOrderBy
			return nil, fault
		}
		direction := strings.Join(words[1:], " ")
		if direction != "" && direction != "asc" && direction != "desc" {
			return nil, badRequest(optionOrderBy, "Invalid direction '%s' in the query option '$orderby': asc or desc is wanted.", clip(direction))
		}
		out = append(out, sortKey{by: by, descending: direction == "desc"})
	}
	return out, nil
}

// sortBy sorts entities, in place. Those that are equal stay in their order, the
// usual one of the collection. Null comes first, and last where descending.
func sortBy(entities []*entity, keys []sortKey) {
	if len(keys) == 0 {
		return
	}
	values := make(map[*entity][]value, len(entities))
	for _, e := range entities {
		for _, k := range keys {
			values[e] = append(values[e], k.by.of(e.doc))
		}
	}
	slices.SortStableFunc(entities, func(a, b *entity) int {
		order := 0
		for i, k := range keys {
			c := compare(values[a][i], values[b][i])
			if k.descending {
				c = -c
			}
			order = cmp.Or(order, c)
		}
		return order
	})
}
