package clienttest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// rsaKeys are made once: they take their time.
var rsaKeys = sync.OnceValue(func() (keys [2]*rsa.PrivateKey) {
	for i := range keys {
		var err error
		if keys[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			panic(err)
		}
	}
	return keys
})

// certify makes a certificate of a key that is valid from 2000 to 2100.
func certify(t *testing.T, key *rsa.PrivateKey) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// part is the header or the claims of a token.
type part map[string]any

// sign makes a token. The algorithm is that of the header, or else of the key.
func sign(t *testing.T, key crypto.Signer, header, claims part) string {
	t.Helper()
	encode := func(p part) string {
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := encode(header) + "." + encode(claims)
	digest := sha256.Sum256([]byte(signed))
	var signature []byte
	var err error
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, signErr := ecdsa.Sign(rand.Reader, key, digest[:])
		err, signature = signErr, append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case *rsa.PrivateKey:
		if header["alg"] == "RS256" {
			signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
		} else {
			signature, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// with returns the part with members set; nil takes one away.
func (p part) with(members part) part {
	out := maps.Clone(p)
	for name, v := range members {
		if out[name] = v; v == nil {
			delete(out, name)
		}
	}
	return out
}

// assertionForm is a request for a token with an assertion.
func (s *service) assertionForm(assertion string) url.Values {
	form := s.form()
	form.Del("client_secret")
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return form
}

// grantedBy sends a form, and uses the token that it brings.
func (s *service) grantedBy(form url.Values) granted {
	s.t.Helper()
	var g granted
	if r := s.token(form); r.err != nil || json.Unmarshal(r.body, &g) != nil || g.AccessToken == "" {
		s.t.Fatalf("no token: %v %s", r.err, r.body)
	}
	s.must(200, "GET", scores, "", "Authorization", "Bearer "+g.AccessToken)
	return g
}

func thumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// own is a service with a certificate, and the parts of an assertion that it
// takes.
func own(t *testing.T) (s *service, header, claims part) {
	t.Helper()
	cert := certify(t, rsaKeys()[0])
	s = serveInMemory(t, clienttest.WithCertificate(certify(t, rsaKeys()[1])), clienttest.WithCertificate(cert))
	now := time.Now().Unix()
	return s, part{"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(cert)}, part{
		"aud": s.server.URL() + "/" + s.TenantID() + "/oauth2/v2.0/token", "iss": s.ClientID(), "sub": s.ClientID(),
		"jti": "first", "nbf": now, "iat": now, "exp": now + 600,
	}
}

func TestAssertionGranted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, header, claims := own(t)
		for name, a := range map[string]string{
			"as it is":         sign(t, rsaKeys()[0], header, claims),
			"RS256":            sign(t, rsaKeys()[0], header.with(part{"alg": "RS256"}), claims.with(part{"jti": "2"})),
			"padded":           sign(t, rsaKeys()[0], header.with(part{"x5t#S256": header["x5t#S256"].(string) + "="}), claims.with(part{"jti": "3"})),
			"issuer as aud":    sign(t, rsaKeys()[0], header, claims.with(part{"jti": "4", "aud": s.server.URL() + "/" + s.TenantID() + "/v2.0"})),
			"several aud":      sign(t, rsaKeys()[0], header, claims.with(part{"jti": "5", "aud": []string{"x", claims["aud"].(string)}})),
			"no nbf":           sign(t, rsaKeys()[0], header, claims.with(part{"jti": "6", "nbf": nil})),
			"clocks differ":    sign(t, rsaKeys()[0], header, claims.with(part{"jti": "7", "nbf": time.Now().Unix() + 299, "exp": time.Now().Unix() + 600})),
			"fraction":         sign(t, rsaKeys()[0], header, claims.with(part{"jti": "8", "exp": float64(time.Now().Unix()) + 0.5})),
			"case of the ids":  sign(t, rsaKeys()[0], header, claims.with(part{"jti": "9", "iss": strings.ToUpper(s.ClientID()), "sub": strings.ToUpper(s.ClientID())})),
			"just not expired": sign(t, rsaKeys()[0], header, claims.with(part{"jti": "10", "exp": time.Now().Unix() - 299})),
		} {
			t.Log(name)
			s.grantedBy(s.assertionForm(a))
		}
	})
}

func TestAssertionNamedBySHA1(t *testing.T) {
	t.Parallel()
	cert := certify(t, rsaKeys()[0])
	s := serve(t, clienttest.WithCertificate(cert))
	sum := sha1.Sum(cert.Raw)
	header := part{"alg": "RS256", "x5t": base64.RawURLEncoding.EncodeToString(sum[:])}
	claims := part{
		"aud": s.server.URL() + "/" + s.TenantID() + "/oauth2/v2.0/token", "iss": s.ClientID(), "sub": s.ClientID(),
		"jti": "x", "exp": time.Now().Unix() + 600,
	}
	s.grantedBy(s.assertionForm(sign(t, rsaKeys()[0], header, claims)))
	both := header.with(part{"x5t#S256": "another"})
	checkEntra(t, s.token(s.assertionForm(sign(t, rsaKeys()[0], both, claims))), 401, "invalid_client", "700027", "not registered")
}

func TestAssertionForAnotherTenant(t *testing.T) {
	t.Parallel()
	cert := certify(t, rsaKeys()[0])
	s := serve(t, clienttest.WithCertificate(cert), clienttest.WithOtherTenants("other.example"))
	a := sign(t, rsaKeys()[0], part{"alg": "PS256", "x5t#S256": thumbprint(cert)}, part{
		"aud": s.server.URL() + "/" + s.TenantID() + "/oauth2/v2.0/token", "iss": s.ClientID(), "sub": s.ClientID(),
		"jti": "x", "exp": time.Now().Unix() + 600,
	})
	checkEntra(t, s.tokenAt("other.example", s.assertionForm(a)), 401, "invalid_client", "700023", "audience")
	s.grantedBy(s.assertionForm(a))
}

func TestAssertionRefusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		header, claims part
		status         int
		code, aadsts   string
	}{
		{"another certificate", part{"x5t#S256": "AAAA"}, nil, 401, "invalid_client", "700027"},
		{"no certificate", part{"x5t#S256": nil}, nil, 401, "invalid_client", "700027"},
		{"no algorithm", part{"alg": "none"}, nil, 401, "invalid_client", "700027"},
		{"another algorithm", part{"alg": "RS512"}, nil, 401, "invalid_client", "700027"},
		{"another issuer", nil, part{"iss": "x"}, 401, "invalid_client", "700021"},
		{"another subject", nil, part{"sub": "x"}, 401, "invalid_client", "700021"},
		{"no subject", nil, part{"sub": nil}, 401, "invalid_client", "700021"},
		{"another host", nil, part{"aud": "https://login.microsoftonline.com/x/oauth2/v2.0/token"}, 401, "invalid_client", "700023"},
		{"another tenant", nil, part{"aud": "http://localhost/x/oauth2/v2.0/token"}, 401, "invalid_client", "700023"},
		{"no audience", nil, part{"aud": nil}, 401, "invalid_client", "700023"},
		{"audience is a number", nil, part{"aud": 1}, 400, "invalid_request", "50027"},
		{"expired", nil, part{"exp": time.Date(1999, 12, 31, 23, 54, 0, 0, time.UTC).Unix()}, 401, "invalid_client", "700024"},
		{"to come", nil, part{"nbf": time.Date(2000, 1, 1, 0, 6, 0, 0, time.UTC).Unix()}, 401, "invalid_client", "700024"},
		{"never expires", nil, part{"exp": nil}, 400, "invalid_request", "50027"},
		{"no id", nil, part{"jti": nil}, 400, "invalid_request", "50027"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // it begins at 2000-01-01
				s, header, claims := own(t)
				a := sign(t, rsaKeys()[0], header.with(tt.header), claims.with(tt.claims))
				checkEntra(t, s.token(s.assertionForm(a)), tt.status, tt.code, tt.aadsts, "")
			})
		})
	}
}

func TestAssertionShapes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, header, claims := own(t)
		good := sign(t, rsaKeys()[0], header, claims)
		parts := strings.Split(good, ".")
		for name, a := range map[string]string{
			"one part":                  "x",
			"four parts":                good + ".x",
			"header not base64":         "!." + parts[1] + "." + parts[2],
			"claims not JSON":           parts[0] + "." + parts[0][:5] + "." + parts[2],
			"signature not base64":      parts[0] + "." + parts[1] + ".!",
			"header of the wrong shape": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":1}`)) + "." + parts[1] + "." + parts[2],
		} {
			r := s.token(s.assertionForm(a))
			checkEntra(t, r, 400, "invalid_request", "50027", "malformed")
			if strings.Contains(string(r.body), parts[2]) {
				t.Errorf("%s: the assertion is echoed in %s", name, r.body)
			}
		}
		other := strings.Split(sign(t, rsaKeys()[1], header, claims), ".")
		for name, a := range map[string]string{
			"another key":     strings.Join(other, "."),
			"another's":       parts[0] + "." + parts[1] + "." + other[2],
			"another payload": parts[0] + "." + strings.Split(sign(t, rsaKeys()[0], header, claims.with(part{"jti": "x"})), ".")[1] + "." + parts[2],
			"no signature":    parts[0] + "." + parts[1] + ".",
		} {
			t.Log(name)
			checkEntra(t, s.token(s.assertionForm(a)), 401, "invalid_client", "700027", "signature validation")
		}

		form := s.assertionForm(good)
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
		checkEntra(t, s.token(form), 400, "invalid_request", "900144", "client_assertion_type")
		form = s.assertionForm(good)
		form.Set("client_secret", s.Secret())
		checkEntra(t, s.token(form), 400, "invalid_request", "90023", "both")

		s.grantedBy(s.assertionForm(good)) // none of these has used it up
		checkEntra(t, s.token(s.assertionForm(good)), 401, "invalid_client", "50012", "used before")
		time.Sleep(time.Hour)
		again := sign(t, rsaKeys()[0], header, claims.with(part{"exp": time.Now().Unix() + 600}))
		checkEntra(t, s.token(s.assertionForm(again)), 401, "invalid_client", "50012", "used before")
		time.Sleep(3 * time.Hour) // the id is forgotten when nothing with it can be good
		last := sign(t, rsaKeys()[0], header, claims.with(part{"exp": time.Now().Unix() + 600}))
		s.grantedBy(s.assertionForm(last))
	})
}

func TestAssertionOfExpiredCertificate(t *testing.T) {
	t.Parallel()
	cert := certify(t, rsaKeys()[0])
	for _, now := range []time.Time{cert.NotBefore.Add(-time.Second), cert.NotAfter.Add(time.Second)} {
		s := serve(t, clienttest.WithCertificate(cert), clienttest.WithClock(func() time.Time { return now }))
		a := sign(t, rsaKeys()[0], part{"alg": "PS256", "x5t#S256": thumbprint(cert)}, part{
			"aud": s.server.URL() + "/" + s.TenantID() + "/oauth2/v2.0/token", "iss": s.ClientID(), "sub": s.ClientID(),
			"jti": "x", "exp": now.Unix() + 600,
		})
		checkEntra(t, s.token(s.assertionForm(a)), 401, "invalid_client", "7000222", "validity")
	}
}

func TestFederatedAssertion(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	const issuer, subject = "https://token.actions.githubusercontent.com", "repo:contoso/app:ref:refs/heads/main"
	s := serve(t,
		clienttest.WithFederation(clienttest.FederatedCredential{Issuer: issuer, Subject: subject, Key: rsaKeys()[0].Public()}),
		clienttest.WithFederation(clienttest.FederatedCredential{Issuer: "https://k8s.example", Subject: "sa", Audience: "own", Key: ec.Public()}),
		clienttest.WithFederation(clienttest.FederatedCredential{Issuer: "https://k8s.example", Subject: "sa", Audience: "own", Key: rsaKeys()[1].Public()}),
	)
	exp := time.Now().Unix() + 600
	hub := part{"iss": issuer, "sub": subject, "aud": clienttest.DefaultFederationAudience, "exp": exp}
	k8s := part{"iss": "https://k8s.example", "sub": "sa", "aud": []string{"own"}, "exp": exp}
	tests := []struct {
		name   string
		key    crypto.Signer
		alg    string
		claims part
		aadsts string // "" is granted
	}{
		{"RS256", rsaKeys()[0], "RS256", hub, ""},
		{"PS256", rsaKeys()[0], "PS256", hub, ""},
		{"ES256", ec, "ES256", k8s, ""},
		{"a second key", rsaKeys()[1], "RS256", k8s, ""},
		{"another issuer", rsaKeys()[0], "RS256", hub.with(part{"iss": issuer + "/"}), "700211"},
		{"another subject", rsaKeys()[0], "RS256", hub.with(part{"sub": "repo:contoso/app:pull_request"}), "700213"},
		{"another's subject", rsaKeys()[0], "RS256", hub.with(part{"sub": "sa"}), "700213"},
		{"another audience", rsaKeys()[0], "RS256", hub.with(part{"aud": "own"}), "700212"},
		{"two audiences", rsaKeys()[0], "RS256", hub.with(part{"aud": []string{clienttest.DefaultFederationAudience, "x"}}), "700212"},
		{"another key", rsaKeys()[1], "RS256", hub, "50013"},
		{"another algorithm", rsaKeys()[0], "ES256", hub, "50013"},
		{"algorithm of another key", ec, "RS256", k8s, "50013"},
		{"expired", rsaKeys()[0], "RS256", hub.with(part{"exp": exp - 1000}), "700024"},
	}
	short := sign(t, ec, part{"alg": "ES256"}, k8s)
	checkEntra(t, s.token(s.assertionForm(short[:len(short)-4])), 401, "invalid_client", "50013", "signature")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			form := s.assertionForm(sign(t, tt.key, part{"alg": tt.alg, "kid": "x"}, tt.claims))
			if tt.aadsts != "" {
				checkEntra(t, s.token(form), 401, "invalid_client", tt.aadsts, "")
				return
			}
			s.grantedBy(form)
			s.grantedBy(form) // with no jti, and again: a file with one is read many times
		})
	}
}
