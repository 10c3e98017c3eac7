package client

import (
	"errors"
	"strings"
)

const headerIfMatch = "If-Match"

// WithIfMatch makes an update or a delete of one entity conditional: the service carries it out only while the entity
// has this ETag, as it was read (the ODataETag of a decoded entity, quotes and all, such as `W/"JzE="`), and answers
// [ErrPreconditionFailed] when it has changed since. "*" holds for any version of an entity that exists. Calls that
// take no ETag are refused with it.
func WithIfMatch(etag string) CallOption {
	return func(cl *call) error {
		if !isETag(etag) && etag != "*" {
			return errors.New(`the ETag for If-Match is not one: it has quotes, as in W/"JzE=", or is *`)
		}
		cl.header.Set(headerIfMatch, etag)
		return nil
	}
}

// isETag is entity-tag of RFC 9110, section 8.8.3, in ASCII.
func isETag(s string) bool {
	opaque, opened := strings.CutPrefix(strings.TrimPrefix(s, "W/"), `"`)
	opaque, closed := strings.CutSuffix(opaque, `"`)
	return opened && closed && !strings.ContainsFunc(opaque, func(r rune) bool { return r <= ' ' || r == '"' || r > '~' })
}
