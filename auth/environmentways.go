package auth

import (
	"cmp"
	"fmt"
	"strings"
)

// variables reads an environment.
type variables func(string) string

// missing says which of names are not set, "" for none.
func (v variables) missing(names ...string) string {
	var unset []string
	for _, name := range names {
		if v(name) == "" {
			unset = append(unset, name)
		}
	}
	switch len(unset) {
	case 0:
		return ""
	case 1:
		return unset[0] + " is not set"
	}
	last := len(unset) - 1
	return strings.Join(unset[:last], ", ") + " and " + unset[last] + " are not set"
}

// anyCredential reports whether a variable is set that only makes sense as part
// of a way to sign in.
func (v variables) anyCredential() bool {
	for _, name := range []string{
		"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME",
		"AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "AZURE_TOKEN_CREDENTIALS",
	} {
		if v(name) != "" {
			return true
		}
	}
	return false
}

// A way is one of signing in.
type way struct {
	name, chosenBy string
	group          string // as AZURE_TOKEN_CREDENTIALS has it
	missing        func(v variables) string
	source         func(v variables, app App) (TokenSource, error)
}

const (
	groupEnvironment = "environmentcredential"
	groupWorkload    = "workloadidentitycredential"
	groupManaged     = "managedidentitycredential"
)

// ways are in the order in which they are tried, which is that of Microsoft's
// libraries.
var ways = []way{
	{
		"client secret", "AZURE_CLIENT_SECRET", groupEnvironment,
		func(v variables) string {
			return v.missing("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
		},
		func(v variables, app App) (TokenSource, error) { return ClientSecret(app, v("AZURE_CLIENT_SECRET")) },
	},
	{
		"client certificate", "AZURE_CLIENT_CERTIFICATE_PATH", groupEnvironment,
		func(v variables) string {
			return v.missing("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_CERTIFICATE_PATH")
		},
		certificateFrom,
	},
	{
		"user name and password", "", groupEnvironment,
		func(v variables) string {
			return cmp.Or(v.missing("AZURE_USERNAME"), "this library has no such way: Microsoft advises against it")
		},
		nil,
	},
	{
		"workload identity", "AZURE_FEDERATED_TOKEN_FILE", groupWorkload,
		func(v variables) string {
			return v.missing("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE")
		},
		func(v variables, app App) (TokenSource, error) {
			return WorkloadIdentity(app, v("AZURE_FEDERATED_TOKEN_FILE"))
		},
	},
	{
		"managed identity of App Service", "IDENTITY_ENDPOINT", groupManaged, otherHosts,
		func(v variables, app App) (TokenSource, error) {
			return AppServiceIdentity(identityOf(app), v("IDENTITY_ENDPOINT"), v("IDENTITY_HEADER"))
		},
	},
	{
		"managed identity of a virtual machine", "AZURE_TOKEN_CREDENTIALS", groupManaged,
		func(v variables) string {
			switch strings.ToLower(v("AZURE_TOKEN_CREDENTIALS")) {
			case groupManaged, "prod":
				return ""
			}
			return "no variable tells of one: AZURE_TOKEN_CREDENTIALS is not ManagedIdentityCredential"
		},
		func(_ variables, app App) (TokenSource, error) { return ManagedIdentity(identityOf(app)) },
	},
}

// otherHosts tells App Service's variables from those of hosts whose identity
// endpoints work in another way.
func otherHosts(v variables) string {
	const instead = ", which this library has no way for: azidentity has"
	switch {
	case v("IDENTITY_SERVER_THUMBPRINT") != "":
		return "IDENTITY_SERVER_THUMBPRINT tells of Service Fabric" + instead
	case v("IDENTITY_ENDPOINT") != "" && v("IMDS_ENDPOINT") != "" && v("IDENTITY_HEADER") == "":
		return "IMDS_ENDPOINT tells of Azure Arc" + instead
	case v("IDENTITY_ENDPOINT") == "" && v("MSI_ENDPOINT") != "":
		return "MSI_ENDPOINT alone tells of Cloud Shell or Azure Machine Learning" + instead
	}
	return v.missing("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
}

func identityOf(app App) Identity {
	return Identity{Cloud: app.Cloud, ClientID: app.ClientID, HTTPClient: app.HTTPClient}
}

// maxCertificateFile bounds a PEM file in bytes.
const maxCertificateFile = 1 << 20

func certificateFrom(v variables, app App) (TokenSource, error) {
	path := v("AZURE_CLIENT_CERTIFICATE_PATH")
	data, err := readSmallFile(path, maxCertificateFile)
	if err != nil {
		return nil, err
	}
	cert, err := CertificateFromPEM(data)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	var opts CertificateOptions
	switch strings.ToLower(v("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")) {
	case "1", "true":
		opts.SendChain = true
	}
	src, err := ClientCertificate(app, cert, opts)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	return src, nil
}

// restriction is what AZURE_TOKEN_CREDENTIALS leaves of the ways.
func (v variables) restriction() (func(group string) bool, error) {
	switch name := strings.ToLower(v("AZURE_TOKEN_CREDENTIALS")); name {
	case "", "prod":
		return func(string) bool { return true }, nil
	case groupEnvironment, groupWorkload, groupManaged:
		return func(group string) bool { return group == name }, nil
	default:
		return nil, fmt.Errorf("auth: environment: AZURE_TOKEN_CREDENTIALS is %q, want prod, EnvironmentCredential, WorkloadIdentityCredential or ManagedIdentityCredential", cleanText(name, 64))
	}
}
