package clienttest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		begin := time.Now()
		s.must(201, "POST", "/Security/secureScores", minimal(), "X-Mine", "yes")
		time.Sleep(2128 * time.Millisecond)
		s.must(404, "GET", scores+"/a%2Fb", "")
		s.must(200, "GET", scores+"?%24top=1&$count=true", "", "Authorization", "Bearer "+s.NewToken())
		s.must(401, "GET", scores, "", "Authorization", "")

		got := s.Requests()
		want := []struct{ method, path, uri, auth string }{
			{"POST", "/v1.0/Security/secureScores", "/v1.0/Security/secureScores", "present"},
			{"GET", "/v1.0/security/secureScores/a/b", "/v1.0/security/secureScores/a%2Fb", "present"},
			{"GET", "/v1.0/security/secureScores", "/v1.0/security/secureScores?%24top=1&$count=true", "present"},
			{"GET", "/v1.0/security/secureScores", "/v1.0/security/secureScores", ""},
		}
		if len(got) != len(want) {
			t.Fatalf("%d requests, want %d", len(got), len(want))
		}
		for i, w := range want {
			r := got[i]
			if r.Kind != clienttest.KindGraph || r.Method != w.method || r.Path != w.path || r.RequestURI != w.uri || r.Header.Get("Authorization") != w.auth {
				t.Errorf("request %d: %+v, want %+v", i, r, w)
			}
		}
		if got[0].Status != 201 || got[1].Status != 404 || got[0].Header.Get("X-Mine") != "yes" || string(got[0].Body) != minimal() {
			t.Errorf("first requests %+v", got[:2])
		}
		if q := got[2].Query; q.Get("$top") != "1" || q.Get("$count") != "true" {
			t.Errorf("query %v", q)
		}
		if got[0].Time != begin || got[1].Time.Sub(begin) != 2128*time.Millisecond {
			t.Errorf("times %v and %v, want %v and 2.128s later", got[0].Time, got[1].Time, begin)
		}
		if got[0].RemoteAddr == "" || got[0].RemoteAddr != got[1].RemoteAddr {
			t.Errorf("remote addresses %q and %q of one connection", got[0].RemoteAddr, got[1].RemoteAddr)
		}

		got[0].Header.Set("X-Mine", "changed")
		got[0].Body[0] = 'x'
		got[2].Query.Set("$top", "9")
		again := s.Requests()
		if again[0].Header.Get("X-Mine") != "yes" || string(again[0].Body) != minimal() || again[2].Query.Get("$top") != "1" {
			t.Error("the record can be changed through a copy")
		}
		s.ClearRequests()
		if n := len(s.Requests()); n != 0 {
			t.Errorf("%d requests after clearing", n)
		}
	})
}

func TestRequestsOfTokens(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithClient("app", "canary one"))
	form := s.form()
	form.Set("refresh_token", "canary-two")
	s.token(form)
	s.do("POST", s.server.URL()+"/x/oauth2/v2.0/token?client_secret=canary-three&scope=s", `{"client_secret":"canary-four"}`)
	s.do("POST", scores, "canary=canary-five&canary-six&canaryeight&%zz", "Content-Type", "application/x-www-form-urlencoded", "Cookie", "a=canary-seven")

	got := s.Requests()
	if len(got) != 3 {
		t.Fatalf("%d requests", len(got))
	}
	for _, r := range got {
		text := fmt.Sprintf("%+v %s", r, r.Body)
		for _, secret := range []string{"canary-", "canaryeight", "canary one", "canary+one"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is on record: %s", secret, text)
			}
		}
	}
	want := "client_id=app&client_secret=redacted&grant_type=client_credentials&refresh_token=redacted&scope="
	if r := got[0]; r.Kind != clienttest.KindToken || r.Status != 200 || !strings.HasPrefix(string(r.Body), want) || strings.HasSuffix(string(r.Body), "scope=redacted") {
		t.Errorf("request %+v with body %s", r, r.Body)
	}
	if got[1].RequestURI != "/x/oauth2/v2.0/token?client_secret=redacted&scope=s" || got[1].Query.Get("client_secret") != "redacted" {
		t.Errorf("request %+v", got[1])
	}
	if got[2].Header.Get("Cookie") != "present" {
		t.Errorf("cookie %q", got[2].Header.Get("Cookie"))
	}
}

func TestRequestBodyUnpacked(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	zw.Write([]byte(minimal()))
	zw.Close()
	s.must(201, "POST", scores, packed.String(), "Content-Encoding", "gzip")
	if r := s.Requests()[0]; string(r.Body) != minimal() || r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("body %q", r.Body)
	}
}

func TestRecordLimit(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]string{0: "", 1: "/v1.0/security/secureScores/3", 2: "/v1.0/$batch /v1.0/security/secureScores/3"} {
		s := serve(t, clienttest.WithRecordLimit(limit))
		s.must(404, "GET", scores+"/1", "")
		s.batch(get("1", "/security/secureScores"), get("2", "/security/secureScores"))
		s.must(404, "GET", scores+"/3", "")
		var got []string
		for _, r := range s.Requests() {
			got = append(got, r.Path)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("limit %d: record %q, want %q", limit, got, want)
		}
	}
}

func TestRequestsWhileAnswering(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		s.FailNext(clienttest.Fault{Delay: time.Minute})
		done := make(chan int, 1)
		go func() { done <- s.do("GET", scores, "").StatusCode }()
		synctest.Wait()
		if got := s.Requests(); len(got) != 1 || got[0].Status != 0 {
			t.Errorf("while it is answered: %+v", got)
		}
		s.ClearRequests() // must not disturb the one under way
		if status := <-done; status != 200 || !reflect.DeepEqual(s.Requests(), []clienttest.Request{}) {
			t.Errorf("status %d, record %+v", status, s.Requests())
		}
	})
}
