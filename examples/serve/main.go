// Serve runs the Graph in memory on a port, with its token endpoint: for curl, for demonstrations, and for clients in
// other languages.
//
//	serve [-addr host:port] [-tls]
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/cli"
	"github.com/seed-13c6ebcb/securescore/examples/internal/demo"
)

const usage = `usage: serve [-addr host:port] [-tls]

Serves Microsoft Graph's secure score from memory, with 90 days of a demonstration tenant, until it is interrupted. It
prints its URLs, the credentials it takes, and how to call it. Nothing is kept when it stops.

  -addr host:port   where to listen, on loopback (default 127.0.0.1:0, which is any free port)
  -tls              with https, for clients that insist on it: a certificate is made, and written to a file to trust
`

// remembered bounds the record of requests, so that a server that runs for weeks does not grow.
const remembered = 100

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, _ func(string) string, _ io.Reader, stdout, stderr io.Writer) int {
	return cli.Exit("serve", usage, serve(ctx, args, stdout, stderr), stdout, stderr)
}

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := cli.Flags("serve")
	addr := flags.String("addr", "127.0.0.1:0", "")
	tls := flags.Bool("tls", false, "")
	rest, err := cli.Parse(flags, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return cli.Misuse("%q is no flag", rest[0])
	}

	server, err := start(*addr, *tls)
	if err != nil {
		return err
	}
	defer func() {
		if failed := server.Close(); err == nil {
			err = failed
		}
	}()
	certificate := ""
	if *tls {
		if certificate, err = writeCertificate(server.Certificate()); err != nil {
			return err
		}
		defer os.Remove(certificate)
	}
	if _, err := io.WriteString(stdout, describe(server, certificate)); err != nil {
		return err
	}
	<-ctx.Done()
	fmt.Fprintln(stderr, "Stopped.")
	return nil
}

// start serves the demonstration tenant.
func start(addr string, tls bool) (*clienttest.Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		l.Close()
		return nil, fmt.Errorf("-addr %s would listen on %s: want loopback, such as 127.0.0.1:8080, for its secret is known to all", addr, l.Addr())
	}
	graph := clienttest.NewGraph(clienttest.WithRecordLimit(remembered))
	if err := demo.Seed(time.Now())(graph); err != nil {
		l.Close()
		return nil, err
	}
	if tls {
		return clienttest.StartTLS(graph, l, nil)
	}
	return clienttest.StartOn(graph, l)
}
