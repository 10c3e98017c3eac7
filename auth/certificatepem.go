package auth

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CertificateFromPEM reads a certificate and its private key, as files of both
// in PEM have them: one key (PKCS#8 or PKCS#1, not encrypted) and one or more
// certificates, in any order. The certificate of the key comes first in the
// result, the others follow as its chain in the order of the data. The errors
// hold nothing of the data.
//
// Any key that [x509] reads is taken here; [ClientCertificate] is for RSA only.
func CertificateFromPEM(data []byte) (tls.Certificate, error) {
	cert, err := parsePEM(data)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("auth: PEM: %w", err)
	}
	return cert, nil
}

func parsePEM(data []byte) (tls.Certificate, error) {
	var cert tls.Certificate
	blocks := 0
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		blocks++
		switch {
		case block.Type == "CERTIFICATE":
			cert.Certificate = append(cert.Certificate, block.Bytes)
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			if cert.PrivateKey != nil {
				return tls.Certificate{}, errors.New("there is more than one private key")
			}
			key, err := parseKey(block)
			if err != nil {
				return tls.Certificate{}, err
			}
			cert.PrivateKey = key
		}
	}
	switch {
	case blocks == 0:
		return tls.Certificate{}, errors.New("no block was found; a PKCS#12 file (.pfx, .p12) must be converted, or read by the program")
	case len(cert.Certificate) == 0:
		return tls.Certificate{}, errors.New("there is no certificate")
	case cert.PrivateKey == nil:
		return tls.Certificate{}, errors.New("there is no private key")
	}
	return cert, leafFirst(&cert)
}

func parseKey(block *pem.Block) (crypto.PrivateKey, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("the private key is encrypted: decrypt it first")
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("the private key cannot be parsed")
}

// leafFirst puts the certificate of the private key before the others.
func leafFirst(cert *tls.Certificate) error {
	signer, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		return fmt.Errorf("the private key is a %T, which cannot sign", cert.PrivateKey)
	}
	want, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return errors.New("the private key is of an unknown kind")
	}
	for i, der := range cert.Certificate {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("certificate %d cannot be parsed", i+1)
		}
		if bytes.Equal(c.RawSubjectPublicKeyInfo, want) {
			cert.Certificate = slices.Insert(slices.Delete(cert.Certificate, i, i+1), 0, der)
			cert.Leaf = c
			return nil
		}
	}
	return errors.New("none of the certificates is that of the private key")
}
