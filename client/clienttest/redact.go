package clienttest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// secretHeaders are the headers whose values are not recorded.
var secretHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie"}

// publicParameters are those of a token request that are no secret.
var publicParameters = []string{"grant_type", "client_id", "client_assertion_type", "scope", "claims"}

// parameterName is what a parameter's name may look like to be shown: the
// "name" of something that is not a form at all may be the secret.
var parameterName = regexp.MustCompile(`^[a-z_]{1,40}$`)

// redactForm replaces what is not known to be public in a form, whether or not
// it is well-formed.
func redactForm(form string) string {
	if form == "" {
		return ""
	}
	const redacted = "redacted"
	var out []string
	for pair := range strings.SplitSeq(form, "&") {
		name, value, hasValue := strings.Cut(pair, "=")
		switch {
		case slices.Contains(publicParameters, name):
		case !hasValue || !parameterName.MatchString(name):
			name, value = redacted, redacted
		default:
			value = redacted
		}
		out = append(out, name+"="+value)
	}
	return strings.Join(out, "&")
}

// redactBatch replaces the values of secret headers in the body of a batch. A
// body that has none stays as it is; of one that cannot be read and may have
// some nothing is left.
func redactBatch(body []byte) []byte {
	batch, err := parseDocument(body)
	var requests []json.RawMessage
	if err == nil {
		err = json.Unmarshal(batch.get("requests"), &requests)
	}
	secrets := false
	for i, raw := range requests {
		item, itemErr := parseObject(raw)
		headers, headersErr := parseObject(item.get("headers"))
		if itemErr != nil || headersErr != nil {
			continue // it has no headers
		}
		for n, h := range headers {
			if slices.Contains(secretHeaders, http.CanonicalHeaderKey(h.name)) {
				headers[n].value, secrets = []byte(`"present"`), true
			}
		}
		requests[i] = item.set("headers", headers.appendTo(nil, "")).appendTo(nil, "")
	}
	if err != nil {
		for _, name := range secretHeaders {
			if bytes.Contains(bytes.ToLower(body), []byte(strings.ToLower(name))) {
				return []byte("redacted")
			}
		}
	}
	if !secrets {
		return body
	}
	return batch.set("requests", mustMarshal(requests)).appendTo(nil, "")
}
