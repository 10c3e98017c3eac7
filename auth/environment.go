package auth

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
)

// Environment is the sign-in that [FromEnvironment] found.
type Environment struct {
	// Source gives the tokens.
	Source TokenSource
	// Cloud is where they are good: for the client's WithCloud.
	Cloud Cloud
	// Picked names the way to sign in and the variables that chose it:
	// "client secret (AZURE_CLIENT_SECRET)".
	Picked string
	// PassedOver are the other ways, in the order in which they were tried.
	PassedOver []PassedOver
}

// PassedOver is a way to sign in that was not taken.
type PassedOver struct {
	// Name is the way: "client certificate".
	Name string
	// Reason says why: "AZURE_CLIENT_CERTIFICATE_PATH is not set".
	Reason string
}

// String is one line, fit for a log: what was picked, and why nothing else.
func (e *Environment) String() string { return e.Picked + passedOver(e.PassedOver) }

func passedOver(list []PassedOver) string {
	var b strings.Builder
	for i, p := range list {
		sep := "; "
		if i == 0 {
			sep = "; passed over: "
		}
		b.WriteString(sep + p.Name + " (" + p.Reason + ")")
	}
	return b.String()
}

// EnvironmentOptions are choices for [FromEnvironment].
type EnvironmentOptions struct {
	// HTTPClient makes the token requests, as in [App].
	HTTPClient *http.Client
}

// ErrNoCredentials is found by [errors.Is] in the error of [FromEnvironment]
// where no variable names a way to sign in at all. A way that is named by half
// is another error.
var ErrNoCredentials = errors.New("auth: the environment names no way to sign in")

// FromEnvironment makes a token source of what the environment says, for
// programs that are set up so; nothing else in this library reads it. getenv
// returns the value of a variable, or ""; nil is [os.Getenv]. The variables are
// those of Microsoft's own libraries. The first way of these is picked that the
// environment has all variables for:
//
//	client secret        AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET
//	client certificate   AZURE_TENANT_ID, AZURE_CLIENT_ID,
//	                     AZURE_CLIENT_CERTIFICATE_PATH (PEM, key included, at most 1 MiB),
//	                     AZURE_CLIENT_SEND_CERTIFICATE_CHAIN (optional: 1 or true)
//	workload identity    AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_FEDERATED_TOKEN_FILE
//	managed identity     IDENTITY_ENDPOINT, IDENTITY_HEADER (App Service, Functions, Container Apps)
//	managed identity     AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential, or prod (virtual machine)
//
// AZURE_CLIENT_ID, where set, names the managed identity that is meant.
// AZURE_TOKEN_CREDENTIALS may also be EnvironmentCredential (the first two) or
// WorkloadIdentityCredential, to have nothing else tried.
//
// The cloud is that of AZURE_CLOUD: global (the default), usgov or usgovdod. Or
// that of AZURE_AUTHORITY_HOST, the login host, where it has but one cloud or
// AZURE_CLOUD agrees with it; of a private cloud, together with GRAPH_ROOT.
//
// What was passed over and why is in the result, and in the error where nothing
// was picked. A way that was picked and cannot be used (a certificate that has
// expired, say) is an error: no other takes its place unsaid. FromEnvironment
// reads a certificate's file, and makes no request. No text holds the value of a
// secret.
func FromEnvironment(getenv func(string) string, opts EnvironmentOptions) (*Environment, error) {
	if getenv == nil {
		getenv = os.Getenv
	}
	v := variables(getenv)
	cloud, err := v.cloud()
	if err != nil {
		return nil, err
	}
	only, err := v.restriction()
	if err != nil {
		return nil, err
	}
	env := &Environment{Cloud: cloud}
	app := App{TenantID: v("AZURE_TENANT_ID"), ClientID: v("AZURE_CLIENT_ID"), Cloud: cloud, HTTPClient: opts.HTTPClient}
	for _, w := range ways {
		reason := w.missing(v)
		switch {
		case reason != "":
		case !only(w.group):
			reason = "AZURE_TOKEN_CREDENTIALS is " + cleanText(v("AZURE_TOKEN_CREDENTIALS"), 64)
		case env.Source != nil:
			reason = "an earlier one was picked"
		}
		if reason != "" {
			env.PassedOver = append(env.PassedOver, PassedOver{w.name, reason})
			continue
		}
		if env.Source, err = w.source(v, app); err != nil {
			return nil, fmt.Errorf("auth: environment: %s: %w", w.name, err)
		}
		env.Picked = w.name + " (" + w.chosenBy + ")"
	}
	if env.Source != nil {
		return env, nil
	}
	if v.anyCredential() {
		return nil, fmt.Errorf("auth: the environment names no way to sign in in full%s", passedOver(env.PassedOver))
	}
	return nil, fmt.Errorf("%w%s", ErrNoCredentials, passedOver(env.PassedOver))
}
