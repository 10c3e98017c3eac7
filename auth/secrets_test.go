package auth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

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
	form := r.PostForm.Encode()
	secret := r.PostForm.Get("client_secret")
	return fmt.Sprintf("%s %s %s %q", form, secret, html.EscapeString(secret), secret)
}

func TestValuesShowNoSecret(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: always(tokenAnswer(canaryToken, 3600))}
	base, hc := serve(t, e)
	secret := clientSecret(t, base, hc)
	static, err := auth.Static(canaryToken)
	if err != nil {
		t.Fatal(err)
	}
	cached, err := auth.Cache(static)
	if err != nil {
		t.Fatal(err)
	}
	from := fromOAuth2(t, mustTo(t, static).Token)
	for _, src := range []auth.TokenSource{secret, static, cached, from} {
		noCanary(t, src)
		if got := ask(t, src); got != canaryToken {
			t.Fatal("another token than the canary")
		}
		noCanary(t, src) // now with a token in its memory
		tr, err := auth.NewTransport(http.DefaultTransport, src, mustOrigin(t, base), scope)
		if err != nil {
			t.Fatal(err)
		}
		noCanary(t, tr)
		noCanary(t, mustTo(t, src))
	}
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
			s := r.PostForm.Get("client_secret")
			return answer{401, "", nil, jsonOf(map[string]any{
				"error": s, "error_description": "AADSTS7000215: " + echo(r), "error_uri": s, "trace_id": s, "correlation_id": s, "error_codes": []string{s},
			})}
		},
		"error and lifetime": func(r *http.Request) answer {
			return answer{200, "", nil, jsonOf(map[string]any{"error": "x", "expires_in": r.PostForm.Get("client_secret")})}
		},
		"success members": func(r *http.Request) answer {
			s := r.PostForm.Get("client_secret")
			return answer{200, "", nil, jsonOf(map[string]any{"access_token": canaryToken, "token_type": s, "expires_in": s})}
		},
		"lifetime": func(r *http.Request) answer {
			s := r.PostForm.Get("client_secret")
			return answer{200, "", nil, jsonOf(map[string]any{"access_token": canaryToken + "\n" + s, "token_type": "Bearer", "expires_in": s})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &endpoint{answer: func(_ int, r *http.Request) answer { return hostile(r) }}
			base, hc := serve(t, e)
			src := clientSecret(t, base, hc)
			for range 2 { // the second is remembered
				err := askError(t, src)
				noCanary(t, err)
				wantText(t, err, "auth: token request to 127.0.0.1:", "for tenant "+tenantID)
			}
			if n := e.count(); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// A transport of the caller's may quote what it was asked to send.
func TestChattyTransportGetsNoSecretIntoErrors(t *testing.T) {
	t.Parallel()
	hc := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		_ = r.ParseForm()
		return nil, &chattyError{Form: r.PostForm, Text: r.PostForm.Encode()}
	})}
	err := askError(t, clientSecret(t, "https://login.example.com", hc))
	noCanary(t, err)
	wantText(t, err, "login.example.com", "could not send", "[redacted]")
}

type chattyError struct {
	Form url.Values
	Text string
}

func (e *chattyError) Error() string { return "could not send " + e.Text }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
