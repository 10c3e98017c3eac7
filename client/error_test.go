package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestErrorIsOneLineThatHelps(t *testing.T) {
	t.Parallel()
	const id = "63425837-1eb9-456b-ac28-6ee81d0627f5"
	for _, tt := range []struct {
		sample      string
		read, write string
	}{
		{
			"error-401-invalid-token.json",
			"get thing: 401 Unauthorized: InvalidAuthenticationToken: Synthetic: access token expired.: your clock is ", "", // the sample's Date is long ago
		},
		{
			"error-403-security-roles.json",
			"get thing: 403 Forbidden: Forbidden: Auth token does not contain valid permissions or user does not have valid roles (request-id cb1eb11f-580d-4a76-b4dc-51840fb4c0e7, client-request-id " + id + "); needs the permission Things.Read.All with admin consent (a signed-in user also needs a security role)",
			"needs the permission Things.ReadWrite.All with",
		},
		{"error-404.json", "get thing: 404 Not Found: ResourceNotFound: Synthetic: not found. (request-id", "create thing: 404 Not Found"},
		{
			"error-429-doc-shape.json",
			"get thing: 429 Too Many Requests: TooManyRequests: Please retry again later. (inner code 429, request-id cb1eb11f-580d-4a76-b4dc-51840fb4c0e7, client-request-id " + id + ", retry after 2.128s); throttled: send less, or try later", "",
		},
	} {
		t.Run(tt.sample, func(t *testing.T) {
			t.Parallel()
			status, header, body := sample(t, tt.sample)
			base, tr := serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
				for name, value := range header {
					w.Header().Set(name, value)
				}
				w.WriteHeader(status)
				_, _ = w.Write(body)
			})
			p := quick
			p.MaxAttempts = 1
			c := newClient(t, base, withTransport(tr), WithRetryPolicy(p))
			bothInTurn(t, func(t *testing.T, write bool) {
				err := c.run(t.Context(), opFor(write), "/things?$skiptoken=secret", WithHeader("client-request-id", id))
				e := asError(t, err)
				if want := pick(write, tt.write, tt.read); !strings.Contains(e.Error(), want) {
					t.Errorf("\n%s\nwant\n%s", e, want)
				}
				if e.StatusCode != status || !bytes.Equal(e.RawBody, body) || is[*auth.ClockError](e.Err) != (status == http.StatusUnauthorized) || e.Method == "" || !strings.Contains(base, e.Host) || e.ClientRequestID != id {
					t.Errorf("%#v", e)
				}
				if want := time.Date(2026, 7, 17, 16, 25, 3, 0, time.UTC); !e.Date.Equal(want) {
					t.Errorf("date %s", e.Date)
				}
			})
		})
	}
}

// sample reads a recorded error: its status, headers and body.
func sample(tb testing.TB, name string) (status int, header map[string]string, body []byte) {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	var s struct {
		Status  int
		Headers map[string]string
		Body    json.RawMessage
	}
	if err := json.Unmarshal(b, &s); err != nil {
		tb.Fatal(err)
	}
	return s.Status, s.Headers, s.Body
}

func TestErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		start func(testing.TB, bool) *scene
		write bool
		texts []string
	}{
		{"unknown outcome", statusRow(500, failed, want{}, want{}).start, true, []string{"create thing: 500 Internal Server Error: Synthetic: made up (key \"thing-7\"", `look for "thing-7" before repeating it`}},
		{"refused connection", nobodyListens, true, []string{"create thing: 127.0.0.1:", "connection refused", "attempts 4"}},
		{"no such name", dialFails(dnsError(&net.DNSError{IsNotFound: true})), false, []string{"get thing: graph.example.com: ", "synthetic", "not repeated: check the host name"}},
		{"certificate", networkRow(t, "unknown certificate"), false, []string{"get thing: 127.0.0.1:", "certificate signed by unknown authority", "not repeated: check"}},
		{"not TLS", networkRow(t, "not TLS"), true, []string{"create thing: 127.0.0.1:", "first record does not look like a TLS handshake"}},
		{"proxy", networkRow(t, "proxy 407"), true, []string{"create thing: graph.example.com: ", "Proxy Authentication Required"}},
		{"proxy, own words", networkRow(t, "proxy 407, own words"), true, []string{"the proxy answered 407 Log in first"}},
		{"redirect", statusRow(302, refused, want{}, want{}).start, true, []string{"create thing: 302 Found", "redirects are not followed"}},
		{"conflict", statusRow(409, refused, want{}, want{}).start, true, []string{"409 Conflict", "it exists already"}},
		{"precondition", statusRow(412, refused, want{}, want{}).start, true, []string{"412", "read it again"}},
		{"unavailable", statusRow(503, overload, want{}, want{}).start, false, []string{"503 Service Unavailable", "attempts 4", "try again later"}},
		{"another origin", networkRow(t, "another origin"), false, []string{"get thing: elsewhere.example: auth: request to https://elsewhere.example refused"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := tt.start(t, false)
			c := newClient(t, s.base, withTransport(s.transport), WithRetryPolicy(quick))
			err := c.run(t.Context(), opFor(tt.write), s.path+"?$skiptoken=canary-query")
			for _, text := range tt.texts {
				if !strings.Contains(asError(t, err).Error(), text) {
					t.Errorf("%q is not in: %v", text, err)
				}
			}
			for e := err; e != nil; e = unwrapFirst(e) {
				if s := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(s, "canary-query") {
					t.Errorf("the query is told by %T: %s", e, s)
				}
			}
		})
	}
}

func unwrapFirst(err error) error {
	if e, ok := err.(*Error); ok {
		return e.Err
	}
	return errors.Unwrap(err)
}

func networkRow(tb testing.TB, name string) func(testing.TB, bool) *scene {
	tb.Helper()
	for _, r := range networkRows() {
		if r.name == name {
			return r.start
		}
	}
	tb.Fatalf("no row %q", name)
	return nil
}

// A server that echoes the request, token and all, in its error.
func TestErrorDoesNotTellSecrets(t *testing.T) {
	t.Parallel()
	const jwt = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln"
	base, tr := serve(t, false, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("request-id", "Bearer "+jwt)
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `{"error":{"code":"Bearer `+jwt+`","message":"got \"Authorization: Bearer `+jwt+`\"\n"}}`)
	})
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := newClient(t, base, withTransport(tr), WithLogger(logger))
	err := c.run(t.Context(), opFor(true), "/things?$filter=canary-query&$top=5")
	e := asError(t, err)
	logger.Error("failed", "err", e)
	js, _ := json.Marshal(e)
	all := log.String() + string(js)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		all += fmt.Sprintf(format, e) + fmt.Sprintf(format, []any{e, c})
	}
	for _, secret := range []string{jwt, jwt[:20], canaryToken, "canary-query"} {
		if strings.Contains(all, secret) || strings.Contains(all, fmt.Sprintf("%x", secret)) {
			t.Errorf("%q is told: %s", secret, all)
		}
	}
	if !strings.Contains(log.String(), `$top=5`) || !strings.Contains(log.String(), `"status":400`) || !strings.Contains(log.String(), "$filter=…") {
		t.Errorf("log: %s", log.String())
	}
}

func TestErrorLogValue(t *testing.T) {
	t.Parallel()
	e := &Error{
		Op: "create thing", Method: "POST", Host: "h", StatusCode: 503, Code: "A", InnerCode: "B", RequestID: "r", ClientRequestID: "c", Key: "k",
		RetryAfter: time.Second, Attempts: 2, RawBody: []byte("canary-body"), Err: errors.New("cause"), kinds: []error{ErrOutcomeUnknown},
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "err", e)
	var got struct{ Err map[string]any }
	if err := json.Unmarshal(log.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"op": "create thing", "method": "POST", "host": "h", "status": 503.0, "code": "A", "inner_code": "B", "request_id": "r", "client_request_id": "c", "key": "k",
		"retry_after": 1e9, "attempts": 2.0, "outcome_unknown": true, "error": e.Error(),
	} {
		if got.Err[name] != want {
			t.Errorf("%s is %v, want %v", name, got.Err[name], want)
		}
	}
	js, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if all := log.String() + string(js); strings.Contains(all, "canary-body") || strings.Contains(all, base64.StdEncoding.EncodeToString(e.RawBody)) {
		t.Errorf("the body is told: %s", all)
	}
	if got, want := fmt.Sprintf("%#v", e), fmt.Sprintf("&client.Error{%q}", e.Error()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The chain holds no request, no answer and no URL.
func TestErrorChain(t *testing.T) {
	t.Parallel()
	own := roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe })
	c := newClient(t, "https://graph.example.com/v1.0", withTransport(own), WithRetryPolicy(quick))
	err := c.run(t.Context(), opFor(true), "/things?$skiptoken=x")
	if !errors.Is(err, io.ErrClosedPipe) || !errors.Is(err, ErrOutcomeUnknown) || !errors.Is(err, ErrNetwork) || errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var e *Error
	if !errors.As(err, &e) || e.Key != "thing-7" || len(e.Unwrap()) != 3 {
		t.Errorf("%v", e.Unwrap())
	}
}
