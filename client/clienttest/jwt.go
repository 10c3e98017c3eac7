package clienttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// jwt is a signed JSON web token, read and not yet believed (RFC 7519).
type jwt struct {
	header struct {
		Algorithm      string `json:"alg"`
		ThumbprintS256 string `json:"x5t#S256"`
		Thumbprint     string `json:"x5t"`
	}
	claims struct {
		Audience  audiences `json:"aud"`
		Issuer    string    `json:"iss"`
		Subject   string    `json:"sub"`
		ID        string    `json:"jti"`
		NotBefore *float64  `json:"nbf"`
		Expires   *float64  `json:"exp"`
	}
	signed    string
	signature []byte
}

// audiences is an aud claim, a string or several.
type audiences []string

func (a *audiences) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*a = audiences{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// parseJWT reads a token in its compact form. Its errors say nothing of the
// text, which is a secret for as long as the token is good.
func parseJWT(text string) (*jwt, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("it has %d parts, 3 are wanted", len(parts))
	}
	t := &jwt{signed: parts[0] + "." + parts[1]}
	for i, into := range []any{&t.header, &t.claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, into) != nil {
			return nil, fmt.Errorf("part %d is not an object of the right shape in base64url", i+1)
		}
	}
	var err error
	if t.signature, err = base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return nil, errors.New("the signature is not base64url")
	}
	return t, nil
}

// verify reports whether the signature is that of a key: RS256 or PS256 of an
// RSA key, ES256 of one on P-256.
//
// Source: RFC 7518, sections 3.3 to 3.5.
func (t *jwt) verify(key crypto.PublicKey) bool {
	if !verifies(key, t.header.Algorithm) {
		return false
	}
	digest := sha256.Sum256([]byte(t.signed))
	switch t.header.Algorithm {
	case "RS256":
		return rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, digest[:], t.signature) == nil
	case "PS256":
		opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(key.(*rsa.PublicKey), crypto.SHA256, digest[:], t.signature, opts) == nil
	}
	const size = 32 // bytes of r, and of s
	if len(t.signature) != 2*size {
		return false
	}
	r, s := new(big.Int).SetBytes(t.signature[:size]), new(big.Int).SetBytes(t.signature[size:])
	return ecdsa.Verify(key.(*ecdsa.PublicKey), digest[:], r, s)
}

// verifies reports whether a key is one for an algorithm.
func verifies(key crypto.PublicKey, algorithm string) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return key != nil && (algorithm == "RS256" || algorithm == "PS256")
	case *ecdsa.PublicKey:
		return key != nil && algorithm == "ES256" && key.Curve == elliptic.P256()
	}
	return false
}

// within reports whether a moment is in the token's time, give or take what
// clocks differ by. It must say when it expires.
func (t *jwt) within(now time.Time) bool {
	const skew = 5 * time.Minute // Entra's own
	seconds := float64(now.UnixNano()) / float64(time.Second)
	from, until := t.claims.NotBefore, t.claims.Expires
	return until != nil && seconds < *until+skew.Seconds() && (from == nil || seconds >= *from-skew.Seconds())
}
