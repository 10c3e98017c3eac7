package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, []byte("Bag Attributes: of openssl\n")) }

func TestCertificateFromPEM(t *testing.T) {
	t.Parallel()
	leaf, other := certificateOf(t, rsaKey()).Certificate[0], certificateOf(t, ecKey()).Certificate[0]
	ec, err := x509.MarshalECPrivateKey(ecKey().(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		data  []byte
		chain [][]byte
	}{
		"PKCS#8":      {join(block("CERTIFICATE", leaf), block("PRIVATE KEY", pkcs8(t, rsaKey()))), [][]byte{leaf}},
		"PKCS#1":      {join(block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey().(*rsa.PrivateKey))), block("CERTIFICATE", leaf)), [][]byte{leaf}},
		"chain":       {join(block("CERTIFICATE", leaf), block("CERTIFICATE", other), block("PRIVATE KEY", pkcs8(t, rsaKey()))), [][]byte{leaf, other}},
		"leaf last":   {join(block("CERTIFICATE", other), block("PRIVATE KEY", pkcs8(t, rsaKey())), block("CERTIFICATE", leaf)), [][]byte{leaf, other}},
		"other block": {join(block("EC PARAMETERS", []byte{1}), block("EC PRIVATE KEY", ec), block("CERTIFICATE", other)), [][]byte{other}},
	} {
		cert, err := auth.CertificateFromPEM(tt.data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(cert.Certificate) != len(tt.chain) || cert.Leaf == nil || cert.PrivateKey == nil {
			t.Errorf("%s: %d certificates", name, len(cert.Certificate))
			continue
		}
		for i, der := range tt.chain {
			if !bytes.Equal(cert.Certificate[i], der) {
				t.Errorf("%s: certificate %d is another one", name, i+1)
			}
		}
	}
}

func TestCertificateFromPEMRefuses(t *testing.T) {
	t.Parallel()
	leaf, key := block("CERTIFICATE", certificateOf(t, rsaKey()).Certificate[0]), block("PRIVATE KEY", pkcs8(t, rsaKey()))
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	legacy := pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Bytes: []byte(canarySecret),
		Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-256-CBC,00"},
	})
	for _, tt := range []struct {
		want string
		data []byte
	}{
		{"no block was found; a PKCS#12 file (.pfx, .p12) must be converted", []byte(canarySecret)},
		{"no block was found", nil},
		{"there is no certificate", key},
		{"there is no private key", leaf},
		{"there is more than one private key", join(key, key, leaf)},
		{"the private key is encrypted: decrypt it first", join(leaf, legacy)},
		{"the private key is encrypted: decrypt it first", join(leaf, block("ENCRYPTED PRIVATE KEY", []byte(canarySecret)))},
		{"the private key cannot be parsed", join(leaf, block("PRIVATE KEY", []byte(canarySecret)))},
		{"certificate 1 cannot be parsed", join(block("CERTIFICATE", []byte(canarySecret)), key)},
		{"none of the certificates is that of the private key", join(leaf, block("PRIVATE KEY", pkcs8(t, ed)))},
		{"none of the certificates is that of the private key", join(leaf, block("PRIVATE KEY", pkcs8(t, ecKey())))},
	} {
		cert, err := auth.CertificateFromPEM(tt.data)
		wantText(t, err, "auth: PEM: ", tt.want)
		noCanary(t, err)
		if cert.PrivateKey != nil || cert.Certificate != nil {
			t.Errorf("%s: something beside the error", tt.want)
		}
	}
}
