package clienttest_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// pair returns both ends of a connection in memory.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l := clienttest.NewListener()
	client, err := l.DialContext(t.Context(), "tcp", "x:1")
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		server.Close()
	})
	return client, server
}

func TestConnCloseGivesDataThenEOF(t *testing.T) {
	t.Parallel()
	client, server := pair(t)
	if n, err := io.WriteString(client, "last words"); n != 10 || err != nil { // nobody reads yet
		t.Fatalf("write: %d, %v", n, err)
	}
	client.Close()
	got, err := io.ReadAll(server)
	if string(got) != "last words" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := server.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write to a closed peer: %v, want broken pipe", err)
	}
	if n, err := newIdle(t).Read(nil); n != 0 || err != nil { // returns, with nothing to read
		t.Errorf("empty read of nothing: %d, %v", n, err)
	}
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after own close: %v, want net.ErrClosed", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("write after own close: %v, want net.ErrClosed", err)
	}
	if err := client.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

// newIdle returns one end of a connection on which nothing happens.
func newIdle(t *testing.T) net.Conn {
	t.Helper()
	c, _ := pair(t)
	return c
}

func TestConnReset(t *testing.T) {
	t.Parallel()
	client, server := pair(t)
	io.WriteString(server, "never read")
	if err := server.(interface{ SetLinger(int) error }).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	server.Close()
	if n, err := client.Read(make([]byte, 16)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read: %d, %v, want a reset and no data", n, err)
	}
}

func TestConnDeadlines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  func(c net.Conn, at time.Time)
		do   func(c net.Conn) error
	}{
		{"read", func(c net.Conn, at time.Time) { c.SetReadDeadline(at) }, read},
		{"read, both set", func(c net.Conn, at time.Time) { c.SetDeadline(at) }, read},
		{"write to a full buffer", func(c net.Conn, at time.Time) { c.SetWriteDeadline(at) }, fill},
		{"write, both set", func(c net.Conn, at time.Time) { c.SetDeadline(at) }, fill},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, _ := pair(t)
				expect := func(what string, want time.Duration) {
					t.Helper()
					begin := time.Now()
					err := tt.do(c)
					if ne, ok := errors.AsType[net.Error](err); !ok || !ne.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Fatalf("%s: %v, want a timeout", what, err)
					}
					if took := time.Since(begin); took != want {
						t.Errorf("%s: after %v, want %v", what, took, want)
					}
				}
				tt.set(c, time.Now().Add(3*time.Second))
				expect("ahead", 3*time.Second)
				expect("passed", 0)
				tt.set(c, time.Now().Add(-time.Second))
				expect("past", 0)
				tt.set(c, time.Now().Add(time.Second))
				expect("set again", time.Second)

				tt.set(c, time.Time{})
				time.AfterFunc(5*time.Second, func() { tt.set(c, time.Unix(1, 0)) })
				expect("moved to the past while waiting", 5*time.Second)

				tt.set(c, time.Now().Add(time.Second))
				time.AfterFunc(time.Second/2, func() { tt.set(c, time.Now().Add(4*time.Second)) })
				expect("moved on while waiting", 4500*time.Millisecond)
			})
		})
	}
}

func read(c net.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

func fill(c net.Conn) error {
	_, err := c.Write(make([]byte, 2<<20))
	return err
}

func TestConnBackPressure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := pair(t)
		sent := bytes.Repeat([]byte("0123456789abcdef"), 3<<16) // 3 MiB
		wrote := make(chan int, 1)
		go func() {
			n, _ := client.Write(sent)
			client.Close()
			wrote <- n
		}()
		synctest.Wait()
		select {
		case <-wrote:
			t.Fatal("3 MiB were written with no reader")
		default:
		}
		got, err := io.ReadAll(server)
		if err != nil || !bytes.Equal(got, sent) || <-wrote != len(sent) {
			t.Errorf("read %d bytes of %d, %v", len(got), len(sent), err)
		}
	})
}

func TestConnCloseWakesBlocked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, end := range []string{"own", "peer"} {
			client, server := pair(t)
			errs := make(chan error, 2)
			go func() { errs <- read(client) }()
			go func() { errs <- fill(client) }()
			synctest.Wait()
			if end == "own" {
				client.Close()
			} else {
				server.Close()
			}
			for range 2 {
				if err := <-errs; err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%s close: %v", end, err)
				}
			}
		}
	})
}

func TestConnWritesDoNotMix(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := pair(t)
		const each = 2 << 20
		for _, b := range []byte("abc") {
			go client.Write(bytes.Repeat([]byte{b}, each))
		}
		var order []byte
		piece := make([]byte, 16<<10) // small ones, for many chances to mix
		for range 3 * each / len(piece) {
			if _, err := io.ReadFull(server, piece); err != nil {
				t.Fatal(err)
			}
			for _, b := range []byte{piece[0], piece[len(piece)-1]} {
				if len(order) == 0 || order[len(order)-1] != b {
					order = append(order, b)
				}
			}
		}
		if len(order) != 3 {
			t.Errorf("3 writes arrived mixed: %.80q", order)
		}
	})
}
