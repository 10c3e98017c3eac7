package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// networkRows are the faults below HTTP, and those of this side.
func networkRows() []row {
	none := want{}
	rows := []row{
		{name: "connection refused", class: refusedDial, read: again(ErrNetwork, syscall.ECONNREFUSED), write: again(ErrNetwork, syscall.ECONNREFUSED), start: nobodyListens},
		{name: "DNS fails for the moment", class: refusedDial, read: again(ErrNetwork), write: again(ErrNetwork), start: dialFails(dnsError(&net.DNSError{IsTemporary: true}))},
		{name: "DNS times out", class: refusedDial, read: again(ErrNetwork), write: again(ErrNetwork), start: dialFails(dnsError(&net.DNSError{IsTimeout: true}))},
		{name: "DNS NXDOMAIN", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: dialFails(dnsError(&net.DNSError{IsNotFound: true}))},
		{name: "dial times out", class: notSent, read: again(ErrNetwork), write: once(ErrNetwork), start: dialFails(&net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded})},
		{name: "network unreachable", class: notSent, read: again(ErrNetwork), write: once(ErrNetwork), start: dialFails(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ENETUNREACH})},
		{name: "handshake reset", class: notSent, read: again(ErrNetwork), write: once(ErrNetwork), start: rawServer("https", resetNow)},
		{name: "handshake closed", class: notSent, read: again(ErrNetwork), write: once(ErrNetwork), start: rawServer("https", func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite(); _, _ = io.Copy(io.Discard, c) })},
		{name: "not TLS", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: rawServer("https", func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			_, _ = io.Copy(io.Discard, c)
		})},
		{name: "unknown certificate", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: tlsServer(&tls.Config{}, func(t *http.Transport) { t.TLSClientConfig.RootCAs = nil })},
		{name: "another's certificate", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: tlsServer(&tls.Config{}, func(t *http.Transport) { t.TLSClientConfig.ServerName = "other.example" })},
		{name: "alert in the handshake", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: tlsServer(&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, func(*http.Transport) {})},
		{name: "no common version", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: tlsServer(&tls.Config{MaxVersion: tls.VersionTLS12}, func(t *http.Transport) { t.TLSClientConfig.MinVersion = tls.VersionTLS13 })},
		{name: "certificate refused by the caller's own check", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: tlsServer(&tls.Config{}, func(t *http.Transport) {
			t.TLSClientConfig.VerifyConnection = func(tls.ConnectionState) error { return errors.New("pinned to another") }
		})},
		{name: "proxy 407", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: proxyAnswers("407 Proxy Authentication Required", nil)},
		{name: "proxy 407, own words", class: unreachable, read: once(ErrNetwork), write: once(ErrNetwork), start: proxyAnswers("407 Log in first", checkProxy)},
		{name: "proxy 502", class: notSent, read: again(ErrNetwork), write: once(ErrNetwork), start: proxyAnswers("502 Bad Gateway", checkProxy)},
		{name: "token source fails", class: noToken, read: once(auth.ErrToken), write: once(auth.ErrToken), start: noTokens},
		{name: "another origin", class: refusedHere, read: once(ErrInvalid), write: once(ErrInvalid), start: func(tb testing.TB, _ bool) *scene {
			s := nobodyListens(tb, false)
			s.path, s.seen = "https://elsewhere.example/v1.0/things", nil
			return s
		}},
		{name: "trusted 503", class: trusted503, read: again(ErrUnavailable), write: again(ErrUnavailable), start: func(tb testing.TB, http2 bool) *scene {
			s := statusRow(503, trusted503, none, none, "Retry-After", "0.001").start(tb, http2)
			p := quick
			p.TrustRetryAfterOn503 = true
			s.options = []Option{WithRetryPolicy(p)}
			return s
		}},
		{name: "500 with Retry-After under trust", class: failed, read: again(ErrUnavailable), write: unsure(ErrUnavailable), start: func(tb testing.TB, http2 bool) *scene {
			s := statusRow(500, failed, none, none, "Retry-After", "0.001").start(tb, http2)
			p := quick
			p.TrustRetryAfterOn503 = true
			s.options = []Option{WithRetryPolicy(p)}
			return s
		}},
		{name: "503 without Retry-After under trust", class: overload, read: again(ErrUnavailable), write: unsure(ErrUnavailable), start: func(tb testing.TB, http2 bool) *scene {
			s := statusRow(503, overload, none, none, "Retry-After", "-1").start(tb, http2)
			p := quick
			p.TrustRetryAfterOn503 = true
			s.options = []Option{WithRetryPolicy(p)}
			return s
		}},
		{name: "reset after the request", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: rawServer("http", afterRequest(resetNow))},
		{name: "closed after the request", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: rawServer("http", afterRequest(func(net.Conn) {}))},
		{name: "no HTTP", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: rawServer("http", afterRequest(func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n\r\n") }))},
		{name: "caller's transport fails", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: ownTransport(io.ErrUnexpectedEOF)},
		{name: "caller's transport cannot connect", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: ownTransport(&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED})},
		{name: "caller's wrapper around a transport that cannot connect", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: func(tb testing.TB, http2 bool) *scene {
			s := nobodyListens(tb, http2)
			s.transport = roundTripper(s.transport.RoundTrip)
			return s
		}},
		{name: "caller's transport knows no such host", class: invalid, read: once(ErrNetwork), write: unsure(ErrNetwork), start: ownTransport(dnsError(&net.DNSError{IsNotFound: true}))},
		{name: "HTTP/2 REFUSED_STREAM", class: refusedByH2, write: again(ErrNetwork), start: rawH2(func(id uint32) []byte { return rstStream(id, 0x7) })},
		{name: "HTTP/2 GOAWAY below", class: refusedByH2, write: again(ErrNetwork), start: rawH2(func(uint32) []byte { return goAway(0, 0) })},
		{name: "HTTP/2 GOAWAY below with an error", class: refusedByH2, read: again(ErrNetwork), write: again(ErrNetwork), start: rawH2(func(uint32) []byte { return goAway(0, 0xb) })},
		{name: "HTTP/2 GOAWAY below, PROTOCOL_ERROR", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: rawH2(func(uint32) []byte { return goAway(0, 0x1) })},
		{name: "HTTP/2 GOAWAY not below", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: rawH2(func(id uint32) []byte { return append(goAway(id, 0), 0) })},
		{name: "HTTP/2 PROTOCOL_ERROR", class: broken, write: unsure(ErrNetwork), start: rawH2(func(id uint32) []byte { return rstStream(id, 0x1) })},
		{name: "HTTP/2 CANCEL", class: broken, read: again(ErrNetwork), write: unsure(ErrNetwork), start: rawH2(func(id uint32) []byte { return rstStream(id, 0x8) })},
	}
	for i := range rows {
		rows[i].plainOnly = true // they bring their own server
	}
	return rows
}

func dnsError(e *net.DNSError) error {
	e.Err, e.Name = "synthetic", "graph.example.com"
	return &net.OpError{Op: "dial", Net: "tcp", Err: e}
}

// nobodyListens counts the dials to a port on loopback that has just been closed.
func nobodyListens(tb testing.TB, _ bool) *scene {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	var dials atomic.Int32
	tr := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	return &scene{base: "http://" + addr + "/v1.0", transport: tr, path: "/things", seen: counter(&dials)}
}

func counter(n *atomic.Int32) func() int { return func() int { return int(n.Load()) } }

func dialFails(err error) func(testing.TB, bool) *scene {
	return func(testing.TB, bool) *scene {
		var dials atomic.Int32
		tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { dials.Add(1); return nil, err }}
		return &scene{base: "https://graph.example.com/v1.0", transport: tr, path: "/things", seen: counter(&dials)}
	}
}

// rawServer accepts connections and leaves the rest to handle.
func rawServer(scheme string, handle func(net.Conn)) func(testing.TB, bool) *scene {
	return func(tb testing.TB, _ bool) *scene {
		var conns atomic.Int32
		addr := listen(tb, func(c net.Conn) {
			conns.Add(1)
			handle(c)
		})
		tr := &http.Transport{}
		tb.Cleanup(tr.CloseIdleConnections)
		return &scene{base: scheme + "://" + addr + "/v1.0", transport: tr, path: "/things", seen: counter(&conns)}
	}
}

func listen(tb testing.TB, handle func(net.Conn)) (addr string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return l.Addr().String()
}

func resetNow(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }

// afterRequest reads one HTTP/1 request first.
func afterRequest(then func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		then(c)
	}
}

// tlsServer counts connections to a TLS server on which the client's handshake fails.
func tlsServer(config *tls.Config, change func(*http.Transport)) func(testing.TB, bool) *scene {
	return func(tb testing.TB, _ bool) *scene {
		good := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
		tb.Cleanup(good.Close)
		config := config.Clone()
		config.Certificates = good.TLS.Certificates
		s := rawServer("https", func(c net.Conn) {
			if t := tls.Server(c, config); t.Handshake() == nil {
				_, _ = io.Copy(io.Discard, t)
			}
		})(tb, false)
		tr := good.Client().Transport.(*http.Transport).Clone()
		change(tr)
		s.transport = tr
		return s
	}
}

// proxyAnswers counts what arrives at a proxy that answers CONNECT with status.
func proxyAnswers(status string, check func(context.Context, *url.URL, *http.Request, *http.Response) error) func(testing.TB, bool) *scene {
	return func(tb testing.TB, _ bool) *scene {
		s := rawServer("http", afterRequest(func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 "+status+"\r\nContent-Length: 0\r\n\r\n") }))(tb, false)
		proxy, err := url.Parse(s.base)
		if err != nil {
			tb.Fatal(err)
		}
		s.transport = &http.Transport{Proxy: http.ProxyURL(proxy), OnProxyConnectResponse: check}
		s.base = "https://graph.example.com/v1.0"
		return s
	}
}

// noTokens counts how often the source is asked.
func noTokens(tb testing.TB, _ bool) *scene {
	var asked atomic.Int32
	src, err := auth.Func(func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
		asked.Add(1)
		return nil, errors.New("no luck")
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &scene{path: "/things", seen: counter(&asked), client: func(tb testing.TB, opts ...Option) *Client {
		c, err := New(src, append(opts, WithBaseURL("http://localhost:1/v1.0"))...)
		if err != nil {
			tb.Fatal(err)
		}
		return c
	}}
}

func ownTransport(err error) func(testing.TB, bool) *scene {
	return func(testing.TB, bool) *scene {
		var calls atomic.Int32
		return &scene{
			base: "https://graph.example.com/v1.0", path: "/things", seen: counter(&calls),
			transport: roundTripper(func(*http.Request) (*http.Response, error) { calls.Add(1); return nil, err }),
		}
	}
}

// rawH2 is an HTTP/2 server (prior knowledge, no TLS) that answers the headers of each stream with the frames of
// respond. A single byte 0 after them stands for closing the connection.
func rawH2(respond func(stream uint32) []byte) func(testing.TB, bool) *scene {
	return func(tb testing.TB, _ bool) *scene {
		var streams atomic.Int32
		addr := listen(tb, func(c net.Conn) { serveH2(c, &streams, respond) })
		tr := h2Transport()
		tb.Cleanup(tr.CloseIdleConnections)
		return &scene{base: "http://" + addr + "/v1.0", transport: tr, path: "/things", seen: counter(&streams)}
	}
}

func h2Transport() *http.Transport {
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	return tr
}

const (
	frameHeaders, frameRST, frameSettings, frameGoAway = 0x1, 0x3, 0x4, 0x7
	flagAck                                            = 0x1
	h2Preface                                          = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
)

func serveH2(c net.Conn, streams *atomic.Int32, respond func(uint32) []byte) {
	r := bufio.NewReader(c)
	if _, err := io.CopyN(io.Discard, r, int64(len(h2Preface))); err != nil {
		return
	}
	_, _ = c.Write(frame(frameSettings, 0, 0, nil))
	head := make([]byte, 9)
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		length := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
		if _, err := io.CopyN(io.Discard, r, length); err != nil {
			return
		}
		switch stream := binary.BigEndian.Uint32(head[5:]); {
		case head[3] == frameSettings && head[4]&flagAck == 0:
			_, _ = c.Write(frame(frameSettings, flagAck, 0, nil))
		case head[3] == frameHeaders:
			streams.Add(1)
			out := respond(stream)
			if n := len(out) - 1; n > 8 && strings.HasSuffix(string(out), "\x00") && n%17 == 0 {
				_, _ = c.Write(out[:n])
				return
			}
			_, _ = c.Write(out)
		}
	}
}

func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	out := []byte{0, 0, byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(out, stream), payload...)
}

func rstStream(stream, code uint32) []byte {
	return frame(frameRST, 0, stream, binary.BigEndian.AppendUint32(nil, code))
}

// goAway has 17 bytes.
func goAway(last, code uint32) []byte {
	return frame(frameGoAway, 0, 0, binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, last), code))
}

// dialOnce makes one connection, and is refused from then on.
func dialOnce(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	var n atomic.Int32
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if n.Add(1) > 1 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
		}
		if dial == nil {
			dial = new(net.Dialer).DialContext
		}
		return dial(ctx, network, address)
	}
}
