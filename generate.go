// Package securescore holds the command that generates package gen from the OpenAPI description in spec. Programs import
// packages client and auth.
package securescore

//go:generate go tool -modfile=spec/generator.mod oapi-codegen -config=spec/models.yaml spec/openapi.yaml
//go:generate go tool -modfile=spec/generator.mod oapi-codegen -config=spec/client.yaml spec/openapi.yaml
