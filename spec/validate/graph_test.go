package validate

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// TestGraphInMemoryFitsTheDescription holds the answers of clienttest's Graph against the description, whole bodies and
// statuses, so that neither drifts from the other.
func TestGraphInMemoryFitsTheDescription(t *testing.T) {
	t.Parallel()
	doc := load(t)
	graph := clienttest.NewGraph()
	for file, add := range map[string]func(...[]byte) error{
		"secureScores-page1.json":    graph.AddSecureScores,
		"controlProfiles-page1.json": graph.AddControlProfiles,
	} {
		text, err := os.ReadFile("../../gen/testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if err := add(text); err != nil {
			t.Fatal(err)
		}
	}
	server, err := clienttest.Start(graph)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	create, err := os.ReadFile("../../gen/testdata/create-request-seed-shape.json")
	if err != nil {
		t.Fatal(err)
	}

	const scores, profiles = "/Security/secureScores", "/Security/secureScoreControlProfiles"
	tests := []struct {
		method, path, query, specPath, body string
		status                              int
	}{
		{"POST", scores, "", scores, string(create), 201},
		{"POST", scores, "", scores, `{"currentScore":"Double"}`, 400},
		{"POST", scores, "", scores, `not JSON`, 400},
		{"GET", scores, "", scores, "", 200},
		{"GET", scores, "?$top=1&$count=true", scores, "", 200},
		{"GET", scores, "?$search=x", scores, "", 400},
		{"GET", scores + "/$count", "", scores + "/$count", "", 200},
		{"GET", scores + "/nothing", "", scores + "/{secureScore-id}", "", 404},
		{"GET", scores + "/11111111-2222-4333-8444-555555555555_2026-07-17", "", scores + "/{secureScore-id}", "", 200},
		{"GET", profiles, "", profiles, "", 200},
		{"GET", profiles + "/$count", "", profiles + "/$count", "", 200},
		{"GET", profiles + "/MFARegistrationV2", "", profiles + "/{secureScoreControlProfile-id}", "", 200},
	}
	for _, tt := range tests {
		t.Run(tt.method+tt.path+tt.query, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, server.Cloud().GraphRoot()+tt.path+tt.query, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+graph.NewToken())
			if tt.body != "" {
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
			if resp.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %s", resp.StatusCode, tt.status, text)
			}
			responses := doc.Paths.Find(tt.specPath).GetOperation(tt.method).Responses
			response := responses.Status(tt.status)
			if response == nil && tt.status >= 400 {
				response = responses.Value("4XX")
			}
			if response == nil {
				t.Fatalf("the description has no %d", tt.status)
			}
			media := response.Value.Content.Get(resp.Header.Get("Content-Type"))
			if media == nil {
				t.Fatalf("the description has no %s", resp.Header.Get("Content-Type"))
			}
			var value any = string(text)
			if media.Schema.Value.Type.Is("object") {
				if err := json.Unmarshal(text, &value); err != nil {
					t.Fatal(err)
				}
			}
			if err := media.Schema.Value.VisitJSON(value); err != nil {
				t.Error(err)
			}
		})
	}
}
