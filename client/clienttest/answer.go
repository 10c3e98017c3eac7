package clienttest

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
)

// answer is a response before it is sent, so that a fault can alter it.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	cut      Cut
	verbatim bool // the body is a fault's own: it is not compressed
}

const contentTypeOData = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

// agsDiagnostic has the shape of the service's x-ms-ags-diagnostic header.
const agsDiagnostic = `{"ServerInfo":{"DataCenter":"In Memory","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"CLIENTTEST"}}`

func jsonAnswer(status int, body []byte) *answer {
	return &answer{
		status: status,
		header: http.Header{"Content-Type": {contentTypeOData}, "Odata-Version": {"4.0"}},
		body:   body,
	}
}

// addCommonHeaders sets the headers that each answer has.
func (a *answer) addCommonHeaders(c *call) {
	common := map[string]string{
		"Date":                      c.at.UTC().Format(http.TimeFormat),
		"Strict-Transport-Security": "max-age=31536000",
	}
	if c.kind == KindToken {
		common["Cache-Control"] = "no-store, no-cache"
		common["Pragma"] = "no-cache"
		common["x-ms-request-id"] = c.requestID
		common["X-Content-Type-Options"] = "nosniff"
	} else {
		common["Cache-Control"] = "private"
		common["request-id"] = c.requestID
		common["client-request-id"] = c.clientRequestID
		common["x-ms-ags-diagnostic"] = agsDiagnostic
		common["Vary"] = "Accept-Encoding"
	}
	for name, value := range common {
		if _, set := a.header[http.CanonicalHeaderKey(name)]; !set {
			a.header.Set(name, value)
		}
	}
}

// send writes the answer, or as much of it as its cut allows.
func (a *answer) send(w http.ResponseWriter, c *call) {
	switch a.cut {
	case CutBeforeAnswer:
		panic(http.ErrAbortHandler)
	case CutReset:
		reset(w)
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	a.addCommonHeaders(c)
	a.compress(c)
	header := w.Header()
	for name, values := range a.header {
		header[name] = values // nil takes a header away that net/http would add
	}
	if _, set := a.header["Content-Length"]; !set && a.status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	body := a.body
	switch a.cut {
	case CutAfterHeaders:
		body = nil
	case CutInBody:
		body = body[:len(body)/2]
	}
	_, _ = w.Write(body) // the client may have gone: nobody is left to tell
	if a.cut != CutNone {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// compress packs a body that is worth it, for a client that asked for it.
func (a *answer) compress(c *call) {
	const worthwhile = 1 << 10 // bytes
	if a.verbatim || c.kind == KindToken || len(a.body) < worthwhile || !acceptsGzip(c.Header) {
		return
	}
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	_, _ = zw.Write(a.body) // a bytes.Buffer does not fail
	_ = zw.Close()
	a.body = packed.Bytes()
	a.header.Set("Content-Encoding", "gzip")
}

// acceptsGzip reports whether Accept-Encoding names gzip with a quality above 0.
func acceptsGzip(h http.Header) bool {
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, quality, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		_, value, found := strings.Cut(quality, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return !found || err == nil && q > 0
	}
	return false
}
