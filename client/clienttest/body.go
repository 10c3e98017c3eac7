package clienttest

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxBody bounds a request's body in bytes, as it came and unpacked.
const maxBody = 4 << 20

// errEncoding is a Content-Encoding other than gzip and identity.
var errEncoding = errors.New("unsupported content encoding")

// readBody reads the body of a request and unpacks gzip. What could be read is
// returned beside an error.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(w, r.Body, maxBody)
	switch strings.ToLower(r.Header.Get("Content-Encoding")) {
	case "", "identity":
		return io.ReadAll(limited)
	case "gzip":
	default:
		packed, err := io.ReadAll(limited)
		return packed, errors.Join(errEncoding, err)
	}
	zr, err := gzip.NewReader(limited)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(zr, maxBody+1))
	if len(body) > maxBody {
		return body[:maxBody], &http.MaxBytesError{Limit: maxBody}
	}
	return body, err
}

// bodyFault is the answer to a body that could not be read.
func bodyFault(err error) *odataError {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &odataError{
			status: http.StatusRequestEntityTooLarge, code: "RequestEntityTooLarge",
			message: fmt.Sprintf("The request body is larger than %d bytes.", maxBody),
		}
	}
	if errors.Is(err, errEncoding) {
		return &odataError{
			status: http.StatusUnsupportedMediaType, code: "UnsupportedMediaType",
			message: "The content encoding of the request is not supported; send gzip or none.",
		}
	}
	return badRequest("", "Unable to read the request payload: %v.", err)
}

// unescape decodes one segment of a path; one that cannot be decoded stands for
// itself.
func unescape(s string) string {
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}
