package clienttest

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// view is a collection as one request lists it: filtered and sorted.
type view struct {
	name     string
	entities []*entity
}

// view returns the entities that a query asks for, over all pages.
func (col *collection) view(q query) view {
	v := view{name: col.name}
	for _, e := range col.order {
		if q.filter.matches(e.doc) {
			v.entities = append(v.entities, e)
		}
	}
	sortBy(v.entities, q.order)
	return v
}

// tokenAfter returns the token for the page that begins at position end. It
// names the entity before it, so that one created meanwhile moves nothing, and
// the position, for when that entity is gone or no longer meets the filter.
func (v view) tokenAfter(end int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s/%d/%d", v.name, v.entities[end-1].number, end))
}

// position returns where the page that was asked for begins.
func (v view) position(q query) (int, *odataError) {
	if q.token == "" {
		return min(q.skip, len(v.entities)), nil
	}
	refused := badRequest(optionSkipToken, "The skip token is not valid for %s.", v.name)
	text, err := base64.RawURLEncoding.Strict().DecodeString(q.token)
	if err != nil {
		return 0, refused
	}
	parts := strings.Split(string(text), "/")
	if len(parts) != 3 || parts[0] != v.name {
		return 0, refused
	}
	number, err1 := strconv.ParseUint(parts[1], 10, 31)
	end, err2 := strconv.ParseUint(parts[2], 10, 31)
	if err1 != nil || err2 != nil || end == 0 {
		return 0, refused
	}
	for i, e := range v.entities {
		if e.number == int(number) {
			return i + 1, nil
		}
	}
	return min(int(end)-1, len(v.entities)), nil // what followed it has moved up
}
