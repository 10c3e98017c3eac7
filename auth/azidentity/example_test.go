package azidentity_test

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/seed-13c6ebcb/securescore/auth/azidentity"
	"github.com/seed-13c6ebcb/securescore/client"
)

// credential stands for one of azidentity's, such as that of
// NewDefaultAzureCredential or NewAzureCLICredential.
type credential struct{}

func (credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func ExampleSource() {
	src, err := azidentity.Source(credential{}) // azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New(src)
	fmt.Println(c != nil, err)
	// Output: true <nil>
}
