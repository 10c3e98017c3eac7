package clienttest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// inMemory serves h on a Listener for the length of the test's bubble.
func inMemory(t *testing.T, h http.Handler) (*http.Client, *clienttest.Listener) {
	t.Helper()
	l := clienttest.NewListener()
	srv := &http.Server{Handler: h}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	tr := &http.Transport{DialContext: l.DialContext}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		if err := srv.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	return &http.Client{Transport: tr}, l
}

func TestListenerVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hc, _ := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(2128 * time.Millisecond)
			io.Copy(w, r.Body)
		}))
		for range 3 {
			begin := time.Now()
			resp, err := hc.Post("http://graph.example/x", "text/plain", strings.NewReader("ping"))
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || string(body) != "ping" {
				t.Fatalf("body %q, %v", body, err)
			}
			if took := time.Since(begin); took != 2128*time.Millisecond {
				t.Errorf("took %v of virtual time, want exactly 2.128s", took)
			}
		}
	})
}

func TestListenerClientTimeoutReachesHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone := make(chan time.Duration, 1)
		hc, _ := inMemory(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			begin := time.Now()
			<-r.Context().Done()
			gone <- time.Since(begin)
		}))
		hc.Timeout = 7 * time.Second
		_, err := hc.Get("http://graph.example/x")
		if err == nil {
			t.Fatal("no error from a server that never answers")
		}
		if after := <-gone; after != 7*time.Second {
			t.Errorf("handler saw the client go after %v, want 7s", after)
		}
	})
}

func TestListenerReuseAndNewConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hc, _ := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, r.RemoteAddr)
		}))
		get := func() string {
			resp, err := hc.Get("http://graph.example/")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, _ := io.ReadAll(resp.Body)
			return string(b)
		}
		first, second := get(), get()
		hc.CloseIdleConnections()
		third := get()
		if first != second || second == third || third == "" {
			t.Errorf("remote addresses %q %q %q: want the first two equal, the third different", first, second, third)
		}
	})
}

func TestListenerServerEndsKeptConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := clienttest.NewListener()
		srv := &http.Server{Handler: http.NotFoundHandler(), IdleTimeout: 5 * time.Second}
		go srv.Serve(l)
		defer srv.Close()
		c, err := l.DialContext(t.Context(), "tcp", "graph.example:80")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		begin := time.Now()
		io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 404 ") {
			t.Fatalf("answer %q, %v", answer, err)
		}
		if took := time.Since(begin); took != 5*time.Second {
			t.Errorf("end of file after %v, want the idle timeout of 5s", took)
		}
	})
}

func TestListenerClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := clienttest.NewListener()
		accepted := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := l.Accept()
				accepted <- err
			}()
		}
		synctest.Wait()
		l.Close()
		if err := l.Close(); err != nil {
			t.Errorf("second close: %v", err)
		}
		for range 2 {
			if err := <-accepted; !errors.Is(err, net.ErrClosed) {
				t.Errorf("accept: %v, want net.ErrClosed", err)
			}
		}
		if _, err := l.DialContext(t.Context(), "tcp", "x:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial after close: %v, want connection refused", err)
		}
	})
}

func TestListenerBacklog(t *testing.T) {
	t.Parallel()
	l := clienttest.NewListener()
	ctx, cancel := context.WithCancel(t.Context())
	var dialled []net.Conn
	for range 3 {
		c, err := l.DialContext(ctx, "tcp", "x:1")
		if err != nil {
			t.Fatal(err)
		}
		dialled = append(dialled, c)
	}
	for i := range 2 { // no Accept was waiting, and each wakes for each
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.RemoteAddr().String(), dialled[i].LocalAddr().String(); got != want {
			t.Errorf("accepted %s, want %s", got, want)
		}
		if c.LocalAddr() != l.Addr() || c.LocalAddr().Network() != "memory" {
			t.Errorf("local address %v", c.LocalAddr())
		}
	}
	l.Close()
	if _, err := dialled[2].Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read on a connection never accepted: %v, want a reset", err)
	}
	cancel()
	if _, err := l.DialContext(ctx, "tcp", "x:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("dial: %v, want context.Canceled", err)
	}
}
