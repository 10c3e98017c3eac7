package clienttest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// batched is an answer in a batch.
type batched struct {
	ID      string
	Status  int
	Headers map[string]string
	Body    json.RawMessage
}

// batch sends items as one batch, and returns the answers as they came.
func (s *service) batch(items ...string) []batched {
	s.t.Helper()
	r := s.must(200, "POST", "/$batch", `{"requests":[`+strings.Join(items, ",")+`]}`)
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		s.t.Errorf("Content-Type %q", got)
	}
	var b struct{ Responses []batched }
	if err := json.Unmarshal(r.body, &b); err != nil {
		s.t.Fatalf("%v in %s", err, r.body)
	}
	return b.Responses
}

// statuses writes ids and statuses in their order.
func statuses(answers []batched) string {
	var out []string
	for _, a := range answers {
		out = append(out, fmt.Sprintf("%s:%d", a.ID, a.Status))
	}
	return strings.Join(out, " ")
}

func get(id, url string, more ...string) string {
	return fmt.Sprintf(`{"id":%q,"method":"GET","url":%q%s}`, id, url, strings.Join(append([]string{""}, more...), ","))
}

func patch(id, control, body string, more ...string) string {
	return fmt.Sprintf(`{"id":%q,"method":"PATCH","url":"/security/secureScoreControlProfiles/%s","headers":{"Content-Type":"application/json"},"body":%s%s}`,
		id, control, body, strings.Join(append([]string{""}, more...), ","))
}

func TestBatch(t *testing.T) {
	t.Parallel()
	s := profiled(t)
	answers := s.batch(
		patch("1", "MFARegistrationV2", change(`"state":"Ignored"`)),
		`{"id":"two","method":"PATCH","url":"/Security/secureScoreControlProfiles/MFARegistrationV2","body":`+change(`"comment":"x"`)+`,
			"headers":{"content-type":"application/json","prefer":"return=representation"}}`,
		patch("3", "scid_2016", change(`"state":"Ignored"`)),
		get("4", "security/secureScoreControlProfiles?$top=1&$filter=startswith(id,'M') and rank eq 10&$select=id"),
		get("5", "/security/secureScoreControlProfiles/$count"),
		get("6", "/v1.0/security/secureScoreControlProfiles"),
		`{"id":"7","method":"DELETE","url":"/security/secureScoreControlProfiles/aad_admin_consent_workflow"}`,
		get("8", "/$batch"),
		`{"id":"9","method":"POST","url":"/security/secureScores","headers":{"Content-Type":"application/json"},"body":`+minimal(`"id":"a/b"`)+`}`,
	)
	if got, want := statuses(answers), "9:201 8:400 7:204 6:400 5:200 4:200 3:400 two:200 1:204"; got != want {
		t.Fatalf("answers %s, want %s", got, want)
	}
	slices.Reverse(answers)
	for _, i := range []int{0, 6} {
		if a := answers[i]; a.Body != nil || a.Headers["Cache-Control"] != "private" || a.Headers["Content-Type"] != "" {
			t.Errorf("204: %+v with body %s", a, a.Body)
		}
	}
	profile := object(t, answers[1].Body)
	updates := profile["controlStateUpdates"].([]any)
	if last := updates[len(updates)-1].(map[string]any); last["state"] != "Ignored" || last["comment"] != "x" || answers[1].Headers["Preference-Applied"] != "return=representation" {
		t.Errorf("the second builds on the first: %s, %v", answers[1].Body, answers[1].Headers)
	}
	if got := profile["@odata.context"]; got != s.root+"/$metadata#security/secureScoreControlProfiles/$entity" {
		t.Errorf("context %v", got)
	}
	for i, says := range map[int]string{2: `"code":""`, 5: "segment 'v1.0'", 7: "cannot hold a batch"} {
		if !strings.Contains(string(answers[i].Body), says) || answers[i].Headers["Content-Type"] != "application/json" {
			t.Errorf("%s: body %s, want %s", answers[i].ID, answers[i].Body, says)
		}
	}
	if got := string(answers[3].Body); !strings.HasSuffix(got, `"value":[{"id":"MFARegistrationV2"}]}`) || answers[3].Headers["Content-Type"] != contentType {
		t.Errorf("list %s, %v", got, answers[3].Headers)
	}
	if a := answers[4]; string(a.Body) != `"4"` || a.Headers["Content-Type"] != "text/plain" {
		t.Errorf("count %s, %v", a.Body, a.Headers)
	}
	if got := answers[8].Headers["Location"]; got != s.root+"/security/secureScores/a%2Fb" {
		t.Errorf("Location %q", got)
	}
}

func TestBatchIDs(t *testing.T) {
	t.Parallel()
	s := serve(t)
	r := s.must(200, "POST", "/$batch", `{"requests":[`+
		get("1", "/security/secureScores/x")+`,`+get("2", "/security/secureScores/x", `"headers":{"client-request-id":"mine"}`)+`]}`, "client-request-id", "outer")
	var b struct {
		Responses []struct {
			Body struct{ Error problem }
		}
	}
	if err := json.Unmarshal(r.body, &b); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"mine", "outer"} {
		inner := b.Responses[i].Body.Error.InnerError
		if inner["client-request-id"] != want || inner["request-id"] != r.Header.Get("request-id") {
			t.Errorf("inner error %v, want client-request-id %s and the batch's request-id", inner, want)
		}
	}
}

func TestBatchDependsOn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	create := func(id, score string, more ...string) string {
		return fmt.Sprintf(`{"id":%q,"method":"POST","url":"/security/secureScores","headers":{"Content-Type":"application/json"},"body":%s%s}`,
			id, minimal(fmt.Sprintf(`"id":%q`, score)), strings.Join(append([]string{""}, more...), ","))
	}
	answers := s.batch(
		create("a", "one"),
		get("b", "/security/secureScores/one", `"dependsOn":["A"]`),
		create("c", "one"), // a conflict
		create("d", "two", `"dependsOn":["a","C"]`),
		create("e", "three", `"dependsOn":["d"]`),
		create("f", "four", `"dependsOn":[]`),
	)
	if got, want := statuses(answers), "f:201 e:424 d:424 c:409 b:200 a:201"; got != want {
		t.Errorf("answers %s, want %s", got, want)
	}
	if !strings.Contains(string(answers[2].Body), `"code":"FailedDependency"`) || !strings.Contains(string(answers[2].Body), "'C'") {
		t.Errorf("body %s", answers[2].Body)
	}
	if got := s.stored(); got != "2" {
		t.Errorf("%s stored, want 2", got)
	}
}

func TestBatchRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var many []string
	for i := range 21 {
		many = append(many, get(fmt.Sprint(i), "/security/secureScores"))
	}
	tests := []struct{ name, items, says string }{
		{"none", "", "no requests"},
		{"21", strings.Join(many, ","), "exceeds the maximum value of 20"},
		{"no id", `{"method":"GET","url":"/x"}`, "id '' lacks"},
		{"no method", `{"id":"1","url":"/x"}`, "id '1' lacks"},
		{"no url", `{"id":"1","method":"GET"}`, "id '1' lacks"},
		{"id is a number", `{"id":1,"method":"GET","url":"/x"}`, "Invalid batch payload format"},
		{"id twice", get("a", "/x") + "," + get("A", "/x"), "Duplicate request id 'A'"},
		{"absolute", get("1", s.root+"/security/secureScores"), "not relative"},
		{"scheme", get("1", "file:/security/secureScores"), "not relative"},
		{"host", get("1", "//host/x"), "not relative"},
		{"query alone", get("1", "?x"), "not relative"},
		{"not a URL", get("1", "/x%zz"), "not relative"},
		{"unknown dependency", get("1", "/x", `"dependsOn":["2"]`), "depends on '2'"},
		{"later dependency", get("1", "/x", `"dependsOn":["2"]`) + "," + get("2", "/x"), "depends on '2'"},
		{"own dependency", get("1", "/x", `"dependsOn":["1"]`), "depends on '1'"},
		{"no body", `{"id":"1","method":"PATCH","url":"/x","headers":{"Content-Type":"application/json"}}`, "id : 1 does not contain Content-Type header or body"},
		{"no content type", `{"id":"1","method":"POST","url":"/x","body":{}}`, "does not contain Content-Type"},
		{"header is a list", `{"id":"1","method":"GET","url":"/x","headers":{"A":["b"]}}`, "Invalid batch payload format"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := s.on(t)
			p := s.must(400, "POST", "/$batch", `{"requests":[`+tt.items+`]}`).problem(t)
			if p.Code != "BadRequest" || !strings.Contains(p.Message, tt.says) {
				t.Errorf("problem %+v, want %q", p, tt.says)
			}
		})
	}
	s.must(400, "POST", "/$batch", `{}`)
	s.must(400, "POST", "/$batch", `[]`)
	s.must(415, "POST", "/$batch", `{}`, "Content-Type", "text/plain")
	if r := s.must(405, "GET", "/$batch", ""); r.Header.Get("Allow") != "POST" {
		t.Errorf("Allow %q", r.Header.Get("Allow"))
	}
	if got := statuses(s.batch(many[:20]...)); strings.Count(got, ":200") != 20 {
		t.Errorf("20 requests: %s", got)
	}
	// One that is malformed refuses all: nothing is carried out.
	s.must(400, "POST", "/$batch", `{"requests":[{"id":"1","method":"POST","url":"/security/secureScores","headers":{"Content-Type":"application/json"},"body":`+minimal()+`},{"id":"2"}]}`)
	if got := s.stored(); got != "0" {
		t.Errorf("%s stored by a batch that was refused", got)
	}
}

func TestBatchAuthorization(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.must(401, "POST", "/$batch", `{"requests":[`+get("1", "/security/secureScores")+`]}`, "Authorization", "")
	answers := s.batch(
		get("1", "/security/secureScores"),
		get("2", "/security/secureScores", `"headers":{"authorization":"Bearer canary-of-an-item"}`),
		get("3", "/security/secureScores", fmt.Sprintf(`"headers":{"Authorization":"Bearer %s"}`, s.NewToken())),
	)
	if got, want := statuses(answers), "3:200 2:401 1:200"; got != want {
		t.Errorf("answers %s, want %s", got, want)
	}
	if got := answers[1].Headers["Www-Authenticate"]; !strings.HasPrefix(got, "Bearer ") {
		t.Errorf("headers %v", answers[1].Headers)
	}
}

func TestBatchRecord(t *testing.T) {
	t.Parallel()
	s := profiled(t)
	own := s.NewToken()
	s.batch(
		get("1", "/security/secureScores/a%2Fb?$select=id", `"headers":{"X-Mine":"yes","Authorization":"Bearer `+own+`"}`),
		patch("2", "MFARegistrationV2", change(`"state":"Ignored"`)),
		get("3", "/security/secureScores", `"dependsOn":["1"]`),
	)
	got := s.Requests()
	if len(got) != 1 || got[0].Kind != clienttest.KindGraph || got[0].Path != "/v1.0/$batch" || got[0].Status != 200 {
		t.Fatalf("requests %+v, want the batch alone", got)
	}
	if text := fmt.Sprintf("%+v %s", got, got[0].Body); strings.Contains(text, own) || !strings.Contains(text, `"headers":{"X-Mine":"yes","Authorization":"present"}`) {
		t.Errorf("record %s, want \"present\" for an item's token", text)
	}
	want := []struct {
		method, path, uri, body string
		status                  int
	}{
		{"GET", "/v1.0/security/secureScores/a/b", "/v1.0/security/secureScores/a%2Fb?$select=id", "", 404},
		{"PATCH", "/v1.0/security/secureScoreControlProfiles/MFARegistrationV2", "/v1.0/security/secureScoreControlProfiles/MFARegistrationV2", change(`"state":"Ignored"`), 204},
		{"GET", "/v1.0/security/secureScores", "/v1.0/security/secureScores", "", 424},
	}
	items := got[0].Items
	if len(items) != len(want) {
		t.Fatalf("items %+v", items)
	}
	for i, w := range want {
		r := items[i]
		if r.Kind != clienttest.KindBatchItem || r.Method != w.method || r.Path != w.path || r.RequestURI != w.uri || string(r.Body) != w.body || r.Status != w.status {
			t.Errorf("item %d: %+v, want %+v", i, r, w)
		}
		if r.Header.Get("Authorization") != "present" || r.RemoteAddr != got[0].RemoteAddr || r.Time != got[0].Time || r.Items != nil {
			t.Errorf("item %d: %+v of %+v", i, r, got[0])
		}
	}
	if items[0].Header.Get("X-Mine") != "yes" || items[0].Query.Get("$select") != "id" {
		t.Errorf("item %+v", items[0])
	}
	items[0].Header.Set("X-Mine", "changed")
	if s.Requests()[0].Items[0].Header.Get("X-Mine") != "yes" {
		t.Error("the record can be changed through a copy")
	}
}

func TestBatchItemFaults(t *testing.T) {
	t.Parallel()
	three := []string{
		patch("1", "MFARegistrationV2", change(`"state":"Ignored"`)),
		patch("2", "aad_admin_consent_workflow", change(`"state":"Ignored"`)),
		get("3", "/security/secureScoreControlProfiles", `"dependsOn":["2"]`),
	}
	second := "/security/secureScoreControlProfiles/aad_*"
	tests := []struct {
		name      string
		fault     clienttest.Fault
		want      string
		decisions int // on the second control
	}{
		{"throttled", clienttest.Fault{Method: "PATCH", Path: second, Status: 429, Header: http.Header{"Retry-After": {"2.128"}, "Cache-Control": nil}}, "3:424 2:429 1:204", 1},
		{"by kind", clienttest.Fault{Kind: clienttest.KindBatchItem, After: 1, Status: 503}, "3:424 2:503 1:204", 1},
		{"lost", clienttest.Fault{Path: second, Cut: clienttest.CutBeforeAnswer}, "3:424 1:204", 1},
		{"lost, and done", clienttest.Fault{Path: second, Cut: clienttest.CutBeforeAnswer, Apply: true}, "3:200 1:204", 2},
		{"lost on the way back", clienttest.Fault{Path: second, Cut: clienttest.CutInBody}, "3:200 1:204", 2},
		{"another kind", clienttest.Fault{Kind: clienttest.KindGraph, Path: second, Status: 500}, "3:200 2:204 1:204", 2},
		{"token", clienttest.Fault{Kind: clienttest.KindToken, Status: 500}, "3:200 2:204 1:204", 2},
		{"partial", clienttest.Fault{Method: "GET", Status: 206, Header: http.Header{"Warning": {`199 - "a"`, `199 - "b"`}}}, "3:206 2:204 1:204", 2},
		{"not JSON", clienttest.Fault{Method: "GET", Status: 502, Body: []byte("<html>"), Header: http.Header{"Content-Type": {"text/html"}}}, "3:502 2:204 1:204", 2},
		{"not text", clienttest.Fault{Method: "GET", Status: 502, Body: []byte{0xff, 0xfe}}, "3:502 2:204 1:204", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := profiled(t)
			s.FailNext(tt.fault)
			answers := s.batch(three...)
			if got := statuses(answers); got != tt.want {
				t.Errorf("answers %s, want %s", got, tt.want)
			}
			s.ClearFaults()
			if got := len(s.decisions(profiles + "/aad_admin_consent_workflow")); got != tt.decisions {
				t.Errorf("%d decisions, want %d", got, tt.decisions)
			}
			switch tt.name {
			case "throttled":
				if a := answers[1]; a.Headers["Retry-After"] != "2.128" || a.Headers["Cache-Control"] != "" || !strings.Contains(string(a.Body), "TooManyRequests") {
					t.Errorf("answer %+v %s", a, a.Body)
				}
			case "lost":
				if item := s.Requests()[0].Items[1]; item.Status != 0 {
					t.Errorf("item %+v, want no status", item)
				}
			case "partial":
				if a := answers[0]; a.Headers["Warning"] != `199 - "a", 199 - "b"` || !strings.Contains(string(a.Body), "MFARegistrationV2") {
					t.Errorf("answer %+v %s", a, a.Body)
				}
			case "not JSON":
				if got := string(answers[0].Body); got != `"<html>"` {
					t.Errorf("body %s", got)
				}
			case "not text":
				if got := string(answers[0].Body); got != `"__4"` {
					t.Errorf("body %s", got)
				}
			}
		})
	}
}

func TestBatchFaultOnTheWhole(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.FailNext(clienttest.Fault{Method: "POST", Status: 503})
	s.must(503, "POST", "/$batch", `{"requests":[`+get("1", "/security/secureScores")+`]}`)
	if r := s.Requests()[0]; r.Items != nil {
		t.Errorf("items %+v of a batch that was not carried out", r.Items)
	}
	s.FailNext(clienttest.Fault{Path: "/$batch", Cut: clienttest.CutReset, Apply: true})
	if r := s.do("POST", "/$batch", `{"requests":[`+get("1", "/security/secureScores")+`]}`); r.err == nil {
		t.Errorf("answered with %s", r.body)
	}
	if r := s.Requests()[1]; r.Status != 0 || len(r.Items) != 1 || r.Items[0].Status != 200 {
		t.Errorf("request %+v", r)
	}
}

func TestBatchItemDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serveInMemory(t)
		s.FailNext(clienttest.Fault{Kind: clienttest.KindBatchItem, Delay: 3 * time.Second})
		begin := time.Now()
		if got := statuses(s.batch(get("1", "/security/secureScores"), get("2", "/security/secureScores"))); got != "2:200 1:200" {
			t.Errorf("answers %s", got)
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
	})
}
