package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// A source of one cloud is not asked for a token of its own cloud when requests
// go to another.
func TestTransportAsksForItsOrigin(t *testing.T) {
	t.Parallel()
	for origin, want := range map[string]string{
		"https://graph.microsoft.com": "https://graph.microsoft.com/.default",
		"https://graph.microsoft.us":  "https://graph.microsoft.us/.default",
	} {
		var asked string
		hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			form, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			values, err := url.ParseQuery(string(form))
			asked = values.Get("scope")
			return &http.Response{
				StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(`{"access_token":"a","token_type":"Bearer","expires_in":3600}`)),
			}, err
		})}
		src, err := auth.ClientSecret(auth.App{TenantID: tenantID, ClientID: clientID, Cloud: auth.USGov, HTTPClient: hc}, "secret")
		if err != nil {
			t.Fatal(err)
		}
		base := roundTripper(func(r *http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200, Request: r}, nil })
		o, err := auth.ParseOrigin(origin)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := auth.NewTransport(base, src, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.RoundTrip(request(t, "GET", origin+"/v1.0", "")); err != nil {
			t.Fatal(err)
		}
		if asked != want {
			t.Errorf("%s: asked for %q, want %q", origin, asked, want)
		}
	}
}

// However long it takes to find that there is no new token, the clocks are
// compared as they were when the answer came.
func TestRefusalIsNotFooledByAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		src, err := auth.Func(func(_ context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
			n++
			if r.Claims != "" {
				time.Sleep(90 * time.Second)
			}
			return &oauth2.Token{AccessToken: fmt.Sprint("token-", n), Expiry: time.Now().Add(time.Hour)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		challenge := `Bearer error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(`{"access_token":{}}`)) + `"`
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			h := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}, "Www-Authenticate": {challenge}}
			return &http.Response{StatusCode: 401, Header: h, Body: http.NoBody, Request: r}, nil
		})
		req := request(t, "POST", "https://graph.microsoft.com/", "")
		req.Body, req.GetBody = io.NopCloser(strings.NewReader("once")), nil
		start := time.Now()
		resp, err := transport(t, base, src, "https://graph.microsoft.com").RoundTrip(req)
		if err != nil || time.Since(start) < 90*time.Second {
			t.Fatalf("got %v after %s", err, time.Since(start))
		}
		if clock, ok := errors.AsType[*auth.ClockError](auth.Refusal(resp)); ok {
			t.Errorf("got %v", clock)
		}
		if _, ok := errors.AsType[*auth.ClaimsError](auth.Refusal(resp)); !ok {
			t.Errorf("got %v, want the claims", auth.Refusal(resp))
		}
	})
}

// A failure that was remembered is forgotten with the first token.
func TestATokenEndsTheMemoryOfFailures(t *testing.T) {
	t.Parallel()
	fail := true
	inner, err := auth.Func(func(_ context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		if fail && r.Claims == "" {
			return nil, &auth.Error{StatusCode: 429, RetryAfter: time.Hour}
		}
		return &oauth2.Token{AccessToken: "token" + r.Claims[:min(1, len(r.Claims))], Expiry: time.Now().Add(time.Hour)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	src, err := auth.Cache(inner)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Token(t.Context(), auth.TokenRequest{Scopes: []string{scope}}); err == nil {
		t.Fatal("no failure to remember")
	}
	fail = false
	got, err := src.Token(t.Context(), auth.TokenRequest{Scopes: []string{scope}, Claims: "{}"})
	if err != nil {
		t.Fatal(err)
	}
	src.(interface{ Invalidate(string) }).Invalidate(got.AccessToken)
	if _, err := src.Token(t.Context(), auth.TokenRequest{Scopes: []string{scope}}); err != nil {
		t.Errorf("the endpoint is well again: %v", err)
	}
}
