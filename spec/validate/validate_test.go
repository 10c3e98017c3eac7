// Package validate holds the OpenAPI description against kin-openapi. It is a module of its own, so that no user of the
// library inherits the validator.
package validate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const specFile = "../openapi.yaml"

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(specFile)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDescriptionIsValid(t *testing.T) {
	t.Parallel()
	if err := load(t).Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Fatal(err)
	}
}

// TestEveryBodyHasAnExample walks all requests and answers.
func TestEveryBodyHasAnExample(t *testing.T) {
	t.Parallel()
	bodies := 0
	check := func(where string, content openapi3.Content) {
		for mediaType, media := range content {
			bodies++
			if len(media.Examples) == 0 {
				t.Errorf("%s %s: no example", where, mediaType)
			}
			for name, example := range media.Examples {
				if err := media.Schema.Value.VisitJSON(example.Value.Value); err != nil {
					t.Errorf("%s %s: example %s: %v", where, mediaType, name, err)
				}
			}
		}
	}
	for path, item := range load(t).Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody != nil {
				check(method+" "+path, op.RequestBody.Value.Content)
			}
			for status, response := range op.Responses.Map() {
				check(method+" "+path+" "+status, response.Value.Content)
			}
			if op.Description == "" || !strings.Contains(op.Description, "ermissions") {
				t.Errorf("%s %s: does not tell its permissions", method, path)
			}
		}
	}
	if bodies < 40 {
		t.Errorf("saw %d bodies only", bodies)
	}
}

// TestSamplesFitTheDescription holds the description against payloads in the service's shapes.
func TestSamplesFitTheDescription(t *testing.T) {
	t.Parallel()
	schemas := load(t).Components.Schemas
	for pattern, schema := range map[string]string{
		"create-*.json":                  "secureScore",
		"secureScore-entity.json":        "secureScore",
		"secureScores-*.json":            "secureScoreCollection",
		"controlProfiles-*.json":         "secureScoreControlProfileCollection",
		"controlProfile-patch-req*.json": "secureScoreControlProfileUpdate",
		"controlProfile-patch-200*.json": "secureScoreControlProfile",
		"error-*.json":                   "odataError",
	} {
		files, err := filepath.Glob("../../gen/testdata/" + pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no samples (%v)", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var value any
			if err := json.Unmarshal(text, &value); err != nil {
				t.Fatal(err)
			}
			if schema == "odataError" {
				value = value.(map[string]any)["body"]
			}
			if err := schemas[schema].Value.VisitJSON(value); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

// TestPlaceholdersDoNotFit holds that the description refuses what stands in Microsoft's example in place of a number.
func TestPlaceholdersDoNotFit(t *testing.T) {
	t.Parallel()
	schema := load(t).Components.Schemas["secureScore"].Value
	for _, value := range []any{"Double", "1.0", true} {
		if err := schema.VisitJSON(map[string]any{"currentScore": value}); err == nil {
			t.Errorf("accepted currentScore %#v", value)
		}
	}
}
