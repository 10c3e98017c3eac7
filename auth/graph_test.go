package auth_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// The token endpoint of the Graph in memory was written by others and checks
// secrets, assertions and people for real; its Graph checks the tokens.
func TestEveryFlowAgainstTheGraphInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cert := certificateOf(t, rsaKey())
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		issuer, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		g := clienttest.NewGraph(
			clienttest.WithCertificate(leaf), clienttest.WithDeviceCodes(15*time.Minute, 5*time.Second),
			clienttest.WithFederation(clienttest.FederatedCredential{Issuer: "https://issuer.example.com", Subject: "job", Key: &issuer.PublicKey}),
		)
		hc := serveInMemory(t, g)
		cloud, err := auth.NewCloud("http://localhost", "http://localhost"+g.BasePath())
		if err != nil {
			t.Fatal(err)
		}
		a := auth.App{TenantID: g.TenantID(), ClientID: g.ClientID(), Cloud: cloud, HTTPClient: hc}
		source := func(src auth.TokenSource, err error) auth.TokenSource {
			if err != nil {
				t.Fatal(err)
			}
			return src
		}
		for name, src := range map[string]auth.TokenSource{
			"secret":      source(auth.ClientSecret(a, g.Secret())),
			"certificate": source(auth.ClientCertificate(a, cert, auth.CertificateOptions{})),
			"chain":       source(auth.ClientCertificate(a, cert, auth.CertificateOptions{SendChain: true})),
			"federation":  source(auth.ClientAssertion(a, func(context.Context) (string, error) { return federatedToken(t, issuer), nil })),
			"device": source(auth.DeviceCode(a, func(_ context.Context, p auth.DevicePrompt) error {
				return g.ApproveDevice(p.UserCode, "ada@contoso.com")
			})),
		} {
			tr, err := auth.NewTransport(hc.Transport, src, mustOrigin(t, "http://localhost"), cloud.Scope())
			if err != nil {
				t.Fatal(err)
			}
			get := func(step string) {
				t.Helper()
				resp, err := tr.RoundTrip(request(t, "GET", cloud.GraphRoot()+"/security/secureScores", ""))
				if err != nil {
					t.Errorf("%s, %s: %v", name, step, err)
					return
				}
				if text := finish(t, resp); resp.StatusCode != 200 {
					t.Errorf("%s, %s: %s %s", name, step, resp.Status, text)
				}
			}
			get("first token")
			g.RevokeTokens()
			get("after a plain 401")
			g.RequireClaims(caeClaims)
			get("after a claims challenge")
			g.RequireClaims("")
			time.Sleep(48 * time.Hour)
			get("after the token's end")
		}
		bad := source(auth.ClientCertificate(a, certificateOf(t, rsaKey()), auth.CertificateOptions{})) // the same key, another certificate
		if e, ok := errors.AsType[*auth.Error](askError(t, bad)); !ok || e.AADSTS != "AADSTS700027" {
			t.Errorf("a certificate that is not registered: %v", e)
		}
	})
}

// federatedToken is what another provider would issue.
func federatedToken(t *testing.T, key *rsa.PrivateKey) string {
	t.Helper()
	now := time.Now().Unix()
	part := func(v map[string]any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(map[string]any{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": "https://issuer.example.com", "sub": "job", "aud": clienttest.DefaultFederationAudience,
		"iat": now, "nbf": now, "exp": now + 300, "jti": rand.Text(),
	})
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}
