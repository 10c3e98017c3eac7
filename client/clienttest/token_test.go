package clienttest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

type granted struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	ExtExpiresIn int64  `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
}

func TestTokenGranted(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithTenant("Contoso.example"))
	r := s.tokenAt(strings.ToUpper(s.TenantID()), s.form())
	if r.err != nil || r.StatusCode != 200 {
		t.Fatalf("%v, %s", r.err, r.body)
	}
	if got, want := shape(object(t, r.body)), shape(object(t, sample(t, "token-success"))); got != want {
		t.Errorf("shape %s, want %s", got, want)
	}
	var g granted
	if err := json.Unmarshal(r.body, &g); err != nil {
		t.Fatal(err)
	}
	if g.TokenType != "Bearer" || g.ExpiresIn != 3599 || g.ExtExpiresIn != 3599 || !strings.HasPrefix(g.AccessToken, clienttest.TokenPrefix) {
		t.Errorf("token %+v", g)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store, no-cache", "Pragma": "no-cache",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	s.must(200, "GET", "/security/secureScores", "", "Authorization", "Bearer "+g.AccessToken)

	if err := s.AddControlProfiles([]byte(`{"id":"c"}`)); err != nil {
		t.Fatal(err)
	}
	s.must(204, "PATCH", profiles+"/c", change(`"state":"Ignored"`), "Authorization", "Bearer "+g.AccessToken)
	if got := s.decisions(profiles + "/c")[0]["updatedBy"]; got != s.ClientID() {
		t.Errorf("updatedBy %v, want the application", got)
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t)
	set := func(name string, values ...string) func(url.Values) {
		return func(f url.Values) { f[name] = values }
	}
	tests := []struct {
		name   string
		alter  func(url.Values)
		tenant string
		status int
		code   string
		aadsts string
		says   string
	}{
		{"unknown tenant", nil, "contoso", 400, "invalid_request", "90002", "Tenant 'contoso' not found"},
		{"unknown client", set("client_id", "x"), "", 400, "unauthorized_client", "700016", "identifier 'x'"},
		{"wrong secret", set("client_secret", "canary-wrong"), "", 401, "invalid_client", "7000215", "Invalid client secret"},
		{"no secret", set("client_secret"), "", 401, "invalid_client", "7000216", "'client_secret'"},
		{"no client", set("client_id"), "", 400, "invalid_request", "900144", "'client_id'"},
		{"no grant type", set("grant_type"), "", 400, "invalid_request", "900144", "'grant_type'"},
		{"no scope", set("scope", ""), "", 400, "invalid_request", "900144", "'scope'"},
		{"bad grant type", set("grant_type", "password"), "", 400, "unsupported_grant_type", "70003", "'password'"},
		{"two scopes", set("scope", "https://a/.default https://b/.default"), "", 400, "invalid_scope", "70011", "'scope'"},
		{"delegated scope", set("scope", "https://graph.microsoft.com/SecurityEvents.Read.All"), "", 400, "invalid_scope", "1002012", "/.default"},
		{"scope without a scheme", set("scope", "graph.microsoft.com/.default"), "", 400, "invalid_scope", "1002012", "graph.microsoft.com/.default"},
		{"scope with a path", set("scope", "https://graph.microsoft.com/v1.0/.default"), "", 400, "invalid_scope", "1002012", "/.default"},
		{"scope with another scheme", set("scope", "ftp://graph.microsoft.com/.default"), "", 400, "invalid_scope", "1002012", "/.default"},
		{"twice", set("scope", "a", "b"), "", 400, "invalid_request", "9000411", "'scope' is duplicated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			form, tenant := maps.Clone(s.form()), s.TenantID()
			if tt.alter != nil {
				tt.alter(form)
			}
			if tt.tenant != "" {
				tenant = tt.tenant
			}
			r := s.tokenAt(tenant, form)
			checkEntra(t, r, tt.status, tt.code, tt.aadsts, tt.says)
			if strings.Contains(string(r.body), "canary-wrong") || strings.Contains(string(r.body), s.Secret()) {
				t.Errorf("the secret is echoed in %s", r.body)
			}
		})
	}
}

func checkEntra(t *testing.T, r reply, status int, code, aadsts, says string) {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	var e struct {
		Error            string
		ErrorDescription string        `json:"error_description"`
		ErrorCodes       []json.Number `json:"error_codes"`
		Timestamp        string
		TraceID          string `json:"trace_id"`
		CorrelationID    string `json:"correlation_id"`
		ErrorURI         string `json:"error_uri"`
	}
	if err := json.Unmarshal(r.body, &e); err != nil {
		t.Fatalf("body %q: %v", r.body, err)
	}
	if got, want := shape(object(t, r.body)), shape(object(t, sample(t, "token-error"))); got != want {
		t.Errorf("shape %s, want %s", got, want)
	}
	if r.StatusCode != status || e.Error != code || len(e.ErrorCodes) != 1 || e.ErrorCodes[0].String() != aadsts {
		t.Errorf("status %d, %s, want %d, %s, %s", r.StatusCode, r.body, status, code, aadsts)
	}
	guid := `[0-9a-f-]{36}`
	if !regexp.MustCompile(`^AADSTS` + aadsts + `: .* Trace ID: ` + guid + ` Correlation ID: ` + guid + ` Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$`).MatchString(e.ErrorDescription) {
		t.Errorf("description %q", e.ErrorDescription)
	}
	if !strings.Contains(e.ErrorDescription, says) || !strings.Contains(e.ErrorDescription, e.TraceID) ||
		!strings.Contains(e.ErrorDescription, e.CorrelationID) || !strings.HasSuffix(e.ErrorURI, "code="+aadsts) {
		t.Errorf("error %+v, want %q in it", e, says)
	}
}

func TestTokenRequestShapes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	endpoint := s.server.URL() + "/" + s.TenantID() + "/OAuth2/v2.0/Token"
	form := s.form().Encode()
	noAuth := []string{"Authorization", ""}
	asForm := append([]string{"Content-Type", "application/x-www-form-urlencoded"}, noAuth...)
	tests := []struct {
		name, method, body string
		headers            []string
		status             int
		code, aadsts, says string
	}{
		{"GET", "GET", "", noAuth, 405, "invalid_request", "900561", "only accepts POST"},
		{"JSON", "POST", `{"client_secret":"x"}`, noAuth, 400, "invalid_request", "900144", "'grant_type'"},
		{"broken form", "POST", "a=%zz", asForm, 400, "invalid_request", "90023", "not a form"},
		{"too large", "POST", "a=" + strings.Repeat("x", 4<<20), asForm, 413, "invalid_request", "90023", "could not be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkEntra(t, s.on(t).do(tt.method, endpoint, tt.body, tt.headers...), tt.status, tt.code, tt.aadsts, tt.says)
		})
	}
	s.must(200, "POST", endpoint, form, asForm...)

	basic := s.form()
	basic.Del("client_id")
	basic.Del("client_secret")
	req, _ := http.NewRequestWithContext(t.Context(), "POST", endpoint, strings.NewReader(basic.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(s.ClientID()), url.QueryEscape(s.Secret()))
	if r := s.send(req); r.err != nil || r.StatusCode != 200 {
		t.Errorf("basic authentication: %v %s", r.err, r.body)
	}
}

func TestBearer(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ask := func(scope string) string {
		form := s.form()
		form.Set("scope", scope)
		var g granted
		if r := s.token(form); json.Unmarshal(r.body, &g) != nil || g.AccessToken == "" {
			t.Fatalf("no token for %s: %s", scope, r.body)
		}
		return g.AccessToken
	}
	revoked := s.NewToken()
	s.RevokeTokens()
	tests := []struct {
		name, authorization string
		status              int
		says                string
	}{
		{"own scope", "Bearer " + ask(s.server.Cloud().Scope()), 200, ""},
		{"production scope", "bearer  " + ask("https://graph.microsoft.com/.default"), 200, ""},
		{"application id scope", "Bearer " + ask("00000003-0000-0000-c000-000000000000/.default"), 200, ""},
		{"another audience", "Bearer " + ask("https://vault.example/.default"), 401, "Invalid audience"},
		{"none", "", 401, "empty"},
		{"no token", "Bearer ", 401, "empty"},
		{"another scheme", "Basic " + s.NewToken(), 401, "empty"},
		{"unknown", "Bearer x", 401, "not issued here"},
		{"revoked", "Bearer " + revoked, 401, "revoked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := s.on(t).must(tt.status, "GET", "/security/secureScores", "", "Authorization", tt.authorization)
			if tt.status != 401 {
				return
			}
			var want struct{ Headers map[string]string }
			if err := json.Unmarshal(sample(t, "error-401-invalid-token"), &want); err != nil {
				t.Fatal(err)
			}
			if got := r.Header.Get("WWW-Authenticate"); got != want.Headers["WWW-Authenticate"] {
				t.Errorf("WWW-Authenticate %q", got)
			}
			if p := r.problem(t); p.Code != "InvalidAuthenticationToken" || !strings.Contains(p.Message, tt.says) {
				t.Errorf("problem %+v, want %q", p, tt.says)
			}
		})
	}
}

func TestBearerComesFirst(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.must(401, "POST", "/security/secureScores", minimal(), "Authorization", "")
	s.must(401, "GET", "/nonsense", "", "Authorization", "")
	if got := string(s.must(200, "GET", "/security/secureScores/$count", "").body); got != "0" {
		t.Errorf("%s scores were created without a token", got)
	}
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t, clienttest.WithTokenLifetime(90*time.Second))
		var g granted
		if r := s.token(s.form()); json.Unmarshal(r.body, &g) != nil || g.ExpiresIn != 90 {
			t.Fatalf("token %s", r.body)
		}
		bearer := "Bearer " + g.AccessToken
		time.Sleep(90*time.Second - 1)
		s.must(200, "GET", "/security/secureScores", "", "Authorization", bearer)
		time.Sleep(time.Nanosecond)
		r := s.must(401, "GET", "/security/secureScores", "", "Authorization", bearer)
		if !strings.Contains(r.problem(t).Message, "expired") {
			t.Errorf("problem %s", r.body)
		}
		s.must(200, "GET", "/security/secureScores", "") // a new token
	})
}

func TestTokenBornExpired(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithTokenLifetime(-time.Second))
	var g granted
	if r := s.token(s.form()); json.Unmarshal(r.body, &g) != nil || g.ExpiresIn != 0 || g.AccessToken == "" {
		t.Fatalf("token %s", r.body)
	}
	s.must(401, "GET", "/security/secureScores", "", "Authorization", "Bearer "+g.AccessToken)
}

func TestTokenAudienceDefaultPort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // in memory any address reaches the Graph, port 80 too
		s := serveInMemory(t)
		for scope, status := range map[string]int{
			"http://GRAPH.example:80/.default":   200,
			"http://graph.example/.default":      200,
			"http://graph.example:8080/.default": 401,
		} {
			form := s.form()
			form.Set("scope", scope)
			var g granted
			if r := s.token(form); json.Unmarshal(r.body, &g) != nil {
				t.Fatalf("token %s", r.body)
			}
			s.must(status, "GET", "http://graph.example/v1.0/security/secureScores", "", "Authorization", "Bearer "+g.AccessToken)
		}
	})
}
