package mockserver

import (
	"bufio"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

const (
	tenant   = "contoso.onmicrosoft.com"
	clientID = "11111111-2222-3333-4444-555555555555"
	secret   = "canary+secret/~with \"odd\" <parts>&more"
)

// missing ends a test that a machine cannot run. The gate must be able to.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what + ", and CI is true: this test must run here")
	}
	t.Skip(what + ": oauth2-mock-server is not tested against")
}

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// start installs the server from the lock file into a directory of the test's,
// runs it, and returns its URL.
func start(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "there is no node here")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		missing(t, "there is no npm here")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc", "server.mjs"} {
		b, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	install := exec.CommandContext(t.Context(), npm, "ci")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Logf("npm ci: %s", out)
		missing(t, "npm ci cannot install it")
	}
	file := filepath.Join(dir, "cert.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "server.mjs", tenant, clientID, secret, file)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close() // which ends it
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	return strings.TrimSpace(line)
}

func TestMockServer(t *testing.T) {
	cert := certificate(t)
	base := start(t, cert)
	cloud, err := auth.NewCloud(base, "https://graph.example.com/v1.0")
	if err != nil {
		t.Fatal(err)
	}
	app := auth.App{TenantID: tenant, ClientID: clientID, Cloud: cloud}
	for name, source := range map[string]func() (auth.TokenSource, error){
		"secret":      func() (auth.TokenSource, error) { return auth.ClientSecret(app, secret) },
		"certificate": func() (auth.TokenSource, error) { return auth.ClientCertificate(app, cert, auth.CertificateOptions{}) },
		"chain": func() (auth.TokenSource, error) {
			return auth.ClientCertificate(app, cert, auth.CertificateOptions{SendChain: true})
		},
	} {
		src, err := source()
		if err != nil {
			t.Fatal(err)
		}
		tok, err := src.Token(t.Context(), auth.TokenRequest{EnableCAE: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkToken(t, name, base, tok.AccessToken)
		if left := time.Until(tok.Expiry); left < 59*time.Minute || left > time.Hour {
			t.Errorf("%s: the token lives %s", name, left)
		}
	}
	for name, source := range map[string]func() (auth.TokenSource, error){
		"the client_secret is wrong": func() (auth.TokenSource, error) { return auth.ClientSecret(app, secret+"x") },
		"the x5t#S256 is wrong": func() (auth.TokenSource, error) {
			return auth.ClientCertificate(app, certificate(t), auth.CertificateOptions{})
		},
	} {
		src, err := source()
		if err != nil {
			t.Fatal(err)
		}
		_, err = src.Token(t.Context(), auth.TokenRequest{})
		e, ok := errors.AsType[*auth.Error](err)
		if !ok || e.StatusCode != 401 || e.Code != "invalid_client" || e.AADSTS != "AADSTS7000215" || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// checkToken verifies an access token with the server's published key.
func checkToken(t *testing.T, name, base, jwt string) {
	t.Helper()
	resp, err := http.Get(base + "/jwks")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []struct{ N, E string } }
	if err := json.Unmarshal(body, &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%d keys, %v", len(set.Keys), err)
	}
	number := func(s string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(b)
	}
	key := &rsa.PublicKey{N: number(set.Keys[0].N), E: int(number(set.Keys[0].E).Int64())}
	i := strings.LastIndex(jwt, ".")
	digest := sha256.Sum256([]byte(jwt[:max(i, 0)]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], number(jwt[i+1:]).FillBytes(make([]byte, key.Size()))); err != nil {
		t.Errorf("%s: the token is not the server's: %v", name, err)
	}
	claims, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	if err != nil || !strings.Contains(string(claims), `"scope":"https://graph.example.com/.default"`) {
		t.Errorf("%s: claims %s, %v", name, claims, err)
	}
}
