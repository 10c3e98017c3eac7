package client

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestWithHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, value, want string }{
		{"Prefer", "return=representation", ""},
		{"if-match", `"etag"`, "WithIfMatch"},
		{"X-Note", "tab\tand ü", ""},
		{"client-request-id", "01234567-89ab-cdef-0123-456789abcdef", ""},
		{"client-request-id", "7", "not a GUID"},
		{"client-request-id", "{01234567-89ab-cdef-0123-456789abcdef}", "not a GUID"},
		{"client-request-id", "urn:uuid:01234567-89ab-cdef-0123-456789abcdef", "not a GUID"},
		{"", "x", "not valid"},
		{"a b", "x", "not valid"},
		{"a:", "x", "not valid"},
		{"é", "x", "not valid"},
		{"X", "a\r\nb", "control character"},
		{"X", "a\x00", "control character"},
		{"X", "a\x7f", "control character"},
	} {
		_, err := newCall(operation{name: "get thing"}, []CallOption{WithHeader(tt.name, tt.value)})
		if (err == nil) != (tt.want == "") || err != nil && (!errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	for name := range ownHeaders {
		for _, spelling := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
			if _, err := newCall(operation{name: "get thing"}, []CallOption{WithHeader(spelling, "x")}); !errors.Is(err, ErrInvalid) {
				t.Errorf("%s is taken", spelling)
			}
		}
	}
	for _, name := range []string{"Authorization", "Host", "Idempotency-Key", "X-Idempotency-Key", "Content-Length", "Accept-Encoding"} {
		if ownHeaders[name] == "" {
			t.Errorf("%s can be given", name)
		}
	}
}

func TestCallIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		cl, err := newCall(operation{}, nil)
		if err != nil || seen[cl.clientRequestID] || uuid.MustParse(cl.clientRequestID).Version() != 4 {
			t.Fatal(cl, err)
		}
		seen[cl.clientRequestID] = true
	}
}

func TestWithResponseNil(t *testing.T) {
	t.Parallel()
	if _, err := newCall(operation{name: "get thing"}, []CallOption{WithResponse(nil)}); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}
