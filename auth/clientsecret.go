package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// fetchTimeout bounds one token request, the connection included. Entra
// answers within a second or two.
const fetchTimeout = 30 * time.Second

// ClientSecret is a source for an application that proves itself with a client
// secret: the client credentials grant at the v2 token endpoint of the
// application's cloud. It keeps its tokens and remembers failures as [Cache]
// does, knows its cloud, and can invalidate. Where a request names no scopes it
// asks for [Cloud.Scope].
//
// One fetch is one request of at most 30 s, with the secret in the form. No
// redirect is followed. The answer must be JSON, at most 1 MiB of it, with a
// token of the type Bearer; one that does not say how long the token lives, or
// says it absurdly, counts as 300 s, and 28 h is the most. A failure is an
// [*Error].
//
// ClientSecret makes no request. It refuses a tenant that is neither a GUID
// nor a domain name; the names for any tenant (common, organizations,
// consumers) are not for applications.
func ClientSecret(app App, secret string) (TokenSource, error) {
	if err := checkApp(app); err != nil {
		return nil, err
	}
	if err := checkSecret(secret); err != nil {
		return nil, err
	}
	login, err := ParseOrigin(app.Cloud.LoginURL())
	if err != nil {
		return nil, err
	}
	hc := newEndpointClient(app.HTTPClient, login)
	redact := newRedactor(secret)
	fetch := func(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
		params, err := claimsParam(r.Claims)
		if err != nil {
			return nil, err
		}
		scopes := r.Scopes
		if len(scopes) == 0 {
			scopes = []string{app.Cloud.Scope()}
		}
		if err := checkScopes(scopes); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, errFetchTimeout)
		defer cancel()
		conf := clientcredentials.Config{
			ClientID:       app.ClientID,
			ClientSecret:   secret,
			TokenURL:       app.Cloud.LoginURL() + "/" + app.TenantID + "/oauth2/v2.0/token",
			Scopes:         scopes,
			EndpointParams: params,
			AuthStyle:      oauth2.AuthStyleInParams, // detection would double each request
		}
		start := time.Now() // before the request: never later than the endpoint's own
		t, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, hc))
		if err != nil {
			return nil, fetchError(ctx, err, app, login, redact)
		}
		seconds, _ := t.Extra("expires_in").(float64) // checkAnswer wrote it
		return &oauth2.Token{
			AccessToken: t.AccessToken,
			TokenType:   t.TokenType,
			Expiry:      start.Add(time.Duration(seconds) * time.Second),
		}, nil
	}
	s := newCache(fetch, nil)
	return &cloudSource{cachedSource: *s, cloud: app.Cloud}, nil
}

const errFetchTimeout = timeoutError("no complete answer within 30s")

// timeoutError is a deadline that was not the caller's: it is an
// [os.ErrDeadlineExceeded], whereas the timeouts of net and net/http pass for
// a [context.DeadlineExceeded] too.
type timeoutError string

func (e timeoutError) Error() string        { return string(e) }
func (e timeoutError) Timeout() bool        { return true }
func (e timeoutError) Temporary() bool      { return true } // with the others a net.Error
func (e timeoutError) Is(target error) bool { return target == os.ErrDeadlineExceeded }

// fetchError makes an [*Error] of whatever x/oauth2 and the transport below it
// return.
func fetchError(ctx context.Context, err error, app App, login Origin, redact redactor) error {
	var e *Error
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), errFetchTimeout):
		e = &Error{Err: errFetchTimeout}
	case ctx.Err() != nil:
		return ctx.Err() // nobody waits for it any more
	default:
		e = answerFailure(err, redact)
	}
	e.Op, e.TenantID, e.ClientID = opTokenRequest, app.TenantID, app.ClientID
	e.Endpoint = strings.TrimPrefix(login.String(), login.scheme+"://")
	return e
}

func answerFailure(err error, redact redactor) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if re, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return fromRetrieveError(re, redact, time.Now())
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		text := cleanText(redact(ue.Err.Error()), maxText)
		switch {
		case errors.Is(ue.Err, context.DeadlineExceeded):
			return &Error{Err: timeoutError("no complete answer in time: " + text)}
		case errors.Is(ue.Err, context.Canceled):
			return &Error{Err: errors.New(text)}
		}
		return &Error{Err: redact.err(ue.Err)}
	}
	return &Error{Err: errNotJSON} // x/oauth2's own texts quote the answer
}

func checkApp(app App) error {
	if err := checkTenant(app.TenantID); err != nil {
		return err
	}
	if app.ClientID == "" {
		return errors.New("auth: client id is empty")
	}
	if len(app.ClientID) > 256 || strings.ContainsFunc(app.ClientID, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("auth: client id holds white space, a control character or a character that is not ASCII")
	}
	return nil
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

// checkSecret finds what happens to secrets on their way through files and
// shells. Its errors say nothing of the secret's text.
func checkSecret(secret string) error {
	switch {
	case secret == "":
		return errors.New("auth: client secret is empty")
	case strings.TrimSpace(secret) != secret:
		return errors.New("auth: client secret begins or ends with white space")
	case !utf8.ValidString(secret):
		return errors.New("auth: client secret is not valid UTF-8")
	case strings.ContainsFunc(secret, unicode.IsControl):
		return errors.New("auth: client secret holds a control character")
	case len(secret) > 4<<10:
		return errors.New("auth: client secret is longer than 4096 bytes")
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

func claimsParam(claims string) (url.Values, error) {
	if claims == "" {
		return nil, nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(claims), &object); err != nil {
		return nil, errors.New("auth: claims are not a JSON object")
	}
	return url.Values{"claims": {claims}}, nil
}
