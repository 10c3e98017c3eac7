package clienttest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// service is a served Graph and a plain HTTP client of it.
type service struct {
	*clienttest.Graph
	t      *testing.T
	server *clienttest.Server
	hc     *http.Client
	root   string
}

// serve starts a Graph on a loopback socket.
func serve(t *testing.T, opts ...clienttest.Option) *service {
	t.Helper()
	g := clienttest.NewGraph(opts...)
	srv, err := clienttest.Start(g)
	if err != nil {
		t.Fatal(err)
	}
	return newService(t, g, srv, &http.Transport{})
}

// serveInMemory starts a Graph on a Listener.
func serveInMemory(t *testing.T, opts ...clienttest.Option) *service {
	t.Helper()
	g, l := clienttest.NewGraph(opts...), clienttest.NewListener()
	srv, err := clienttest.StartOn(g, l)
	if err != nil {
		t.Fatal(err)
	}
	return newService(t, g, srv, &http.Transport{DialContext: l.DialContext})
}

func newService(t *testing.T, g *clienttest.Graph, srv *clienttest.Server, tr *http.Transport) *service {
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		if err := srv.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &service{Graph: g, t: t, server: srv, hc: &http.Client{Transport: tr}, root: srv.Cloud().GraphRoot()}
}

// on returns the service for a subtest, which then fails for itself.
func (s *service) on(t *testing.T) *service {
	sub := *s
	sub.t = t
	return &sub
}

// reply is an answer, read.
type reply struct {
	*http.Response
	body []byte
	err  error // of the request, or of reading the body
}

// do sends a request with a token and, where there is a body, as JSON. Headers
// are given as name and value; an empty value takes one away.
func (s *service) do(method, path, body string, headers ...string) reply {
	s.t.Helper()
	target := path
	if strings.HasPrefix(path, "/") {
		target = s.root + path
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		return reply{err: err}
	}
	req.Header.Set("Authorization", "Bearer "+s.NewToken())
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		if req.Header.Set(headers[i], headers[i+1]); headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	return s.send(req)
}

func (s *service) send(req *http.Request) reply {
	s.t.Helper()
	resp, err := s.hc.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{Response: resp, body: b, err: err}
}

// must is do, for a status that is certain.
func (s *service) must(status int, method, path, body string, headers ...string) reply {
	s.t.Helper()
	r := s.do(method, path, body, headers...)
	if r.err != nil {
		s.t.Fatalf("%s %s: %v", method, path, r.err)
	}
	if r.StatusCode != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s", method, path, r.StatusCode, status, r.body)
	}
	return r
}

// token posts a form to the token endpoint of the Graph's own tenant.
func (s *service) token(form url.Values) reply {
	s.t.Helper()
	return s.tokenAt(s.TenantID(), form)
}

func (s *service) tokenAt(tenant string, form url.Values) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost,
		s.server.URL()+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(req)
}

// form is a request for a token that is granted.
func (s *service) form() url.Values {
	return url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {s.ClientID()},
		"client_secret": {s.Secret()},
		"scope":         {s.server.Cloud().Scope()},
	}
}

// problem is an error body, of the Graph or of the token endpoint.
type problem struct {
	Code, Message, Target string
	InnerError            map[string]string
}

func (r reply) problem(t *testing.T) problem {
	t.Helper()
	var b struct{ Error problem }
	if err := json.Unmarshal(r.body, &b); err != nil {
		t.Fatalf("error body %q: %v", r.body, err)
	}
	return b.Error
}

// object decodes a JSON object with exact numbers.
func object(t *testing.T, data []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("more after the object in %s", data)
	}
	return m
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// ids returns the ids of a page, and its link to the next.
func (r reply) ids(t *testing.T) ([]string, string) {
	t.Helper()
	var page struct {
		Next  string `json:"@odata.nextLink"`
		Value []struct{ ID string }
	}
	if err := json.Unmarshal(r.body, &page); err != nil {
		t.Fatalf("page %q: %v", r.body, err)
	}
	out := []string{}
	for _, v := range page.Value {
		out = append(out, v.ID)
	}
	return out, page.Next
}
