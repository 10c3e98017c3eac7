package client_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
)

func TestNewChecksWhatItIsGiven(t *testing.T) {
	t.Parallel()
	src, err := auth.Static("token")
	if err != nil {
		t.Fatal(err)
	}
	gov, err := auth.ClientSecret(auth.App{TenantID: "t.example", ClientID: "c", Cloud: auth.USGov}, "secret")
	if err != nil {
		t.Fatal(err)
	}
	global, err := auth.ClientSecret(auth.App{TenantID: "t.example", ClientID: "c"}, "secret")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		src  auth.TokenSource
		opts []client.Option
		want string // of the error's text; "" is none
	}{
		{"nothing but a source", src, nil, ""},
		{"no source", nil, nil, "token source is nil"},
		{"nil option", src, []client.Option{nil}, "option 1 is nil"},
		{"cloud", gov, []client.Option{client.WithCloud(auth.USGov)}, ""},
		{"source of the default cloud", global, nil, ""},
		{"source of another cloud", gov, nil, "the token source is for https://graph.microsoft.us/v1.0, the client for https://graph.microsoft.com/v1.0"},
		{"source of another cloud, base URL", global, []client.Option{client.WithBaseURL("https://graph.microsoft.us/v1.0")}, "the token source is for https://graph.microsoft.com/v1.0"},
		{"base URL of the source's cloud", gov, []client.Option{client.WithBaseURL("https://graph.microsoft.us/beta/")}, ""},
		{"both", src, []client.Option{client.WithCloud(auth.Global), client.WithBaseURL("https://graph.microsoft.com")}, "both given"},
		{"base URL", src, []client.Option{client.WithBaseURL("https://graph.example.com/a/v1.0/")}, ""},
		{"loopback", src, []client.Option{client.WithBaseURL("http://127.0.0.1:80/v1.0")}, ""},
		{"empty", src, []client.Option{client.WithBaseURL("")}, "the base URL is empty"},
		{"no scheme", src, []client.Option{client.WithBaseURL("graph.microsoft.com/v1.0")}, "scheme"},
		{"plain http", src, []client.Option{client.WithBaseURL("http://graph.microsoft.com/v1.0")}, "must be https"},
		{"query", src, []client.Option{client.WithBaseURL("https://graph.microsoft.com/v1.0?secret=canary")}, "has a query"},
		{"fragment", src, []client.Option{client.WithBaseURL("https://graph.microsoft.com/v1.0#canary")}, "has a fragment"},
		{"user", src, []client.Option{client.WithBaseURL("https://canary:canary@graph.microsoft.com/v1.0")}, "user information"},
		{"no host", src, []client.Option{client.WithBaseURL("https:///v1.0")}, "no host"},
		{"unreadable", src, []client.Option{client.WithBaseURL("https://graph.microsoft.com/%zz")}, "base URL"},
		{"http.Client", src, []client.Option{client.WithHTTPClient(nil)}, "http.Client is nil"},
		{"logger", src, []client.Option{client.WithLogger(nil)}, "logger is nil"},
		{"good logger", src, []client.Option{client.WithLogger(slog.Default())}, ""},
		{"user agent, empty", src, []client.Option{client.WithUserAgent("")}, "user agent"},
		{"user agent, long", src, []client.Option{client.WithUserAgent(strings.Repeat("a", 257))}, "user agent"},
		{"user agent, line break", src, []client.Option{client.WithUserAgent("a\nb")}, "user agent"},
		{"attempts", src, []client.Option{client.WithRetryPolicy(client.RetryPolicy{MaxAttempts: -1})}, "RetryPolicy.MaxAttempts is negative"},
		{"base delay", src, []client.Option{client.WithRetryPolicy(client.RetryPolicy{BaseDelay: -1})}, "RetryPolicy.BaseDelay is negative"},
		{"throttle delay", src, []client.Option{client.WithRetryPolicy(client.RetryPolicy{ThrottleDelay: -1})}, "RetryPolicy.ThrottleDelay is negative"},
		{"max delay", src, []client.Option{client.WithRetryPolicy(client.RetryPolicy{MaxDelay: -1})}, "RetryPolicy.MaxDelay is negative"},
		{"max Retry-After", src, []client.Option{client.WithRetryPolicy(client.RetryPolicy{MaxRetryAfter: -1})}, "RetryPolicy.MaxRetryAfter is negative"},
		{"header timeout", src, []client.Option{client.WithTimeouts(client.Timeouts{ResponseHeader: -1})}, "Timeouts.ResponseHeader is negative"},
		{"idle timeout", src, []client.Option{client.WithTimeouts(client.Timeouts{Idle: -1})}, "Timeouts.Idle is negative"},
		{"attempt timeout", src, []client.Option{client.WithTimeouts(client.Timeouts{Attempt: -1})}, "Timeouts.Attempt is negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := client.New(tt.src, tt.opts...)
			switch {
			case tt.want == "":
				if err != nil || c == nil {
					t.Fatal(err)
				}
				c.CloseIdleConnections()
			case err == nil || c != nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "\n"):
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// New leaves what it is given as it was, and asks for the scope of its Graph root.
func TestNewCopiesTheHTTPClient(t *testing.T) {
	t.Parallel()
	var cookies []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookies = append(cookies, r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1"})
		w.WriteHeader(http.StatusConflict)
	}))
	t.Cleanup(srv.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	hc := &http.Client{Transport: tr, Jar: jar, Timeout: time.Minute}
	var scopes []string
	src, err := auth.Func(func(_ context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		scopes = append(scopes, r.Scopes...)
		return &oauth2.Token{AccessToken: "t", TokenType: "Bearer"}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(src, client.WithBaseURL(srv.URL+"/some/base/v1.0"), client.WithHTTPClient(hc))
	if err != nil {
		t.Fatal(err)
	}
	hc.Transport = nil // the client has its own copy
	for range 2 {
		if _, err := c.SecureScores.Create(t.Context(), seedScore(t)); err == nil {
			t.Fatal("no error")
		}
	}
	if len(cookies) != 2 || cookies[1] != "" {
		t.Errorf("cookies sent: %q", cookies)
	}
	if hc.CheckRedirect != nil || hc.Timeout != time.Minute || hc.Jar == nil {
		t.Error("the caller's http.Client was changed")
	}
	if want := srv.URL + "/.default"; len(scopes) != 2 || scopes[0] != want {
		t.Errorf("scopes %q, want %q", scopes, want)
	}
}
