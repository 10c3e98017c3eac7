package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"
)

// Identity says which managed identity of an Azure resource is meant. The zero
// value is the resource's own, in the global cloud.
type Identity struct {
	// Cloud is where the resource lives; the zero value is [Global].
	Cloud Cloud
	// At most one of these names an identity that was assigned to the resource
	// by a user; none stands for the resource's own.
	ClientID, ObjectID, ResourceID string
	// HTTPClient makes the requests, copied as in [App]. Nil stands for one of
	// the source's own, which uses no proxy.
	HTTPClient *http.Client
}

// ManagedIdentity is a source for programs on an Azure virtual machine (a
// scale set, a container on one): the machine's metadata service (IMDS) gives
// the tokens, and no secret is needed. It caches as [Cache] does, knows its
// cloud and can invalidate. It cannot answer claims challenges: managed
// identities take no part in continuous access evaluation.
//
// The one scope that is asked for must end in "/.default" and stands for the
// resource before it; [Cloud.Scope] where a request names none.
//
// The request goes in plain http to the fixed address 169.254.169.254, which
// is the one exception to the rule of https or loopback ([ParseOrigin]): the
// address is of the machine's own link, is never routed, and nothing secret is
// in the request. No proxy is used (a transport of the caller's own making
// must see to that itself), no redirect is followed.
//
// A 404, 410, 429 or 5xx is repeated as Microsoft advises, up to 5 times, after
// 1, 2, 6, 14 and 30 s, or the Retry-After if that is longer (60 s at most); a
// 410 once more after another 30 s, for the service may be gone for 70 s.
//
// Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
func ManagedIdentity(id Identity) (TokenSource, error) {
	params, err := id.params("object_id", "msi_res_id")
	if err != nil {
		return nil, err
	}
	params.Set("api-version", "2018-02-01")
	e := &identityEndpoint{
		origin: Origin{scheme: "http", host: "169.254.169.254", port: "80"},
		path:   "/metadata/identity/oauth2/token", params: params, repeats: true,
		header: func(h http.Header) { h.Set("Metadata", "true") },
	}
	return e.source(id), nil
}

// AppServiceIdentity is [ManagedIdentity] for App Service, Functions and
// Container Apps, which tell a program in the variables IDENTITY_ENDPOINT and
// IDENTITY_HEADER where to ask and with what secret ([FromEnvironment] reads
// them). Nothing is repeated here: the platform's own endpoint sees to that.
//
// The endpoint must be https, or http to the machine itself. http to an address
// of the machine's own link (169.254.0.0/16), which Linux plans have, is the
// other exception to [ParseOrigin]'s rule: such an address is never routed.
//
// Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity (2019-08-01)
func AppServiceIdentity(id Identity, endpoint, header string) (TokenSource, error) {
	params, err := id.params("principal_id", "mi_res_id")
	if err != nil {
		return nil, err
	}
	params.Set("api-version", "2019-08-01")
	origin, path, err := parseIdentityEndpoint(endpoint)
	if err != nil {
		return nil, fmt.Errorf("auth: identity endpoint: %w", err)
	}
	if header == "" {
		return nil, errors.New("auth: identity header is empty")
	}
	if strings.ContainsFunc(header, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errors.New("auth: identity header holds white space, a control character or a character that is not ASCII")
	}
	e := &identityEndpoint{
		origin: origin, path: path, params: params, secret: func() string { return header },
		header: func(h http.Header) { h.Set("X-IDENTITY-HEADER", header) },
	}
	return e.source(id), nil
}

// params names the identity in the words of one of the endpoints.
func (id Identity) params(object, resource string) (url.Values, error) {
	v := make(url.Values)
	for _, p := range []struct{ name, field, value string }{
		{"client_id", "client id", id.ClientID}, {object, "object id", id.ObjectID}, {resource, "resource id", id.ResourceID},
	} {
		if p.value == "" {
			continue
		}
		// A resource id has the name of a resource group in it, in any script.
		if len(p.value) > 2<<10 || strings.ContainsFunc(p.value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return nil, fmt.Errorf("auth: managed identity: the %s holds white space or a control character, or is longer than 2048 bytes", p.field)
		}
		v.Set(p.name, p.value)
	}
	if len(v) > 1 {
		return nil, errors.New("auth: managed identity: more than one of client id, object id and resource id is given")
	}
	return v, nil
}

// parseIdentityEndpoint is [ParseOrigin] with its exception for the machine's
// own link, and with the path.
func parseIdentityEndpoint(rawURL string) (Origin, string, error) {
	u, err := url.Parse(rawURL)
	if err == nil && u.Scheme == "http" {
		a, err := netip.ParseAddr(u.Hostname())
		if err == nil && a.Is4() && a.IsLinkLocalUnicast() {
			// As https, which then stands for the same but for the default port.
			if u.Port() == "" {
				u.Host += ":80"
			}
			u.Scheme = "https"
			o, u, err := parseServiceURL(u.String())
			if err != nil {
				return Origin{}, "", err
			}
			o.scheme = "http"
			return o, u.EscapedPath(), nil
		}
	}
	o, u, err := parseServiceURL(rawURL)
	if err != nil {
		return Origin{}, "", err
	}
	return o, u.EscapedPath(), nil
}

// identityEndpoint is where a managed identity's tokens come from.
type identityEndpoint struct {
	origin  Origin
	path    string
	params  url.Values
	header  func(http.Header)
	secret  func() string // nil: none is sent
	repeats bool
}

func (e *identityEndpoint) source(id Identity) TokenSource {
	hc := newEndpointClient(id.HTTPClient, e.origin)
	who := asker{op: opManagedIdentity, clientID: id.ClientID, endpoint: e.origin}
	fetch := func(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
		if err := r.plain("a managed identity"); err != nil {
			return nil, err
		}
		resource, err := resourceOf(r.Scopes, id.Cloud)
		if err != nil {
			return nil, err
		}
		for n := 0; ; n++ {
			t, failure := e.ask(ctx, hc, who, resource)
			if failure == nil {
				return t, nil
			}
			wait, again := identityPause(failure, n)
			if !e.repeats || !again {
				return nil, failure
			}
			attemptFailed(ctx, failure)
			if err := sleep(ctx, wait); err != nil {
				return nil, err
			}
		}
	}
	s := newCache(fetch, nil)
	return &cloudSource{cachedSource: *s, cloud: id.Cloud}
}

// ask makes one request.
func (e *identityEndpoint) ask(ctx context.Context, hc *http.Client, who asker, resource string) (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, errFetchTimeout)
	defer cancel()
	redact := newRedactor()
	if e.secret != nil {
		redact = newRedactor(e.secret())
	}
	query := url.Values{"resource": {resource}}
	for name, values := range e.params {
		query[name] = values
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.origin.String()+e.path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, errors.New("auth: managed identity: no request can be made of the endpoint's URL")
	}
	e.header(req.Header)
	a, err := exchange(hc, req)
	if err != nil {
		return nil, who.fail(ctx, err, redact)
	}
	now := time.Now()
	if !a.success() {
		return nil, who.sign(newRefusal(a, redact, now))
	}
	t, err := parseTokenAnswer(a.header, a.body)
	switch {
	case err != nil:
		return nil, who.sign(&Error{StatusCode: a.status, Err: err})
	case t.Error != "":
		return nil, who.sign(newRefusal(a, redact, now))
	}
	return &oauth2.Token{AccessToken: t.AccessToken, TokenType: "Bearer", Expiry: now.Add(t.life(a.header, now))}, nil
}

// life is for how long the token of an identity endpoint is good: App Service
// tells only when it ends, which is measured from the answer's own Date.
func (t *tokenAnswer) life(h http.Header, now time.Time) time.Duration {
	if len(t.ExpiresIn) > 0 {
		return lifetime(t.ExpiresIn)
	}
	end, err := strconv.ParseInt(strings.Trim(string(t.ExpiresOn), `"`), 10, 64)
	if err != nil {
		return cautiousLifetime
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return lifetime([]byte(strconv.FormatInt(end-now.Unix(), 10)))
}

// resourceOf is what identity endpoints ask for in place of a scope.
func resourceOf(scopes []string, cloud Cloud) (string, error) {
	if len(scopes) == 0 {
		scopes = []string{cloud.Scope()}
	}
	if err := checkScopes(scopes); err != nil {
		return "", err
	}
	resource, ok := strings.CutSuffix(scopes[0], "/.default")
	if !ok || resource == "" || len(scopes) > 1 {
		return "", fmt.Errorf("auth: managed identity: the scopes are %q, want one that ends in /.default", cleanText(strings.Join(scopes, " "), 256))
	}
	return resource, nil
}

// identityPauses are Microsoft's: exponential with a delta of 2 s, but for the
// first, for which it asks at least 1 s in another place.
var identityPauses = [...]time.Duration{time.Second, 2 * time.Second, 6 * time.Second, 14 * time.Second, 30 * time.Second}

// maxIdentityPause is its maximum back-off.
const maxIdentityPause = time.Minute

// identityPause is how long to wait after attempt n, counted from 0, and
// whether to make another.
func identityPause(failure error, n int) (wait time.Duration, again bool) {
	e, ok := errors.AsType[*Error](failure)
	if !ok {
		return 0, false
	}
	attempts := len(identityPauses)
	switch {
	case e.StatusCode == http.StatusGone:
		attempts++
	case e.StatusCode == http.StatusNotFound, e.StatusCode == http.StatusTooManyRequests, e.StatusCode >= 500:
	default:
		return 0, false
	}
	if n >= attempts || e.RetryAfter > maxIdentityPause {
		return 0, false
	}
	return max(identityPauses[min(n, len(identityPauses)-1)], e.RetryAfter), true
}

// sleep waits for d or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
