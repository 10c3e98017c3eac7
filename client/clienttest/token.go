package clienttest

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// tokenTenant returns the tenant of a token endpoint's path.
func tokenTenant(path string) (string, bool) {
	s := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if len(s) != 4 || !strings.EqualFold(strings.Join(s[1:], "/"), "oauth2/v2.0/token") {
		return "", false
	}
	return s[0], true
}

// tokenBody is a granted token.
type tokenBody struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	ExtExpiresIn int64  `json:"ext_expires_in"`
	AccessToken  string `json:"access_token"`
}

// issue answers a request for a token.
func (g *Graph) issue(c *call) *answer {
	form, refused := tokenForm(c)
	if refused == nil {
		refused = g.checkForm(c, form)
	}
	if refused != nil {
		return refused.answer(c)
	}
	asked, _ := scopeAudience(form.Get("scope")) // checked
	seconds := max(0, int64(g.lifetime.Seconds()))
	b := mustMarshal(tokenBody{
		TokenType:    "Bearer",
		ExpiresIn:    seconds,
		ExtExpiresIn: seconds,
		AccessToken:  g.grantToken(asked, c.at),
	})
	return &answer{status: http.StatusOK, header: tokenContentType(), body: b}
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

// checkForm holds a form against the tenant and the application, in Entra's
// order: what is there at all, then who asks, then whether it is really them,
// then what for.
func (g *Graph) checkForm(c *call, form url.Values) *entraError {
	for _, name := range []string{"grant_type", "client_id", "scope"} {
		if form.Get(name) == "" {
			return invalidRequest(900144, "The request body must contain the following parameter: '%s'.", name)
		}
	}
	if grantType := form.Get("grant_type"); grantType != "client_credentials" {
		return &entraError{
			status: http.StatusBadRequest, code: "unsupported_grant_type", number: 70003,
			text: fmt.Sprintf("The app requested an unsupported grant type '%s'.", clip(grantType)),
		}
	}
	if tenant, _ := tokenTenant(c.URL.Path); !strings.EqualFold(tenant, g.tenant) {
		return invalidRequest(90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", clip(tenant))
	}
	if id := form.Get("client_id"); !strings.EqualFold(id, g.clientID) {
		return &entraError{
			status: http.StatusBadRequest, code: "unauthorized_client", number: 700016,
			text: fmt.Sprintf("Application with identifier '%s' was not found in the directory '%s'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", clip(id), g.tenant),
		}
	}
	switch form.Get("client_secret") {
	case g.secret():
	case "":
		return invalidClient(7000216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.")
	default:
		return invalidClient(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", g.clientID)
	}
	if _, ok := scopeAudience(form.Get("scope")); !ok {
		return invalidScope(form.Get("scope"))
	}
	return nil
}

// scopeAudience returns the audience that a scope asks for, "" for any. It
// wants what client credentials take: one resource, all its permissions.
func scopeAudience(scope string) (string, bool) {
	const graphAppID = "00000003-0000-0000-c000-000000000000"
	resource, ok := strings.CutSuffix(scope, "/.default")
	if !ok {
		return "", false
	}
	a := audience(resource)
	if slices.Contains(wellKnownAudiences, a) || resource == graphAppID {
		return "", true
	}
	return a, a != ""
}

func invalidScope(scope string) *entraError {
	e := &entraError{status: http.StatusBadRequest, code: "invalid_scope", number: 1002012}
	e.text = fmt.Sprintf("The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", clip(scope))
	if len(strings.Fields(scope)) != 1 {
		e.number = 70011
		e.text = fmt.Sprintf("The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope %s is not valid.", clip(scope))
	}
	return e
}

// entraError is an error of the token endpoint in the making.
type entraError struct {
	status int
	code   string // of OAuth, such as invalid_client
	number int    // of AADSTS
	text   string
}

// entraErrorBody is the shape of the token endpoint's error bodies.
type entraErrorBody struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	ErrorCodes       []int  `json:"error_codes"`
	Timestamp        string `json:"timestamp"`
	TraceID          string `json:"trace_id"`
	CorrelationID    string `json:"correlation_id"`
	ErrorURI         string `json:"error_uri"`
}

func (e *entraError) answer(c *call) *answer {
	trace, at := uuid.NewString(), c.at.UTC().Format("2006-01-02 15:04:05Z")
	a := &answer{status: e.status, header: tokenContentType(), body: mustMarshal(entraErrorBody{
		Error: e.code,
		ErrorDescription: fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s",
			e.number, e.text, trace, c.clientRequestID, at),
		ErrorCodes:    []int{e.number},
		Timestamp:     at,
		TraceID:       trace,
		CorrelationID: c.clientRequestID,
		ErrorURI:      fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.number),
	})}
	if e.status == http.StatusMethodNotAllowed {
		a.header.Set("Allow", "POST")
	}
	return a
}

func invalidRequest(number int, format string, args ...any) *entraError {
	return &entraError{status: http.StatusBadRequest, code: "invalid_request", number: number, text: fmt.Sprintf(format, args...)}
}

func invalidClient(number int, format string, args ...any) *entraError {
	return &entraError{status: http.StatusUnauthorized, code: "invalid_client", number: number, text: fmt.Sprintf(format, args...)}
}

// entraStatusError is the error that goes with a status, for faults that have
// no body of their own.
func entraStatusError(status int) *entraError {
	var e *entraError
	switch {
	case status == http.StatusUnauthorized:
		e = invalidClient(7000222, "The provided client secret keys for app are expired.")
	case status == http.StatusTooManyRequests:
		e = &entraError{code: "temporarily_unavailable", number: 90024, text: "The budget for this request is exhausted: too many requests."}
	case status >= http.StatusInternalServerError:
		e = &entraError{code: "temporarily_unavailable", number: 90033, text: "A transient error has occurred. Please try again."}
	default:
		e = invalidRequest(90023, "The request is not valid.")
	}
	e.status = status
	return e
}

func tokenContentType() http.Header {
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}}
}
