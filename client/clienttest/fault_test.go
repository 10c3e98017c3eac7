package clienttest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

const scores = "/security/secureScores"

// both runs a test over a socket and over a Listener.
func both(t *testing.T, test func(t *testing.T, s *service)) {
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		test(t, serve(t))
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { test(t, serveInMemory(t)) })
	})
}

// stored returns how many scores the Graph holds.
func (s *service) stored() string {
	s.t.Helper()
	return string(s.must(200, "GET", scores+"/$count", "").body)
}

func TestFaultAnswers(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, s *service) {
		s.FailNext(clienttest.Fault{Status: 429, Header: http.Header{"Retry-After": {"2.128", "1"}}})
		r := s.must(429, "POST", scores, minimal())
		if got := r.Header.Values("Retry-After"); !slices.Equal(got, []string{"2.128", "1"}) || r.problem(t).Code != "TooManyRequests" {
			t.Errorf("Retry-After %q, body %s", got, r.body)
		}
		if r.Header.Get("request-id") == "" || r.Header.Get("Date") == "" {
			t.Errorf("headers %v", r.Header)
		}
		if got := s.stored(); got != "0" {
			t.Errorf("%s scores after a 429", got)
		}
		s.must(201, "POST", scores, minimal())

		s.FailNext(clienttest.Fault{
			Status: 502, Body: []byte("<html>"),
			Header: http.Header{"content-type": {"text/html"}, "Date": nil, "Request-Id": nil},
		})
		r = s.must(502, "GET", scores, "", "Accept-Encoding", "gzip")
		if string(r.body) != "<html>" || r.Header.Get("Content-Type") != "text/html" || r.Header["Date"] != nil || r.Header["Request-Id"] != nil {
			t.Errorf("body %q, headers %v", r.body, r.Header)
		}

		s.FailNext(clienttest.Fault{Status: 500, Body: []byte{}})
		if r = s.must(500, "GET", scores, ""); len(r.body) != 0 {
			t.Errorf("body %q, want none", r.body)
		}
		s.FailNext(clienttest.Fault{Status: 500, Body: []byte("short"), Header: http.Header{"Content-Length": {"5000"}}})
		if r = s.do("GET", scores, ""); !errors.Is(r.err, io.ErrUnexpectedEOF) || string(r.body) != "short" {
			t.Errorf("body %q, %v, want an unexpected end", r.body, r.err)
		}
		s.FailNext(clienttest.Fault{Status: 204})
		s.must(204, "GET", scores, "")
		s.FailNext(clienttest.Fault{Status: 200})
		if r = s.must(200, "GET", scores, ""); len(r.body) != 0 {
			t.Errorf("body %q, want none", r.body)
		}
		s.FailNext(clienttest.Fault{Body: []byte(strings.Repeat("null ", 500))})
		if r = s.must(201, "POST", scores, minimal(), "Accept-Encoding", "gzip"); !strings.HasPrefix(string(r.body), "null ") || s.stored() != "2" {
			t.Errorf("body %q of a create that is carried out, %s stored", r.body, s.stored())
		}
	})
}

func TestFaultPartialContent(t *testing.T) {
	t.Parallel()
	s := seeded(t, 1)
	const warning = `199 - "Microsoft/SecureScore/503/2128"`
	s.FailNext(clienttest.Fault{Status: 206, Header: http.Header{"Warning": {warning}}, Times: 2})
	r := s.must(206, "GET", scores, "")
	if ids, _ := r.ids(t); !slices.Equal(ids, []string{"s1"}) || r.Header.Get("Warning") != warning || r.Header.Get("OData-Version") != "4.0" {
		t.Errorf("partial %s, %v", r.body, r.Header)
	}
	if r = s.must(404, "GET", scores+"/none", ""); r.problem(t).Code != "ResourceNotFound" {
		t.Errorf("an operation that fails is not partial: %s", r.body)
	}
	s.FailNext(clienttest.Fault{Status: 206, Body: []byte(`{"value":[]}`)})
	if r = s.must(206, "GET", scores, ""); string(r.body) != `{"value":[]}` {
		t.Errorf("body %s", r.body)
	}
	s.FailNext(clienttest.Fault{Status: 206, Cut: clienttest.CutBeforeAnswer})
	if r = s.do("POST", scores, minimal()); r.err == nil || s.stored() != "1" {
		t.Errorf("%v, %s stored, want a cut before anything is done", r.err, s.stored())
	}
}

func TestFaultEditBody(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithPageSize(1))
	if err := s.AddSecureScores(days(90)); err != nil {
		t.Fatal(err)
	}
	const elsewhere = "https://graph.microsoft.com.example.net/v1.0/security/secureScores?$skiptoken=x"
	s.FailNext(clienttest.Fault{EditBody: func(body []byte) []byte {
		_, link := reply{body: body}.ids(t)
		return bytes.ReplaceAll(body, []byte(link), []byte(elsewhere))
	}})
	r := s.must(200, "GET", scores, "")
	if ids, link := r.ids(t); !slices.Equal(ids, []string{"s90"}) || link != elsewhere {
		t.Errorf("page %s", r.body)
	}
	upper := clienttest.Fault{Status: 503, EditBody: bytes.ToUpper, Times: 2}
	s.FailNext(upper)
	if r = s.must(503, "GET", scores, ""); !strings.Contains(string(r.body), `"SERVICEUNAVAILABLE"`) {
		t.Errorf("body %s", r.body)
	}
	upper.Body, upper.Times = []byte("body"), 1
	s.ClearFaults()
	s.FailNext(upper)
	if r = s.must(503, "GET", scores+"?$top=90", "", "Accept-Encoding", "gzip"); string(r.body) != "BODY" {
		t.Errorf("body %s", r.body)
	}
	s.FailNext(clienttest.Fault{EditBody: func(body []byte) []byte { return bytes.Repeat(body, 2) }})
	if r = s.must(200, "GET", scores+"?$top=90", "", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" || !bytes.HasPrefix(r.body, []byte("{")) {
		t.Errorf("an edited body is sent as it is: %v", r.Header)
	}
}

func TestFaultErrorBodies(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for status, code := range map[int]string{
		400: "BadRequest", 401: "InvalidAuthenticationToken", 403: "Forbidden", 404: "ResourceNotFound", 409: "Conflict",
		412: "PreconditionFailed", 429: "TooManyRequests", 500: "InternalServerError", 502: "BadGateway",
		503: "ServiceUnavailable", 504: "GatewayTimeout", 509: "BandwidthLimitExceeded", 599: "UnknownError",
	} {
		s.FailNext(clienttest.Fault{Status: status})
		r := s.must(status, "GET", scores, "")
		if p := r.problem(t); p.Code != code || p.Message == "" || p.InnerError["request-id"] != r.Header.Get("request-id") {
			t.Errorf("%d: %s", status, r.body)
		}
		if got := r.Header.Get("WWW-Authenticate") != ""; got != (status == 401) {
			t.Errorf("%d: WWW-Authenticate %t", status, got)
		}
	}
	for status, want := range map[int][2]string{
		400: {"invalid_request", "90023"}, 401: {"invalid_client", "7000222"},
		429: {"temporarily_unavailable", "90024"}, 503: {"temporarily_unavailable", "90033"},
	} {
		s.FailNext(clienttest.Fault{Kind: clienttest.KindToken, Status: status})
		checkEntra(t, s.token(s.form()), status, want[0], want[1], "")
	}
}

func TestFaultCuts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   clienttest.Fault
		status  int // of the headers that arrive, 0 for none
		is      error
		stored  string
		reached int // status on the record
	}{
		{"before", clienttest.Fault{Cut: clienttest.CutBeforeAnswer}, 0, io.EOF, "0", 0},
		{"before, applied", clienttest.Fault{Cut: clienttest.CutBeforeAnswer, Apply: true}, 0, io.EOF, "1", 0},
		{"reset", clienttest.Fault{Cut: clienttest.CutReset}, 0, syscall.ECONNRESET, "0", 0},
		{"reset, applied", clienttest.Fault{Cut: clienttest.CutReset, Apply: true}, 0, syscall.ECONNRESET, "1", 0},
		{"after headers", clienttest.Fault{Cut: clienttest.CutAfterHeaders}, 201, io.ErrUnexpectedEOF, "1", 201},
		{"in body", clienttest.Fault{Cut: clienttest.CutInBody}, 201, io.ErrUnexpectedEOF, "1", 201},
		{"in the body of an error", clienttest.Fault{Cut: clienttest.CutInBody, Status: 503}, 503, io.ErrUnexpectedEOF, "0", 503},
		{"in the body of an error, applied", clienttest.Fault{Cut: clienttest.CutInBody, Status: 503, Apply: true}, 503, io.ErrUnexpectedEOF, "1", 503},
		{"in own body", clienttest.Fault{Cut: clienttest.CutInBody, Status: 201, Body: []byte(`{"id":"x"}`)}, 201, io.ErrUnexpectedEOF, "0", 201},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, s *service) {
				s.FailNext(tt.fault)
				r := s.do("POST", scores, minimal())
				if !errors.Is(r.err, tt.is) {
					t.Errorf("error %v, want %v", r.err, tt.is)
				}
				if (r.Response != nil) != (tt.status != 0) || r.Response != nil && r.StatusCode != tt.status {
					t.Errorf("answer %+v, want status %d", r.Response, tt.status)
				}
				if r.Response != nil && r.ContentLength <= int64(len(r.body)) {
					t.Errorf("Content-Length %d with a body of %d bytes", r.ContentLength, len(r.body))
				}
				if got := len(r.body) > 0; got != (tt.fault.Cut == clienttest.CutInBody) {
					t.Errorf("body %q", r.body)
				}
				if got := s.stored(); got != tt.stored {
					t.Errorf("%s stored, want %s", got, tt.stored)
				}
				if got := s.Requests(); len(got) != 2 || got[0].Status != tt.reached {
					t.Errorf("%d requests, the first with status %d, want 2 with %d", len(got), got[0].Status, tt.reached)
				}
			})
		})
	}
}

func TestFaultApplied(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.FailNext(clienttest.Fault{Status: 503, Apply: true})
	s.must(503, "POST", scores, minimal(`"id":"x"`))
	s.must(409, "POST", scores, minimal(`"id":"x"`))
}

func TestFaultMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault clienttest.Fault
		fails []string // of the requests below
	}{
		{"any", clienttest.Fault{Times: -1}, []string{"list", "get", "create", "profiles", "list"}},
		{"one", clienttest.Fault{}, []string{"list"}},
		{"two", clienttest.Fault{Times: 2}, []string{"list", "get"}},
		{"method", clienttest.Fault{Method: "post"}, []string{"create"}},
		{"path", clienttest.Fault{Path: "/Security/SecureScores", Times: -1}, []string{"list", "create", "list"}},
		{"whole path", clienttest.Fault{Path: "/v1.0/security/secureScoreControlProfiles"}, []string{"profiles"}},
		{"path and method", clienttest.Fault{Path: scores, Method: "POST", Times: -1}, []string{"create"}},
		{"prefix", clienttest.Fault{Path: "/security/secureScores/*", Times: -1}, []string{"get"}},
		{"after", clienttest.Fault{After: 3, Times: -1}, []string{"profiles", "list"}},
		{"after of those that match", clienttest.Fault{Path: scores, After: 2}, []string{"list"}},
		{"token", clienttest.Fault{Kind: clienttest.KindToken, Times: -1}, []string{"token"}},
		{"token path", clienttest.Fault{Kind: clienttest.KindToken, Path: "*", Times: 2}, []string{"token"}},
		{"nothing", clienttest.Fault{Path: "/users"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			tt.fault.Status = 418
			s.FailNext(tt.fault)
			var fails []string
			for _, step := range []struct{ name, method, path, body string }{
				{"list", "GET", scores, ""},
				{"get", "GET", scores + "/x", ""},
				{"create", "POST", "/SECURITY/securescores", minimal()},
				{"profiles", "GET", "/security/secureScoreControlProfiles", ""},
				{"list", "GET", scores, ""},
			} {
				if s.do(step.method, step.path, step.body).StatusCode == 418 {
					fails = append(fails, step.name)
				}
			}
			if s.token(s.form()).StatusCode == 418 {
				fails = append(fails, "token")
			}
			if !reflect.DeepEqual(fails, tt.fails) {
				t.Errorf("failed %v, want %v", fails, tt.fails)
			}
		})
	}
}

func TestFaultQueue(t *testing.T) {
	t.Parallel()
	s := serve(t)
	header := http.Header{"X-Mine": {"a"}}
	body := []byte("as given")
	s.FailNext(clienttest.Fault{Status: 500, Header: header, Body: body, Times: 2})
	header.Set("X-Mine", "changed later")
	copy(body, "changed.")
	s.FailNext(clienttest.Fault{Status: 503})
	for _, want := range []int{500, 500, 503, 200} {
		if r := s.must(want, "GET", scores, ""); want == 500 && (r.Header.Get("X-Mine") != "a" || string(r.body) != "as given") {
			t.Errorf("X-Mine %q, body %q", r.Header.Get("X-Mine"), r.body)
		}
	}
	s.FailNext(clienttest.Fault{Status: 500, Times: -1})
	s.must(500, "GET", scores, "")
	s.ClearFaults()
	s.must(200, "GET", scores, "")
}

func TestFaultDelay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fault  clienttest.Fault
		status int
		stored string // by the time of the answer
		early  string // 5 s into the delay
	}{
		{"delay alone", clienttest.Fault{}, 201, "1", "0"},
		{"applied first", clienttest.Fault{Apply: true}, 201, "1", "1"},
		{"with a status", clienttest.Fault{Status: 503}, 503, "0", "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := serveInMemory(t)
				tt.fault.Delay = 10 * time.Second
				tt.fault.Method = "POST"
				s.FailNext(tt.fault)
				begin := time.Now()
				early := make(chan string, 1)
				go func() {
					time.Sleep(5 * time.Second)
					early <- s.stored()
				}()
				s.must(tt.status, "POST", scores, minimal())
				if took := time.Since(begin); took != 10*time.Second {
					t.Errorf("answered after %v, want 10s", took)
				}
				if got := <-early; got != tt.early {
					t.Errorf("%s stored during the delay, want %s", got, tt.early)
				}
				if got := s.stored(); got != tt.stored {
					t.Errorf("%s stored, want %s", got, tt.stored)
				}
			})
		})
	}
}

func TestFaultDelayEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		for _, apply := range []bool{false, true} {
			s.FailNext(clienttest.Fault{Delay: time.Hour, Apply: apply})
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			req, err := http.NewRequestWithContext(ctx, "POST", s.root+scores, strings.NewReader(minimal()))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+s.NewToken())
			if r := s.send(req); !errors.Is(r.err, context.DeadlineExceeded) {
				t.Errorf("error %v", r.err)
			}
			cancel()
			synctest.Wait()
			want := map[bool]string{false: "0", true: "1"}[apply]
			if got := s.stored(); got != want {
				t.Errorf("apply %t: %s stored, want %s", apply, got, want)
			}
		}
	})
}

func TestFailNextPanics(t *testing.T) {
	t.Parallel()
	for _, status := range []int{-1, 100, 199, 1000} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, "status") {
					t.Errorf("status %d: panic %q", status, text)
				}
			}()
			clienttest.NewGraph().FailNext(clienttest.Fault{Status: status})
		}()
	}
}
