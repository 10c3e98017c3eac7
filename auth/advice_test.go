package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// The codes that people meet, each with what to do about it.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"7000215": "use the secret's Value", "7000222": "the client secret has expired", "7000216": "has no credential",
		"7000218": "not a public client", "700027": "upload the certificate", "700024": "check this machine's clock",
		"700023": "audience is not this token endpoint", "7002381": "another issuer than Entra", "70021": "no federated credential",
		"700211": "issuer", "700212": "api://AzureADTokenExchange", "700213": "subject", "50013": "clock",
		"700016": "no such application", "7000112": "is disabled", "7000229": "no service principal", "90002": "no such tenant",
		"900023": "neither a GUID nor", "900382": "another cloud", "90072": "not of this tenant", "500011": "the resource is unknown",
		"70011": "/.default", "1002012": "/.default", "65001": "consent is missing", "501051": "no role", "50105": "not assigned",
		"53003": "conditional access", "53000": "compliant device", "50076": "multi-factor", "50079": "multi-factor", "50057": "disabled",
		"700082": "refresh token has expired", "50173": "revoked", "90033": "try again later",
	} {
		e := &endpoint{answer: always(refusal(400, "invalid_client", "AADSTS"+code+": words of the service."))}
		base, hc := serve(t, e)
		err := askError(t, clientSecret(t, base, hc))
		_, advice, ok := strings.Cut(err.Error(), "; ")
		if got, is := errors.AsType[*auth.Error](err); !is || got.AADSTS != "AADSTS"+code || !ok || !strings.Contains(advice, want) {
			t.Errorf("%s: %v", code, err)
		}
		wantText(t, err, "words of the service")
	}
}
