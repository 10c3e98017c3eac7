package clienttest_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

func TestHeaders(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 17, 16, 25, 3, 0, time.UTC)
	s := serve(t, clienttest.WithClock(func() time.Time { return at }))
	const mine = "63425837-1eb9-456b-ac28-6ee81d0627f5"
	tests := []struct {
		name                string
		method, path, body  string
		status              int
		contentType, odata4 string
	}{
		{"created", "POST", "/security/secureScores", minimal(), 201, contentType, "4.0"},
		{"list", "GET", "/security/secureScores", "", 200, contentType, "4.0"},
		{"count", "GET", "/security/secureScores/$count", "", 200, "text/plain", ""},
		{"error", "GET", "/security/secureScores/none", "", 404, "application/json", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			r := s.must(tt.status, tt.method, tt.path, tt.body, "client-request-id", mine)
			for name, want := range map[string]string{
				"Date":                      "Fri, 17 Jul 2026 16:25:03 GMT",
				"client-request-id":         mine,
				"Strict-Transport-Security": "max-age=31536000",
				"Cache-Control":             "private",
				"Vary":                      "Accept-Encoding",
				"Content-Type":              tt.contentType,
				"OData-Version":             tt.odata4,
			} {
				if got := r.Header.Get(name); got != want {
					t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			if got := r.Header.Get("request-id"); len(got) != 36 || got == mine {
				t.Errorf("request-id %q", got)
			}
			var diagnostic struct{ ServerInfo map[string]string }
			if err := json.Unmarshal([]byte(r.Header.Get("x-ms-ags-diagnostic")), &diagnostic); err != nil || diagnostic.ServerInfo["DataCenter"] == "" {
				t.Errorf("x-ms-ags-diagnostic %q: %v", r.Header.Get("x-ms-ags-diagnostic"), err)
			}
		})
	}
}

const contentType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

func TestClientRequestID(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for id, echoed := range map[string]bool{
		"63425837-1eb9-456b-ac28-6ee81d0627f5": true,
		"":                                     false,
		"two words":                            false,
		`quote"`:                               false,
		strings.Repeat("x", 129):               false,
	} {
		r := s.must(404, "GET", "/security/secureScores/none", "", "client-request-id", id)
		got, want := r.Header.Get("client-request-id"), id
		if !echoed {
			want = r.Header.Get("request-id")
		}
		if got != want {
			t.Errorf("client-request-id %q was answered with %q, want %q", id, got, want)
		}
	}
}

func TestErrorShape(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 17, 16, 25, 3, 0, time.FixedZone("", 3600))
	s := serve(t, clienttest.WithClock(func() time.Time { return at }))
	var wanted struct{ Body map[string]any }
	if err := json.Unmarshal(sample(t, "error-404"), &wanted); err != nil {
		t.Fatal(err)
	}
	r := s.must(404, "GET", "/security/secureScores/none", "")
	if got, want := shape(object(t, r.body)), shape(wanted.Body); got != want {
		t.Errorf("shape %s, want %s", got, want)
	}
	p := r.problem(t)
	if p.InnerError["date"] != "2026-07-17T15:25:03" || p.InnerError["request-id"] != r.Header.Get("request-id") ||
		p.InnerError["client-request-id"] != r.Header.Get("client-request-id") {
		t.Errorf("inner error %v with headers %v", p.InnerError, r.Header)
	}
}

// shape writes the names of an object's members, nested, in order.
func shape(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprintf("%T", v)
	}
	out := map[string]string{}
	for name, value := range m {
		out[name] = shape(value)
	}
	return fmt.Sprint(out)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	tests := []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/Security/secureScores/", 200, ""},
		{"GET", "/security/secureScores/%20", 404, "' '"},
		{"GET", "/security/secureScores/a%2Fb", 404, "'a/b'"},
		{"GET", "/", 400, "names no collection"},
		{"GET", "/security", 400, "names no collection"},
		{"GET", "/users", 400, "segment 'users'"},
		{"GET", "/users/secureScores", 400, "segment 'users'"},
		{"GET", "/security/alerts", 400, "segment 'alerts'"},
		{"GET", "/security//secureScores", 400, "segment ''"},
		{"GET", "/security/secureScores/x/y", 400, "segment 'y'"},
		{"PUT", "/security/secureScores", 405, "not allowed"},
		{"HEAD", "/security/secureScores", 405, ""},
		{"POST", "/security/secureScores/x", 405, "not allowed"},
		{"PUT", "/security/secureScoreControlProfiles/x", 405, "not allowed"},
		{"GET", "/security/secureScores/$count/x", 400, "segment 'x'"},
		{"POST", "/security/secureScores/$count", 405, "not allowed"},
		{"GET", s.server.URL() + "/beta/security/secureScores", 400, "/beta/security/secureScores is not under the Graph root /v1.0"},
		{"GET", s.server.URL() + "/v1.0x/security/secureScores", 400, "not under"},
		{"GET", s.server.URL() + "/V1.0/security/secureScores", 200, ""},
		{"GET", s.server.URL() + "/", 400, "not under"},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			r := s.must(tt.status, tt.method, tt.path, "")
			if tt.says != "" && !strings.Contains(r.problem(t).Message, tt.says) {
				t.Errorf("problem %s, want %q", r.body, tt.says)
			}
			if allow := r.Header.Get("Allow"); (tt.status == 405) != strings.Contains(allow, "GET") {
				t.Errorf("Allow %q with status %d", allow, r.StatusCode)
			}
		})
	}
}

func TestBasePath(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithBasePath("/proxy/Graph/v1.0"), clienttest.WithPageSize(1))
	if err := s.AddSecureScores(days(2)); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(s.root, "/proxy/Graph/v1.0") {
		t.Fatalf("root %s", s.root)
	}
	if got := fmt.Sprint(walk(t, s, "/security/secureScores")); got != "[[s2] [s1]]" {
		t.Errorf("pages %s", got)
	}
	s.must(400, "GET", s.server.URL()+"/v1.0/security/secureScores", "")
}

func TestGzip(t *testing.T) {
	t.Parallel()
	s := serve(t)
	if err := s.AddSecureScores(days(90)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path, accept string
		packed       bool
	}{
		{"/security/secureScores", "gzip", true},
		{"/security/secureScores", "br, GZIP;q=0.5", true},
		{"/security/secureScores", "identity", false},
		{"/security/secureScores", "gzip;q=0", false},
		{"/security/secureScores/s1", "gzip", false},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.accept, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			r := s.must(200, "GET", tt.path, "", "Accept-Encoding", tt.accept)
			if got := r.Header.Get("Content-Encoding") == "gzip"; got != tt.packed {
				t.Fatalf("packed %t, want %t", got, tt.packed)
			}
			body := r.body
			if tt.packed {
				zr, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(zr); err != nil {
					t.Fatal(err)
				}
			}
			object(t, body)
		})
	}
}

// TestHandlerAlone uses the Graph with no server, as a router may.
func TestHandlerAlone(t *testing.T) {
	t.Parallel()
	g := clienttest.NewGraph()
	r := httptest.NewRequest(http.MethodGet, "https://graph.microsoft.com/v1.0/security/secureScores", nil)
	r.Header.Set("Authorization", "bearer "+g.NewToken())
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "https://graph.microsoft.com/v1.0/$metadata#security/secureScores") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestNewGraphPanics(t *testing.T) {
	t.Parallel()
	p256 := &ecdsa.PublicKey{Curve: elliptic.P256()}
	tests := []struct {
		option clienttest.Option
		says   string
	}{
		{clienttest.WithTenant(""), "WithTenant"},
		{clienttest.WithTenant("a/b"), `"a/b"`},
		{clienttest.WithClient("", "s"), "WithClient"},
		{clienttest.WithClient("c", ""), "WithClient"},
		{clienttest.WithClock(nil), "WithClock"},
		{clienttest.WithPageSize(0), "WithPageSize"},
		{clienttest.WithRecordLimit(-1), "WithRecordLimit"},
		{clienttest.WithOtherTenants("ok", "a/b"), "WithOtherTenants"},
		{clienttest.WithCertificate(nil), "WithCertificate"},
		{clienttest.WithCertificate(&x509.Certificate{PublicKey: p256}), "not RSA"},
		{clienttest.WithFederation(clienttest.FederatedCredential{Issuer: "i", Subject: "s"}), "neither an *rsa.PublicKey"},
		{clienttest.WithFederation(clienttest.FederatedCredential{Issuer: "i", Subject: "s", Key: (*rsa.PublicKey)(nil)}), "neither"},
		{clienttest.WithFederation(clienttest.FederatedCredential{Issuer: "i", Subject: "s", Key: &ecdsa.PublicKey{Curve: elliptic.P384()}}), "P-256"},
		{clienttest.WithFederation(clienttest.FederatedCredential{Issuer: "i", Key: p256}), "the issuer or the subject is missing"},
		{clienttest.WithFederation(clienttest.FederatedCredential{Subject: "s", Key: p256}), "the issuer or"},
		{clienttest.WithDeviceCodes(0, 0), "WithDeviceCodes"},
		{clienttest.WithDeviceCodes(time.Minute, -1), "WithDeviceCodes"},
		{clienttest.WithBasePath(""), "WithBasePath"},
		{clienttest.WithBasePath("v1.0"), "WithBasePath"},
		{clienttest.WithBasePath("/"), "WithBasePath"},
		{clienttest.WithBasePath("/v1.0/"), "WithBasePath"},
		{clienttest.WithBasePath("/a/../b"), "WithBasePath"},
		{clienttest.WithBasePath("/a?b"), "WithBasePath"},
	}
	for _, tt := range tests {
		t.Run(tt.says, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if text, _ := recover().(string); !strings.HasPrefix(text, "clienttest: ") || !strings.Contains(text, tt.says) {
					t.Errorf("panic %q, want %q", text, tt.says)
				}
			}()
			clienttest.NewGraph(tt.option)
		})
	}
}
