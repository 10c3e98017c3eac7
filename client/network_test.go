package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// With TLS 1.3 a server refuses a client's certificate after the request may have left: one attempt, whatever is known.
func TestLateAlert(t *testing.T) {
	t.Parallel()
	bothInTurn(t, func(t *testing.T, write bool) {
		s := tlsServer(&tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS13}, func(*http.Transport) {})(t, false)
		c := newClient(t, s.base, withTransport(s.transport), WithRetryPolicy(quick))
		err := c.run(t.Context(), opFor(write), "/things")
		if e := asError(t, err); e.Attempts != 1 || s.seen() != 1 || !errors.Is(err, ErrNetwork) {
			t.Errorf("%d connections, %v", s.seen(), err)
		}
	})
}

func TestTransportClass(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &dialError{err} }
	alert := &net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}
	for _, tt := range []struct {
		name      string
		err       error
		handshake error
		want      class
	}{
		{"refused", dial(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), nil, refusedDial},
		{"alert while dialling", dial(alert), alert, unreachable},
		{"alert later", alert, nil, invalid},
		{"handshake refused for a reason of its own", dial(errors.New("pinned")), errors.New("pinned"), unreachable},
		{"handshake timed out", dial(os.ErrDeadlineExceeded), os.ErrDeadlineExceeded, notSent},
		{"handshake reset", dial(syscall.ECONNRESET), syscall.ECONNRESET, notSent},
		{"stream refused", streamError{Code: h2RefusedStream}, nil, refusedByH2},
		{"stream cancelled", streamError{Code: 0x8}, nil, broken},
		{"connection closed before the stream", errors.New("http2: client conn not usable"), nil, refusedByH2},
		{"malformed name", dial(&net.DNSError{Err: "no such record"}), nil, unreachable},
		{"proxy is overloaded", dial(&proxyError{503, "503 Service Unavailable"}), nil, notSent},
	} {
		if got := transportClass(tt.err, tt.handshake, evidence{begun: true}, true); got != tt.want {
			t.Errorf("%s: class %d, want %d", tt.name, got, tt.want)
		}
	}
}

// No goroutine outlives the calls once the idle connections are closed.
func TestNoGoroutineIsLeft(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/cut") {
				panic(http.ErrAbortHandler)
			}
			reply(w, r, `{"id":"1"}`)
		}))
		srv.Config.ErrorLog = discardLog()
		srv.EnableHTTP2 = http2
		srv.StartTLS()
		tr := srv.Client().Transport.(*http.Transport)
		before := runtime.NumGoroutine()
		for _, reuse := range []bool{false, true} {
			p := quick
			p.ReuseConnectionsForWrites = reuse
			c := newClient(t, srv.URL, withTransport(tr), WithRetryPolicy(p))
			for range 10 {
				for _, path := range []string{"/things", "/cut"} {
					_ = c.run(t.Context(), opFor(true), path)
					_ = c.run(t.Context(), opFor(false), path)
				}
			}
			c.CloseIdleConnections()
		}
		tr.CloseIdleConnections()
		srv.Close()
		deadline := time.Now().Add(10 * time.Second)
		for runtime.NumGoroutine() > before {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<16)
				t.Fatalf("HTTP2 %t: %d goroutines, %d before\n%s", http2, runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
			}
			runtime.Gosched()
		}
	}
}

func TestTypedTexts(t *testing.T) {
	t.Parallel()
	var n net.Error
	err := fmt.Errorf("x: %w", &timeoutError{"response headers", time.Minute})
	if !errors.As(err, &n) || !n.Timeout() || !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	if got := (&proxyError{407, "407 \x1b[0m"}).Error(); got != `the proxy answered 407 \u001b[0m` {
		t.Error(got)
	}
}

// The client's own transport gives a proxy's refusal a type; the caller's is not touched.
func TestProxyCheck(t *testing.T) {
	t.Parallel()
	origin, err := auth.ParseOrigin("https://graph.example.com")
	if err != nil {
		t.Fatal(err)
	}
	rt, owned := baseTransport(nil, origin)
	if rt != owned || owned == http.DefaultTransport {
		t.Fatalf("%T is not a transport of its own", rt)
	}
	for status, refused := range map[int]bool{200: false, 407: true, 502: true} {
		err := owned.OnProxyConnectResponse(t.Context(), nil, nil, &http.Response{StatusCode: status, Status: fmt.Sprint(status)})
		if got := err != nil && is[*proxyError](err); got != refused {
			t.Errorf("%d: %v", status, err)
		}
	}
	given := &http.Transport{}
	if rt, owned := baseTransport(given, origin); rt != given || owned != nil || given.OnProxyConnectResponse != nil {
		t.Error("the caller's transport was changed")
	}
}
