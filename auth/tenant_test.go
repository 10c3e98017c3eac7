package auth_test

import (
	"context"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/seed-13c6ebcb/securescore/auth"
)

const otherTenant = "fabrikam.onmicrosoft.com"

func forTenant(t *testing.T, src auth.TokenSource, tenant string) auth.TokenSource {
	t.Helper()
	src, err := auth.ForTenant(src, tenant)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// One function for many tenants, one cache, inside or outside: each gets its
// own tokens.
func TestTenantsAreKeptApart(t *testing.T) {
	t.Parallel()
	calls := 0
	fn := func(_ context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		calls++
		return &oauth2.Token{AccessToken: "token-of-" + r.TenantID}, nil
	}
	shared := cache(t, fn)
	outside := func(tenant string) auth.TokenSource {
		src, err := auth.Cache(forTenant(t, fromFunc(t, fn), tenant))
		if err != nil {
			t.Fatal(err)
		}
		return src
	}
	sources := map[string]auth.TokenSource{}
	for range 3 {
		for _, tenant := range []string{tenantID, otherTenant} {
			if sources[tenant] == nil {
				sources[tenant] = outside(tenant)
			}
			for _, src := range []auth.TokenSource{forTenant(t, shared, tenant), sources[tenant]} {
				if got := ask(t, src, scope); got != "token-of-"+tenant {
					t.Errorf("%s was given %s", tenant, got)
				}
			}
		}
		if got := ask(t, shared, scope); got != "token-of-" {
			t.Errorf("a request without tenant was given %s", got)
		}
	}
	if calls != 5 {
		t.Errorf("%d calls, want one for each tenant and cache", calls)
	}
	// A domain name is the same in any case.
	tok, err := shared.Token(t.Context(), auth.TokenRequest{Scopes: []string{scope}, TenantID: "CONTOSO.onmicrosoft.com"})
	if err != nil || tok.AccessToken != "token-of-"+tenantID || calls != 5 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

// A source that is of one tenant has nothing for another.
func TestSourcesRefuseOtherTenants(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	static, err := auth.Static("a")
	if err != nil {
		t.Fatal(err)
	}
	identity, err := auth.AppServiceIdentity(auth.Identity{HTTPClient: hc}, base, "header")
	if err != nil {
		t.Fatal(err)
	}
	const theirs = "a token of tenant fabrikam.onmicrosoft.com was asked for"
	for name, tt := range map[string]struct {
		src  auth.TokenSource
		want string
	}{
		"secret":      {clientSecret(t, base, hc), theirs + ", the token source is of tenant contoso.onmicrosoft.com"},
		"certificate": {clientCertificate(t, app(t, base, hc), auth.CertificateOptions{}), theirs + ", the token source is of tenant"},
		"assertion":   {clientAssertion(t, app(t, base, hc), func(context.Context) (string, error) { return "a.b.c", nil }), theirs + ", the token source is of tenant"},
		"device":      {deviceCode(t, app(t, base, hc), nil), theirs + ", the token source is of tenant"},
		"tenant":      {forTenant(t, static, tenantID), theirs + ", the token source is of tenant"},
		"static":      {static, theirs + ", and whose a static token is cannot be told"},
		"oauth2":      {fromOAuth2(t, mustTo(t, static).Token), theirs + ", and whose an oauth2 token source is cannot be told"},
		"identity":    {identity, theirs + ", and whose a managed identity is cannot be told"},
	} {
		tok, err := tt.src.Token(t.Context(), auth.TokenRequest{Scopes: []string{scope}, TenantID: otherTenant})
		if tok != nil {
			t.Errorf("%s: a token", name)
		}
		wantText(t, err, "auth: "+tt.want)
	}
	if e.count() != 0 {
		t.Errorf("%d requests, want none", e.count())
	}
	if _, err := clientSecret(t, base, hc).Token(t.Context(), auth.TokenRequest{TenantID: "CONTOSO.onmicrosoft.com"}); err != nil {
		t.Errorf("its own tenant: %v", err)
	}
}

func TestForTenantPassesOn(t *testing.T) {
	t.Parallel()
	inner := &ownMemory{plain: func(context.Context, auth.TokenRequest) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: canaryToken}, nil
	}}
	src := forTenant(t, inner, tenantID)
	src.(invalidator).Invalidate("x")
	if k, ok := src.(interface{ Cloud() auth.Cloud }); !ok || k.Cloud() != auth.USGovDoD || len(inner.dropped) != 1 {
		t.Errorf("dropped %q, knows a cloud: %t", inner.dropped, ok)
	}
	noCanary(t, src)
	dropper := forTenant(t, cache(t, inner.plain), tenantID)
	if _, ok := dropper.(interface{ Cloud() auth.Cloud }); ok {
		t.Error("a source that knows no cloud says one")
	}
	a := ask(t, dropper)
	dropper.(invalidator).Invalidate(a)
	if _, ok := forTenant(t, fromFunc(t, inner.plain), tenantID).(invalidator); ok {
		t.Error("a source without memory can invalidate")
	}
	knower := forTenant(t, cloudOnly{inner.plain}, tenantID)
	knower.(invalidator).Invalidate("x") // does nothing, and does not panic

	for want, err := range map[string]error{
		"auth: token source is nil":                     second(auth.ForTenant(nil, tenantID)),
		`auth: tenant id "common" stands for any`:       second(auth.ForTenant(src, "common")),
		"auth: tenant id is empty":                      second(auth.ForTenant(src, "")),
		`auth: tenant id "a b" is neither a GUID nor a`: second(auth.ForTenant(src, "a b")),
	} {
		wantText(t, err, want)
	}
}

type cloudOnly struct{ plain }

func (cloudOnly) Cloud() auth.Cloud { return auth.USGov }

func second[T any](_ T, err error) error { return err }

// An early renewal asks for the same token as the first time.
func TestRenewalOfTheSameToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c counter
		var asked []auth.TokenRequest
		src := cache(t, func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
			asked = append(asked, r)
			return c.token(ctx, r)
		})
		want := auth.TokenRequest{Scopes: []string{"b", "a"}, EnableCAE: true, TenantID: "Contoso.com"}
		for range 2 {
			if _, err := src.Token(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			time.Sleep(58 * time.Minute)
			synctest.Wait()
		}
		if len(asked) != 2 || !reflect.DeepEqual(asked[0], want) || !reflect.DeepEqual(asked[1], want) {
			t.Errorf("asked %+v", asked)
		}
	})
}

// Tokens that may be refused with a challenge go only to who answers them.
func TestCAETokensAreKeptApart(t *testing.T) {
	t.Parallel()
	var c counter
	var asked []bool
	src := cache(t, func(ctx context.Context, r auth.TokenRequest) (*oauth2.Token, error) {
		asked = append(asked, r.EnableCAE)
		return c.token(ctx, r)
	})
	get := func(cae bool, want string) {
		t.Helper()
		tok, err := src.Token(t.Context(), auth.TokenRequest{EnableCAE: cae})
		if err != nil || tok.AccessToken != want {
			t.Errorf("CAE %t: got %v, want %s", cae, tok, want)
		}
	}
	for range 2 {
		get(true, "token-1")
		get(false, "token-2")
	}
	if len(asked) != 2 || !asked[0] || asked[1] {
		t.Errorf("asked %v", asked)
	}
}
