package clienttest

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// loginEndpoint returns the tenant and the name of one of the login host's
// endpoints, token or devicecode.
func loginEndpoint(path string) (tenant, name string, ok bool) {
	s := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(s) != 4 || !strings.EqualFold(s[1], "oauth2") || !strings.EqualFold(s[2], "v2.0") {
		return "", "", false
	}
	name = strings.ToLower(s[3])
	return s[0], name, name == "token" || name == "devicecode"
}

// tokenBody is a granted token.
type tokenBody struct {
	TokenType    string `json:"token_type"`
	Scope        string `json:"scope,omitempty"`
	ExpiresIn    int64  `json:"expires_in"`
	ExtExpiresIn int64  `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// flow is one way to a token.
type flow struct {
	required []string // parameters, in the order in which Entra misses them
	public   bool     // a person proves who they are; the application need not
	grant    func(g *Graph, c *call, form url.Values, who grant) (any, *entraError)
}

// flowOf returns the flow of an endpoint and, at the token endpoint, of a grant
// type.
func flowOf(endpoint, grantType string) (flow, bool) {
	switch {
	case endpoint == "devicecode":
		return flow{[]string{"client_id", "scope"}, true, (*Graph).beginDevice}, true
	case grantType == "urn:ietf:params:oauth:grant-type:device_code":
		return flow{[]string{"client_id", "device_code"}, true, (*Graph).redeemDevice}, true
	case grantType == "refresh_token":
		return flow{[]string{"client_id", "refresh_token"}, true, (*Graph).redeemRefresh}, true
	}
	return flow{[]string{"grant_type", "client_id", "scope"}, false, (*Graph).grantApplication}, grantType == "client_credentials"
}

// issue answers a request of the login host.
func (g *Graph) issue(c *call) *answer {
	form, refused := tokenForm(c)
	var body any
	if refused == nil {
		body, refused = g.login(c, form)
	}
	if refused != nil {
		return refused.answer(c)
	}
	return &answer{status: http.StatusOK, header: tokenContentType(), body: mustMarshal(body)}
}

func tokenContentType() http.Header {
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}}
}

// login holds a form against the tenant and the application, in Entra's order:
// what is there at all, then who asks, then whether it is really them, then what
// for.
func (g *Graph) login(c *call, form url.Values) (any, *entraError) {
	tenant, endpoint, _ := loginEndpoint(c.URL.Path)
	f, known := flowOf(endpoint, form.Get("grant_type"))
	for _, name := range f.required {
		if form.Get(name) == "" {
			return nil, invalidRequest(900144, "The request body must contain the following parameter: '%s'.", name)
		}
	}
	if !known {
		return nil, &entraError{
			status: http.StatusBadRequest, code: "unsupported_grant_type", number: 70003,
			text: fmt.Sprintf("The app requested an unsupported grant type '%s'.", clip(form.Get("grant_type"))),
		}
	}
	tenant, refused := g.checkAsker(tenant, form.Get("client_id"))
	if refused != nil {
		return nil, refused
	}
	if !f.public || form.Has("client_secret") || form.Has("client_assertion") {
		if refused := g.authenticate(c, form); refused != nil {
			return nil, refused
		}
	}
	asked, err := parseClaims(form.Get("claims"))
	if err != nil {
		return nil, invalidRequest(90023, "The parameter 'claims' is not valid: %v.", err)
	}
	return f.grant(g, c, form, grant{tenant: tenant, claims: asked})
}

// grantApplication gives the application a token of its own.
func (g *Graph) grantApplication(c *call, form url.Values, who grant) (any, *entraError) {
	var ok bool
	if who.audience, ok = scopeAudience(form.Get("scope")); !ok {
		return nil, invalidScope(form.Get("scope"))
	}
	who.by = g.clientID
	return g.token(who, c.at), nil
}

// token makes the body of an answer with a token.
func (g *Graph) token(who grant, now time.Time) tokenBody {
	seconds := max(0, int64(g.lifetime.Seconds()))
	return tokenBody{
		TokenType: "Bearer", ExpiresIn: seconds, ExtExpiresIn: seconds,
		AccessToken: g.grantToken(who, now),
	}
}

// tokenForm decodes the form of a request for a token. A client that sends its
// id and secret in a Basic header is understood too, as by Entra.
func tokenForm(c *call) (url.Values, *entraError) {
	if c.Method != http.MethodPost {
		e := invalidRequest(900561, "The endpoint only accepts POST requests. Received a %s request.", clip(c.Method))
		e.status = http.StatusMethodNotAllowed
		return nil, e
	}
	if c.bodyErr != nil {
		e := invalidRequest(90023, "The request body could not be read.")
		e.status = bodyFault(c.bodyErr).status
		return nil, e
	}
	form := url.Values{}
	if mediaType, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type")); mediaType == "application/x-www-form-urlencoded" {
		var err error
		if form, err = url.ParseQuery(string(c.body)); err != nil {
			return nil, invalidRequest(90023, "The request body is not a form.")
		}
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, invalidRequest(9000411, "The request is not properly formatted. The parameter '%s' is duplicated.", clip(name))
		}
	}
	if id, secret, ok := c.BasicAuth(); ok && form.Get("client_id") == "" {
		form.Set("client_id", unescape(id))
		form.Set("client_secret", unescape(secret))
	}
	return form, nil
}

// checkAsker refuses a tenant or an application that does not exist, and returns
// the tenant as it was set up.
func (g *Graph) checkAsker(tenant, clientID string) (string, *entraError) {
	known := append([]string{g.tenant}, g.otherTenants...)
	i := slices.IndexFunc(known, func(t string) bool { return strings.EqualFold(t, tenant) })
	if i < 0 {
		return "", invalidRequest(90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", clip(tenant))
	}
	if !strings.EqualFold(clientID, g.clientID) {
		return "", &entraError{
			status: http.StatusBadRequest, code: "unauthorized_client", number: 700016,
			text: fmt.Sprintf("Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", clip(clientID), known[i]),
		}
	}
	return known[i], nil
}

// authenticate checks that it is the application that asks: by its secret, or
// by an assertion where there is one.
func (g *Graph) authenticate(c *call, form url.Values) *entraError {
	assertion, secret := form.Get("client_assertion"), form.Get("client_secret")
	switch {
	case assertion != "" && secret != "":
		return invalidRequest(90023, "The request must not have both 'client_secret' and 'client_assertion'.")
	case assertion != "":
		return g.checkAssertion(c, form)
	}
	switch secret {
	case g.secret():
		return nil
	case "":
		return invalidClient(7000216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.")
	}
	return invalidClient(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", g.clientID)
}
