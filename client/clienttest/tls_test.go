package clienttest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// serveTLS serves a Graph with net/http/httptest, over TLS.
func serveTLS(t *testing.T, http2 bool) *service {
	t.Helper()
	g := clienttest.NewGraph(clienttest.WithPageSize(1))
	srv := httptest.NewUnstartedServer(g)
	srv.EnableHTTP2 = http2
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return &service{Graph: g, t: t, hc: srv.Client(), root: srv.URL + g.BasePath()}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		http2 bool
		proto int
	}{{"HTTP/1", false, 1}, {"HTTP/2", true, 2}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serveTLS(t, tt.http2)
			if err := s.AddSecureScores(days(2)); err != nil {
				t.Fatal(err)
			}
			r := s.must(200, "GET", scores, "")
			if _, next := r.ids(t); !strings.HasPrefix(next, s.root+scores+"?") || r.ProtoMajor != tt.proto {
				t.Errorf("nextLink %s over HTTP/%d", next, r.ProtoMajor)
			}
			for _, cut := range []clienttest.Cut{clienttest.CutBeforeAnswer, clienttest.CutReset, clienttest.CutAfterHeaders, clienttest.CutInBody} {
				s.FailNext(clienttest.Fault{Cut: cut})
				r := s.do("POST", scores, minimal())
				if r.err == nil {
					t.Errorf("cut %d: answered with %s", cut, r.body)
				}
				if cut == clienttest.CutReset && !tt.http2 && !errors.Is(r.err, syscall.ECONNRESET) {
					t.Errorf("reset: %v", r.err)
				}
			}
		})
	}
}

func TestMessagesAreBounded(t *testing.T) {
	t.Parallel()
	s := serve(t)
	message := s.must(404, "GET", scores+"/x"+strings.Repeat("ä", 4000), "").problem(t).Message
	if len(message) > 256 || !strings.Contains(message, "ä...'") || strings.ContainsRune(message, '\uFFFD') {
		t.Errorf("message %q", message)
	}
}

// startTLS serves a Graph over TLS on a listener, and returns it with a client
// that trusts its certificate.
func startTLS(t *testing.T, l net.Listener, dial func(context.Context, string, string) (net.Conn, error)) *service {
	t.Helper()
	g := clienttest.NewGraph(clienttest.WithPageSize(1))
	srv, err := clienttest.StartTLS(g, l, nil)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	return newService(t, g, srv, &http.Transport{
		DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
	})
}

func TestStartTLS(t *testing.T) {
	t.Parallel()
	test := func(t *testing.T, s *service, stranger *http.Transport) {
		if err := s.AddSecureScores(days(2)); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(s.server.URL(), "https://") || s.server.Cloud().LoginURL() != s.server.URL() || s.root != s.server.URL()+"/v1.0" {
			t.Errorf("URL %s, cloud %v", s.server.URL(), s.server.Cloud())
		}
		app := s.server.App()
		app.HTTPClient = s.hc
		src, err := auth.ClientSecret(app, s.server.Secret())
		if err != nil {
			t.Fatal(err)
		}
		token, err := src.Token(t.Context(), auth.TokenRequest{})
		if err != nil {
			t.Fatal(err)
		}
		r := s.must(200, "GET", scores, "", "Authorization", "Bearer "+token.AccessToken)
		if _, next := r.ids(t); !strings.HasPrefix(next, s.root+scores+"?") || r.ProtoMajor != 2 {
			t.Errorf("nextLink %s over HTTP/%d", next, r.ProtoMajor)
		}
		_, err = (&http.Client{Transport: stranger}).Get(s.root)
		if _, untrusted := errors.AsType[x509.UnknownAuthorityError](err); !untrusted {
			t.Errorf("error %v of a client that was not told to trust the certificate", err)
		}
	}
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		test(t, startTLS(t, l, nil), &http.Transport{})
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := clienttest.NewListener()
			test(t, startTLS(t, l, l.DialContext), &http.Transport{DialContext: l.DialContext})
		})
	})
}

func TestStartTLSCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startTLS(t, clienttest.NewListener(), nil)
		cert := s.server.Certificate()
		roots := x509.NewCertPool()
		roots.AddCert(cert)
		day := 24 * time.Hour
		for _, tt := range []struct {
			host  string
			after time.Duration
			ok    bool
		}{
			{"127.0.0.1", 0, true},
			{"::1", 0, true},
			{"localhost", 364 * day, true},
			{"localhost", 367 * day, false},
			{"graph.microsoft.com", 0, false},
			{"192.0.2.1", 0, false},
		} {
			_, err := cert.Verify(x509.VerifyOptions{DNSName: tt.host, Roots: roots, CurrentTime: time.Now().Add(tt.after)})
			if (err == nil) != tt.ok {
				t.Errorf("%s after %v: %v, want ok %t", tt.host, tt.after, err, tt.ok)
			}
		}
	})
}

func TestStartTLSWithAConfig(t *testing.T) {
	t.Parallel()
	generated := startTLS(t, clienttest.NewListener(), nil).server.Certificate()
	own := httptest.NewUnstartedServer(nil) // for its certificate
	own.StartTLS()
	defer own.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: own.TLS.Certificates}
	g := clienttest.NewGraph()
	srv, err := clienttest.StartTLS(g, public{l}, config)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if srv.Certificate() != nil || generated == nil {
		t.Error("a certificate was made beside the caller's")
	}
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: own.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if config.NextProtos != nil {
		t.Errorf("the caller's config was changed: %v", config.NextProtos)
	}
}

func TestStartTLSRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config *tls.Config
		says   string
	}{
		"made for a public address": {nil, "start on 192.0.2.1:80: a certificate is made for loopback only"},
		"no certificate":            {&tls.Config{}, "start on 192.0.2.1:80: the TLS config has no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			srv, err := clienttest.StartTLS(clienttest.NewGraph(), public{l}, tt.config)
			if err == nil {
				srv.Close()
				t.Fatal("it was started")
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
			if _, err := l.Accept(); err == nil {
				t.Error("the listener was left open")
			}
		})
	}
}
