package client

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

// bomb is a zipped text that begins with head and goes on with blanks, of at least size bytes. It is made of equal
// members, which a gzip file may have.
func bomb(head []byte, size int) []byte {
	out := []byte(zipped(string(head)))
	member := zipped(strings.Repeat(" ", 1<<20))
	for n := len(head); n < size; n += 1 << 20 {
		out = append(out, member...)
	}
	return out
}

func TestCaps(t *testing.T) {
	t.Parallel()
	spaces := func(n int) string { return strings.Repeat(" ", n) }
	for _, tt := range []struct {
		name   string
		size   int // of the answer when decompressed
		status int // 0: the operation's own
		large  bool
	}{
		{"a body of the cap", maxBody, 0, false},
		{"a body above it", maxBody + 1, 0, true},
		{"an error of the cap", maxErrorBody, 500, false},
		{"an error above it", maxErrorBody + 1, 500, true},
		{"a refusal above it", maxErrorBody + 1, 409, true},
	} {
		for _, zip := range []bool{false, true} {
			if zip && !tt.large {
				continue
			}
			t.Run(tt.name+pick(zip, " (zipped)", ""), func(t *testing.T) {
				t.Parallel()
				content := []byte(`{"id":"1"}` + spaces(tt.size-10))
				if zip {
					content = bomb(content[:10], tt.size)
				}
				var hits atomic.Int32
				base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
					hits.Add(1)
					if zip {
						w.Header().Set("Content-Encoding", "gzip")
					}
					w.Header().Set("Content-Type", mediaJSON)
					w.Header().Set("Content-Length", strconv.Itoa(len(content)))
					w.WriteHeader(orDefault(tt.status, okStatus(r)))
					_, _ = w.Write(content)
				})
				p := quick
				p.MaxAttempts = 2
				c := newClient(t, base, withTransport(tr), WithRetryPolicy(p))
				bothInTurn(t, func(t *testing.T, write bool) {
					op := opFor(write)
					op.decode = func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }
					hits.Store(0)
					err := c.run(t.Context(), op, "/things")
					if want := pick[int32](tt.status == 500 && !write, 2, 1); hits.Load() != want {
						t.Errorf("write %t: %d requests, want %d", write, hits.Load(), want)
					}
					if errors.Is(err, ErrTooLarge) != tt.large || errors.Is(err, io.ErrUnexpectedEOF) || (err == nil) != (tt.status == 0 && !tt.large) {
						t.Errorf("write %t: %v", write, err)
					}
					if err == nil {
						return
					}
					e := asError(t, err)
					if want := write && tt.status != 409; errors.Is(err, ErrOutcomeUnknown) != want {
						t.Errorf("write %t: unknown is %t: %v", write, !want, err)
					}
					if tt.status != 0 && (len(e.RawBody) != maxRawBody || e.StatusCode != tt.status) {
						t.Errorf("raw body has %d bytes, status %d", len(e.RawBody), e.StatusCode)
					}
				})
			})
		}
	}
}
