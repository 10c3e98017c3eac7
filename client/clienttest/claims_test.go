package clienttest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

const (
	required = `{"access_token":{"nbf":{"essential":true, "value":"1784305503"}}}`
	cp1      = `"xms_cc":{"values":["cp1"]}`
)

// claimed gets a token with a claims parameter.
func (s *service) claimed(claims string) string {
	s.t.Helper()
	form := s.form()
	if claims != "" {
		form.Set("claims", claims)
	}
	var g granted
	if r := s.token(form); json.Unmarshal(r.body, &g) != nil || g.AccessToken == "" {
		s.t.Fatalf("no token with claims %s: %s", claims, r.body)
	}
	return g.AccessToken
}

func TestRequireClaims(t *testing.T) {
	t.Parallel()
	s := serve(t)
	capable := `{"access_token":{` + cp1 + `}}`
	tokens := map[string]struct {
		token  string
		status int
	}{
		"capable":            {s.claimed(capable), 401},
		"with them before":   {s.claimed(strings.TrimSuffix(required, "}}") + "," + cp1 + "}}"), 401},
		"not capable":        {s.claimed(""), 200},
		"another capability": {s.claimed(`{"access_token":{"xms_cc":{"values":["cp2"]}}}`), 200},
		"for the id token":   {s.claimed(`{"id_token":{` + cp1 + `}}`), 200},
		"no request":         {s.NewToken(), 200},
	}
	s.RequireClaims(required)
	for _, late := range []struct {
		name, claims string
		status       int
	}{
		{"capable, after it", capable, 401},
		{"another value", `{"access_token":{"nbf":{"essential":true,"value":"1784305502"},` + cp1 + `}}`, 401},
		{"another type", `{"access_token":{"nbf":{"essential":true,"value":1784305503},` + cp1 + `}}`, 401},
		{"fulfilled, and more", `{"id_token":{},"access_token":{` + cp1 + `,"nbf":{"value":"1784305503","essential":true},"x":null}}`, 200},
		{"capable, after that", capable, 200},
	} {
		token := s.claimed(late.claims)
		tokens[late.name] = struct {
			token  string
			status int
		}{token, late.status}
	}
	for name, tt := range tokens {
		r := s.must(tt.status, "GET", scores, "", "Authorization", "Bearer "+tt.token)
		if tt.status == 200 {
			continue
		}
		m := regexp.MustCompile(`^Bearer realm="", authorization_uri="[^"]+", client_id="[^"]+", error="insufficient_claims", claims="([A-Za-z0-9+/=]+)"$`).
			FindStringSubmatch(r.Header.Get("WWW-Authenticate"))
		if m == nil {
			t.Fatalf("%s: WWW-Authenticate %q", name, r.Header.Get("WWW-Authenticate"))
		}
		if got, err := base64.StdEncoding.DecodeString(m[1]); err != nil || string(got) != required {
			t.Errorf("%s: claims %s, %v", name, got, err)
		}
		if p := r.problem(t); p.Code != "InvalidAuthenticationToken" || !strings.Contains(p.Message, "Continuous access evaluation") {
			t.Errorf("problem %+v", p)
		}
	}
	if got := statuses(s.batch(get("1", "/security/secureScores", `"headers":{"Authorization":"Bearer `+tokens["capable"].token+`"}`))); got != "1:401" {
		t.Errorf("batch %s", got)
	}
	s.RequireClaims(required) // another time: what was settled is so no more
	s.must(401, "GET", scores, "", "Authorization", "Bearer "+tokens["fulfilled, and more"].token)
	s.RequireClaims("")
	s.must(200, "GET", scores, "", "Authorization", "Bearer "+tokens["capable"].token)
}

func TestRequireClaimsKeepsDigits(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.RequireClaims(`{"access_token":{"n":12345678901234567890}}`)
	for _, tt := range []struct {
		value  string
		status int
	}{{"12345678901234567891", 401}, {"12345678901234567890", 200}} {
		token := s.claimed(`{"access_token":{"n":` + tt.value + `,` + cp1 + `}}`)
		s.must(tt.status, "GET", scores, "", "Authorization", "Bearer "+token)
	}
}

func TestRequireClaimsOfPeople(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.RequireClaims(required)
	refresh := map[string]string{}
	for _, user := range []string{"ann", "ben"} {
		refresh[user] = s.signIn(user, delegatedScope).RefreshToken
	}
	for _, step := range []struct {
		user, claims string
		status       int
	}{
		{"ann", `{"access_token":{` + cp1 + `}}`, 401},
		{"ann", strings.TrimSuffix(required, "}}") + "," + cp1 + "}}", 200},
		{"ann", `{"access_token":{` + cp1 + `}}`, 200},
		{"ben", `{"access_token":{` + cp1 + `}}`, 401},
	} {
		form := s.refreshForm(refresh[step.user], "")
		form.Set("claims", step.claims)
		s.must(step.status, "GET", scores, "", "Authorization", "Bearer "+s.person(s.token(form)).AccessToken)
	}
}

func TestClaimsParameterRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, claims := range []string{"x", "[]", `{"access_token":1}`, `{"access_token":{"xms_cc":["cp1"]}}`, `{"access_token":{"a":1,"a":2}}`, "{} {}"} {
		form := s.form()
		form.Set("claims", claims)
		checkEntra(t, s.token(form), 400, "invalid_request", "90023", "'claims'")
	}
}

func TestRequireClaimsPanics(t *testing.T) {
	t.Parallel()
	for _, claims := range []string{"x", "{}", `{"access_token":{}}`, `{"access_token":{` + cp1 + `}}`} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "clienttest: RequireClaims: ") {
					t.Errorf("%s: panic %q", claims, text)
				}
			}()
			clienttest.NewGraph().RequireClaims(claims)
		}()
	}
}

func TestTokenOfAnotherTenant(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithOtherTenants("other.example", "third.example"))
	r := s.tokenAt("Other.Example", s.form())
	var g granted
	if json.Unmarshal(r.body, &g) != nil || g.AccessToken == "" {
		t.Fatalf("token %s", r.body)
	}
	p := s.must(401, "GET", scores, "", "Authorization", "Bearer "+g.AccessToken).problem(t)
	if !strings.Contains(p.Message, "another tenant") {
		t.Errorf("problem %+v", p)
	}
	begun := s.do("POST", s.server.URL()+"/other.example/oauth2/v2.0/devicecode", url.Values{"client_id": {s.ClientID()}, "scope": {"User.Read"}}.Encode(),
		"Content-Type", "application/x-www-form-urlencoded")
	var d device
	if err := json.Unmarshal(begun.body, &d); err != nil {
		t.Fatal(err)
	}
	r = s.tokenAt("OTHER.EXAMPLE", url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {s.ClientID()}, "device_code": {d.DeviceCode},
	})
	checkEntra(t, r, 400, "authorization_pending", "70016", "")
	checkEntra(t, s.tokenAt("fourth.example", s.form()), 400, "invalid_request", "90002", "'fourth.example' not found")
}
