package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestErrorText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		e    auth.Error
		want string
	}{
		{auth.Error{}, "auth: token request"},
		{auth.Error{Op: "token request", Endpoint: "h", Err: io.ErrUnexpectedEOF}, "auth: token request to h: unexpected EOF"},
		{auth.Error{Endpoint: "h", StatusCode: 429, RetryAfter: 7 * time.Second}, "auth: token request to h: 429 Too Many Requests, retry after 7s; the token endpoint is throttling: share one token source instead of making many"},
		{auth.Error{StatusCode: 418, Err: errors.New("a\r\nb\x00")}, `auth: token request: 418 I'm a teapot, a b\u0000`},
		{auth.Error{StatusCode: 599}, "auth: token request: 599; the token endpoint is in trouble: try again later"},
		{auth.Error{StatusCode: 400, Code: "invalid_scope"}, "auth: token request: 400 Bad Request, invalid_scope; check the scopes: an application asks for the Graph origin and /.default"},
		{auth.Error{StatusCode: 400, Code: "brand_new"}, "auth: token request: 400 Bad Request, brand_new"},
		{auth.Error{StatusCode: 400, Code: "invalid_client", AADSTS: "AADSTS7000222", Description: "AADSTS7000222: expired."}, "auth: token request: 400 Bad Request, invalid_client AADSTS7000222, expired; the client secret has expired: add a new one to the app registration"},
		{auth.Error{StatusCode: 400, Code: "invalid_client", AADSTS: "AADSTS1234"}, "auth: token request: 400 Bad Request, invalid_client AADSTS1234; check client id, client secret and its expiry"},
	} {
		if got := tt.e.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestErrorChain(t *testing.T) {
	t.Parallel()
	e := &auth.Error{Err: io.ErrUnexpectedEOF}
	if !errors.Is(e, auth.ErrToken) || !errors.Is(e, io.ErrUnexpectedEOF) || errors.Is(e, io.EOF) {
		t.Error("wrong chain")
	}
}

func TestErrorInLogs(t *testing.T) {
	t.Parallel()
	e := &auth.Error{
		Endpoint: "h", TenantID: "t", ClientID: "c", StatusCode: 429, Code: "x", AADSTS: "AADSTS1234",
		CorrelationID: "cc", TraceID: "tt", RetryAfter: time.Second,
	}
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Error("m", "err", e)
	var record struct{ Err map[string]any }
	if err := json.Unmarshal(b.Bytes(), &record); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"msg": e.Error(), "endpoint": "h", "tenant_id": "t", "client_id": "c", "status": 429.0, "code": "x", "aadsts": "AADSTS1234",
		"correlation_id": "cc", "trace_id": "tt", "retry_after": 1e9,
	}
	if got, want := mustJSON(t, record.Err), mustJSON(t, want); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestServerTextIsBounded(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: always(refusal(400, "invalid_client", strings.Repeat("é\x01", 50000)))}
	base, hc := serve(t, e)
	err := askError(t, clientSecret(t, base, hc))
	got, ok := errors.AsType[*auth.Error](err)
	if !ok || len(got.Description) > 2<<10 || len(got.Description) < 2000 || len(err.Error()) > 3<<10 {
		t.Errorf("description of %d bytes, text of %d", len(got.Description), len(err.Error()))
	}
	wantText(t, err, `é\u0001é`)
}

// What x/oauth2 returns for lack of anything to read.
func TestBareRetrieveError(t *testing.T) {
	t.Parallel()
	for _, re := range []*oauth2.RetrieveError{{}, {Body: []byte(canarySecret), ErrorCode: canarySecret, ErrorDescription: canarySecret}} {
		src := cache(t, func(context.Context, auth.TokenRequest) (*oauth2.Token, error) { return nil, re })
		err := askError(t, src)
		wantText(t, err, "auth: token request: the answer is not a JSON object")
		noCanary(t, err)
	}
	re := &oauth2.RetrieveError{Body: []byte(`{"error":"invalid_grant"}`)}
	src := cache(t, func(context.Context, auth.TokenRequest) (*oauth2.Token, error) { return nil, re })
	wantText(t, askError(t, src), "auth: token request: invalid_grant; the credential is expired")
}
