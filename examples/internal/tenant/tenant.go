// Package tenant connects the example programs: to the tenant that the environment names, or to a Graph in memory.
package tenant

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// Help is the part of a usage text that tells about the environment.
const Help = `Environment, for a real tenant (an app registration with admin consent):
  AZURE_TENANT_ID        the tenant's GUID or domain
  AZURE_CLIENT_ID        the application's id
  AZURE_CLIENT_SECRET    its secret; or AZURE_CLIENT_CERTIFICATE_PATH or
                         AZURE_FEDERATED_TOKEN_FILE, or a managed identity
  AZURE_CLOUD            global (the default), usgov or usgovdod
  AZURE_AUTHORITY_HOST   with GRAPH_ROOT: login URL and Graph root of a private cloud
With no way to sign in, a Graph in memory is used.
`

// Connect returns a client of the tenant that getenv names. Where it names none, it says so in one line on log, fills a
// Graph in memory with seed (if not nil), serves it on loopback and returns a client of it. The caller calls done at the
// end. Warnings are told on log, unless an option says otherwise.
func Connect(userAgent string, getenv func(string) string, log io.Writer, seed func(*clienttest.Graph) error, options ...client.Option) (c *client.Client, done func(), err error) {
	options = append([]client.Option{Warnings(log)}, options...)
	env, err := auth.FromEnvironment(getenv, auth.EnvironmentOptions{})
	if errors.Is(err, auth.ErrNoCredentials) {
		fmt.Fprintln(log, "No credentials in the environment (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET): using a Graph in memory.")
		return InMemory(userAgent, seed, options...)
	}
	if err != nil {
		return nil, nil, err
	}
	c, err = connect(userAgent, env.Source, env.Cloud, options)
	return c, func() {}, err
}

// InMemory is Connect to a Graph in memory, whatever the environment.
func InMemory(userAgent string, seed func(*clienttest.Graph) error, options ...client.Option) (c *client.Client, done func(), err error) {
	graph := clienttest.NewGraph()
	if seed != nil {
		if err := seed(graph); err != nil {
			return nil, nil, err
		}
	}
	server, err := clienttest.Start(graph)
	if err != nil {
		return nil, nil, err
	}
	src, err := auth.ClientSecret(server.App(), server.Secret())
	if err == nil {
		c, err = connect(userAgent, src, server.Cloud(), options)
	}
	if err != nil {
		server.Close()
		return nil, nil, err
	}
	return c, func() { server.Close() }, nil
}

// Warnings has each warning that comes with an answer told in one line on w.
func Warnings(w io.Writer) client.Option {
	return client.WithOnWarning(func(_ context.Context, warning client.Warning) {
		fmt.Fprintf(w, "The service warns that this may not be all: %s\n", text.Printable(warning.String()))
	})
}

func connect(userAgent string, src auth.TokenSource, cloud auth.Cloud, options []client.Option) (*client.Client, error) {
	return client.New(src, append([]client.Option{client.WithCloud(cloud), client.WithUserAgent(userAgent)}, options...)...)
}
