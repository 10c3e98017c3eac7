package auth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// App is an application registered in Microsoft Entra ID.
type App struct {
	// TenantID is the directory's GUID or one of its domain names.
	TenantID string
	// ClientID is the application's id.
	ClientID string
	// Cloud is where the tenant lives; the zero value is [Global].
	Cloud Cloud
	// HTTPClient makes the token requests. It is copied: the copy keeps no
	// cookies and follows no redirect. Nil stands for one of the source's own,
	// with timeouts, that uses the proxy of the environment as net/http does.
	// Either way a token request is given 30 s, and no proxy is used to reach
	// a login host on loopback.
	HTTPClient *http.Client
}

// tokenURL is the application's token endpoint.
func (a App) tokenURL() string { return a.endpointURL("token") }

func (a App) endpointURL(name string) string {
	return a.Cloud.LoginURL() + "/" + a.TenantID + "/oauth2/v2.0/" + name
}

func checkApp(app App) error {
	if err := checkTenant(app.TenantID); err != nil {
		return err
	}
	if app.ClientID == "" {
		return errors.New("auth: client id is empty")
	}
	if !plainID(app.ClientID) {
		return errors.New("auth: client id holds white space, a control character or a character that is not ASCII")
	}
	return nil
}

// plainID reports whether s is fit for an identifier of any kind.
func plainID(s string) bool {
	return len(s) <= 256 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// checkTenant keeps the tenant one segment of the token endpoint's path.
func checkTenant(tenant string) error {
	switch asciiLower(tenant) {
	case "":
		return errors.New("auth: tenant id is empty")
	case "common", "organizations", "consumers":
		return fmt.Errorf("auth: tenant id %q stands for any tenant: an application needs the GUID or domain name of its own", tenant)
	}
	if strings.ContainsAny(tenant, `/\`) {
		return fmt.Errorf("auth: tenant id %q holds a slash: want a GUID or domain name", cleanText(tenant, 256))
	}
	if len(tenant) > 253 {
		return errors.New("auth: tenant id is longer than 253 characters: want a GUID or domain name")
	}
	for label := range strings.SplitSeq(asciiLower(tenant), ".") {
		if !isLabel(label) {
			return fmt.Errorf("auth: tenant id %q is neither a GUID nor a domain name", cleanText(tenant, 256))
		}
	}
	return nil
}

// checkScopes holds scopes to RFC 6749, section 3.3: a blank in one would be
// two.
func checkScopes(scopes []string) error {
	for i, s := range scopes {
		if s == "" {
			return fmt.Errorf("auth: scope %d is empty", i)
		}
		if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '\\' }) {
			return fmt.Errorf("auth: scope %q holds a character that no scope has", cleanText(s, 256))
		}
	}
	return nil
}
