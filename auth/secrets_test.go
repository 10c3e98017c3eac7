package auth_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"math/big"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// everyText is what can be printed, logged or encoded of v.
func everyText(v any) string {
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
		fmt.Fprintf(&b, verb+"\n", v)
		fmt.Fprintf(&b, verb+"\n", struct{ V any }{v})
		fmt.Fprintf(&b, verb+"\n", []any{v, &v})
	}
	for _, h := range []slog.Handler{
		slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil),
	} {
		slog.New(h).Error("x", "v", v, slog.Group("g", "v", v))
	}
	j, err := json.Marshal(v)
	fmt.Fprintf(&b, "%s %v\n", j, err)
	if err, ok := v.(error); ok {
		for ; err != nil; err = errors.Unwrap(err) {
			fmt.Fprintf(&b, "%v %+v %#v\n", err, err, err)
		}
	}
	return b.String()
}

// noCanary fails the test if any text of v holds a secret, in any spelling.
func noCanary(t *testing.T, v any) {
	t.Helper()
	text := everyText(v)
	for _, secret := range []string{canarySecret, canaryToken} {
		quoted, _ := json.Marshal(secret)
		for _, s := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret),
			strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", secret), `"`),
			hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))),
			base64.StdEncoding.EncodeToString([]byte(secret)), fmt.Sprint([]byte(secret)),
		} {
			if strings.Contains(text, s) {
				t.Errorf("%T shows a secret", v)
				return
			}
		}
	}
	// The start of either is a leak too.
	if strings.Contains(text, "canary") {
		t.Errorf("%T shows a part of a secret", v)
	}
}

// echo is a hostile endpoint: its answers hold the whole form, in each spelling.
func echo(r *http.Request) string {
	secret := credentialOf(r)
	return fmt.Sprintf("%s %s %s %q %v", r.PostForm.Encode(), secret, html.EscapeString(secret), secret, r.Header)
}

// credentialOf is what the request proves itself with.
func credentialOf(r *http.Request) string {
	for _, name := range []string{"client_secret", "client_assertion", "device_code", "refresh_token"} {
		if s := r.PostForm.Get(name); s != "" {
			return s
		}
	}
	return r.Header.Get("X-Identity-Header")
}

// everySource makes a source of each kind that asks the server at base. That of
// a device code has a sign-in behind it, so that it asks with a refresh token.
func everySource(t *testing.T, base string, hc *http.Client) map[string]auth.TokenSource {
	t.Helper()
	a := app(t, base, hc)
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, canaryAssertion)
	workload, err := auth.WorkloadIdentity(a, file)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]auth.TokenSource{
		"secret":      clientSecret(t, base, hc),
		"certificate": clientCertificate(t, a, auth.CertificateOptions{SendChain: true}),
		"assertion":   clientAssertion(t, a, func(context.Context) (string, error) { return canaryAssertion, nil }),
		"workload":    workload,
		"identity":    appService(t, auth.Identity{HTTPClient: hc}, base+"/msi/token"),
	}
}

// noKey fails the test if any text of v holds a part of the certificate's key.
func noKey(t *testing.T, v any) {
	t.Helper()
	key := rsaKey().(*rsa.PrivateKey)
	text := everyText(v)
	for _, n := range []*big.Int{key.D, key.Primes[0], key.Primes[1]} {
		for _, s := range []string{n.String(), n.Text(16), base64.StdEncoding.EncodeToString(n.Bytes()), fmt.Sprint(n.Bytes()), fmt.Sprint(n.Bits())} {
			if strings.Contains(text, s) || strings.Contains(text, s[:40]) {
				t.Errorf("%T shows the private key", v)
				return
			}
		}
	}
}

func TestValuesShowNoSecret(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: always(tokenAnswer(canaryToken, 3600))}
	base, hc := serve(t, e)
	static, err := auth.Static(canaryToken)
	if err != nil {
		t.Fatal(err)
	}
	cached, err := auth.Cache(static)
	if err != nil {
		t.Fatal(err)
	}
	from := fromOAuth2(t, mustTo(t, static).Token)
	sources := everySource(t, base, hc)
	sources["static"], sources["cached"], sources["oauth2"] = static, cached, from
	for _, src := range sources {
		noCanary(t, src)
		noKey(t, src)
		if got := ask(t, src); got != canaryToken {
			t.Fatal("another token than the canary")
		}
		noCanary(t, src) // now with a token in its memory
		tr, err := auth.NewTransport(http.DefaultTransport, src, mustOrigin(t, base), scope)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []any{src, tr, mustTo(t, src), forTenant(t, src, tenantID)} {
			noCanary(t, v)
			noKey(t, v)
		}
	}
}

// A device code, a refresh token and what comes of them are in no text either.
func TestDeviceCodeShowsNoSecret(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, stage := range []string{"code", "refresh"} {
			e := newEntra()
			e.token = func(int) answer {
				return answer{status: 200, body: fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":%q,"refresh_token":%q}`, canaryToken, canaryRefresh)}
			}
			hostile := answer{status: 400, body: fmt.Sprintf(`{"error":"server_error","error_description":"%s %s","trace_id":"%[1]s","correlation_id":"%[2]s"}`, canaryDevice, canaryRefresh)}
			e.polls = []answer{{status: 500, body: canaryDevice}}
			if stage == "code" {
				e.polls = append(e.polls, answer{status: 400, body: fmt.Sprintf(`{"error":"x","error_description":"%s","trace_id":"%[1]s"}`, canaryDevice)})
			}
			src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), nil)
			noCanary(t, src)
			if stage == "code" {
				noCanary(t, askError(t, src))
				continue
			}
			ask(t, src)
			noCanary(t, src)
			hostile.body = strings.ReplaceAll(hostile.body, canaryDevice, canaryRefresh)
			e.refresh = []answer{hostile}
			time.Sleep(time.Hour)
			noCanary(t, askError(t, src))
		}
	})
}

func TestHostileEndpointsGetNoSecretIntoErrors(t *testing.T) {
	t.Parallel()
	jsonOf := func(v map[string]any) string {
		b, _ := json.Marshal(v)
		return string(b)
	}
	for name, hostile := range map[string]func(r *http.Request) answer{
		"HTML 500": func(r *http.Request) answer { return answer{500, "text/html", nil, "<pre>" + echo(r) + "</pre>"} },
		"HTML 200": func(r *http.Request) answer { return answer{200, "text/html", nil, "<pre>" + echo(r) + "</pre>"} },
		"form 400": func(r *http.Request) answer {
			return answer{400, "text/plain", nil, r.PostForm.Encode() + "&error=" + r.PostForm.Encode()}
		},
		"form 200": func(r *http.Request) answer {
			return answer{200, "application/x-www-form-urlencoded", nil, r.PostForm.Encode()}
		},
		"bad JSON 200": func(r *http.Request) answer { return answer{200, "", nil, `{"access_token":` + echo(r)} },
		"JSON string":  func(r *http.Request) answer { return answer{400, "", nil, jsonOf(nil) + echo(r)} },
		"redirect": func(r *http.Request) answer {
			return answer{307, "", map[string]string{"Location": "https://evil.example/?" + r.PostForm.Encode()}, ""}
		},
		"bad redirect": func(r *http.Request) answer {
			return answer{302, "", map[string]string{"Location": "%zz" + r.PostForm.Encode()}, ""}
		},
		"header": func(r *http.Request) answer {
			return answer{429, "", map[string]string{"Retry-After": r.PostForm.Encode()}, "{}"}
		},
		"error members": func(r *http.Request) answer {
			s := credentialOf(r)
			return answer{401, "", nil, jsonOf(map[string]any{
				"error": s, "error_description": "AADSTS7000215: " + echo(r), "error_uri": s, "trace_id": s, "correlation_id": s, "error_codes": []string{s},
			})}
		},
		"error and lifetime": func(r *http.Request) answer {
			return answer{200, "", nil, jsonOf(map[string]any{"error": "x", "expires_in": credentialOf(r)})}
		},
		"success members": func(r *http.Request) answer {
			s := credentialOf(r)
			return answer{200, "", nil, jsonOf(map[string]any{"access_token": canaryToken, "token_type": s, "expires_in": s})}
		},
		"lifetime": func(r *http.Request) answer {
			s := credentialOf(r)
			return answer{200, "", nil, jsonOf(map[string]any{"access_token": canaryToken + "\n" + s, "token_type": "Bearer", "expires_in": s})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &endpoint{answer: func(_ int, r *http.Request) answer { return hostile(r) }}
			base, hc := serve(t, e)
			for kind, src := range everySource(t, base, hc) {
				before := e.count()
				for range 2 { // the second is remembered
					err := askError(t, src)
					noCanary(t, err)
					noKey(t, err)
					wantText(t, err, "auth: ", " request to 127.0.0.1:")
					if assertion := e.request(t, before).form.Get("client_assertion"); assertion != "" && strings.Contains(everyText(err), assertion[max(0, len(assertion)-100):]) {
						t.Errorf("%s: %v shows the assertion", kind, err)
					}
				}
				if n := e.count() - before; n != 1 {
					t.Errorf("%s: %d requests, want 1", kind, n)
				}
			}
		})
	}
}

// A transport of the caller's may quote what it was asked to send.
func TestChattyTransportGetsNoSecretIntoErrors(t *testing.T) {
	t.Parallel()
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		_ = r.ParseForm()
		return nil, &chattyError{Form: r.PostForm, Header: r.Header, Text: r.PostForm.Encode() + r.Header.Get("X-Identity-Header")}
	})}
	for kind, src := range everySource(t, "https://login.example.com", hc) {
		err := askError(t, src)
		noCanary(t, err)
		wantText(t, err, "login.example.com", "could not send")
		if strings.Contains(err.Error(), "client_assertion=e") || kind != "identity" && !strings.Contains(err.Error(), "[redacted]") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

type chattyError struct {
	Form   url.Values
	Header http.Header
	Text   string
}

func (e *chattyError) Error() string { return "could not send " + e.Text }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
