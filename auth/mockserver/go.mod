module github.com/seed-13c6ebcb/securescore/auth/mockserver

go 1.26.0

require github.com/seed-13c6ebcb/securescore v0.0.0-00010101000000-000000000000

require (
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
)

replace github.com/seed-13c6ebcb/securescore => ../..
