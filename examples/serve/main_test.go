package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/examples/internal/demo"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenant"
)

// running is a serve in progress.
type running struct {
	printed string
	env     map[string]string
	stderr  bytes.Buffer
	stop    func() int // returns the exit code
}

var export = regexp.MustCompile(`(?m)^export (\w+)='?(.*?)'?$`)

// begin runs the program until it has printed all.
func begin(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{env: map[string]string{}}
	read, write := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, args, nil, nil, write, &r.stderr)
		write.Close()
	}()
	stopped := -1
	r.stop = func() int {
		if stopped < 0 {
			cancel()
			stopped = <-code
		}
		return stopped
	}
	t.Cleanup(func() { r.stop() })
	last := "GRAPH_ROOT"
	if len(args) > 0 && args[0] == "-tls" {
		last = "SSL_CERT_FILE"
	}
	lines := bufio.NewScanner(read)
	for lines.Scan() {
		r.printed += lines.Text() + "\n"
		if m := export.FindStringSubmatch(lines.Text()); m != nil {
			if r.env[m[1]] = m[2]; m[1] == last {
				go io.Copy(io.Discard, read)
				return r
			}
		}
	}
	t.Fatalf("it ended with %d: %s", r.stop(), &r.stderr)
	return nil
}

// newest asks for a token and the newest score as any program would, and returns the answer.
func (r *running) newest(t *testing.T, hc *http.Client) *http.Response {
	t.Helper()
	root, err := url.Parse(r.env["GRAPH_ROOT"])
	if err != nil {
		t.Fatal(err)
	}
	answer, err := hc.PostForm(r.env["AZURE_AUTHORITY_HOST"]+"/"+r.env["AZURE_TENANT_ID"]+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {r.env["AZURE_CLIENT_ID"]}, "client_secret": {r.env["AZURE_CLIENT_SECRET"]},
		"scope": {root.Scheme + "://" + root.Host + "/.default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var token struct {
		Text string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil || token.Text == "" {
		t.Fatalf("%s, %v", answer.Status, err)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, root.String()+"/security/secureScores?$top=1", nil)
	req.Header.Set("Authorization", "Bearer "+token.Text)
	if answer, err = hc.Do(req); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func checkNewest(t *testing.T, body io.Reader) {
	t.Helper()
	var page struct {
		Value    []map[string]any
		NextLink string `json:"@odata.nextLink"`
	}
	if err := json.NewDecoder(body).Decode(&page); err != nil || len(page.Value) != 1 || page.NextLink == "" {
		t.Fatalf("%d scores, %v", len(page.Value), err)
	}
	if n := len(page.Value[0]["controlScores"].([]any)); n < 200 {
		t.Errorf("%d controls", n)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	r := begin(t)
	answer := r.newest(t, http.DefaultClient)
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status)
	}
	checkNewest(t, answer.Body)
	for _, want := range []string{
		"Graph root  " + r.env["GRAPH_ROOT"] + "\n", "secret      " + r.env["AZURE_CLIENT_SECRET"] + "\n",
		"token URL   " + r.env["AZURE_AUTHORITY_HOST"] + "/" + r.env["AZURE_TENANT_ID"] + "/oauth2/v2.0/token\n",
	} {
		if !strings.Contains(r.printed, want) {
			t.Errorf("it did not print %q:\n%s", want, r.printed)
		}
	}
	if code := r.stop(); code != 0 || r.stderr.String() != "Stopped.\n" {
		t.Errorf("exit code %d, %q", code, &r.stderr)
	}
	root, _ := url.Parse(r.env["GRAPH_ROOT"])
	l, err := net.Listen("tcp", root.Host)
	if err != nil {
		t.Fatalf("the port is not free again: %v", err)
	}
	l.Close()
}

func TestTLS(t *testing.T) {
	t.Parallel()
	r := begin(t, "-tls")
	certificate, err := os.ReadFile(r.env["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	trust := x509.NewCertPool()
	if !trust.AppendCertsFromPEM(certificate) {
		t.Fatal("no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trust}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	answer := r.newest(t, &http.Client{Transport: transport})
	if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 || !strings.HasPrefix(r.env["GRAPH_ROOT"], "https://127.0.0.1:") {
		t.Fatalf("%s over %s from %s", answer.Status, answer.Proto, r.env["GRAPH_ROOT"])
	}
	checkNewest(t, answer.Body)
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, &r.stderr)
	}
	if _, err := os.Stat(r.env["SSL_CERT_FILE"]); !os.IsNotExist(err) {
		t.Errorf("the certificate is still there: %v", err)
	}
}

// TestCurl pastes the line that is printed into a shell.
func TestCurl(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	for name, args := range map[string][]string{"plain": nil, "TLS": {"-tls"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := begin(t, args...)
			line := regexp.MustCompile(`(?m)^curl .*$`).FindString(r.printed)
			if strings.Contains(line, "--cacert") != (name == "TLS") || strings.Contains(line, " -k") {
				t.Errorf("which certificates it trusts: %s", line)
			}
			command := exec.CommandContext(t.Context(), "sh", "-c", line)
			command.Env = append(os.Environ(), "no_proxy=*")
			out, err := command.Output()
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			checkNewest(t, bytes.NewReader(out))
		})
	}
}

// TestOtherExamples connects as the other examples do, with the lines that are printed for their environment.
func TestOtherExamples(t *testing.T) {
	t.Parallel()
	r := begin(t)
	c, done, err := tenant.Connect("test/1.0", func(name string) string { return r.env[name] }, io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if n, err := c.SecureScores.Count(t.Context(), ""); err != nil || n != demo.Days {
		t.Errorf("%d scores, %v", n, err)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	tests := map[string]struct {
		args []string
		code int
		want string
	}{
		"a port in use":     {[]string{"-addr", taken.Addr().String()}, 1, "listen tcp "},
		"no port":           {[]string{"-addr", "localhost"}, 1, "missing port"},
		"all interfaces":    {[]string{"-addr", ":0"}, 1, "want loopback"},
		"the same with TLS": {[]string{"-addr", "0.0.0.0:0", "-tls"}, 1, "want loopback"},
		"an argument":       {[]string{"8080"}, 2, `"8080" is no flag`},
		"a bad flag":        {[]string{"-x"}, 2, "-x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), tt.args, nil, nil, &stdout, &stderr)
			message := stderr.String()
			if code != tt.code || !strings.HasPrefix(message, "serve: ") || strings.Count(message, "\n") != 1 || !strings.Contains(message, tt.want) || stdout.Len() > 0 {
				t.Errorf("exit code %d, %q, %q", code, message, &stdout)
			}
		})
	}
}

func TestClosedOutput(t *testing.T) {
	t.Parallel()
	read, write := io.Pipe()
	read.Close()
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"-tls"}, nil, nil, write, &stderr); code != 1 || !strings.Contains(stderr.String(), "closed pipe") {
		t.Errorf("exit code %d, %q", code, &stderr)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	if got := quote("/tmp/it's $HOME"); got != `'/tmp/it'\''s $HOME'` {
		t.Errorf("got %s", got)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"-h"}, nil, nil, &stdout, &stderr); code != 0 || stderr.Len() > 0 || !strings.Contains(stdout.String(), "-addr host:port") {
		t.Errorf("exit code %d, %q, %q", code, &stdout, &stderr)
	}
}
