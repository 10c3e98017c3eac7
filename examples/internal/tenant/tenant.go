// Package tenant connects the example programs: to the tenant that the environment names, or to a Graph in memory.
package tenant

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// Help is the part of a usage text that tells about the environment.
const Help = `Environment, for a real tenant (an app registration with admin consent):
  AZURE_TENANT_ID        the tenant's GUID or domain
  AZURE_CLIENT_ID        the application's id
  AZURE_CLIENT_SECRET    its secret
  AZURE_CLOUD            global (the default), usgov or usgovdod
  AZURE_AUTHORITY_HOST   with GRAPH_ROOT: login URL and Graph root of a private cloud
With none of these, a Graph in memory is used.
`

// credentials are the variables that make a tenant.
var credentials = [...]string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"}

// Connect returns a client of the tenant that getenv names. Where it names none, it says so in one line on log, fills a
// Graph in memory with seed (if not nil), serves it on loopback and returns a client of it. The caller calls done at the
// end.
func Connect(userAgent string, getenv func(string) string, log io.Writer, seed func(*clienttest.Graph) error) (c *client.Client, done func(), err error) {
	var missing []string
	for _, name := range credentials {
		if getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	switch len(missing) {
	case 0:
		c, err = real(userAgent, getenv)
		return c, func() {}, err
	case len(credentials):
		fmt.Fprintf(log, "No credentials in the environment (%s): using a Graph in memory.\n", strings.Join(missing, ", "))
		return InMemory(userAgent, seed)
	}
	return nil, nil, fmt.Errorf("the environment has no %s, but the other credentials of a tenant", strings.Join(missing, " and no "))
}

func real(userAgent string, getenv func(string) string) (*client.Client, error) {
	cloud, err := cloudOf(getenv)
	if err != nil {
		return nil, err
	}
	return connect(userAgent, auth.App{
		TenantID: getenv("AZURE_TENANT_ID"),
		ClientID: getenv("AZURE_CLIENT_ID"),
		Cloud:    cloud,
	}, getenv("AZURE_CLIENT_SECRET"))
}

func cloudOf(getenv func(string) string) (auth.Cloud, error) {
	host, root := getenv("AZURE_AUTHORITY_HOST"), getenv("GRAPH_ROOT")
	if host != "" || root != "" {
		if host == "" || root == "" || getenv("AZURE_CLOUD") != "" {
			return auth.Cloud{}, fmt.Errorf("AZURE_AUTHORITY_HOST and GRAPH_ROOT go together, and without AZURE_CLOUD")
		}
		return auth.NewCloud(host, root)
	}
	switch name := strings.ToLower(cmp.Or(getenv("AZURE_CLOUD"), "global")); name {
	case "global":
		return auth.Global, nil
	case "usgov":
		return auth.USGov, nil
	case "usgovdod":
		return auth.USGovDoD, nil
	default:
		return auth.Cloud{}, fmt.Errorf("AZURE_CLOUD is %q, want global, usgov or usgovdod", name)
	}
}

// InMemory is Connect to a Graph in memory, whatever the environment.
func InMemory(userAgent string, seed func(*clienttest.Graph) error) (c *client.Client, done func(), err error) {
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
	if c, err = connect(userAgent, server.App(), server.Secret()); err != nil {
		server.Close()
		return nil, nil, err
	}
	return c, func() { server.Close() }, nil
}

// connect goes through the same calls for a Graph in memory as for a real tenant.
func connect(userAgent string, app auth.App, secret string) (*client.Client, error) {
	src, err := auth.ClientSecret(app, secret)
	if err != nil {
		return nil, err
	}
	return client.New(src, client.WithCloud(app.Cloud), client.WithUserAgent(userAgent))
}
