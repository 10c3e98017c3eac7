package auth

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/google/uuid"
)

// assertionLife is for how long an assertion is good: it is used at once, and
// clocks differ. Entra advises 5 to 10 minutes.
const assertionLife = 10 * time.Minute

// assertionParams are those of a client assertion (RFC 7523, section 2.2).
func assertionParams(assertion string) url.Values {
	return url.Values{
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
}

type assertionHeader struct {
	Algorithm  string   `json:"alg"`
	Type       string   `json:"typ"`
	Thumbprint string   `json:"x5t#S256"`
	Chain      [][]byte `json:"x5c,omitempty"` // base64 with padding, as JSON has bytes
}

type assertionClaims struct {
	Audience  string `json:"aud"`
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	ID        string `json:"jti"`
	NotBefore int64  `json:"nbf"`
	IssuedAt  int64  `json:"iat"`
	Expires   int64  `json:"exp"`
}

// newAssertionSigner returns a function that makes client assertions for app,
// each with an id of its own.
//
// Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials
func newAssertionSigner(app App, signer crypto.Signer, chain [][]byte, sendChain bool) func(now time.Time) (string, error) {
	thumbprint := sha256.Sum256(chain[0])
	header := assertionHeader{Algorithm: "PS256", Type: "JWT", Thumbprint: base64.RawURLEncoding.EncodeToString(thumbprint[:])}
	if sendChain {
		header.Chain = chain
	}
	return func(now time.Time) (string, error) {
		return signJWT(signer, header, assertionClaims{
			Audience: app.tokenURL(), Issuer: app.ClientID, Subject: app.ClientID, ID: uuid.NewString(),
			NotBefore: now.Unix(), IssuedAt: now.Unix(), Expires: now.Add(assertionLife).Unix(),
		})
	}
}

// signJWT makes a JSON web token with the algorithm PS256 (RFC 7518, section
// 3.5).
func signJWT(signer crypto.Signer, header, claims any) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	c, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(c)
	digest := sha256.Sum256([]byte(signed))
	opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	signature, err := signer.Sign(rand.Reader, digest[:], opts)
	if err != nil {
		return "", errSigner
	}
	// A signer that does not know PSS may return another signature instead of an
	// error, and Entra would only say that it is not valid.
	public, ok := signer.Public().(*rsa.PublicKey)
	if !ok || rsa.VerifyPSS(public, crypto.SHA256, digest[:], signature, opts) != nil {
		return "", errNotPSS
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

var (
	errSigner = errors.New("the private key failed to sign")
	errNotPSS = errors.New("what the private key signed is no signature of RSASSA-PSS with SHA-256")
)
