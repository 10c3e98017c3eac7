package clienttest_test

import (
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// refreshForm is a request for a token with a refresh token.
func (s *service) refreshForm(token, scope string) url.Values {
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {s.ClientID()}, "refresh_token": {token}}
	if scope != "" {
		form.Set("scope", scope)
	}
	return form
}

func TestRefreshToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t, clienttest.WithOtherTenants("other.example"))
		if err := s.AddControlProfiles([]byte(`{"id":"c"}`)); err != nil {
			t.Fatal(err)
		}
		first := s.signIn("ann", delegatedScope)
		time.Sleep(time.Hour)
		s.must(401, "GET", scores, "", "Authorization", "Bearer "+first.AccessToken)
		second := s.person(s.token(s.refreshForm(first.RefreshToken, "")))
		if second.Scope != delegatedScope || second.RefreshToken == "" || second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
			t.Errorf("token %+v after %+v", second, first)
		}
		s.must(204, "PATCH", profiles+"/c", change(`"state":"Ignored"`), "Authorization", "Bearer "+second.AccessToken)
		if got := s.decisions(profiles + "/c")[0]["updatedBy"]; got != "ann" {
			t.Errorf("updatedBy %v", got)
		}
		s.person(s.token(s.refreshForm(first.RefreshToken, ""))) // the old one stays good

		elsewhere := s.person(s.token(s.refreshForm(second.RefreshToken, "https://vault.example/user_impersonation")))
		s.must(401, "GET", scores, "", "Authorization", "Bearer "+elsewhere.AccessToken)
		s.person(s.token(s.refreshForm(elsewhere.RefreshToken, "User.Read")))
		checkEntra(t, s.token(s.refreshForm(second.RefreshToken, "openid")), 400, "invalid_scope", "1002012", "")

		checkEntra(t, s.tokenAt("other.example", s.refreshForm(second.RefreshToken, "")), 400, "invalid_grant", "9002313", "")
		checkEntra(t, s.token(s.refreshForm("canary", "")), 400, "invalid_grant", "9002313", "not issued here")
		s.RevokeTokens() // those for the Graph
		s.person(s.token(s.refreshForm(second.RefreshToken, "")))
		s.RevokeRefreshTokens()
		checkEntra(t, s.token(s.refreshForm(second.RefreshToken, "")), 400, "invalid_grant", "50173", "revoked")

		third := s.signIn("ann", delegatedScope)
		time.Sleep(90*24*time.Hour - 1)
		s.person(s.token(s.refreshForm(third.RefreshToken, "")))
		time.Sleep(time.Nanosecond)
		checkEntra(t, s.token(s.refreshForm(third.RefreshToken, "")), 400, "invalid_grant", "700082", "inactivity")
		time.Sleep(23 * time.Hour)
		s.signIn("ann", delegatedScope)
		checkEntra(t, s.token(s.refreshForm(third.RefreshToken, "")), 400, "invalid_grant", "700082", "")
		time.Sleep(2 * time.Hour)
		s.signIn("ann", delegatedScope) // forgets those long past
		checkEntra(t, s.token(s.refreshForm(third.RefreshToken, "")), 400, "invalid_grant", "9002313", "")
	})
}
