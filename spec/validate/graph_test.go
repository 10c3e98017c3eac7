package validate

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

const (
	scores, profiles       = "/Security/secureScores", "/Security/secureScoreControlProfiles"
	scoreSpec, profileSpec = scores + "/{secureScore-id}", profiles + "/{secureScoreControlProfile-id}"

	score   = scores + "/11111111-2222-4333-8444-555555555555_2026-07-17"
	profile = profiles + "/MFARegistrationV2"
)

func testdata(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../gen/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// serve starts a Graph that holds the samples.
func serve(t *testing.T, opts ...clienttest.Option) *clienttest.Server {
	t.Helper()
	graph := clienttest.NewGraph(opts...)
	if err := graph.AddSecureScores(testdata(t, "secureScores-page1.json")); err != nil {
		t.Fatal(err)
	}
	if err := graph.AddControlProfiles(testdata(t, "controlProfiles-page1.json")); err != nil {
		t.Fatal(err)
	}
	server, err := clienttest.Start(graph)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// TestGraphInMemoryFitsTheDescription holds the requests that clienttest's Graph takes and its answers against the
// description, whole bodies, statuses and headers, so that neither drifts from the other.
func TestGraphInMemoryFitsTheDescription(t *testing.T) {
	t.Parallel()
	doc := load(t)
	create := string(testdata(t, "create-request-seed-shape.json"))
	decide := string(testdata(t, "controlProfile-patch-request.json"))
	batch := `{"requests":[
		{"id":"1","method":"GET","url":"/security/secureScores?$top=1"},
		{"id":"2","method":"PATCH","url":"` + profile + `","headers":{"Content-Type":"application/json"},"body":` + decide + `},
		{"id":"3","method":"DELETE","url":"/security/secureScores/none"},
		{"id":"4","method":"GET","url":"/security/secureScores","dependsOn":["3"]}]}`
	const representation = "Prefer: return=representation"

	tests := []struct {
		method, path, query, header, specPath, body string
		status                                      int
	}{
		{"POST", scores, "", "", scores, create, 201},
		{"POST", scores, "", "", scores, `{"currentScore":"Double"}`, 400},
		{"POST", scores, "", "", scores, `not JSON`, 400},
		{"GET", scores, "", "", scores, "", 200},
		{"GET", scores, "?$top=1&$count=true", "", scores, "", 200},
		{"GET", scores, "?$filter=currentScore%20gt%201&$orderby=id%20desc&$select=id,currentScore&$skip=1", "", scores, "", 200},
		{"GET", scores, "?$search=x", "", scores, "", 400},
		{"GET", scores + "/$count", "", "Accept: text/plain", scores + "/$count", "", 200},
		{"GET", scores + "/$count", "?$filter=false", "", scores + "/$count", "", 200},
		{"GET", scores + "/nothing", "", "", scoreSpec, "", 404},
		{"GET", score, "", "", scoreSpec, "", 200},
		{"GET", score, "?$select=vendorInformation", "", scoreSpec, "", 200},
		{"PATCH", score, "", "", scoreSpec, `{"currentScore":54.0}`, 204},
		{"PATCH", score, "", representation, scoreSpec, `{"maxScore":null}`, 200},
		{"PATCH", score, "", `If-Match: W/"x"`, scoreSpec, `{}`, 412},
		{"DELETE", score, "", `If-Match: W/"x"`, scoreSpec, "", 412},
		{"DELETE", score, "", "If-Match: *", scoreSpec, "", 204},
		{"GET", profiles, "", "", profiles, "", 200},
		{"GET", profiles, "?$filter=deprecated%20eq%20false&$orderby=rank,vendorInformation/vendor%20desc", "", profiles, "", 200},
		{"GET", profiles + "/$count", "", "", profiles + "/$count", "", 200},
		{"GET", profile, "", "", profileSpec, "", 200},
		{"POST", profiles, "", "", profiles, `{"id":"OneAdmin","maxScore":5.0}`, 201},
		{"POST", profiles, "", "", profiles, `{"id":"OneAdmin"}`, 409},
		{"PATCH", profile, "", "", profileSpec, decide, 204},
		{"PATCH", profile, "", representation, profileSpec, decide, 200},
		{"PATCH", profiles + "/scid_2016", "", "", profileSpec, decide, 400},
		{"DELETE", profiles + "/scid_2016", "", "", profileSpec, "", 204},
		{"POST", "/$batch", "", "", "/$batch", batch, 200},
		{"POST", "/$batch", "", "", "/$batch", `{"requests":[]}`, 400},
	}
	for name, opts := range map[string][]clienttest.Option{"plain": nil, "with ETags": {clienttest.WithETags()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, opts...)
			for _, tt := range tests {
				t.Run(tt.method+tt.path+tt.query, func(t *testing.T) {
					operation := doc.Paths.Find(tt.specPath).GetOperation(tt.method)
					resp, text := send(t, server, tt.method, tt.path+tt.query, tt.header, tt.body)
					if resp.StatusCode != tt.status {
						t.Fatalf("status %d, want %d: %s", resp.StatusCode, tt.status, text)
					}
					checkAnswer(t, operation, resp, text)
					if tt.body != "" && tt.status < 300 {
						checkBody(t, operation.RequestBody.Value.Content, "application/json", []byte(tt.body))
					}
					checkParameters(t, operation, tt.query, tt.header)
				})
			}
		})
	}
}

// TestPartialAnswersFitTheDescription holds a 206 against it, whose Warning no operation of the Graph makes by itself.
func TestPartialAnswersFitTheDescription(t *testing.T) {
	t.Parallel()
	doc := load(t)
	server := serve(t)
	for path, specPath := range map[string]string{scores: scores, score: scoreSpec, profiles: profiles, profile: profileSpec} {
		server.Graph().FailNext(clienttest.Fault{Status: 206, Header: http.Header{"Warning": {`199 - "Microsoft/SecureScore/503/2128"`}}})
		resp, text := send(t, server, "GET", path, "", "")
		if resp.StatusCode != 206 {
			t.Fatalf("%s: status %d", path, resp.StatusCode)
		}
		checkAnswer(t, doc.Paths.Find(specPath).Get, resp, text)
	}
}

func send(t *testing.T, server *clienttest.Server, method, path, header, body string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.Cloud().GraphRoot()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+server.Graph().NewToken())
	if name, value, ok := strings.Cut(header, ": "); ok {
		req.Header.Set(name, value)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, text
}

// checkAnswer holds an answer against the operation's description.
func checkAnswer(t *testing.T, operation *openapi3.Operation, resp *http.Response, text []byte) {
	t.Helper()
	response := operation.Responses.Status(resp.StatusCode)
	if response == nil && resp.StatusCode >= 400 {
		response = operation.Responses.Value("4XX")
	}
	if response == nil {
		t.Fatalf("the description has no %d", resp.StatusCode)
	}
	for name := range response.Value.Headers {
		optional := name == "Retry-After" || name == "WWW-Authenticate"
		if resp.Header.Get(name) == "" && !optional {
			t.Errorf("the answer has no %s", name)
		}
	}
	if len(response.Value.Content) == 0 {
		if len(text) > 0 {
			t.Errorf("the description has no body: %s", text)
		}
		return
	}
	checkBody(t, response.Value.Content, resp.Header.Get("Content-Type"), text)
}

func checkBody(t *testing.T, content openapi3.Content, contentType string, text []byte) {
	t.Helper()
	media := content.Get(contentType)
	if media == nil {
		t.Fatalf("the description has no %s", contentType)
	}
	var value any = string(text)
	if !media.Schema.Value.Type.Is("string") {
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
	}
	if err := media.Schema.Value.VisitJSON(value); err != nil {
		t.Error(err)
	}
}

// checkParameters holds that the description knows the query options and the header of a request that is taken.
func checkParameters(t *testing.T, operation *openapi3.Operation, query, header string) {
	t.Helper()
	for pair := range strings.SplitSeq(strings.TrimPrefix(query, "?"), "&") {
		name, _, found := strings.Cut(pair, "=")
		if found && name != "$search" && operation.Parameters.GetByInAndName("query", name) == nil {
			t.Errorf("the description has no %s", name)
		}
	}
	if name, _, found := strings.Cut(header, ": "); found && name != "Accept" && operation.Parameters.GetByInAndName("header", name) == nil {
		t.Errorf("the description has no header %s", name)
	}
}
