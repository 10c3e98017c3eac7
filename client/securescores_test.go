package client_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// serve returns a client of the Graph over loopback, signed in with the Graph's own secret.
func serve(t *testing.T, graph *clienttest.Graph, opts ...client.Option) *client.Client {
	t.Helper()
	server, err := clienttest.Start(graph)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return signIn(t, server, nil, opts...)
}

func signIn(t *testing.T, server *clienttest.Server, hc *http.Client, opts ...client.Option) *client.Client {
	t.Helper()
	app := server.App()
	if hc != nil {
		app.HTTPClient = hc
		opts = append(opts, client.WithHTTPClient(hc))
	}
	src, err := auth.ClientSecret(app, server.Secret())
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(src, append([]client.Option{client.WithCloud(server.Cloud())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// decodeFile decodes a sample.
func decodeFile(t *testing.T, name string) client.SecureScore {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var score client.SecureScore
	if err := json.Unmarshal(text, &score); err != nil {
		t.Fatal(err)
	}
	return score
}

func seedScore(t *testing.T) client.SecureScore {
	t.Helper()
	return decodeFile(t, "../gen/testdata/create-request-seed-shape.json")
}

// count counts the requests of a kind and method that the Graph received.
func count(graph *clienttest.Graph, kind clienttest.Kind, method string) int {
	n := 0
	for _, r := range graph.Requests() {
		if r.Kind == kind && r.Method == method {
			n++
		}
	}
	return n
}

func wantOnePost(t *testing.T, graph *clienttest.Graph) {
	t.Helper()
	if posts, tokens := count(graph, clienttest.KindGraph, "POST"), count(graph, clienttest.KindToken, "POST"); posts != 1 || tokens != 1 {
		t.Errorf("the server received %d POSTs and %d token requests, want one of each", posts, tokens)
	}
}

// members decodes a JSON object.
func members(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

func TestCreate(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"/v1.0", "/proxy/graph/beta"} {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph(clienttest.WithBasePath(base))
			c := serve(t, graph, client.WithUserAgent("app/1.0"))
			score := seedScore(t)
			var response client.Response
			created, err := c.SecureScores.Create(t.Context(), score, client.WithResponse(&response), client.WithHeader("X-Trace", "42"))
			if err != nil {
				t.Fatal(err)
			}
			wantOnePost(t, graph)
			if created.CreatedDateTime == nil || uuid.Validate(*created.ID) != nil {
				t.Errorf("the service assigned id %v and createdDateTime %v", created.ID, created.CreatedDateTime)
			}
			if *created.CurrentScore != 53 || *created.ControlScores[0].ControlName != "AdminMFAV2" || !created.VendorInformation.Extra.Null("subProvider") {
				t.Errorf("the entity is not what was sent: %+v", created)
			}
			if response.StatusCode != http.StatusCreated || response.RequestID == "" || response.Attempts != 1 || response.Header.Get("Location") == "" {
				t.Errorf("captured %+v", response)
			}
			requests := graph.Requests()
			post := requests[len(requests)-1]
			for name, want := range map[string]string{
				"Content-Type": "application/json", "Accept": "application/json", "X-Trace": "42", "Authorization": "present",
				"Client-Request-Id": response.ClientRequestID,
			} {
				if got := post.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if ua := post.Header.Get("User-Agent"); !strings.HasPrefix(ua, "app/1.0 securescore-go/") {
				t.Errorf("User-Agent %q", ua)
			}
			if post.Path != base+"/Security/secureScores" {
				t.Errorf("path %s", post.Path)
			}
		})
	}
}

// required are the nine.
const required = `"activeUserCount":1,"licensedUserCount":1,"azureTenantId":"t","currentScore":1,"maxScore":2,"enabledServices":[],` +
	`"averageComparativeScores":[],"controlScores":[],"vendorInformation":{}`

func TestCreateSendsWhatTheCallerSet(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change  func(*client.SecureScore)
		present map[string]any
		absent  []string
	}{
		"as it is": {
			func(*client.SecureScore) {},
			map[string]any{"@odata.type": "#microsoft.graph.secureScore", "activeUserCount": 15.0},
			[]string{"id", "createdDateTime", "@odata.etag", "@odata.context"},
		},
		"id and time set": {
			func(s *client.SecureScore) {
				s.ID = new("my id")
				s.CreatedDateTime = new(time.Date(2017, 1, 1, 0, 0, 31, 707351800, time.FixedZone("", 3*3600)))
			},
			map[string]any{"id": "my id", "createdDateTime": "2017-01-01T00:00:31.7073518+03:00"},
			nil,
		},
		"nulls of annotations": {
			func(s *client.SecureScore) {
				if err := json.Unmarshal([]byte(`{"@odata.type":null,"@odata.etag":null,"@odata.context":null,`+required+`}`), s); err != nil {
					t.Error(err)
				}
			},
			map[string]any{"@odata.type": "#microsoft.graph.secureScore"},
			[]string{"@odata.etag", "@odata.context"},
		},
		"no type": {
			func(s *client.SecureScore) { s.ODataType = nil },
			map[string]any{"@odata.type": "#microsoft.graph.secureScore"},
			nil,
		},
		"the type without #": {
			func(s *client.SecureScore) { s.ODataType = new("microsoft.graph.secureScore") },
			map[string]any{"@odata.type": "microsoft.graph.secureScore"},
			nil,
		},
		"what only the service says": {
			func(s *client.SecureScore) {
				s.ODataETag = new(`W/"1"`)
				if err := s.Extra.Set("@odata.context", "https://graph.example/$metadata"); err != nil {
					t.Error(err)
				}
				if err := s.Extra.Set("customer", 9007199254740993); err != nil {
					t.Error(err)
				}
			},
			map[string]any{"customer": 9007199254740993.0},
			[]string{"@odata.etag", "@odata.context"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			c := serve(t, graph)
			score := seedScore(t)
			tt.change(&score)
			before, err := json.Marshal(score)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.SecureScores.Create(t.Context(), score); err != nil {
				t.Fatal(err)
			}
			requests := graph.Requests()
			sent := members(t, requests[len(requests)-1].Body)
			for name, want := range tt.present {
				if got, ok := sent[name]; !ok || got != want {
					t.Errorf("%s: sent %v, want %v", name, sent[name], want)
				}
			}
			for _, name := range tt.absent {
				if v, ok := sent[name]; ok {
					t.Errorf("%s: sent %v", name, v)
				}
			}
			if after, _ := json.Marshal(score); !bytes.Equal(before, after) {
				t.Errorf("the caller's score was changed: %s, was %s", after, before)
			}
		})
	}
}

// TestCreateNamesNestedTypes holds the shape of Microsoft's example: # on the outermost type only, and no type where null came.
func TestCreateNamesNestedTypes(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	var score client.SecureScore
	text := `{"activeUserCount":1,"licensedUserCount":1,"azureTenantId":"t","currentScore":1,"maxScore":2,"enabledServices":[],
		"averageComparativeScores":[{"averageScore":-1}],"controlScores":[{"score":null},{"@odata.type":"#microsoft.graph.controlScore"},null],"vendorInformation":{}}`
	if err := json.Unmarshal([]byte(text), &score); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SecureScores.Create(t.Context(), score); err != nil {
		t.Fatal(err)
	}
	requests := graph.Requests()
	sent := members(t, requests[len(requests)-1].Body)
	got, _ := json.Marshal([]any{sent["averageComparativeScores"], sent["controlScores"], sent["vendorInformation"]})
	want := `[[{"@odata.type":"microsoft.graph.averageComparativeScore","averageScore":-1}],` +
		`[{"@odata.type":"microsoft.graph.controlScore","score":null},{"@odata.type":"#microsoft.graph.controlScore"},null],` +
		`{"@odata.type":"microsoft.graph.securityVendorInformation"}]`
	if string(got) != want {
		t.Errorf("sent %s\nwant %s", got, want)
	}
	if score.AverageComparativeScores[0].ODataType != nil || score.ControlScores[0].ODataType != nil || score.VendorInformation.ODataType != nil {
		t.Error("the caller's score was changed")
	}
}

func TestCreateUnknownOutcomes(t *testing.T) {
	t.Parallel()
	path := "/security/secureScores"
	tests := map[string]clienttest.Fault{
		"500":                              {Status: 500},
		"502":                              {Status: 502},
		"503":                              {Status: 503},
		"503 with Retry-After":             {Status: 503, Header: http.Header{"Retry-After": {"1"}}},
		"504":                              {Status: 504},
		"408":                              {Status: 408},
		"509":                              {Status: 509},
		"303":                              {Status: 303, Header: http.Header{"Location": {"/"}}},
		"cut before the answer":            {Cut: clienttest.CutBeforeAnswer},
		"reset":                            {Cut: clienttest.CutReset},
		"cut after the headers":            {Cut: clienttest.CutAfterHeaders},
		"cut in the body":                  {Cut: clienttest.CutInBody},
		"done, then cut":                   {Cut: clienttest.CutBeforeAnswer, Apply: true},
		"201 without an id":                {Status: 201, Body: []byte(`{"currentScore":1}`), Header: http.Header{"Content-Type": {"application/json"}}},
		"201 with an empty id":             {Status: 201, Body: []byte(`{"id":""}`), Header: http.Header{"Content-Type": {"application/json"}}},
		"201 with nothing":                 {Status: 201, Body: []byte{}, Header: http.Header{"Content-Type": {"application/json"}}},
		"201 with an error":                {Status: 201, Body: []byte(`{"error":{"code":"x"}}`), Header: http.Header{"Content-Type": {"application/json"}}},
		"201 with a wrong type":            {Status: 201, Body: []byte(`{"id":"a","currentScore":"Double"}`), Header: http.Header{"Content-Type": {"application/json"}}},
		"201 with HTML":                    {Status: 201, Body: []byte(`<html>`), Header: http.Header{"Content-Type": {"text/html"}}},
		"200, which the operation has not": {Status: 200, Body: []byte(`{"id":"a"}`), Header: http.Header{"Content-Type": {"application/json"}}},
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			c := serve(t, graph)
			fault.Method, fault.Path = "POST", path
			graph.FailNext(fault)
			score := seedScore(t)
			score.ID = new("chosen")
			created, err := c.SecureScores.Create(t.Context(), score)
			if created != nil || !errors.Is(err, client.ErrOutcomeUnknown) {
				t.Fatalf("got %v, %v, want ErrOutcomeUnknown", created, err)
			}
			e, ok := errors.AsType[*client.Error](err)
			if !ok || e.Key != "chosen" || e.Op != "create secureScore" || e.Attempts != 1 || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %#v", err)
			}
			wantOnePost(t, graph)

			// The recipe: whoever chose the id repeats, and a 409 says that it is there.
			_, err = c.SecureScores.Create(t.Context(), score)
			if happened := errors.Is(err, client.ErrConflict); happened != (fault.Apply || fault.Status == 0 && fault.Cut >= clienttest.CutAfterHeaders) || err != nil && !happened {
				t.Errorf("repeated by hand: %v", err)
			}
		})
	}
}

func TestCreateNamesTheNaturalKey(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*client.SecureScore)
		want   string
	}{
		"id":              {func(s *client.SecureScore) { s.ID = new("a") }, "a"},
		"tenant and time": {func(s *client.SecureScore) { s.CreatedDateTime = new(time.Date(2026, 7, 17, 0, 0, 0, 0, time.UTC)) }, "11111111-2222-4333-8444-555555555555 2026-07-17T00:00:00Z"},
		"tenant":          {func(*client.SecureScore) {}, "11111111-2222-4333-8444-555555555555"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			c := serve(t, graph)
			graph.FailNext(clienttest.Fault{Status: 500})
			score := seedScore(t)
			tt.change(&score)
			_, err := c.SecureScores.Create(t.Context(), score)
			if e, ok := errors.AsType[*client.Error](err); !ok || e.Key != tt.want || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want the key %q", err, tt.want)
			}
		})
	}
}

func TestCreateRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		want   error
		text   string
	}{
		"403": {403, client.ErrForbidden, "SecurityEvents.ReadWrite.All"},
		"404": {404, client.ErrNotFound, ""},
		"405": {405, nil, ""},
		"409": {409, client.ErrConflict, ""},
		"412": {412, client.ErrPreconditionFailed, ""},
		"501": {501, nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			c := serve(t, graph)
			graph.FailNext(clienttest.Fault{Status: tt.status})
			_, err := c.SecureScores.Create(t.Context(), seedScore(t))
			e, ok := errors.AsType[*client.Error](err)
			if !ok || e.StatusCode != tt.status || e.RequestID == "" || errors.Is(err, client.ErrOutcomeUnknown) {
				t.Fatalf("got %v", err)
			}
			if tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %v and %q", err, tt.want, tt.text)
			}
			wantOnePost(t, graph)
		})
	}
}

// TestCreateWaitsWhenThrottled runs in virtual time: the wait is exact.
func TestCreateWaitsWhenThrottled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		graph := clienttest.NewGraph()
		l := clienttest.NewListener()
		server, err := clienttest.StartOn(graph, l)
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{DialContext: l.DialContext}
		c := signIn(t, server, &http.Client{Transport: transport})
		graph.FailNext(clienttest.Fault{Method: "POST", Status: 429, Header: http.Header{"Retry-After": {"2.128"}}})
		start := time.Now()
		var response client.Response
		if _, err := c.SecureScores.Create(t.Context(), seedScore(t), client.WithResponse(&response)); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 2128*time.Millisecond || waited > 2341*time.Millisecond {
			t.Errorf("waited %v, want 2.128 s and at most a tenth more", waited)
		}
		if posts := count(graph, clienttest.KindGraph, "POST"); posts != 2 || response.Attempts != 2 {
			t.Errorf("%d POSTs, %d attempts, want 2", posts, response.Attempts)
		}
		transport.CloseIdleConnections()
		c.CloseIdleConnections()
		server.Close()
	})
}

func TestEachCreateHasItsOwnRequestID(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	seen := map[string]bool{}
	for range 3 {
		var response client.Response
		if _, err := c.SecureScores.Create(t.Context(), seedScore(t), client.WithResponse(&response)); err != nil {
			t.Fatal(err)
		}
		if uuid.Validate(response.ClientRequestID) != nil || seen[response.ClientRequestID] {
			t.Errorf("client-request-id %q", response.ClientRequestID)
		}
		seen[response.ClientRequestID] = true
	}
	if posts, tokens := count(graph, clienttest.KindGraph, "POST"), count(graph, clienttest.KindToken, "POST"); posts != 3 || tokens != 1 {
		t.Errorf("%d POSTs and %d token requests, want 3 and 1", posts, tokens)
	}
}

// TestTokensStayHome holds that neither a redirect nor a foreign base URL sees a token.
func TestTokensStayHome(t *testing.T) {
	t.Parallel()
	var seen []string
	foreign := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.Header.Get("Authorization"))
	}))
	defer foreign.Close()

	graph := clienttest.NewGraph()
	server, err := clienttest.Start(graph)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c := signIn(t, server, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		graph.FailNext(clienttest.Fault{Method: "POST", Status: status, Header: http.Header{"Location": {foreign.URL}}})
		if _, err := c.SecureScores.Create(t.Context(), seedScore(t)); !errors.Is(err, client.ErrRedirect) {
			t.Errorf("%d: got %v, want ErrRedirect", status, err)
		}
	}
	src, err := auth.ClientSecret(server.App(), server.Secret())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.New(src, client.WithBaseURL(foreign.URL+"/v1.0")); err == nil {
		t.Error("a source of one cloud was taken for another")
	}
	if len(seen) > 0 {
		t.Errorf("the foreign host saw %q", seen)
	}
}

// TestNothingPrintsASecret prints everything in every way.
func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	server, err := clienttest.Start(graph)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := signIn(t, server, nil, client.WithLogger(logger))
	graph.FailNext(clienttest.Fault{Status: 500})
	_, failed := c.SecureScores.Create(t.Context(), seedScore(t))
	graph.RevokeTokens()
	graph.FailNext(clienttest.Fault{Kind: clienttest.KindToken, Status: 500, Body: []byte("<html>" + server.Secret())})
	_, noToken := c.SecureScores.Create(t.Context(), seedScore(t))
	if failed == nil || noToken == nil {
		t.Fatal("the faults did not happen")
	}
	for _, v := range []any{c, c.SecureScores, failed, noToken, graph.Requests()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&log, verb+"\n", v)
		}
		logger.Error("printed", "value", v)
		slog.New(slog.NewTextHandler(&log, nil)).Error("printed", "value", v)
		_ = json.NewEncoder(&log).Encode(v)
	}
	for _, secret := range []string{server.Secret(), clienttest.TokenPrefix} {
		for _, text := range []string{secret, fmt.Sprintf("%x", secret)} {
			if strings.Contains(log.String(), text) {
				t.Errorf("%q was printed", secret)
			}
		}
	}
}
