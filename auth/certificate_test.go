package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// bubbleStart is when the clocks of synctest begin.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func mustKey(key crypto.Signer, err error) crypto.Signer {
	if err != nil {
		panic(err)
	}
	return key
}

// rsaKey is shared: making one takes a while.
var rsaKey = sync.OnceValue(func() crypto.Signer { return mustKey(rsa.GenerateKey(rand.Reader, 2048)) })

var ecKey = sync.OnceValue(func() crypto.Signer { return mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })

// certificateOf makes a certificate for key that is valid both now and in a
// synctest bubble, if the dates do not say otherwise.
func certificateOf(t *testing.T, key crypto.Signer, dates ...time.Time) tls.Certificate {
	t.Helper()
	dates = append(dates, bubbleStart.AddDate(0, -1, 0), time.Now().AddDate(1, 0, 0))
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "test"}, NotBefore: dates[0], NotAfter: dates[1]}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func clientCertificate(t *testing.T, a auth.App, opts auth.CertificateOptions) auth.TokenSource {
	t.Helper()
	src, err := auth.ClientCertificate(a, certificateOf(t, rsaKey()), opts)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

type jwtHeader struct {
	Algorithm  string   `json:"alg"`
	Type       string   `json:"typ"`
	Thumbprint string   `json:"x5t#S256"`
	Chain      []string `json:"x5c"`
}

type jwtClaims struct {
	Audience  string `json:"aud"`
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	ID        string `json:"jti"`
	NotBefore int64  `json:"nbf"`
	IssuedAt  int64  `json:"iat"`
	Expires   int64  `json:"exp"`
}

// verify checks an assertion as Entra does: the signature with the key of the
// certificate that it names.
func verify(t *testing.T, jwt string, der []byte) (h jwtHeader, c jwtClaims) {
	t.Helper()
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		t.Fatalf("the assertion has %d parts", len(parts))
	}
	for i, v := range []any{&h, &c} {
		if err := json.Unmarshal([]byte(decode(t, parts[i])), v); err != nil {
			t.Fatal(err)
		}
	}
	thumbprint, err := base64.RawURLEncoding.DecodeString(h.Thumbprint)
	if sum := sha256.Sum256(der); err != nil || !slices.Equal(thumbprint, sum[:]) {
		t.Errorf("x5t#S256 is not the certificate's: %v", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	opts := &rsa.PSSOptions{SaltLength: sha256.Size, Hash: crypto.SHA256}
	if err := rsa.VerifyPSS(leaf.PublicKey.(*rsa.PublicKey), crypto.SHA256, digest[:], signature, opts); err != nil {
		t.Error(err)
	}
	return h, c
}

func decode(t *testing.T, part string) string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestClientCertificateRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: numbered(3600)}
		a := app(t, "http://localhost", serveInMemory(t, e))
		cert := certificateOf(t, rsaKey())
		src, err := auth.ClientCertificate(a, cert, auth.CertificateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ids := make(map[string]bool)
		for i := range 3 { // each time a new assertion
			ask(t, src, scope, fmt.Sprint("x", i))
			r := e.request(t, i)
			assertion := r.form.Get("client_assertion")
			r.form.Del("client_assertion")
			want := url.Values{
				"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {fmt.Sprint(scope, " x", i)},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			}
			if !reflect.DeepEqual(r.form, want) {
				t.Errorf("the form is %v", r.form)
			}
			h, c := verify(t, assertion, cert.Certificate[0])
			if h.Algorithm != "PS256" || h.Type != "JWT" || h.Chain != nil {
				t.Errorf("header %+v", h)
			}
			if c.Audience != "http://localhost"+r.path || c.Issuer != clientID || c.Subject != clientID {
				t.Errorf("claims %+v", c)
			}
			now := time.Now().Unix()
			if c.NotBefore != now || c.IssuedAt != now || c.Expires != now+600 {
				t.Errorf("at %d: claims %+v", now, c)
			}
			if _, err := uuid.Parse(c.ID); err != nil || ids[c.ID] {
				t.Errorf("jti %q: %v", c.ID, err)
			}
			ids[c.ID] = true
			time.Sleep(time.Minute)
		}
	})
}

func TestClientCertificateChain(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	cert, other := certificateOf(t, rsaKey()), certificateOf(t, ecKey())
	cert.Certificate = append(cert.Certificate, other.Certificate[0])
	for i, send := range []bool{true, false} {
		src, err := auth.ClientCertificate(app(t, base, hc), cert, auth.CertificateOptions{SendChain: send})
		if err != nil {
			t.Fatal(err)
		}
		ask(t, src)
		h, _ := verify(t, e.request(t, i).form.Get("client_assertion"), cert.Certificate[0])
		var want []string
		if send {
			for _, der := range cert.Certificate {
				want = append(want, base64.StdEncoding.EncodeToString(der))
			}
		}
		if !slices.Equal(h.Chain, want) {
			t.Errorf("x5c has %d certificates, want %d", len(h.Chain), len(want))
		}
	}
}

func TestClientCertificateRefuses(t *testing.T) {
	t.Parallel()
	good := certificateOf(t, rsaKey())
	year := func(n int) time.Time { return time.Now().AddDate(n, 0, 0) }
	small := mustKey(rsa.GenerateKey(rand.Reader, 1024))
	for _, tt := range []struct {
		want string
		cert tls.Certificate
	}{
		{"auth: client certificate: there is no certificate", tls.Certificate{}},
		{"the first certificate cannot be parsed", tls.Certificate{Certificate: [][]byte{{1}}, PrivateKey: rsaKey()}},
		{"there is no private key", tls.Certificate{Certificate: good.Certificate}},
		{"the private key is a string, which cannot sign", tls.Certificate{Certificate: good.Certificate, PrivateKey: canarySecret}},
		{"the private key is not that of the first certificate", tls.Certificate{Certificate: good.Certificate, PrivateKey: ecKey()}},
		{"its key is ECDSA, and Entra takes RSA only", certificateOf(t, ecKey())},
		{"its RSA key has 1024 bits, and Entra takes 2048 or more", certificateOf(t, small)},
		{"it has expired on 20", certificateOf(t, rsaKey(), year(-2), year(-1))},
		{"it is not valid before 20", certificateOf(t, rsaKey(), year(1), year(2))},
	} {
		src, err := auth.ClientCertificate(auth.App{TenantID: tenantID, ClientID: clientID}, tt.cert, auth.CertificateOptions{})
		wantText(t, err, "auth: client certificate: ", tt.want)
		noCanary(t, err)
		if src != nil {
			t.Errorf("%s: a source beside the error", tt.want)
		}
	}
	_, err := auth.ClientCertificate(auth.App{ClientID: clientID}, good, auth.CertificateOptions{})
	wantText(t, err, "auth: tenant id is empty")
}

// signerFunc is a key elsewhere.
type signerFunc struct {
	crypto.Signer
	sign func(opts crypto.SignerOpts, digest []byte) ([]byte, error)
}

func (s signerFunc) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.sign(opts, digest)
}

func TestClientCertificateSigners(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	source := func(sign func(crypto.SignerOpts, []byte) ([]byte, error)) auth.TokenSource {
		cert := certificateOf(t, rsaKey())
		cert.PrivateKey = signerFunc{rsaKey(), sign}
		src, err := auth.ClientCertificate(app(t, base, hc), cert, auth.CertificateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	// A key that knows PKCS #1 v1.5 only.
	err := askError(t, source(func(_ crypto.SignerOpts, digest []byte) ([]byte, error) {
		return rsaKey().Sign(rand.Reader, digest, crypto.SHA256)
	}))
	wantText(t, err, "auth: client certificate: what the private key signed is no signature of RSASSA-PSS")
	err = askError(t, source(func(crypto.SignerOpts, []byte) ([]byte, error) { return nil, errors.New(canarySecret) }))
	wantText(t, err, "auth: client certificate: the private key failed to sign")
	noCanary(t, err)
	if e.count() != 0 {
		t.Errorf("%d requests, want none", e.count())
	}
	ask(t, source(func(opts crypto.SignerOpts, digest []byte) ([]byte, error) {
		return rsaKey().Sign(rand.Reader, digest, opts)
	}))
}
