package auth

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// CertificateOptions are choices for [ClientCertificate].
type CertificateOptions struct {
	// SendChain puts the certificate and its chain into each assertion (header
	// x5c), which an application needs whose registration names the
	// certificate's subject and issuer instead of the certificate itself.
	SendChain bool
}

// ClientCertificate is a source for an application that proves itself with a
// certificate: as [ClientSecret], but what goes over the wire is an assertion,
// signed for this one token request and good for 10 minutes (RFC 7523; PS256
// with the header x5t#S256). The key stays where it is: any [crypto.Signer] in
// cert.PrivateKey will do, one in a hardware module or a key vault included, as
// long as it can do RSASSA-PSS.
//
// The certificate must be of an RSA key of 2048 bits or more, for Microsoft
// Entra ID takes no other, must belong to the private key, and must be valid
// now. [CertificateFromPEM] reads PEM. A PKCS#12 file (.pfx, .p12) is for the
// caller to read into a [tls.Certificate]: the standard library has no reader
// for them. What an expired certificate is replaced by needs a new source.
func ClientCertificate(app App, cert tls.Certificate, opts CertificateOptions) (TokenSource, error) {
	if err := checkApp(app); err != nil {
		return nil, err
	}
	signer, err := checkCertificate(cert, time.Now())
	if err != nil {
		return nil, fmt.Errorf("auth: client certificate: %w", err)
	}
	chain := slices.Clone(cert.Certificate) // the caller's may change
	if !opts.SendChain {
		chain = chain[:1]
	}
	sign := newAssertionSigner(app, signer, chain, opts.SendChain)
	return newApplication(app, func(context.Context) (url.Values, error) {
		assertion, err := sign(time.Now())
		if err != nil {
			return nil, fmt.Errorf("auth: client certificate: %w", err)
		}
		return assertionParams(assertion), nil
	})
}

// minKeyBits is what Entra asks of a certificate's RSA key.
const minKeyBits = 2048

func checkCertificate(cert tls.Certificate, now time.Time) (crypto.Signer, error) {
	if len(cert.Certificate) == 0 {
		return nil, errors.New("there is no certificate")
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return nil, errors.New("the first certificate cannot be parsed")
	}
	if cert.PrivateKey == nil {
		return nil, errors.New("there is no private key")
	}
	signer, ok := cert.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("the private key is a %T, which cannot sign", cert.PrivateKey)
	}
	public, ok := leaf.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("its key is %s, and Entra takes RSA only", leaf.PublicKeyAlgorithm)
	}
	if !public.Equal(signer.Public()) {
		return nil, errors.New("the private key is not that of the first certificate")
	}
	if n := public.N.BitLen(); n < minKeyBits {
		return nil, fmt.Errorf("its RSA key has %d bits, and Entra takes %d or more", n, minKeyBits)
	}
	switch {
	case now.After(leaf.NotAfter):
		return nil, fmt.Errorf("it has expired on %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return nil, fmt.Errorf("it is not valid before %s", leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return signer, nil
}
