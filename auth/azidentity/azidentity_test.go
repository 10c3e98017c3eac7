package azidentity_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/auth/azidentity"
)

// fake is a credential that notes what it was asked for.
type fake struct {
	asked []policy.TokenRequestOptions
	ctx   []context.Context
	err   error
	life  time.Duration
}

func (f *fake) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	f.asked, f.ctx = append(f.asked, o), append(f.ctx, ctx)
	if f.err != nil {
		return azcore.AccessToken{}, f.err
	}
	return azcore.AccessToken{Token: fmt.Sprint("token-", len(f.asked)), ExpiresOn: time.Now().Add(f.life)}, nil
}

func source(t *testing.T, f *fake) auth.TokenSource {
	t.Helper()
	src, err := azidentity.Source(f)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// Every member that azcore has is there, so that one that it grows is noticed.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	f := &fake{life: time.Hour}
	r := auth.TokenRequest{Scopes: []string{"a", "b"}, Claims: `{"x":1}`, EnableCAE: true, TenantID: "t"}
	type key struct{}
	tok, err := source(t, f).Token(context.WithValue(t.Context(), key{}, "v"), r)
	if err != nil {
		t.Fatal(err)
	}
	want := policy.TokenRequestOptions{Scopes: r.Scopes, Claims: r.Claims, EnableCAE: true, TenantID: "t"}
	if len(f.asked) != 1 || !reflect.DeepEqual(f.asked[0], want) || f.ctx[0].Value(key{}) != "v" {
		t.Errorf("asked for %+v", f.asked)
	}
	if left := time.Until(tok.Expiry); tok.AccessToken != "token-1" || left < 59*time.Minute || left > time.Hour {
		t.Errorf("a token that lives %s", left)
	}
	for _, v := range []any{policy.TokenRequestOptions{}, auth.TokenRequest{}} {
		if n := reflect.TypeOf(v).NumField(); n != 4 {
			t.Errorf("%T has %d fields, and 4 are passed on", v, n)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	if _, err := source(t, &fake{err: cause}).Token(t.Context(), auth.TokenRequest{}); !errors.Is(err, auth.ErrToken) || errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := source(t, &fake{err: cause}).Token(ctx, auth.TokenRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := source(t, &fake{life: -time.Second}).Token(t.Context(), auth.TokenRequest{}); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an expired token: %v", err)
	}
	if _, err := azidentity.Source(nil); err == nil || !strings.Contains(err.Error(), "credential is nil") {
		t.Errorf("no credential: %v", err)
	}
}

// TestFailuresHoldNoAnswer holds that neither the body of an answer nor its request gets out.
func TestFailuresHoldNoAnswer(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "https://login.example/token", strings.NewReader("client_secret=canary"))
	if err != nil {
		t.Fatal(err)
	}
	answer := runtime.NewResponseError(&http.Response{
		StatusCode: 401, Header: http.Header{}, Request: req,
		Body: io.NopCloser(strings.NewReader("AADSTS7000215: client_secret=canary\n<html>")),
	})
	_, err = source(t, &fake{err: answer}).Token(t.Context(), auth.TokenRequest{})
	e, ok := errors.AsType[*auth.Error](err)
	if !ok || e.StatusCode != 401 || e.AADSTS != "AADSTS7000215" {
		t.Fatalf("got %v", err)
	}
	if _, ok := errors.AsType[*azcore.ResponseError](err); ok {
		t.Error("the answer is in the chain")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, err); strings.Contains(text, "canary") || strings.Contains(text, "\n") {
			t.Errorf("%s prints %s", verb, strings.ReplaceAll(text, "canary", "the secret"))
		}
	}
}

// A claims challenge reaches the credential, and its new token the service.
func TestChallenge(t *testing.T) {
	t.Parallel()
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-2" {
			_, _ = io.WriteString(w, "fine")
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_claims", claims="`+base64.StdEncoding.EncodeToString([]byte(claims))+`"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(srv.Close)
	origin, err := auth.ParseOrigin(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{life: time.Hour}
	tr, err := auth.NewTransport(srv.Client().Transport, source(t, f), origin, "s")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: tr}).Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || len(f.asked) != 2 || f.asked[0].Claims != "" || f.asked[1].Claims != claims || !f.asked[0].EnableCAE {
		t.Errorf("%s after %+v", resp.Status, f.asked)
	}
}
