package auth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func mustOrigin(t *testing.T, rawURL string) auth.Origin {
	t.Helper()
	o, err := auth.ParseOrigin(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func mustTo(t *testing.T, src auth.TokenSource) oauth2.TokenSource {
	t.Helper()
	to, err := auth.ToOAuth2(t.Context(), src, auth.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestClientSecretRequest(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	src := clientSecret(t, base, hc)
	if got := ask(t, src); got != "token-1" {
		t.Errorf("got %s", got)
	}
	r := e.request(t, 0)
	if want := "/" + tenantID + "/oauth2/v2.0/token"; r.method != "POST" || r.path != want {
		t.Errorf("got %s %s, want POST %s", r.method, r.path, want)
	}
	want := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {canarySecret},
		"scope": {"https://graph.example.com/.default"},
	}
	if !reflect.DeepEqual(r.form, want) {
		t.Error("the form is not that of the client credentials grant")
	}
	if r.header.Get("Authorization") != "" || r.header.Get("Accept") != "application/json" {
		t.Errorf("Authorization present %t, Accept %q", r.header.Get("Authorization") != "", r.header.Get("Accept"))
	}
	claims := `{"access_token":{"nbf":{"essential":true}}}`
	if _, err := src.Token(t.Context(), auth.TokenRequest{Scopes: []string{"a", "b"}, Claims: claims}); err != nil {
		t.Fatal(err)
	}
	if r := e.request(t, 1); r.form.Get("scope") != "a b" || r.form.Get("claims") != claims {
		t.Errorf("scope %q, claims %q", r.form.Get("scope"), r.form.Get("claims"))
	}
}

func TestClientSecretRefuses(t *testing.T) {
	t.Parallel()
	good := auth.App{TenantID: tenantID, ClientID: clientID}
	for _, tt := range []struct {
		tenant, client, secret, want string
	}{
		{"", clientID, "s", "auth: tenant id is empty"},
		{"a/b", clientID, "s", `auth: tenant id "a/b" holds a slash`},
		{`a\b`, clientID, "s", "holds a slash"},
		{"a b", clientID, "s", "auth: tenant id"},
		{"a%2fb", clientID, "s", "neither a GUID nor a domain name"},
		{"a?b", clientID, "s", "neither a GUID nor a domain name"},
		{"a#b", clientID, "s", "neither a GUID nor a domain name"},
		{"..", clientID, "s", "neither a GUID nor a domain name"},
		{".", clientID, "s", "neither a GUID nor a domain name"},
		{"contoso.com.", clientID, "s", "neither a GUID nor a domain name"},
		{"contosö.com", clientID, "s", "neither a GUID nor a domain name"},
		{"a\r\nb", clientID, "s", "neither a GUID nor a domain name"},
		{strings.Repeat("a.", 200) + "b", clientID, "s", "longer than 253"},
		{"common", clientID, "s", "stands for any tenant"},
		{"Organizations", clientID, "s", "stands for any tenant"},
		{tenantID, "", "s", "auth: client id is empty"},
		{tenantID, "a b", "s", "auth: client id holds"},
		{tenantID, "a\n", "s", "auth: client id holds"},
		{tenantID, clientID, "", "auth: client secret is empty"},
		{tenantID, clientID, canarySecret + "\n", "auth: client secret begins or ends with white space"},
		{tenantID, clientID, " " + canarySecret, "auth: client secret begins or ends with white space"},
		{tenantID, clientID, canarySecret + "\x00" + "x", "auth: client secret holds a control character"},
		{tenantID, clientID, canarySecret + "\xff", "auth: client secret is not valid UTF-8"},
		{tenantID, clientID, strings.Repeat(canarySecret, 200), "auth: client secret is longer"},
	} {
		a := good
		a.TenantID, a.ClientID = tt.tenant, tt.client
		src, err := auth.ClientSecret(a, tt.secret)
		wantText(t, err, tt.want)
		if src != nil {
			t.Errorf("%q: a source beside the error", tt.want)
		}
		noCanary(t, err)
	}
	for _, tenant := range []string{"contoso.onmicrosoft.com", "72f988bf-86f1-41af-91ab-2d7cd011db47", "CONTOSO.com", "contoso"} {
		if _, err := auth.ClientSecret(auth.App{TenantID: tenant, ClientID: clientID}, "s"); err != nil {
			t.Errorf("%s: %v", tenant, err)
		}
	}
}

func TestClientSecretRefusesBadRequests(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	src := clientSecret(t, base, hc)
	for _, tt := range []struct {
		r    auth.TokenRequest
		want string
	}{
		{auth.TokenRequest{Scopes: []string{"a", ""}}, "auth: scope 1 is empty"},
		{auth.TokenRequest{Scopes: []string{"a b"}}, `auth: scope "a b" holds a character`},
		{auth.TokenRequest{Scopes: []string{"a\r\n"}}, "holds a character"},
		{auth.TokenRequest{Claims: "x"}, "auth: claims are not a JSON object"},
		{auth.TokenRequest{Claims: "[]"}, "auth: claims are not a JSON object"},
	} {
		_, err := src.Token(t.Context(), tt.r)
		wantText(t, err, tt.want)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("why")
	cancel(why)
	if _, err := src.Token(ctx, auth.TokenRequest{}); !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
		t.Errorf("context done: %v", err)
	}
	if n := e.count(); n != 0 {
		t.Errorf("%d requests, want none", n)
	}
}

func TestClientSecretKnowsItsCloud(t *testing.T) {
	t.Parallel()
	for _, cloud := range []auth.Cloud{{}, auth.USGov} {
		src, err := auth.ClientSecret(auth.App{TenantID: tenantID, ClientID: clientID, Cloud: cloud}, "s")
		if err != nil {
			t.Fatal(err)
		}
		k, ok := src.(interface{ Cloud() auth.Cloud })
		if !ok || k.Cloud() != cloud {
			t.Errorf("%v: does not say so", cloud)
		}
	}
}

func TestRefusalFields(t *testing.T) {
	t.Parallel()
	description := "AADSTS7000215: Invalid client secret provided.\r\nMake \x00 sure. Trace ID: cb1e Correlation ID: 6342 Timestamp: 2026-07-17 16:25:03Z"
	e := &endpoint{answer: always(refusal(401, "invalid_client", description))}
	base, hc := serve(t, e)
	err := askError(t, clientSecret(t, base, hc))
	if !errors.Is(err, auth.ErrToken) {
		t.Error("no ErrToken")
	}
	got, ok := errors.AsType[*auth.Error](err)
	if !ok {
		t.Fatalf("got %T", err)
	}
	want := &auth.Error{
		Op: "token request", Endpoint: strings.TrimPrefix(base, "http://"), TenantID: tenantID, ClientID: clientID,
		StatusCode: 401, Code: "invalid_client", AADSTS: "AADSTS7000215",
		Description:   `AADSTS7000215: Invalid client secret provided. Make \u0000 sure. Trace ID: cb1e Correlation ID: 6342 Timestamp: 2026-07-17 16:25:03Z`,
		CorrelationID: "63425837-1eb9-456b-ac28-6ee81d0627f5", TraceID: "cb1eb11f-580d-4a76-b4dc-51840fb4c0e7",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
	line := "auth: token request to " + want.Endpoint + " for tenant contoso.onmicrosoft.com: 401 Unauthorized, invalid_client AADSTS7000215, " +
		`Invalid client secret provided. Make \u0000 sure, correlation id 63425837-1eb9-456b-ac28-6ee81d0627f5; ` +
		"the client secret is wrong: use the secret's Value, not its Secret ID"
	if err.Error() != line {
		t.Errorf("got  %s\nwant %s", err, line)
	}
}

func TestFailuresOfTheConnection(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	plainServer := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plainServer.Close)
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = discard()
	tlsServer.StartTLS()
	t.Cleanup(tlsServer.Close)
	for _, tt := range []struct{ name, url, want string }{
		{"refused", closed.URL, "connection refused"},
		{"bad certificate", tlsServer.URL, "certificate"},
		{"not TLS", strings.Replace(plainServer.URL, "http://", "https://", 1), "HTTP response to HTTPS client"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := askError(t, clientSecret(t, tt.url, nil)) // with the source's own http client
			e, ok := errors.AsType[*auth.Error](err)
			if !ok || e.StatusCode != 0 || e.Err == nil || !errors.Is(err, auth.ErrToken) {
				t.Fatalf("got %#v", err)
			}
			wantText(t, err, "auth: token request to 127.0.0.1:", tt.want)
			if _, ok := errors.AsType[*url.Error](err); ok {
				t.Error("the URL is still in the chain")
			}
			if tt.name == "refused" && !errors.Is(err, syscall.ECONNREFUSED) {
				t.Error("the cause is not found")
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			other := &endpoint{answer: numbered(3600)}
			otherURL, _ := serve(t, other)
			e := &endpoint{answer: always(answer{status: status, header: map[string]string{"Location": otherURL + "/x"}})}
			base, hc := serve(t, e)
			err := askError(t, clientSecret(t, base, hc))
			if got, ok := errors.AsType[*auth.Error](err); !ok || got.StatusCode != status {
				t.Errorf("got %#v", err)
			}
			wantText(t, err, "redirect not followed")
			if e.count() != 1 || other.count() != 0 {
				t.Errorf("%d requests and %d at the other host", e.count(), other.count())
			}
		})
	}
}

func TestBadAnswers(t *testing.T) {
	t.Parallel()
	big := strings.Repeat(" ", 2<<20)
	for _, tt := range []struct {
		name, want string
		a          answer
	}{
		{"no token", "no access_token", answer{status: 200, body: `{"token_type":"Bearer","expires_in":1}`}},
		{"empty object", "no access_token", answer{status: 200, body: `{}`}},
		{"null", "no access_token", answer{status: 200, body: `null`}},
		{"empty", "not a JSON object", answer{status: 200}},
		{"array", "not a JSON object", answer{status: 200, body: `[]`}},
		{"trailing bytes", "not a JSON object", answer{status: 200, body: `{"access_token":"a","token_type":"Bearer"}x`}},
		{"line break", "control character", answer{status: 200, body: `{"access_token":"a\r\nb","token_type":"Bearer"}`}},
		{"not ASCII", "not ASCII", answer{status: 200, body: `{"access_token":"é","token_type":"Bearer"}`}},
		{"no type", "token_type is not Bearer", answer{status: 200, body: `{"access_token":"a"}`}},
		{"other type", "token_type is not Bearer", answer{status: 200, body: `{"access_token":"a","token_type":"pop"}`}},
		{"content type", "content type is not JSON", answer{status: 200, contentType: "text/plain", body: `{"access_token":"a","token_type":"Bearer"}`}},
		{"form", "content type is not JSON", answer{status: 200, contentType: "application/x-www-form-urlencoded", body: `access_token=a&token_type=Bearer`}},
		{"error with 200", "invalid_client", answer{status: 200, body: `{"error":"invalid_client","access_token":"a","token_type":"Bearer"}`}},
		{"too large", "larger than 1048576 bytes", answer{status: 200, body: big + `{"access_token":"a","token_type":"Bearer"}`}},
		{"too large error", "larger than 1048576 bytes", answer{status: 400, body: big}},
		{"HTML error", "502 Bad Gateway, the answer is not a JSON object", answer{status: 502, contentType: "text/html", body: `<html>`}},
		{"empty error", "404 Not Found, the answer is not a JSON object; check the login URL", answer{status: 404}},
		{"error without content type", "invalid_scope", answer{status: 400, contentType: "text/plain", body: `{"error":"invalid_scope"}`}},
		{"members of other types", "400 Bad Request, invalid_grant", answer{status: 400, body: `{"error_codes":"x","error":"invalid_grant","trace_id":7}`}},
		{"code in error_codes", "AADSTS90002; no such tenant", answer{status: 400, body: `{"error_codes":[90002],"error":"invalid_request"}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := &endpoint{answer: always(tt.a)}
			base, hc := serve(t, e)
			err := askError(t, clientSecret(t, base, hc))
			got, ok := errors.AsType[*auth.Error](err)
			if !ok || got.StatusCode != tt.a.status {
				t.Errorf("got %#v", err)
			}
			wantText(t, err, "auth: token request to ", tt.want)
			if n := e.count(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// A gzip bomb: small on the wire, larger than 1 MiB decompressed.
func TestDecompressedAnswerIsBounded(t *testing.T) {
	t.Parallel()
	base, hc := serve(t, gzipped(strings.Repeat(" ", 8<<20)))
	wantText(t, askError(t, clientSecret(t, base, hc)), "larger than 1048576 bytes")
}

func TestTruncatedAnswer(t *testing.T) {
	t.Parallel()
	base, hc := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"access_token":"`+canaryToken)
	}))
	err := askError(t, clientSecret(t, base, hc))
	wantText(t, err, "200 OK, the answer was cut off")
	noCanary(t, err)
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		expiresIn string
		want      time.Duration
	}{
		{`,"expires_in":3599`, 3599 * time.Second},
		{`,"expires_in":"3599"`, 3599 * time.Second},
		{`,"expires_in":3599.7`, 3599 * time.Second},
		{`,"expires_in":1`, time.Second},
		{``, 300 * time.Second},
		{`,"expires_in":null`, 300 * time.Second},
		{`,"expires_in":0`, 300 * time.Second},
		{`,"expires_in":-5`, 300 * time.Second},
		{`,"expires_in":-4294967295`, 300 * time.Second},
		{`,"expires_in":"soon"`, 300 * time.Second},
		{`,"expires_in":"NaN"`, 300 * time.Second},
		{`,"expires_in":{}`, 300 * time.Second},
		{`,"expires_in":true`, 300 * time.Second},
		{`,"expires_in":100800`, 28 * time.Hour},
		{`,"expires_in":100801`, 28 * time.Hour},
		{`,"expires_in":99999999999999999999`, 28 * time.Hour},
		{`,"expires_in":1e999`, 28 * time.Hour},
	} {
		t.Run(tt.expiresIn, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &endpoint{answer: always(answer{status: 200, body: `{"access_token":"a","token_type":"bEARER"` + tt.expiresIn + `}`})}
				src := clientSecret(t, "http://localhost", serveInMemory(t, e))
				tok, err := src.Token(t.Context(), auth.TokenRequest{})
				if err != nil {
					t.Fatal(err)
				}
				if got := time.Until(tok.Expiry); got != tt.want || tok.TokenType != "Bearer" {
					t.Errorf("lives %s, want %s; type %s", got, tt.want, tok.TokenType)
				}
			})
		})
	}
}

func TestHTTPClientIsCopied(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	e := &endpoint{answer: func(n int, _ *http.Request) answer {
		a := tokenAnswer(fmt.Sprint("token-", n), 3600)
		a.header = map[string]string{"Set-Cookie": "a=b; Path=/"}
		return a
	}}
	base, hc := serve(t, e)
	hc.Jar = jar
	before := *hc
	src := clientSecret(t, base, hc)
	ask(t, src, "a")
	ask(t, src, "b")
	if hc.Transport != before.Transport || hc.CheckRedirect != nil || hc.Jar != jar {
		t.Error("the caller's client was changed")
	}
	u, _ := url.Parse(base)
	if len(jar.Cookies(u)) != 0 || e.request(t, 1).header.Get("Cookie") != "" {
		t.Error("a cookie was kept")
	}
	// What becomes of the caller's client later does not matter.
	hc.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("used") })
	ask(t, src, "c")
}

func TestNoProxyToLoopback(t *testing.T) {
	t.Parallel()
	proxy := &endpoint{answer: numbered(3600)}
	proxyURL, _ := serve(t, proxy)
	u, _ := url.Parse(proxyURL)
	tr := &http.Transport{Proxy: http.ProxyURL(u)}
	e := &endpoint{answer: numbered(3600)}
	base, _ := serve(t, e)
	ask(t, clientSecret(t, base, &http.Client{Transport: tr}))
	if e.count() != 1 || proxy.count() != 0 {
		t.Errorf("%d requests at the endpoint, %d at the proxy", e.count(), proxy.count())
	}
	if tr.Proxy == nil {
		t.Error("the caller's transport was changed")
	}
}

// net/http repeats by itself what it can replay: over HTTP/2 what has GetBody.
func TestFormCannotBeReplayed(t *testing.T) {
	t.Parallel()
	seen := 0
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		seen++
		if r.GetBody != nil {
			t.Error("the request has GetBody")
		}
		return nil, errors.New("stop")
	})}
	askError(t, clientSecret(t, "https://login.example.com", hc))
	if seen != 1 {
		t.Errorf("%d requests", seen)
	}
}

func TestFetchTimesOut(t *testing.T) {
	t.Parallel()
	stall := func(t *testing.T, started bool) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if started {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(200)
				w.(http.Flusher).Flush()
			}
			_, _ = io.Copy(io.Discard, r.Body) // lets the server notice that the client has gone
			<-r.Context().Done()
		})
	}
	for name, tt := range map[string]struct {
		started bool
		timeout time.Duration
		after   time.Duration
		want    string
	}{
		"no headers":     {false, 0, 30 * time.Second, "no complete answer within 30s"},
		"no body":        {true, 0, 30 * time.Second, "no complete answer within 30s"},
		"client timeout": {false, time.Second, time.Second, "no complete answer in time: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				hc := serveInMemory(t, stall(t, tt.started))
				hc.Timeout = tt.timeout
				src := clientSecret(t, "http://localhost", hc)
				start := time.Now()
				err := askError(t, src)
				if got := time.Since(start); got != tt.after {
					t.Errorf("failed after %s, want %s", got, tt.after)
				}
				wantText(t, err, "auth: token request to localhost", tt.want)
				if errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, auth.ErrToken) {
					t.Errorf("%v passes for the caller's deadline or for no deadline", err)
				}
				if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
					t.Error("the cause does not say that it is a timeout")
				}
			})
		})
	}
}

// A connection that breaks once the form was sent is not tried again, over
// either protocol.
func TestAbortedTokenRequestIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &endpoint{answer: func(n int, r *http.Request) answer {
				if n == 1 {
					return tokenAnswer("token", 3600) // the next one finds a connection to reuse
				}
				if r.ProtoMajor == 2 != http2 {
					t.Errorf("over %s", r.Proto)
				}
				panic(http.ErrAbortHandler)
			}}
			srv := httptest.NewUnstartedServer(e)
			srv.EnableHTTP2 = http2
			srv.StartTLS()
			t.Cleanup(srv.Close)
			src := clientSecret(t, srv.URL, srv.Client())
			ask(t, src, "a")
			err := askError(t, src, "b")
			if _, ok := errors.AsType[*auth.Error](err); !ok || e.count() != 2 {
				t.Errorf("%d requests, want 2; %v", e.count(), err)
			}
		})
	}
}

func TestTransportErrorsOfTheCallersClient(t *testing.T) {
	t.Parallel()
	for _, own := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF} {
		hc := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, own })}
		err := askError(t, clientSecret(t, "https://login.example.com", hc))
		wantText(t, err, "auth: token request to login.example.com for tenant "+tenantID+": ", own.Error())
		if isContext := own != io.ErrUnexpectedEOF; errors.Is(err, own) == isContext {
			t.Errorf("%v: found in the chain: %t", own, !isContext)
		}
	}
}
