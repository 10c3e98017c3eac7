package auth

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// A credential makes the parameters of one token request that prove who the
// application is.
type credential func(ctx context.Context) (url.Values, error)

// newApplication makes the source of an application that has been checked: the
// client credentials grant (RFC 6749, section 4.4).
func newApplication(app App, prove credential) (TokenSource, error) {
	login, err := ParseOrigin(app.Cloud.LoginURL())
	if err != nil {
		return nil, err
	}
	hc := newTokenClient(app.HTTPClient, login)
	who := asker{op: opTokenRequest, tenantID: app.TenantID, clientID: app.ClientID, endpoint: login}
	fetch := func(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
		scopes, params, err := app.ask(r)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, errFetchTimeout)
		defer cancel()
		proof, err := prove(ctx)
		if err != nil {
			return nil, proofError(ctx, err)
		}
		maps.Copy(params, proof)
		conf := clientcredentials.Config{
			ClientID:       app.ClientID,
			TokenURL:       app.tokenURL(),
			Scopes:         scopes,
			EndpointParams: params,
			AuthStyle:      oauth2.AuthStyleInParams, // detection would double each request
		}
		start := time.Now() // before the request: never later than the endpoint's own
		t, err := conf.Token(context.WithValue(ctx, oauth2.HTTPClient, hc))
		if err != nil {
			return nil, who.fail(ctx, err, newRedactor(proof.Get("client_secret"), proof.Get("client_assertion")))
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

// ask checks r and says what to ask for: its scopes, those of the cloud where
// it has none, and the other parameters of the form.
func (a App) ask(r TokenRequest) (scopes []string, params url.Values, err error) {
	if err := r.checkTenant(a.TenantID); err != nil {
		return nil, nil, err
	}
	scopes = r.Scopes
	if len(scopes) == 0 {
		scopes = []string{a.Cloud.Scope()}
	}
	if err := checkScopes(scopes); err != nil {
		return nil, nil, err
	}
	claims, err := r.claimsParam()
	if err != nil {
		return nil, nil, err
	}
	params = make(url.Values)
	if claims != "" {
		params.Set("claims", claims)
	}
	return scopes, params, nil
}

// proofError is what a failed credential makes of the fetch. No token request
// was made.
func proofError(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), errFetchTimeout) {
		return errProofTimeout
	}
	return err
}

const errProofTimeout = timeoutError("auth: the client assertion did not come within 30s")
