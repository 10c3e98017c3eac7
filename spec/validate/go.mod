module github.com/seed-13c6ebcb/securescore/spec/validate

go 1.26.0

require (
	github.com/getkin/kin-openapi v0.153.0
	github.com/seed-13c6ebcb/securescore v0.0.0-00010101000000-000000000000
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/go-openapi/jsonpointer v0.22.5 // indirect
	github.com/go-openapi/swag/jsonname v0.25.5 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // indirect
	go.yaml.in/yaml/v4 v4.0.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
	golang.org/x/text v0.14.0 // indirect
)

replace github.com/seed-13c6ebcb/securescore => ../..
