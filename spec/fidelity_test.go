// Package spec_test holds the description and the generated types against what Microsoft documents.
package spec_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/seed-13c6ebcb/securescore/gen"
)

// property is one line of Microsoft's tables: the name, its Edm type, and whether the metadata allows null.
type property struct {
	name, edm string
	nullable  bool
}

// documented is written by hand from Microsoft's documents and metadata (v1.0, August 2026).
var documented = []struct {
	name       string
	value      any
	open       bool
	entity     bool
	properties []property
}{
	{"secureScore", gen.SecureScore{}, true, true, []property{
		{"id", "String", false},
		{"azureTenantId", "String", false},
		{"activeUserCount", "Int32", true},
		{"averageComparativeScores", "Collection(averageComparativeScore)", true},
		{"controlScores", "Collection(controlScore)", true},
		{"createdDateTime", "DateTimeOffset", true},
		{"currentScore", "Double", true},
		{"enabledServices", "Collection(String)", true},
		{"licensedUserCount", "Int32", true},
		{"maxScore", "Double", true},
		{"vendorInformation", "securityVendorInformation", true},
	}},
	{"averageComparativeScore", gen.AverageComparativeScore{}, true, false, []property{
		{"averageScore", "Double", true},
		{"basis", "String", true},
	}},
	{"controlScore", gen.ControlScore{}, true, false, []property{
		{"controlCategory", "String", true},
		{"controlName", "String", true},
		{"description", "String", true},
		{"score", "Double", true},
	}},
	{"securityVendorInformation", gen.SecurityVendorInformation{}, false, false, []property{
		{"provider", "String", true},
		{"providerVersion", "String", true},
		{"subProvider", "String", true},
		{"vendor", "String", true},
	}},
	{"secureScoreControlProfile", gen.SecureScoreControlProfile{}, true, true, []property{
		{"id", "String", false},
		{"azureTenantId", "String", false},
		{"actionType", "String", true},
		{"actionUrl", "String", true},
		{"complianceInformation", "Collection(complianceInformation)", true},
		{"controlCategory", "String", true},
		{"controlStateUpdates", "Collection(secureScoreControlStateUpdate)", true},
		{"deprecated", "Boolean", true},
		{"implementationCost", "String", true},
		{"lastModifiedDateTime", "DateTimeOffset", true},
		{"maxScore", "Double", true},
		{"rank", "Int32", true},
		{"remediation", "String", true},
		{"remediationImpact", "String", true},
		{"service", "String", true},
		{"threats", "Collection(String)", true},
		{"tier", "String", true},
		{"title", "String", true},
		{"userImpact", "String", true},
		{"vendorInformation", "securityVendorInformation", true},
	}},
	{"secureScoreControlStateUpdate", gen.SecureScoreControlStateUpdate{}, false, false, []property{
		{"assignedTo", "String", true},
		{"comment", "String", true},
		{"state", "String", true},
		{"updatedBy", "String", true},
		{"updatedDateTime", "DateTimeOffset", true},
	}},
	{"complianceInformation", gen.ComplianceInformation{}, true, false, []property{
		{"certificationControls", "Collection(certificationControl)", true},
		{"certificationName", "String", true},
	}},
	{"certificationControl", gen.CertificationControl{}, true, false, []property{
		{"name", "String", true},
		{"url", "String", true},
	}},
}

// schema is the part of an OpenAPI schema that the table speaks of.
type schema struct {
	Type                 string            `yaml:"type"`
	Format               string            `yaml:"format"`
	Nullable             bool              `yaml:"nullable"`
	Ref                  string            `yaml:"$ref"`
	AllOf                []schema          `yaml:"allOf"`
	Items                *schema           `yaml:"items"`
	Properties           map[string]schema `yaml:"properties"`
	AdditionalProperties *bool             `yaml:"additionalProperties"`
	Description          string            `yaml:"description"`
	Required             []string          `yaml:"required"`
}

// edm names the Edm type that a schema stands for.
func (s schema) edm() string {
	if len(s.AllOf) == 1 {
		return s.AllOf[0].edm()
	}
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		if name == "double" {
			return "Double"
		}
		return name
	}
	switch s.Type + " " + s.Format {
	case "string ":
		return "String"
	case "string date-time":
		return "DateTimeOffset"
	case "integer int32":
		return "Int32"
	case "boolean ":
		return "Boolean"
	case "array ":
		return "Collection(" + s.Items.edm() + ")"
	}
	return s.Type + " " + s.Format
}

type description struct {
	Paths   map[string]map[string]operation
	Schemas map[string]yaml.Node
}

type operation struct {
	OperationID string `yaml:"operationId"`
	RequestBody struct {
		Content map[string]struct {
			Schema schema `yaml:"schema"`
		} `yaml:"content"`
	} `yaml:"requestBody"`
	Responses map[string]any `yaml:"responses"`
}

func read(t *testing.T) description {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var raw struct {
		Paths      map[string]map[string]yaml.Node `yaml:"paths"`
		Components struct {
			Schemas map[string]yaml.Node `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	d := description{Paths: map[string]map[string]operation{}, Schemas: raw.Components.Schemas}
	for path, item := range raw.Paths {
		d.Paths[path] = map[string]operation{}
		for method, node := range item {
			if method == "parameters" {
				continue
			}
			var op operation
			if err := node.Decode(&op); err != nil {
				t.Fatal(err)
			}
			d.Paths[path][method] = op
		}
	}
	return d
}

func (d description) schema(t *testing.T, name string) schema {
	t.Helper()
	node, ok := d.Schemas[name]
	if !ok {
		t.Fatalf("the description has no schema %s", name)
	}
	var s schema
	if err := node.Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// annotations are the members that OData adds to a type.
func annotations(entity bool) []string {
	if entity {
		return []string{"@odata.type", "@odata.etag"}
	}
	return []string{"@odata.type"}
}

func TestDescriptionHasTheDocumentedProperties(t *testing.T) {
	t.Parallel()
	d := read(t)
	for _, typ := range documented {
		s := d.schema(t, typ.name)
		if open := s.AdditionalProperties != nil && *s.AdditionalProperties; open != typ.open {
			t.Errorf("%s: open %v, want %v", typ.name, open, typ.open)
		}
		want := annotations(typ.entity)
		for _, p := range typ.properties {
			want = append(want, p.name)
			got, ok := s.Properties[p.name]
			if !ok {
				t.Errorf("%s.%s: missing", typ.name, p.name)
				continue
			}
			if got.edm() != p.edm || got.Nullable != p.nullable {
				t.Errorf("%s.%s: %s, nullable %v; want %s, nullable %v", typ.name, p.name, got.edm(), got.Nullable, p.edm, p.nullable)
			}
			if got.Description == "" {
				t.Errorf("%s.%s: not described", typ.name, p.name)
			}
		}
		for name := range s.Properties {
			if !slices.Contains(want, name) {
				t.Errorf("%s.%s: not documented", typ.name, name)
			}
		}
	}
}

func TestStructsHaveTheDocumentedProperties(t *testing.T) {
	t.Parallel()
	goTypes := map[string]reflect.Type{
		"String":             reflect.TypeFor[*string](),
		"Int32":              reflect.TypeFor[*int32](),
		"Double":             reflect.TypeFor[*float64](),
		"Boolean":            reflect.TypeFor[*bool](),
		"DateTimeOffset":     reflect.TypeFor[*time.Time](),
		"Collection(String)": reflect.TypeFor[[]string](),
	}
	for _, typ := range documented {
		goTypes[typ.name] = reflect.PointerTo(reflect.TypeOf(typ.value))
		goTypes["Collection("+typ.name+")"] = reflect.SliceOf(reflect.TypeOf(typ.value))
	}
	for _, typ := range documented {
		fields := map[string]reflect.StructField{}
		for _, f := range reflect.VisibleFields(reflect.TypeOf(typ.value)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields[name] = f
		}
		if extra := fields["-"]; extra.Name != "Extra" || extra.Type != reflect.TypeFor[gen.Members]() {
			t.Errorf("%s: has no Extra", typ.name)
		}
		delete(fields, "-")
		for _, name := range annotations(typ.entity) {
			if fields[name].Type != goTypes["String"] {
				t.Errorf("%s: has no %s", typ.name, name)
			}
			delete(fields, name)
		}
		for _, p := range typ.properties {
			if got := fields[p.name]; got.Type != goTypes[p.edm] {
				t.Errorf("%s.%s: %v, want %v", typ.name, p.name, got.Type, goTypes[p.edm])
			}
			delete(fields, p.name)
		}
		for name := range fields {
			t.Errorf("%s.%s: not documented", typ.name, name)
		}
	}
}

// TestStructsAreNamedWell holds the names that Go's conventions ask for.
func TestStructsAreNamedWell(t *testing.T) {
	t.Parallel()
	for typ, names := range map[reflect.Type][]string{
		reflect.TypeFor[gen.SecureScore]():               {"ID", "AzureTenantID", "ODataType", "ODataETag"},
		reflect.TypeFor[gen.SecureScoreControlProfile](): {"ID", "ActionURL"},
		reflect.TypeFor[gen.SecureScoreCollection]():     {"ODataCount", "ODataNextLink"},
	} {
		for _, name := range names {
			if _, ok := typ.FieldByName(name); !ok {
				t.Errorf("%v has no field %s", typ, name)
			}
		}
	}
}

func TestDescriptionHasEveryOperation(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"post /Security/secureScores":                                                "201",
		"get /Security/secureScores":                                                 "200 206",
		"get /Security/secureScores/$count":                                          "200",
		"get /Security/secureScores/{secureScore-id}":                                "200 206",
		"patch /Security/secureScores/{secureScore-id}":                              "200 204",
		"delete /Security/secureScores/{secureScore-id}":                             "204",
		"post /Security/secureScoreControlProfiles":                                  "201",
		"get /Security/secureScoreControlProfiles":                                   "200 206",
		"get /Security/secureScoreControlProfiles/$count":                            "200",
		"get /Security/secureScoreControlProfiles/{secureScoreControlProfile-id}":    "200 206",
		"patch /Security/secureScoreControlProfiles/{secureScoreControlProfile-id}":  "200 204",
		"delete /Security/secureScoreControlProfiles/{secureScoreControlProfile-id}": "204",
		"post /$batch": "200",
	}
	for path, item := range read(t).Paths {
		for method, op := range item {
			statuses, ok := want[method+" "+path]
			if !ok {
				t.Errorf("%s %s: not documented", method, path)
				continue
			}
			delete(want, method+" "+path)
			for _, status := range append(strings.Fields(statuses), "4XX", "5XX") {
				if _, ok := op.Responses[status]; !ok {
					t.Errorf("%s: no %s", op.OperationID, status)
				}
				delete(op.Responses, status)
			}
			for status := range op.Responses {
				t.Errorf("%s: %s is not documented", op.OperationID, status)
			}
		}
	}
	for missing := range want {
		t.Errorf("%s: missing", missing)
	}
}

// TestCreateRequiresTheNine reads the document's table of required properties as its example does: the service assigns
// id and createdDateTime.
func TestCreateRequiresTheNine(t *testing.T) {
	t.Parallel()
	op := read(t).Paths["/Security/secureScores"]["post"]
	parts := op.RequestBody.Content["application/json"].Schema.AllOf
	if len(parts) != 2 || parts[0].edm() != "secureScore" {
		t.Fatalf("the request body is not a secureScore with more required: %+v", parts)
	}
	want := []string{}
	for _, p := range documented[0].properties {
		if p.name != "id" && p.name != "createdDateTime" {
			want = append(want, p.name)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(parts[1].Required)); !slices.Equal(got, want) {
		t.Errorf("required %q, want %q", got, want)
	}
}
