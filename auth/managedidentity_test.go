package auth_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

const canaryHeader = "canary-identity-header"

// identities is an identity endpoint.
type identities struct {
	endpoint
	queries []url.Values
	hosts   []string
}

func (i *identities) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.queries, i.hosts = append(i.queries, r.URL.Query()), append(i.hosts, r.Host)
	i.mu.Unlock()
	i.endpoint.ServeHTTP(w, r)
}

// asked returns host and query of the i-th request.
func (i *identities) asked(n int) (host string, query url.Values) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.hosts[n], i.queries[n]
}

func managedIdentity(t *testing.T, id auth.Identity) auth.TokenSource {
	t.Helper()
	src, err := auth.ManagedIdentity(id)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func appService(t *testing.T, id auth.Identity, endpoint string) auth.TokenSource {
	t.Helper()
	src, err := auth.AppServiceIdentity(id, endpoint, canaryHeader)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestManagedIdentityRequests(t *testing.T) {
	t.Parallel()
	const imds, appService = "/metadata/identity/oauth2/token", "/msi/token"
	for _, tt := range []struct {
		name   string
		id     auth.Identity
		scopes []string
		path   string
		query  url.Values
	}{
		{"machine", auth.Identity{}, nil, imds, url.Values{"api-version": {"2018-02-01"}, "resource": {"https://graph.microsoft.com"}}},
		{"cloud", auth.Identity{Cloud: auth.USGov}, nil, imds, url.Values{"api-version": {"2018-02-01"}, "resource": {"https://graph.microsoft.us"}}},
		{"scope", auth.Identity{}, []string{"https://other.example.com//.default"}, imds, url.Values{"api-version": {"2018-02-01"}, "resource": {"https://other.example.com/"}}},
		{"client id", auth.Identity{ClientID: clientID}, nil, imds, url.Values{"api-version": {"2018-02-01"}, "resource": {"https://graph.microsoft.com"}, "client_id": {clientID}}},
		{"object id", auth.Identity{ObjectID: "o"}, nil, imds, url.Values{"api-version": {"2018-02-01"}, "resource": {"https://graph.microsoft.com"}, "object_id": {"o"}}},
		{"resource id", auth.Identity{ResourceID: "/subscriptions/x/ä"}, nil, imds, url.Values{"api-version": {"2018-02-01"}, "resource": {"https://graph.microsoft.com"}, "msi_res_id": {"/subscriptions/x/ä"}}},
		{"App Service", auth.Identity{}, nil, appService, url.Values{"api-version": {"2019-08-01"}, "resource": {"https://graph.microsoft.com"}}},
		{"App Service, client id", auth.Identity{ClientID: clientID}, nil, appService, url.Values{"api-version": {"2019-08-01"}, "resource": {"https://graph.microsoft.com"}, "client_id": {clientID}}},
		{"App Service, object id", auth.Identity{ObjectID: "o"}, nil, appService, url.Values{"api-version": {"2019-08-01"}, "resource": {"https://graph.microsoft.com"}, "principal_id": {"o"}}},
		{"App Service, resource id", auth.Identity{ResourceID: "r"}, nil, appService, url.Values{"api-version": {"2019-08-01"}, "resource": {"https://graph.microsoft.com"}, "mi_res_id": {"r"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &identities{endpoint: endpoint{answer: numbered(3600)}}
				tt.id.HTTPClient = serveInMemory(t, e)
				src, host := managedIdentity(t, tt.id), "169.254.169.254"
				if tt.path == appService {
					host = "localhost:8081"
					var err error
					if src, err = auth.AppServiceIdentity(tt.id, "http://localhost:8081/msi/token", canaryHeader); err != nil {
						t.Fatal(err)
					}
				}
				for range 2 { // the second from memory
					if got := ask(t, src, tt.scopes...); got != "token-1" {
						t.Errorf("got %s", got)
					}
				}
				r := e.request(t, 0)
				asked, query := e.asked(0)
				if r.method != "GET" || r.path != tt.path || asked != host || !reflect.DeepEqual(query, tt.query) || e.count() != 1 {
					t.Errorf("%s %s%s %v", r.method, asked, r.path, query)
				}
				if tt.path == imds && (r.header.Get("Metadata") != "true" || r.header.Get("X-Identity-Header") != "") ||
					tt.path == appService && (r.header.Get("X-Identity-Header") != canaryHeader || r.header.Get("Metadata") != "") {
					t.Errorf("headers of the other endpoint: %v", r.header["Metadata"])
				}
				if k, ok := src.(interface{ Cloud() auth.Cloud }); !ok || k.Cloud() != tt.id.Cloud {
					t.Error("does not say its cloud")
				}
				src.(invalidator).Invalidate("token-1")
				if got := ask(t, src, tt.scopes...); got != "token-2" {
					t.Errorf("after Invalidate got %s", got)
				}
			})
		})
	}
}

func TestManagedIdentityLifetimes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		date time.Duration // of the answer, from now
		want time.Duration
	}{
		"IMDS":                    {`"expires_in":"3599","expires_on":"1"`, 0, 3599 * time.Second},
		"App Service":             {`"expires_on":"946686600"`, 0, 30 * time.Minute},
		"as a number":             {`"expires_on":946686600`, 0, 30 * time.Minute},
		"by the endpoint's clock": {`"expires_on":"946686600"`, -time.Hour, 90 * time.Minute},
		"past":                    {`"expires_on":"946684000"`, 0, 300 * time.Second},
		"a date":                  {`"expires_on":"01/01/2000 01:00:00 +00:00"`, 0, 300 * time.Second},
		"none":                    {`"resource":"x"`, 0, 300 * time.Second},
		"absurd":                  {`"expires_on":"9223372036854775807"`, 0, 28 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // begins at 946684800
				e := &endpoint{answer: always(answer{
					status: 200, body: `{"access_token":"a","token_type":"Bearer",` + tt.body + `}`,
					header: map[string]string{"Date": time.Now().Add(tt.date).UTC().Format(http.TimeFormat)},
				})}
				src := appService(t, auth.Identity{HTTPClient: serveInMemory(t, e)}, "http://127.0.0.1/x")
				tok, err := src.Token(t.Context(), auth.TokenRequest{})
				if err != nil || time.Until(tok.Expiry) != tt.want {
					t.Errorf("lives %s, want %s; %v", time.Until(tok.Expiry), tt.want, err)
				}
			})
		})
	}
}

func TestManagedIdentityRepeats(t *testing.T) {
	t.Parallel()
	after := func(status int, value string) answer {
		return answer{status: status, header: map[string]string{"Retry-After": value}, body: "{}"}
	}
	const s = time.Second
	for name, tt := range map[string]struct {
		a     answer
		pause []time.Duration
	}{
		"404":                       {answer{status: 404}, []time.Duration{s, 2 * s, 6 * s, 14 * s, 30 * s}},
		"410 for more than 70 s":    {answer{status: 410}, []time.Duration{s, 2 * s, 6 * s, 14 * s, 30 * s, 30 * s}},
		"429":                       {answer{status: 429}, []time.Duration{s, 2 * s, 6 * s, 14 * s, 30 * s}},
		"500":                       {answer{status: 500, contentType: "text/html", body: "<p>"}, []time.Duration{s, 2 * s, 6 * s, 14 * s, 30 * s}},
		"503":                       {answer{status: 503}, []time.Duration{s, 2 * s, 6 * s, 14 * s, 30 * s}},
		"429 with Retry-After":      {after(429, "7"), []time.Duration{7 * s, 7 * s, 7 * s, 14 * s, 30 * s}},
		"429 with too long a pause": {after(429, "61"), nil},
		"400":                       {answer{status: 400, body: `{"error":"invalid_request","error_description":"Identity not found"}`}, nil},
		"401":                       {answer{status: 401}, nil},
		"403":                       {answer{status: 403}, nil},
		"redirect":                  {answer{status: 302, header: map[string]string{"Location": "/"}}, nil},
		"200 without token":         {answer{status: 200, body: "{}"}, nil},
		"200 with an error":         {answer{status: 200, body: `{"error":"x"}`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var at []time.Time
				e := &endpoint{answer: func(int, *http.Request) answer {
					at = append(at, time.Now())
					return tt.a
				}}
				src := managedIdentity(t, auth.Identity{HTTPClient: serveInMemory(t, e)})
				err := askError(t, src)
				got, ok := errors.AsType[*auth.Error](err)
				if !ok || got.StatusCode != tt.a.status || !errors.Is(err, auth.ErrToken) {
					t.Errorf("got %#v", err)
				}
				wantText(t, err, "auth: managed identity request to 169.254.169.254: ")
				var pauses []time.Duration
				for i := 1; i < len(at); i++ {
					pauses = append(pauses, at[i].Sub(at[i-1]))
				}
				if !reflect.DeepEqual(pauses, tt.pause) {
					t.Errorf("pauses %v, want %v", pauses, tt.pause)
				}
				n := e.count()
				wantText(t, askError(t, src), "remembered")
				if e.count() != n {
					t.Error("another request")
				}
			})
			synctest.Test(t, func(t *testing.T) { // the endpoint of App Service is asked once
				e := &endpoint{answer: always(tt.a)}
				askError(t, appService(t, auth.Identity{HTTPClient: serveInMemory(t, e)}, "http://127.0.0.1/x"))
				if e.count() != 1 {
					t.Errorf("%d requests, want 1", e.count())
				}
			})
		})
	}
}

func TestManagedIdentityRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: func(n int, _ *http.Request) answer {
			if n < 7 {
				return answer{status: 410}
			}
			return tokenAnswer("token", 3600)
		}}
		src := managedIdentity(t, auth.Identity{HTTPClient: serveInMemory(t, e)})
		if got := ask(t, src); got != "token" || e.count() != 7 {
			t.Errorf("got %s after %d requests", got, e.count())
		}
	})
}

// A caller who leaves during a pause leaves at once, and nothing goes on.
func TestManagedIdentityAndContexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: always(answer{status: 500})}
		src := managedIdentity(t, auth.Identity{HTTPClient: serveInMemory(t, e)})
		for range 2 {
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			_, err := src.Token(ctx, auth.TokenRequest{})
			cancel()
			if time.Since(start) != 2*time.Second || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
			if last, ok := errors.AsType[*auth.Error](err); !ok || last.StatusCode != 500 {
				t.Errorf("the last answer is lost: %v", err)
			}
			synctest.Wait()
		}
		time.Sleep(time.Hour)
		if e.count() != 4 {
			t.Errorf("%d requests, want 4", e.count())
		}
	})
}

func TestManagedIdentityErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		body   string
		want   string
	}{
		{400, `{"error":"invalid_request","error_description":"Identity not found"}`, "400 Bad Request, invalid_request, Identity not found; no such identity is assigned to this resource"},
		{400, `{"statusCode":400,"message":"No Managed Identity found for specified ClientId."}`, "400 Bad Request, No Managed Identity found for specified ClientId; no such identity is assigned"},
		{401, ``, "check IDENTITY_HEADER"},
		{403, ``, "check IDENTITY_HEADER"},
		{429, ``, "the identity endpoint is throttling"},
		{404, ``, "in trouble or being updated"},
		{418, ``, "418 I'm a teapot, the answer is not a JSON object"},
		{200, `{"access_token":"a b","token_type":"Bearer"}`, "white space"},
		{200, `<html>`, "the answer is not a JSON object"},
		{200, `{"access_token":"a","token_type":"PoP"}`, "token_type is not Bearer"},
	} {
		e := &endpoint{answer: always(answer{status: tt.status, body: tt.body})}
		base, hc := serve(t, e)
		err := askError(t, appService(t, auth.Identity{HTTPClient: hc}, base+"/msi/token"))
		wantText(t, err, "auth: managed identity request to 127.0.0.1:", tt.want)
	}
	closed, hc := serve(t, http.NotFoundHandler())
	hc.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to " + canaryHeader) })
	err := askError(t, appService(t, auth.Identity{HTTPClient: hc}, closed))
	wantText(t, err, "no route to [redacted]; there is no such endpoint where no managed identity is: check that this runs in Azure")
	noCanary(t, err)
}

func TestManagedIdentityRefuses(t *testing.T) {
	t.Parallel()
	for want, id := range map[string]auth.Identity{
		"auth: managed identity: the client id holds white space":           {ClientID: "a b"},
		"auth: managed identity: the object id holds white space":           {ObjectID: "a\n"},
		"auth: managed identity: the resource id holds":                     {ResourceID: strings.Repeat("a", 2049)},
		"auth: managed identity: more than one of client id, object id and": {ClientID: "a", ResourceID: "b"},
	} {
		wantText(t, second(auth.ManagedIdentity(id)), want)
		wantText(t, second(auth.AppServiceIdentity(id, "http://localhost", "h")), want)
	}
	for _, tt := range []struct{ endpoint, header, want string }{
		{"", "h", "auth: identity endpoint: URL is empty"},
		{"http://example.com/msi/token", "h", "auth: identity endpoint: URL must be https, or http to loopback"},
		{"http://172.16.0.2:8081/msi/token", "h", "auth: identity endpoint: URL must be https, or http to loopback"},
		{"http://169.254.129.2.example.com/msi/token", "h", "URL must be https"},
		{"http://[fe80::1]/msi/token", "h", "URL must be https"},
		{"http://user@169.254.129.2:8081/msi/token", "h", "URL holds user information"},
		{"http://169.254.129.2:8081/msi/token?x=1", "h", "URL has a query"},
		{"http://169.254.129.2:8081/msi/token#x", "h", "URL has a fragment"},
		{"http://169.254.129.2:0/msi/token", "h", "URL has the port"},
		{"ftp://169.254.129.2/msi/token", "h", "URL must be https"},
		{"http://localhost/msi/token", "", "auth: identity header is empty"},
		{"http://localhost/msi/token", canaryHeader + "\r\n", "auth: identity header holds white space"},
	} {
		src, err := auth.AppServiceIdentity(auth.Identity{}, tt.endpoint, tt.header)
		wantText(t, err, tt.want)
		noCanary(t, err)
		if src != nil {
			t.Errorf("%s: a source beside the error", tt.endpoint)
		}
	}
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	src := appService(t, auth.Identity{HTTPClient: hc}, base)
	for _, scopes := range [][]string{{"https://graph.microsoft.com/SecurityEvents.Read.All"}, {"/.default"}, {scope, scope}} {
		wantText(t, askError(t, src, scopes...), "auth: managed identity: the scopes are ", "want one that ends in /.default")
	}
	wantText(t, askError(t, src, "a b"), "auth: scope ")
	if _, err := src.Token(t.Context(), auth.TokenRequest{Claims: "{}"}); !errors.Is(err, auth.ErrNoClaims) {
		t.Errorf("claims: %v", err)
	}
	if e.count() != 0 {
		t.Errorf("%d requests, want none", e.count())
	}
}

// behindProxy is a transport that reaches the server at base under any address,
// and that fails where it is to use its proxy.
func behindProxy(t *testing.T, base string) *http.Client {
	t.Helper()
	tr := &http.Transport{
		Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("the proxy was asked") },
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(base, "http://"))
		},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// Linux plans of App Service have the endpoint on the machine's own link.
// Neither it nor IMDS is asked through a proxy.
func TestIdentityEndpointsOnTheLink(t *testing.T) {
	t.Parallel()
	for endpointURL, host := range map[string]string{
		"":                                    "169.254.169.254",
		"http://169.254.129.2:8081/msi/token": "169.254.129.2:8081",
		"http://169.254.129.2/msi/token":      "169.254.129.2",
	} {
		e := &identities{endpoint: endpoint{answer: numbered(3600)}}
		base, _ := serve(t, e)
		id := auth.Identity{HTTPClient: behindProxy(t, base)}
		src := managedIdentity(t, id)
		if endpointURL != "" {
			src = appService(t, id, endpointURL)
		}
		ask(t, src)
		if asked, _ := e.asked(0); asked != host {
			t.Errorf("%s: asked %s", endpointURL, asked)
		}
		if id.HTTPClient.Transport.(*http.Transport).Proxy == nil {
			t.Error("the caller's transport was changed")
		}
	}
	// What may be elsewhere goes the way of everything else.
	err := askError(t, appService(t, auth.Identity{HTTPClient: behindProxy(t, "http://127.0.0.1:1")}, "https://identity.example.com/msi/token"))
	wantText(t, err, "the proxy was asked")
}
