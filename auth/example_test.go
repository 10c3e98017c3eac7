package auth_test

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// A GitHub Actions job asks its runner for the token; here a function stands
// for that request.
func ExampleClientAssertion() {
	app := auth.App{TenantID: "contoso.onmicrosoft.com", ClientID: "11111111-2222-3333-4444-555555555555"}
	src, err := auth.ClientAssertion(app, func(context.Context) (string, error) {
		return idToken(os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"))
	})
	fmt.Println(src != nil, err)
	// Output: true <nil>
}

func idToken(string) (string, error) { return "header.payload.signature", nil }

func ExampleDeviceCode() {
	app := auth.App{TenantID: "contoso.onmicrosoft.com", ClientID: "11111111-2222-3333-4444-555555555555"}
	show := func(_ context.Context, p auth.DevicePrompt) error {
		_, err := fmt.Fprintf(os.Stderr, "Open %s and enter %s.\n", p.VerificationURL, p.UserCode)
		return err
	}
	src, err := auth.DeviceCode(app, show, "SecurityEvents.Read.All")
	fmt.Println(src != nil, err)
	// Output: true <nil>
}

func ExampleFromEnvironment() {
	environment := map[string]string{
		"AZURE_TENANT_ID": "contoso.onmicrosoft.com",
		"AZURE_CLIENT_ID": "11111111-2222-3333-4444-555555555555",
		"AZURE_CLOUD":     "usgov",

		"AZURE_FEDERATED_TOKEN_FILE": "/var/run/secrets/azure/tokens/azure-identity-token",
	}
	env, err := auth.FromEnvironment(func(name string) string { return environment[name] }, auth.EnvironmentOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(env.Picked)
	fmt.Println(env.Cloud)
	fmt.Println(env.PassedOver[0].Name, "-", env.PassedOver[0].Reason)
	// Output:
	// workload identity (AZURE_FEDERATED_TOKEN_FILE)
	// https://login.microsoftonline.us for https://graph.microsoft.us/v1.0
	// client secret - AZURE_CLIENT_SECRET is not set
}
