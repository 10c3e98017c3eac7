package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/demo"
)

// describe says how to call the server, in lines that can be pasted into a shell.
func describe(server *clienttest.Server, certificate string) string {
	app, cloud := server.App(), server.Cloud()
	tokenURL := fmt.Sprintf("%s/%s/oauth2/v2.0/token", cloud.LoginURL(), app.TenantID)
	facts := [][2]string{
		{"Graph root", cloud.GraphRoot()},
		{"token URL", tokenURL},
		{"tenant", app.TenantID},
		{"client", app.ClientID},
		{"secret", server.Secret()},
		{"scope", cloud.Scope()},
	}
	variables := [][2]string{
		{"AZURE_TENANT_ID", app.TenantID},
		{"AZURE_CLIENT_ID", app.ClientID},
		{"AZURE_CLIENT_SECRET", server.Secret()},
		{"AZURE_AUTHORITY_HOST", cloud.LoginURL()},
		{"GRAPH_ROOT", cloud.GraphRoot()},
	}
	curl, where := "curl -s", ""
	if certificate != "" {
		facts = append(facts, [2]string{"to trust", certificate})
		variables = append(variables, [2]string{"SSL_CERT_FILE", quote(certificate)})
		curl += " --cacert " + quote(certificate)
		where = " (Go reads SSL_CERT_FILE on Linux and the BSDs only)"
	}

	var b strings.Builder
	fmt.Fprintf(&b, "Microsoft Graph's secure score, in memory: %d days of a tenant that does not exist. Ctrl-C stops it.\n\n", demo.Days)
	for _, f := range facts {
		fmt.Fprintf(&b, "  %-10s  %s\n", f[0], f[1])
	}
	fmt.Fprintf(&b, `
The newest score, with curl:

%s -H "Authorization: Bearer $(%s -d grant_type=client_credentials -d client_id=%s -d client_secret=%s -d 'scope=%s' '%s' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')" '%s/security/secureScores?$top=1'

The other examples, in another shell%s:

`, curl, curl, app.ClientID, server.Secret(), cloud.Scope(), tokenURL, cloud.GraphRoot(), where)
	for _, v := range variables {
		fmt.Fprintf(&b, "export %s=%s\n", v[0], v[1])
	}
	return b.String()
}

// quote makes one word of s for a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// writeCertificate writes a certificate to a new file for clients to trust, and returns its name.
func writeCertificate(c *x509.Certificate) (name string, err error) {
	f, err := os.CreateTemp("", "securescore-*.pem")
	if err != nil {
		return "", err
	}
	err = errors.Join(pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), f.Close())
	if err != nil {
		os.Remove(f.Name())
	}
	return f.Name(), err
}
