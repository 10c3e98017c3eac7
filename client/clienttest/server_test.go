package clienttest_test

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

func TestServerAndAuth(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithTenant("contoso.example"), clienttest.WithClient("app", "a secret & more"), clienttest.WithBasePath("/beta"))
	if got := s.server.App(); got.TenantID != "contoso.example" || got.ClientID != "app" || got.Cloud != s.server.Cloud() {
		t.Errorf("app %+v", got)
	}
	if s.server.Secret() != "a secret & more" || s.server.Graph() != s.Graph || s.BasePath() != "/beta" {
		t.Errorf("server %v", s.server)
	}
	if !strings.HasPrefix(s.server.URL(), "http://127.0.0.1:") || s.server.Cloud().LoginURL() != s.server.URL() || s.root != s.server.URL()+"/beta" {
		t.Errorf("URL %s, cloud %v", s.server.URL(), s.server.Cloud())
	}
	src, err := auth.ClientSecret(s.server.App(), s.server.Secret())
	if err != nil {
		t.Fatal(err)
	}
	token, err := src.Token(t.Context(), auth.TokenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s.must(200, "GET", scores, "", "Authorization", "Bearer "+token.AccessToken)
}

func TestServerCloseIsGraceful(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, l := clienttest.NewGraph(), clienttest.NewListener()
		srv, err := clienttest.StartOn(g, l)
		if err != nil {
			t.Fatal(err)
		}
		tr := &http.Transport{DialContext: l.DialContext}
		defer tr.CloseIdleConnections()
		s := &service{Graph: g, t: t, server: srv, hc: &http.Client{Transport: tr}, root: srv.Cloud().GraphRoot()}
		s.must(200, "GET", scores, "") // leaves an idle connection

		unused, err := l.DialContext(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer unused.Close()
		s.FailNext(clienttest.Fault{Delay: time.Hour})
		delayed := make(chan reply, 1)
		go func() { delayed <- s.do("GET", scores, "") }()
		synctest.Wait()

		begin := time.Now()
		if err := srv.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := srv.Close(); err != nil {
			t.Errorf("second close: %v", err)
		}
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("close took %v with an unused connection and a delay of an hour", took)
		}
		if r := <-delayed; r.err == nil {
			t.Errorf("the delayed request was answered with %d, want its connection cut", r.StatusCode)
		}
		if _, err := unused.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("unused connection: %v, want end of file", err)
		}
		if r := s.do("GET", scores, ""); r.err == nil {
			t.Error("a closed server answers")
		}
	}) // the bubble fails when a goroutine of the server is left
}

func TestServerCloseEndsDelays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		s.FailNext(clienttest.Fault{Delay: time.Hour})
		delayed := make(chan reply, 1)
		go func() { delayed <- s.do("GET", scores, "") }()
		synctest.Wait()
		begin := time.Now()
		if err := s.server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("close took %v: it waited for a fault's delay", took)
		}
		if r := <-delayed; r.err == nil {
			t.Errorf("the delayed request was answered with %d, want its connection cut", r.StatusCode)
		}
	})
}

func TestServerClosedBeforeItServes(t *testing.T) {
	t.Parallel()
	for range 50 { // whether Serve has begun is up to the scheduler
		l := clienttest.NewListener()
		srv, err := clienttest.StartOn(clienttest.NewGraph(), l)
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.DialContext(t.Context(), "", ""); err == nil {
			t.Fatal("the listener of a closed server is open")
		}
	}
}

// slowListener takes its time to tell Accept that it is closed, and to close
// its connections.
type slowListener struct {
	net.Listener
	accept, conn time.Duration
	left         atomic.Int32 // calls of the server that have not returned
}

func (l *slowListener) Accept() (net.Conn, error) {
	l.left.Add(1)
	defer l.left.Add(-1)
	c, err := l.Listener.Accept()
	if err != nil {
		time.Sleep(l.accept)
		return nil, err
	}
	return &slowConn{Conn: c, listener: l}, nil
}

type slowConn struct {
	net.Conn
	listener *slowListener
	closing  atomic.Bool
}

func (c *slowConn) Close() error {
	if c.closing.CompareAndSwap(false, true) {
		c.listener.left.Add(1)
		defer c.listener.left.Add(-1)
		time.Sleep(c.listener.conn)
	}
	return c.Conn.Close()
}

func TestServerCloseWaits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		accept, conn time.Duration
	}{
		{"for the listener", 3 * time.Second, 0},
		{"for a connection", 0, 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, memory := clienttest.NewGraph(), clienttest.NewListener()
				l := &slowListener{Listener: memory, accept: tt.accept, conn: tt.conn}
				srv, err := clienttest.StartOn(g, l)
				if err != nil {
					t.Fatal(err)
				}
				s := newService(t, g, srv, &http.Transport{DialContext: memory.DialContext})
				s.FailNext(clienttest.Fault{Cut: clienttest.CutBeforeAnswer}) // the handler ends its connection
				go s.do("GET", scores, "")
				synctest.Wait()
				if err := srv.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
				if n := l.left.Load(); n > 0 {
					t.Errorf("%d calls of the server have not returned", n)
				}
			})
		})
	}
}

// TestServerLeavesNoGoroutine looks for this package's own frames, and so does
// not run in parallel with tests that have servers of their own.
func TestServerLeavesNoGoroutine(t *testing.T) {
	for i := range 40 {
		srv, err := clienttest.Start(clienttest.NewGraph())
		if err != nil {
			t.Fatal(err)
		}
		srv.Graph().FailNext(clienttest.Fault{Cut: clienttest.CutReset})
		for range i % 3 { // none: closed before it serves
			if resp, err := http.Get(srv.URL()); err == nil {
				resp.Body.Close()
			}
		}
		if err := srv.Close(); err != nil {
			t.Fatal(err)
		}
		left := serverGoroutines()
		for range 1000 { // one may be at its last instructions
			if left == "" {
				break
			}
			runtime.Gosched()
			left = serverGoroutines()
		}
		if left != "" {
			t.Fatalf("a goroutine of the server is left:\n%s", left)
		}
		if c, err := net.Dial("tcp", strings.TrimPrefix(srv.URL(), "http://")); err == nil {
			c.Close()
			t.Error("the port is still open")
		}
	}
}

// serverGoroutines returns the stacks of goroutines that a Server began.
func serverGoroutines() string {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	var left []string
	for stack := range strings.SplitSeq(string(all), "\n\n") {
		if strings.Contains(stack, "clienttest.(*Server).handle") || strings.Contains(stack, "clienttest.start") {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

func TestStartOnRefusesPublicAddress(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := clienttest.StartOn(clienttest.NewGraph(), public{l})
	if err == nil {
		srv.Close()
		t.Fatal("plain HTTP on a public address")
	}
	if !strings.Contains(err.Error(), "192.0.2.1:80") {
		t.Errorf("error %v does not name the address", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener was left open")
	}
}

// public is a listener that says it is not on loopback.
type public struct{ net.Listener }

func (public) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }
