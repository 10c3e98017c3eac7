package clienttest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// Server serves a [Graph] over HTTP.
type Server struct {
	graph *Graph
	http  *http.Server
	url   string
	cloud auth.Cloud
	stop  context.CancelFunc // ends the delays of faults

	certificate *x509.Certificate

	served chan struct{}  // closed when Serve has returned
	work   sync.WaitGroup // open connections and running handlers
	once   sync.Once
	err    error
}

// Start serves g on a free port of 127.0.0.1 until Close.
func Start(g *Graph) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("clienttest: start: %w", err)
	}
	return StartOn(g, l)
}

// StartOn serves g on l, which it takes over: a [Listener] for use in a
// testing/synctest bubble, or a socket on a port of the caller's choice. The
// address must be loopback: plain HTTP, which has secrets in it, goes nowhere
// else.
func StartOn(g *Graph, l net.Listener) (*Server, error) {
	return start(g, l, nil)
}

// StartTLS is StartOn with https, HTTP/2 included. The config must hold a
// certificate; nil stands for one with a certificate made for 127.0.0.1, ::1 and
// localhost, valid for a year, which [Server.Certificate] returns for clients to
// trust. With a config of the caller's the address need not be loopback.
func StartTLS(g *Graph, l net.Listener, config *tls.Config) (*Server, error) {
	refuse := func(err error) (*Server, error) {
		return nil, errors.Join(fmt.Errorf("clienttest: start on %s: %w", l.Addr(), err), l.Close())
	}
	var leaf *x509.Certificate
	if config == nil {
		if origin, err := auth.ParseOrigin("https://" + l.Addr().String()); err != nil || !origin.Loopback() {
			return refuse(errors.New("a certificate is made for loopback only"))
		}
		made, err := loopbackCertificate(time.Now()) // clients do not know the Graph's clock
		if err != nil {
			return refuse(err)
		}
		config, leaf = &tls.Config{Certificates: []tls.Certificate{made}}, made.Leaf
	}
	if len(config.Certificates) == 0 && config.GetCertificate == nil && config.GetConfigForClient == nil {
		return refuse(errors.New("the TLS config has no certificate"))
	}
	s, err := start(g, l, config.Clone()) // net/http adds HTTP/2 to it
	if err == nil {
		s.certificate = leaf
	}
	return s, err
}

// start serves on l, with TLS where there is a config for it.
func start(g *Graph, l net.Listener, config *tls.Config) (*Server, error) {
	scheme, serve := "http", (*http.Server).Serve
	if config != nil {
		scheme = "https"
		serve = func(s *http.Server, l net.Listener) error { return s.ServeTLS(l, "", "") }
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{graph: g, url: scheme + "://" + l.Addr().String(), stop: stop, served: make(chan struct{})}
	var err error
	if s.cloud, err = auth.NewCloud(s.url, s.url+g.base); err != nil {
		stop()
		return nil, errors.Join(fmt.Errorf("clienttest: start on %s: %w", l.Addr(), err), l.Close())
	}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.handle),
		TLSConfig:         config,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         s.connState,
		ErrorLog:          log.New(io.Discard, "", 0), // clients that break off are part of tests
	}
	go func() {
		defer close(s.served)
		_ = serve(s.http, l) // it ends with ErrServerClosed, or with the listener's end
	}()
	return s, nil
}

// handle counts the handlers too: one that has hijacked its connection goes on
// without it.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	s.work.Add(1)
	defer s.work.Done()
	s.graph.ServeHTTP(w, r)
}

// connState counts the open connections. A connection is new before its
// goroutine starts and closed when that goroutine ends.
func (s *Server) connState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.work.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.work.Done()
	}
}

// URL returns the origin of the server, such as http://127.0.0.1:40123 or, with
// [StartTLS], https://127.0.0.1:40123.
func (s *Server) URL() string { return s.url }

// Certificate returns the certificate that [StartTLS] made, nil where it made
// none.
func (s *Server) Certificate() *x509.Certificate { return s.certificate }

// Cloud returns the server as a cloud: login host and Graph root.
func (s *Server) Cloud() auth.Cloud { return s.cloud }

// App returns the application that may ask for tokens, in this cloud.
func (s *Server) App() auth.App {
	return auth.App{TenantID: s.graph.tenant, ClientID: s.graph.clientID, Cloud: s.cloud}
}

// Secret returns the client secret of App.
func (s *Server) Secret() string { return s.graph.Secret() }

// Graph returns what is served.
func (s *Server) Graph() *Graph { return s.graph }

// Close stops the server: requests under way are answered, but for the delays
// of faults, which end at once with their connection cut. When it returns, no
// goroutine of the server is left. Closing again does nothing.
func (s *Server) Close() error {
	s.once.Do(func() {
		// A connection that was dialled and never used holds Shutdown up.
		const grace = time.Second
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		s.stop()
		s.err = s.http.Shutdown(ctx)
		if errors.Is(s.err, context.DeadlineExceeded) {
			s.err = s.http.Close()
		}
		<-s.served // it closes the listener, even where it began only now
		s.work.Wait()
	})
	return s.err
}
