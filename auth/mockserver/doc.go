// Package mockserver holds a test of package auth against oauth2-mock-server, a
// token endpoint that was written by others in another language. It needs node
// and npm, and is a module of its own so that nothing else does.
package mockserver
