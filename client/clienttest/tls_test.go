package clienttest_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

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
