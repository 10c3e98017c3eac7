package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
)

const caeClaims = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`

// cae is a service that revokes token-1 by a claims challenge.
type cae struct {
	graph
	always bool // refuses every token so
}

func challengeHeader(claims string) string {
	return `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(claims)) + `"`
}

func (c *cae) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.always || r.Header.Get("Authorization") == "Bearer token-1" {
		w.Header().Set("WWW-Authenticate", challengeHeader(caeClaims))
	}
	c.graph.ServeHTTP(w, r)
}

func TestTransportAnswersAClaimsChallenge(t *testing.T) {
	t.Parallel()
	g := &cae{graph: graph{accepts: "token-2"}}
	base, hc := serve(t, g)
	e := &endpoint{answer: numbered(100800)}
	login, loginClient := serve(t, e)
	tr := transport(t, hc.Transport, clientSecret(t, login, loginClient), base)
	for range 2 { // the second one knows the token already
		resp, err := tr.RoundTrip(request(t, "POST", base+"/x", "body"))
		if err != nil {
			t.Fatal(err)
		}
		if text := finish(t, resp); text != "fine" {
			t.Errorf("got %s", text)
		}
	}
	g.want(t, "POST /x Bearer token-1 body", "POST /x Bearer token-2 body", "POST /x Bearer token-2 body")
	const cp1 = `"xms_cc":{"values":["cp1"]}`
	for i, want := range []string{`{"access_token":{` + cp1 + `}}`, strings.Replace(caeClaims, `"}}}`, `"},`+cp1+`}}`, 1)} {
		if got := e.request(t, i).form.Get("claims"); got != want {
			t.Errorf("token request %d has claims %s, want %s", i, got, want)
		}
	}
	if e.count() != 2 {
		t.Errorf("%d token requests, want 2", e.count())
	}
}

func TestTransportManyClaimsChallenges(t *testing.T) {
	t.Parallel()
	g := &cae{graph: graph{accepts: "token-2"}}
	base, hc := serve(t, g)
	e := &endpoint{answer: numbered(100800)}
	login, loginClient := serve(t, e)
	tr := transport(t, hc.Transport, clientSecret(t, login, loginClient), base)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			resp, err := tr.RoundTrip(request(t, "GET", base+"/x", ""))
			if err != nil {
				t.Error(err)
				return
			}
			if text := finish(t, resp); text != "fine" {
				t.Errorf("got %s", text)
			}
		})
	}
	wg.Wait()
	if e.count() != 2 {
		t.Errorf("%d token requests, want 2", e.count())
	}
}

func TestTransportAnswersOnce(t *testing.T) {
	t.Parallel()
	g := &cae{always: true, graph: graph{accepts: "none"}}
	base, hc := serve(t, g)
	src, c := numberedSource(t)
	resp, err := transport(t, hc.Transport, src, base).RoundTrip(request(t, "GET", base+"/x", ""))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Fatalf("got %v", err)
	}
	if ce, ok := errors.AsType[*auth.ClaimsError](auth.Refusal(resp)); !ok || ce.Claims != caeClaims {
		t.Errorf("refusal %v", auth.Refusal(resp))
	}
	finish(t, resp)
	g.want(t, "GET /x Bearer token-1 ", "GET /x Bearer token-2 ")
	c.want(t, 2)
}

// Sources that cannot ask with claims leave the service's 401 as it is.
func TestTransportWithSourcesThatCannotAnswer(t *testing.T) {
	t.Parallel()
	static, err := auth.Static("token-1")
	if err != nil {
		t.Fatal(err)
	}
	cached, err := auth.Cache(static)
	if err != nil {
		t.Fatal(err)
	}
	own := func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: "token-1"}, nil
	}
	for name, src := range map[string]auth.TokenSource{
		"static":                   static,
		"cached static":            cached,
		"oauth2":                   fromOAuth2(t, func() (*oauth2.Token, error) { return own(nil, auth.TokenRequest{}) }),
		"function that ignores it": fromFunc(t, own),
		"function that says so": fromFunc(t, func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
			if r.Claims != "" {
				return nil, fmt.Errorf("mine: %w", auth.ErrNoClaims)
			}
			return own(ctx, r)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &cae{graph: graph{accepts: "token-2"}}
			base, hc := serve(t, g)
			body := &closeRecorder{Reader: strings.NewReader("again")}
			req := request(t, "POST", base+"/x", "body")
			req.GetBody = func() (io.ReadCloser, error) { return body, nil }
			resp, err := transport(t, hc.Transport, src, base).RoundTrip(req)
			if err != nil || resp.StatusCode != http.StatusUnauthorized {
				t.Fatalf("got %v", err)
			}
			if text := finish(t, resp); !strings.Contains(text, "InvalidAuthenticationToken") {
				t.Errorf("the answer's body is %q", text)
			}
			err = auth.Refusal(resp)
			if ce, ok := errors.AsType[*auth.ClaimsError](err); !ok || ce.Claims != caeClaims {
				t.Errorf("refusal %v", err)
			}
			wantText(t, err, `the service wants a token with other claims: {"access_token":`)
			if !body.closed.Load() {
				t.Error("the second body was not closed")
			}
			g.want(t, "POST /x Bearer token-1 body")
		})
	}
}

// A source of a function without memory is asked with the claims as well.
func TestTransportAsksAFunctionWithClaims(t *testing.T) {
	t.Parallel()
	g := &cae{graph: graph{accepts: "token-2"}}
	base, hc := serve(t, g)
	var asked []auth.TokenRequest
	src := fromFunc(t, func(_ context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		asked = append(asked, r)
		return &oauth2.Token{AccessToken: fmt.Sprint("token-", len(asked))}, nil
	})
	resp, err := transport(t, hc.Transport, src, base).RoundTrip(request(t, "GET", base+"/x", ""))
	if err != nil {
		t.Fatal(err)
	}
	finish(t, resp)
	if len(asked) != 2 || asked[0].Claims != "" || asked[1].Claims != caeClaims || !asked[0].EnableCAE || !asked[1].EnableCAE {
		t.Errorf("asked %+v", asked)
	}
}

// A request that cannot be sent again still gets the next one its token.
func TestTransportRenewsForTheNextRequest(t *testing.T) {
	t.Parallel()
	g := &cae{graph: graph{accepts: "token-2"}}
	base, hc := serve(t, g)
	src, c := numberedSource(t)
	tr := transport(t, hc.Transport, src, base)
	for _, want := range []int{401, 200} {
		req := request(t, "POST", base+"/x", "body")
		req.GetBody = nil
		resp, err := tr.RoundTrip(req)
		if err != nil || resp.StatusCode != want {
			t.Fatalf("got %v, want %d", err, want)
		}
		finish(t, resp)
	}
	g.want(t, "POST /x Bearer token-1 body", "POST /x Bearer token-2 body")
	c.want(t, 2)
}

func TestTransportCannotAnswerTheChallenge(t *testing.T) {
	t.Parallel()
	g := &cae{graph: graph{accepts: "none"}}
	base, hc := serve(t, g)
	e := &endpoint{answer: func(n int, _ *http.Request) answer {
		if n == 1 {
			return tokenAnswer("token-1", 3600)
		}
		return refusal(400, "invalid_grant", "AADSTS53003: blocked")
	}}
	login, loginClient := serve(t, e)
	_, err := transport(t, hc.Transport, clientSecret(t, login, loginClient), base).RoundTrip(request(t, "GET", base+"/x", ""))
	if ce, ok := errors.AsType[*auth.ClaimsError](err); !ok || ce.Claims != caeClaims {
		t.Errorf("the claims are lost: %v", err)
	}
	if ae, ok := errors.AsType[*auth.Error](err); !ok || ae.AADSTS != "AADSTS53003" || !errors.Is(err, auth.ErrToken) {
		t.Errorf("got %v", err)
	}
	wantText(t, err, "the service refused the token (401) and there is no new one: auth: token request to ", "the service wants a token with other claims")
	g.want(t, "GET /x Bearer token-1 ")
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
		claims := challengeHeader(caeClaims)
		for _, tt := range []struct {
			status        int
			date          string
			authenticate  string
			skew          time.Duration
			claims        string
			hasClaims     bool
			text, notText string
		}{
			{status: 401},
			{status: 401, date: "yesterday"},
			{status: 401, date: at(-time.Minute)},
			{status: 401, date: at(time.Minute)},
			{status: 401, date: at(-61 * time.Second), skew: 61 * time.Second, text: "your clock is 61 s off: it is ahead of the service's"},
			{status: 401, date: at(2 * time.Hour), skew: -2 * time.Hour, text: "your clock is 7200 s off: it is behind the service's"},
			{status: 401, authenticate: claims, claims: caeClaims, hasClaims: true, text: "the service wants a token with other claims: {"},
			{status: 401, authenticate: `Bearer error=insufficient_claims`, hasClaims: true, text: "what it asks for cannot be read"},
			{status: 401, authenticate: `Bearer error=invalid_token`},
			{status: 401, authenticate: claims, date: at(time.Hour), skew: -time.Hour, claims: caeClaims, hasClaims: true, text: "; your clock is 3600 s off"},
			{status: 403, authenticate: claims, date: at(time.Hour)},
			{status: 200, date: at(time.Hour)},
		} {
			h := http.Header{}
			for name, value := range map[string]string{"Date": tt.date, "WWW-Authenticate": tt.authenticate} {
				if value != "" {
					h.Set(name, value)
				}
			}
			err := auth.Refusal(&http.Response{StatusCode: tt.status, Header: h})
			if tt.text == "" && err != nil {
				t.Errorf("%d %v: got %v", tt.status, h, err)
			}
			if tt.text != "" {
				wantText(t, err, tt.text)
			}
			var skew time.Duration
			if ce, ok := errors.AsType[*auth.ClockError](err); ok {
				skew = ce.Skew
			}
			ce, ok := errors.AsType[*auth.ClaimsError](err)
			if skew != tt.skew || ok != tt.hasClaims || ok && ce.Claims != tt.claims {
				t.Errorf("%v: skew %s, claims %t: %v", h, skew, ok, err)
			}
		}
	})
	if err := auth.Refusal(nil); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}

// An assertion with the time of a wrong clock is refused by the endpoint.
func TestClockInTokenErrors(t *testing.T) {
	t.Parallel()
	for code, told := range map[string]bool{"AADSTS700024": true, "AADSTS50013": true, "AADSTS7000215": false} {
		a := refusal(401, "invalid_client", code+": no")
		a.header = map[string]string{"Date": time.Now().Add(2 * time.Hour).UTC().Format(http.TimeFormat)}
		e := &endpoint{answer: always(a)}
		base, hc := serve(t, e)
		err := askError(t, clientSecret(t, base, hc))
		ce, ok := errors.AsType[*auth.ClockError](err)
		if ok != told || ok && (ce.Skew > -119*time.Minute || !strings.Contains(err.Error(), "your clock is 7")) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

// The client's error has what the 401 said beside it.
func TestClientTellsWhyATokenWasRefused(t *testing.T) {
	t.Parallel()
	base, _ := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", challengeHeader(caeClaims))
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		w.Header().Set("request-id", "7a8b")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":{"code":"InvalidAuthenticationToken","message":"Continuous access evaluation resulted in challenge"}}`)
	}))
	static, err := auth.Static(canaryToken)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(static, client.WithBaseURL(base+"/v1.0"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()
	nine := client.SecureScore{}
	if err := nine.UnmarshalJSON([]byte(`{"azureTenantId":"t","activeUserCount":1,"licensedUserCount":1,"currentScore":1,"maxScore":2,"enabledServices":[],"averageComparativeScores":[],"controlScores":[],"vendorInformation":{"provider":"p","vendor":"v"}}`)); err != nil {
		t.Fatal(err)
	}
	_, err = c.SecureScores.Create(t.Context(), nine)
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.StatusCode != 401 || e.RequestID != "7a8b" || !errors.Is(err, client.ErrUnauthorized) {
		t.Fatalf("got %v", err)
	}
	if ce, ok := errors.AsType[*auth.ClaimsError](err); !ok || ce.Claims != caeClaims {
		t.Errorf("the claims are lost: %v", err)
	}
	if ce, ok := errors.AsType[*auth.ClockError](err); !ok || ce.Skew < 59*time.Minute {
		t.Errorf("the clock is lost: %v", err)
	}
	wantText(t, err, "create secureScore: 401 Unauthorized", "your clock is 36", "request-id 7a8b")
	noCanary(t, err)
}
