package clienttest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// etag returns the entity tag of this version, "" where it has none: tags are
// made under [WithETags] only, and else as they were seeded.
func (e *entity) etag() string { return e.doc.text("@odata.etag") }

// tagOf makes a weak entity tag of what a document says.
func tagOf(doc document) string {
	sum := sha256.Sum256(doc.appendTo(nil, ""))
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// checkIfMatch refuses a request that is for another version of the entity.
func checkIfMatch(c *call, e *entity) *odataError {
	values := c.Header.Values("If-Match")
	if len(values) == 0 {
		return nil
	}
	for tag := range strings.SplitSeq(strings.Join(values, ","), ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag != "" && tag == e.etag() {
			return nil
		}
	}
	return &odataError{
		status: http.StatusPreconditionFailed, code: "PreconditionFailed",
		message: "The entity has been changed: its ETag is not the one in the If-Match header.",
	}
}
