package clienttest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

func TestCreateAssignsAndEchoes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 7, 17, 16, 25, 3, 123456789, time.UTC)
	s := serve(t, clienttest.WithClock(func() time.Time { return at }))
	sent := sample(t, "create-request-seed-shape")
	r := s.must(201, "POST", "/Security/secureScores", string(sent))

	got, want := object(t, r.body), object(t, sent)
	id, _ := got["id"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("id %q is not a GUID", id)
	}
	want["id"] = id
	want["createdDateTime"] = "2026-07-17T16:25:03.1234567Z"
	want["@odata.context"] = s.root + "/$metadata#security/secureScores/$entity"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("created %v\nwant %v", got, want)
	}
	if !regexp.MustCompile(`^\{"@odata.context":"[^"]+","@odata.type":"#microsoft.graph.secureScore","id":"`).Match(r.body) {
		t.Errorf("what the service assigns comes after its annotations, not as in %s", r.body)
	}
	if loc := r.Header.Get("Location"); loc != s.root+"/security/secureScores/"+id {
		t.Errorf("Location %q", loc)
	}
	again := s.must(200, "GET", r.Header.Get("Location"), "")
	if !bytes.Equal(again.body, r.body) {
		t.Errorf("read back %s\ncreated %s", again.body, r.body)
	}
}

// minimal is a score with a few members set by the caller.
func minimal(members ...string) string {
	base := []string{
		`"activeUserCount":15`, `"averageComparativeScores":[]`, `"azureTenantId":"t"`, `"controlScores":[]`, `"currentScore":53.0`,
		`"enabledServices":[]`, `"licensedUserCount":1`, `"maxScore":64.0`, `"vendorInformation":{"provider":"SecureScore","vendor":"Microsoft"}`,
	}
	for _, m := range members {
		name, _, _ := strings.Cut(m, ":")
		kept := base[:0:0]
		for _, b := range base {
			if !strings.HasPrefix(b, name+":") {
				kept = append(kept, b)
			}
		}
		if base = kept; !strings.HasSuffix(m, ":") { // a name alone takes the member away
			base = append(base, m)
		}
	}
	return "{" + strings.Join(base, ",") + "}"
}

func TestCreateKeepsEveryMember(t *testing.T) {
	t.Parallel()
	s := serve(t)
	kept := []string{
		`"huge":123456789012345678901234567890.1234567890`,
		`"exact":1.0`, `"exponent":1E+2`, `"nothing":null`, `"nested":{"a":[1,{"b":null}],"Ä":"\u00e4 <&>"}`,
		`"currentScore":"NaN"`, `"maxScore":"-INF"`, `"createdDateTime":"2017-01-01T00:00:31.7073518+03:00"`, `"id":"a/b c_2026-07-15"`,
		`"controlScores":[{"controlName":null,"score":9007199254740993.0,"count":"4"}]`,
		`"score@odata.type":"#Double"`,
	}
	r := s.must(201, "POST", "/security/secureScores", minimal(kept...)+"\n")
	for _, m := range kept {
		if !bytes.Contains(r.body, []byte(m)) {
			t.Errorf("%s was lost in %s", m, r.body)
		}
	}
	if !strings.HasSuffix(r.Header.Get("Location"), "/secureScores/a%2Fb%20c_2026-07-15") {
		t.Errorf("Location %q", r.Header.Get("Location"))
	}
	again := s.must(200, "GET", r.Header.Get("Location"), "")
	if !bytes.Equal(again.body, r.body) {
		t.Errorf("read back %s", again.body)
	}
}

func TestCreateTakesSeedResponse(t *testing.T) {
	t.Parallel()
	s := serve(t)
	sent := sample(t, "create-response-seed-shape")
	r := s.must(201, "POST", "/security/secureScores", string(sent))
	got := object(t, r.body)
	delete(got, "@odata.context")
	if want := object(t, sent); !reflect.DeepEqual(got, want) {
		t.Errorf("created %v\nwant %v", got, want)
	}
}

func TestCreateNullIDAndTimeAreAssigned(t *testing.T) {
	t.Parallel()
	s := serve(t)
	r := s.must(201, "POST", "/security/secureScores", minimal(`"id":null`, `"createdDateTime":null`))
	got := object(t, r.body)
	if got["id"] == nil || got["createdDateTime"] == nil || bytes.Count(r.body, []byte(`"id"`)) != 1 {
		t.Errorf("created %s", r.body)
	}
}

func TestCreateConflict(t *testing.T) {
	t.Parallel()
	s := serve(t)
	first := s.must(201, "POST", "/security/secureScores", minimal(`"id":"x"`, `"currentScore":1.0`))
	r := s.must(409, "POST", "/security/secureScores", minimal(`"id":"x"`, `"currentScore":2.0`))
	if p := r.problem(t); p.Code != "Conflict" || p.Target != "id" || !strings.Contains(p.Message, "'x'") {
		t.Errorf("problem %+v", p)
	}
	if again := s.must(200, "GET", "/security/secureScores/x", ""); !bytes.Equal(again.body, first.body) {
		t.Errorf("the first was changed: %s", again.body)
	}
}

func TestCreateRefusals(t *testing.T) {
	t.Parallel()
	s := serve(t)
	seed := strings.ReplaceAll(string(sample(t, "create-request-seed-shape")), "37.0", `"Double"`)
	tests := []struct {
		name, body, target, says string
	}{
		{"the seed's placeholder", seed, "averageComparativeScores[0].averageScore", `expected type 'Edm.Double': found the string "Double"`},
		{"empty", "", "", "the body is empty"},
		{"blank", " \n", "", "the body is empty"},
		{"not JSON", "score", "", "not valid JSON"},
		{"ends early", `{"id":"x"`, "", "ends too early"},
		{"more after the end", minimal() + "{}", "", "after the end"},
		{"duplicate name", `{"a":1,"a":2}`, "", "not valid JSON"},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", "", "not valid JSON"},
		{"array", "[]", "", "an object is wanted, found an array"},
		{"null", "null", "", "an object is wanted, found null"},
		{"number", "12", "", "an object is wanted, found the number 12"},
		{"id empty", minimal(`"id":""`), "id", "must not be empty"},
		{"id number", minimal(`"id":5`), "id", "Edm.String"},
		{"tenant null", minimal(`"azureTenantId":null`), "azureTenantId", "found null"},
		{"score null", minimal(`"currentScore":null`), "currentScore", "missing or null"},
		{"double true", minimal(`"maxScore":true`), "maxScore", "found true"},
		{"double inf in another case", minimal(`"maxScore":"Infinity"`), "maxScore", "Infinity"},
		{"double too large", minimal(`"maxScore":1e999`), "maxScore", "Edm.Double"},
		{"int32 with a fraction", minimal(`"activeUserCount":15.0`), "activeUserCount", "Edm.Int32"},
		{"int32 overflow", minimal(`"licensedUserCount":2147483648`), "licensedUserCount", "Edm.Int32"},
		{"int32 string", minimal(`"licensedUserCount":"1"`), "licensedUserCount", "Edm.Int32"},
		{"date without a zone", minimal(`"createdDateTime":"2026-07-15T00:00:00"`), "createdDateTime", "Edm.DateTimeOffset"},
		{"date number", minimal(`"createdDateTime":5`), "createdDateTime", "Edm.DateTimeOffset"},
		{"collection is an object", minimal(`"controlScores":{}`), "controlScores", "Collection(microsoft.graph.controlScore)"},
		{"element is a string", minimal(`"controlScores":[{},"x"]`), "controlScores[1]", "microsoft.graph.controlScore"},
		{"service is a number", minimal(`"enabledServices":["a",1]`), "enabledServices[1]", "Edm.String"},
		{"nested mismatch", minimal(`"controlScores":[{},{"score":"1"}]`), "controlScores[1].score", "Edm.Double"},
		{"vendor is an array", minimal(`"vendorInformation":[]`), "vendorInformation", "securityVendorInformation"},
		{"undeclared in a closed type", minimal(`"vendorInformation":{"provider":"p","x":1}`), "vendorInformation.x", "does not exist on type"},
		{"another type", minimal(`"@odata.type":"#microsoft.graph.alert"`), "@odata.type", "microsoft.graph.secureScore"},
		{"type is a number", minimal(`"@odata.type":1`), "@odata.type", "microsoft.graph.secureScore"},
	}
	for _, name := range []string{
		"activeUserCount", "averageComparativeScores", "azureTenantId", "controlScores",
		"currentScore", "enabledServices", "licensedUserCount", "maxScore", "vendorInformation",
	} {
		tests = append(tests, struct{ name, body, target, says string }{
			"without " + name, minimal(fmt.Sprintf("%q:", name)), name, "'" + name + "'",
		})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := s.on(t)
			r := s.must(400, "POST", "/security/secureScores", tt.body, "Content-Type", "application/json")
			p := r.problem(t)
			if p.Code != "BadRequest" || p.Target != tt.target || !strings.Contains(p.Message, tt.says) {
				t.Errorf("problem %+v\nwant target %q and %q", p, tt.target, tt.says)
			}
		})
	}
	if got := string(s.must(200, "GET", "/security/secureScores/$count", "").body); got != "0" {
		t.Errorf("%s scores were stored", got)
	}
}

func TestCreateMediaTypes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	zw.Write([]byte(minimal()))
	zw.Close()
	var bomb bytes.Buffer
	zw = gzip.NewWriter(&bomb)
	zw.Write(make([]byte, 5<<20))
	zw.Close()
	big := `{"x":"` + strings.Repeat("x", 4<<20) + `"}`
	tests := []struct {
		name, body string
		headers    []string
		status     int
		code       string
	}{
		{"charset", minimal(), []string{"Content-Type", "Application/JSON; charset=UTF-8; odata.metadata=minimal"}, 201, ""},
		{"gzip", packed.String(), []string{"Content-Encoding", "gzip"}, 201, ""},
		{"identity", minimal(), []string{"Content-Encoding", "identity"}, 201, ""},
		{"none", minimal(), []string{"Content-Type", ""}, 415, "UnsupportedMediaType"},
		{"text", minimal(), []string{"Content-Type", "text/json"}, 415, "UnsupportedMediaType"},
		{"another charset", minimal(), []string{"Content-Type", "application/json;charset=latin1"}, 415, "UnsupportedMediaType"},
		{"another encoding", minimal(), []string{"Content-Encoding", "br"}, 415, "UnsupportedMediaType"},
		{"not gzip", minimal(), []string{"Content-Encoding", "gzip"}, 400, "BadRequest"},
		{"gzip ends early", packed.String()[:packed.Len()-12], []string{"Content-Encoding", "gzip"}, 400, "BadRequest"},
		{"too large", big, nil, 413, "RequestEntityTooLarge"},
		{"too large unpacked", bomb.String(), []string{"Content-Encoding", "gzip"}, 413, "RequestEntityTooLarge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := s.on(t)
			r := s.must(tt.status, "POST", "/security/secureScores", tt.body, tt.headers...)
			if tt.code != "" && r.problem(t).Code != tt.code {
				t.Errorf("problem %s", r.body)
			}
		})
	}
}

func TestCreateConcurrently(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const each, callers = 5, 8
	done := make(chan int, callers)
	for range callers {
		go func() {
			created := 0
			for n := range each {
				if r := s.do("POST", "/security/secureScores", minimal(fmt.Sprintf(`"id":"%d"`, n))); r.err == nil && r.StatusCode == http.StatusCreated {
					created++
				}
			}
			done <- created
		}()
	}
	total := 0
	for range callers {
		total += <-done
	}
	if count := string(s.must(200, "GET", "/security/secureScores/$count", "").body); total != each || count != "5" {
		t.Errorf("%d created and %s counted, want %d of each id once", total, count, each)
	}
}
