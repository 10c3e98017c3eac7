package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// DevicePrompt is what a person must be told to sign in with a device code.
// Its texts are one line each, control characters escaped.
type DevicePrompt struct {
	// VerificationURL is the page to open, in any browser on any machine.
	VerificationURL string
	// UserCode is the code to enter there.
	UserCode string
	// Message is the service's own sentence that says both; it may be empty.
	Message string
	// Expires is when the code is of no use any more.
	Expires time.Time
}

// DeviceCode is a source for people: it shows a code, the person enters it in a
// browser, and the tokens are the person's (delegated permissions). The
// application must allow public client flows; it has no secret. The tenant must
// be a named one, as for [ClientSecret].
//
// prompt is called when somebody must sign in, and shows the prompt; it should
// return at once. Its context ends when nobody waits for the token any more,
// and then, too, the endpoint is no longer asked. It is asked every 5 s, or as
// it says, 5 s less often after each slow_down and half as often after each
// failure of the connection or the endpoint (RFC 8628), until the code expires.
// A person who declines, or never comes, is an [*Error], remembered for 60 s.
//
// The refresh token that comes along stays in memory and gets the next tokens,
// those for other scopes and for claims challenges included, without the
// person. When it has expired or was revoked, or the service wants the person
// again, prompt is called again; never for an early renewal in the background.
// Otherwise it caches as [Cache] does, knows its cloud and can invalidate.
//
// Without scopes a token is asked for with those of the request, or
// [Cloud.Scope], which stands for all the permissions that the application's
// registration lists. With scopes (SecurityEvents.Read.All, say) it is asked for
// with these in place of [Cloud.Scope], and the person consents to no more. A
// scope that is no URL is one of the cloud's Graph.
func DeviceCode(app App, prompt func(ctx context.Context, p DevicePrompt) error, scopes ...string) (TokenSource, error) {
	if err := checkApp(app); err != nil {
		return nil, err
	}
	if prompt == nil {
		return nil, errors.New("auth: device code: the prompt function is nil")
	}
	if err := checkScopes(scopes); err != nil {
		return nil, err
	}
	login, err := ParseOrigin(app.Cloud.LoginURL())
	if err != nil {
		return nil, err
	}
	d := &device{
		app: app, prompt: prompt, scopes: graphScopes(app.Cloud, scopes),
		endpoint: &formEndpoint{
			hc:  newEndpointClient(app.HTTPClient, login),
			who: asker{tenantID: app.TenantID, clientID: app.ClientID, endpoint: login},
		},
		turn: make(chan struct{}, 1),
	}
	s := newCache(d.token, nil)
	return &cloudSource{cachedSource: *s, cloud: app.Cloud}, nil
}

// graphScopes completes the names of Graph's permissions.
func graphScopes(cloud Cloud, scopes []string) []string {
	full := make([]string, len(scopes))
	for i, s := range scopes {
		full[i] = s
		if !strings.Contains(s, "://") {
			full[i] = strings.TrimSuffix(cloud.Scope(), ".default") + s
		}
	}
	return full
}

// device is one person's sign-in. It is reached through closures only.
type device struct {
	app      App
	prompt   func(context.Context, DevicePrompt) error
	scopes   []string
	endpoint *formEndpoint

	turn    chan struct{} // held by whoever uses refresh: one sign-in at a time
	refresh string        // "" for none
}

func (d *device) token(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
	if len(d.scopes) > 0 && (len(r.Scopes) == 0 || slices.Equal(r.Scopes, []string{d.app.Cloud.Scope()})) {
		r.Scopes = d.scopes
	}
	scopes, form, err := d.app.ask(r)
	if err != nil {
		return nil, err
	}
	form.Set("client_id", d.app.ClientID)
	form.Set("scope", strings.Join(append(slices.Clone(scopes), "offline_access"), " "))
	select {
	case d.turn <- struct{}{}:
		defer func() { <-d.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if d.refresh != "" {
		t, err := d.redeem(ctx, form, "refresh_token", "refresh_token", d.refresh)
		if err == nil || !wantsPerson(err) {
			return t, err
		}
		d.refresh = ""
	}
	if inBackground(ctx) { // the token in use is still good, and nobody waits
		return nil, errNeedsPerson
	}
	return d.signIn(ctx, form)
}

// errNeedsPerson is of a renewal in the background only, and is not remembered:
// whoever comes when the token is over has the person asked.
var errNeedsPerson = errors.New("auth: device code: a person must sign in again")

// wantsPerson says of a refused refresh token that signing in again may help.
func wantsPerson(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Code == "invalid_grant" || e.Code == "interaction_required")
}
