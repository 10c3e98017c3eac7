package clienttest_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

type device struct {
	UserCode        string `json:"user_code"`
	DeviceCode      string `json:"device_code"`
	VerificationURI string `json:"verification_uri"`
	ExpiresIn       int64  `json:"expires_in"`
	Interval        int64
	Message         string
}

// person is a token of a person.
type person struct {
	granted
	Scope        string
	RefreshToken string `json:"refresh_token"`
}

const delegatedScope = "https://graph.microsoft.com/SecurityEvents.Read.All offline_access"

// beginDevice gets a device code for a scope.
func (s *service) beginDevice(scope string) device {
	s.t.Helper()
	r := s.loginAt("devicecode", url.Values{"client_id": {s.ClientID()}, "scope": {scope}})
	var d device
	if r.err != nil || r.StatusCode != 200 || json.Unmarshal(r.body, &d) != nil {
		s.t.Fatalf("device code: %v %s", r.err, r.body)
	}
	return d
}

// loginAt posts a form to an endpoint of the Graph's tenant.
func (s *service) loginAt(endpoint string, form url.Values) reply {
	s.t.Helper()
	return s.do("POST", s.server.URL()+"/"+s.TenantID()+"/oauth2/v2.0/"+endpoint, form.Encode(),
		"Authorization", "", "Content-Type", "application/x-www-form-urlencoded")
}

// redeem asks for the token of a device code.
func (s *service) redeem(d device) reply {
	s.t.Helper()
	return s.token(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {s.ClientID()}, "device_code": {d.DeviceCode},
	})
}

// signIn gets a person's token.
func (s *service) signIn(user, scope string) person {
	s.t.Helper()
	d := s.beginDevice(scope)
	if err := s.ApproveDevice(d.UserCode, user); err != nil {
		s.t.Fatal(err)
	}
	return s.person(s.redeem(d))
}

func (s *service) person(r reply) person {
	s.t.Helper()
	var p person
	if r.err != nil || r.StatusCode != 200 || json.Unmarshal(r.body, &p) != nil || json.Unmarshal(r.body, &p.granted) != nil {
		s.t.Fatalf("token: %v %s", r.err, r.body)
	}
	return p
}

func TestDeviceCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		d := s.beginDevice(delegatedScope)
		if !strings.HasPrefix(d.DeviceCode, clienttest.TokenPrefix) || len(d.UserCode) != 9 || d.ExpiresIn != 900 || d.Interval != 5 ||
			d.VerificationURI != s.server.URL()+"/devicelogin" || !strings.Contains(d.Message, d.UserCode) || !strings.Contains(d.Message, d.VerificationURI) ||
			strings.Contains(d.Message, d.DeviceCode) {
			t.Errorf("device code %+v", d)
		}
		checkEntra(t, s.redeem(d), 400, "authorization_pending", "70016", "pending")
		time.Sleep(5*time.Second - 1)
		checkEntra(t, s.redeem(d), 400, "slow_down", "70016", "less often")
		time.Sleep(5 * time.Second) // 10 by now
		checkEntra(t, s.redeem(d), 400, "slow_down", "70016", "")
		time.Sleep(15 * time.Second)
		checkEntra(t, s.redeem(d), 400, "authorization_pending", "70016", "")
		if err := s.ApproveDevice(d.UserCode, "ann@contoso.example"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		p := s.person(s.redeem(d))
		if p.TokenType != "Bearer" || p.ExpiresIn != 3599 || p.Scope != delegatedScope ||
			!strings.HasPrefix(p.AccessToken, clienttest.TokenPrefix) || !strings.HasPrefix(p.RefreshToken, clienttest.TokenPrefix) {
			t.Errorf("token %+v", p)
		}
		s.must(200, "GET", scores, "", "Authorization", "Bearer "+p.AccessToken)
		s.must(401, "GET", scores, "", "Authorization", "Bearer "+p.RefreshToken)
		checkEntra(t, s.redeem(d), 400, "bad_verification_code", "70018", "redeemed before")
	})
}

func TestDeviceCodeEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t, clienttest.WithDeviceCodes(time.Minute, 0), clienttest.WithOtherTenants("other.example"))
		denied := s.beginDevice(delegatedScope)
		if denied.ExpiresIn != 60 || denied.Interval != 0 {
			t.Errorf("device code %+v", denied)
		}
		checkEntra(t, s.redeem(denied), 400, "authorization_pending", "70016", "")
		if err := s.DenyDevice(denied.UserCode); err != nil {
			t.Fatal(err)
		}
		checkEntra(t, s.redeem(denied), 400, "authorization_declined", "65004", "declined")
		checkEntra(t, s.redeem(device{DeviceCode: "canary"}), 400, "bad_verification_code", "70018", "")

		late := s.beginDevice("openid SecurityEvents.Read.All")
		r := s.tokenAt("other.example", url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {s.ClientID()}, "device_code": {late.DeviceCode},
		})
		checkEntra(t, r, 400, "bad_verification_code", "70018", "of this tenant")
		time.Sleep(time.Minute)
		checkEntra(t, s.redeem(late), 400, "expired_token", "70019", "expired")
		time.Sleep(time.Minute)
		s.beginDevice(delegatedScope) // forgets none that is just past
		checkEntra(t, s.redeem(late), 400, "expired_token", "70019", "expired")
		for says, err := range map[string]error{
			"was decided before": s.DenyDevice(denied.UserCode),
			"has expired":        s.ApproveDevice(late.UserCode, "ann"),
			"there is no device": s.ApproveDevice("nothing", "ann"),
			"has no name":        s.ApproveDevice(late.UserCode, ""),
		} {
			if err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("error %v, want %q", err, says)
			}
		}
		time.Sleep(2 * time.Hour)
		s.beginDevice(delegatedScope) // forgets those long past
		checkEntra(t, s.redeem(late), 400, "bad_verification_code", "70018", "")
	})
}

func TestDeviceCodeWithoutOfflineAccess(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := s.signIn("ann@contoso.example", "openid SecurityEvents.ReadWrite.All")
	if p.RefreshToken != "" {
		t.Error("a refresh token that was not asked for")
	}
	if err := s.AddControlProfiles([]byte(`{"id":"c"}`)); err != nil {
		t.Fatal(err)
	}
	s.must(204, "PATCH", profiles+"/c", change(`"state":"Ignored"`), "Authorization", "Bearer "+p.AccessToken)
	if got := s.decisions(profiles + "/c")[0]["updatedBy"]; got != "ann@contoso.example" {
		t.Errorf("updatedBy %v", got)
	}
}

func TestDelegatedScopes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	own := strings.TrimSuffix(s.server.Cloud().Scope(), ".default")
	for scope, status := range map[string]int{
		own + "SecurityEvents.Read.All " + own + "SecurityEvents.ReadWrite.All": 200,
		own + ".default openid profile email":                                   200,
		"https://graph.microsoft.com/.default":                                  200,
		"User.Read":                                                             200,
		"https://vault.example/user_impersonation":                              401,
	} {
		p := s.signIn("ann", scope)
		s.must(status, "GET", scores, "", "Authorization", "Bearer "+p.AccessToken)
	}
	for _, scope := range []string{"openid", "offline_access openid", own + "a https://vault.example/b", "User.Read https://vault.example/b", "ftp://x/y", "https://h/v1.0/y"} {
		r := s.loginAt("devicecode", url.Values{"client_id": {s.ClientID()}, "scope": {scope}})
		if r.StatusCode != 400 || !strings.Contains(string(r.body), `"error":"invalid_scope"`) {
			t.Errorf("%q: status %d, %s", scope, r.StatusCode, r.body)
		}
	}
}

func TestDeviceCodeRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t)
	code := "urn:ietf:params:oauth:grant-type:device_code"
	id := s.ClientID()
	tests := []struct {
		endpoint     string
		form         url.Values
		status       int
		code, aadsts string
		says         string
	}{
		{"devicecode", url.Values{"scope": {"x"}}, 400, "invalid_request", "900144", "'client_id'"},
		{"devicecode", url.Values{"client_id": {id}}, 400, "invalid_request", "900144", "'scope'"},
		{"devicecode", url.Values{"client_id": {"x"}, "scope": {"x"}}, 400, "unauthorized_client", "700016", "'x'"},
		{"devicecode", url.Values{"client_id": {id}, "scope": {"User.Read"}, "client_secret": {"x"}}, 401, "invalid_client", "7000215", ""},
		{"DeviceCode", url.Values{"client_id": {id}, "scope": {"User.Read"}, "claims": {"x"}}, 400, "invalid_request", "90023", "claims"},
		{"token", url.Values{"grant_type": {code}, "client_id": {id}}, 400, "invalid_request", "900144", "'device_code'"},
		{"token", url.Values{"grant_type": {code}, "device_code": {"x"}}, 400, "invalid_request", "900144", "'client_id'"},
		{"token", url.Values{"grant_type": {"refresh_token"}, "client_id": {id}}, 400, "invalid_request", "900144", "'refresh_token'"},
		{"token", url.Values{"grant_type": {code}, "client_id": {id}, "device_code": {"x"}, "client_assertion": {""}}, 401, "invalid_client", "7000216", ""},
	}
	for _, tt := range tests {
		checkEntra(t, s.loginAt(tt.endpoint, tt.form), tt.status, tt.code, tt.aadsts, tt.says)
	}
	if r := s.do("GET", s.server.URL()+"/"+s.TenantID()+"/oauth2/v2.0/devicecode", ""); r.StatusCode != 405 {
		t.Errorf("GET: status %d", r.StatusCode)
	}
	got := s.Requests()
	if r := got[len(got)-2]; r.Kind != clienttest.KindToken || strings.Contains(string(r.Body), "device_code=x") {
		t.Errorf("record %+v %s", r, r.Body)
	}
}
