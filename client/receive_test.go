package client

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// What cannot be decoded says where and why.
func TestBrokenAnswerText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ body, length, text string }{
		{`{"id":"1"`, "1000", "200 OK: the answer broke off after 9 bytes: unexpected EOF"},
		{`{"id":"1"`, "", "200 OK: the JSON ends too soon, after 9 bytes"},
		{`{"id" "1"}`, "", "200 OK: bad JSON: "},
		{`{"id":1}`, "", "200 OK: json: cannot unmarshal number"},
		{``, "", "200 OK: the body is empty"},
		{`{}`, "", "200 OK: the body is {}"},
		{`{"error":{"code":"Odd","message":"Very."}}`, "", "200 OK: Odd: Very.: an error under the status of a success"},
	} {
		base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
			if tt.length != "" {
				w.Header().Set("Content-Length", tt.length)
			}
			reply(w, r, tt.body)
		})
		c := newClient(t, base, withTransport(tr), WithRetryPolicy(quick))
		err := c.run(t.Context(), opFor(false), "/things")
		if e := asError(t, err); !strings.Contains(e.Error(), tt.text) || e.StatusCode != 200 || !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", tt.body, err)
		}
	}
}

// A decoder that stops early does not hide what follows.
func TestLazyDecoder(t *testing.T) {
	t.Parallel()
	for body, good := range map[string]bool{"{\"id\":1}\n ": true, "{\"id\":1}\n x": false} {
		base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) { reply(w, r, body) })
		op := operation{name: "get thing", accept: []int{200}, decode: func(r io.Reader) error { _, err := io.CopyN(io.Discard, r, 8); return err }}
		if err := newClient(t, base, withTransport(tr)).run(t.Context(), op, "/things"); (err == nil) != good || !good && !errors.Is(err, ErrProtocol) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func TestAnswersWithoutJSON(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		op      operation
		status  int
		media   string
		body    string
		decoded string // "-": the decoder is not run
		good    bool
	}{
		{"no content", operation{accept: []int{200, 204}}, 204, "", "", "-", true},
		{"content that nobody wants", operation{accept: []int{200}}, 200, "text/html", "<p>", "-", true},
		{"plain text", operation{accept: []int{200}, media: "text/plain"}, 200, "text/plain; charset=utf-8", "17", "17", true},
		{"plain text, empty", operation{accept: []int{200}, media: "text/plain"}, 200, "text/plain", " ", "-", false},
		{"JSON for plain text", operation{accept: []int{200}, media: "text/plain"}, 200, mediaJSON, "17", "-", false},
		{"another spelling of JSON", operation{accept: []int{200}}, 200, "Application/JSON;odata.metadata=minimal", `{"a":1}`, `{"a":1}`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
				if want := orDefault(tt.op.media, mediaJSON); r.Header.Get("Accept") != want {
					t.Errorf("Accept %q, want %q", r.Header.Get("Accept"), want)
				}
				w.Header().Set("Content-Type", tt.media)
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			decoded := "-"
			op := tt.op
			op.name = "get thing"
			if tt.name != "content that nobody wants" {
				op.decode = func(r io.Reader) error { b, err := io.ReadAll(r); decoded = string(b); return err }
			}
			err := newClient(t, base, withTransport(tr)).run(t.Context(), op, "/things")
			if (err == nil) != tt.good || decoded != tt.decoded {
				t.Errorf("decoded %q, %v", decoded, err)
			}
		})
	}
}

// An answer with no media type at all is left to the decoder; test doubles often send none.
func TestNoMediaType(t *testing.T) {
	t.Parallel()
	own := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp := answer(r, 200, `{"id":"1"}`)
		resp.Header = http.Header{}
		return resp, nil
	})
	if err := newClient(t, "https://graph.example.com", withTransport(own)).run(t.Context(), opFor(false), "/things"); err != nil {
		t.Error(err)
	}
}
