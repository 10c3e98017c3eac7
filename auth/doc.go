// Package auth gets access tokens for Microsoft Graph and sees to it that they
// go nowhere else.
//
// A [TokenSource] gives tokens. For an application there are [ClientSecret],
// [ClientCertificate], [ClientAssertion] and [WorkloadIdentity] (a token of
// another provider, from a function or a file), [ManagedIdentity] and
// [AppServiceIdentity] (in Azure, with no secret at all); for people there is
// [DeviceCode]. [Static] is for a token got elsewhere, [Func] for a function of
// the caller's, [FromOAuth2] for any source of golang.org/x/oauth2; [Cache] keeps
// the tokens of a source that does not keep them itself, [ForTenant] those of
// one that serves many tenants apart. [FromEnvironment] picks by the variables
// of the environment, which nothing else here reads. Constructors check what
// they are given, name the thing that is wrong, and make no request.
//
//	src, err := auth.ClientSecret(auth.App{TenantID: tenant, ClientID: id}, secret)
//
// # Where a token goes
//
// [Transport] puts the token on a request in one place and only when scheme,
// host and effective port are those of one configured [Origin]: https, or http
// to the machine itself. A request to anywhere else is refused with an
// [*OriginError] before a token is asked for. The token endpoint follows the
// same rule, and a redirect is followed on neither.
//
// # What is remembered
//
// A cached source makes one token request for all callers who wait at the same
// time. A caller who gives up leaves at once; the request goes on for the
// others and ends when the last of them has left. A token is renewed in the
// background from 5 minutes before it expires (the last fifth of its life, if
// that is shorter), while the old one still serves. A failure is remembered
// too, and answered without a request: 60 s when asking again cannot help (a
// wrong secret, an unknown tenant), the Retry-After of a 429 (60 s without
// one, an hour at most) or a 503, 5 s otherwise. That a caller gave up is
// never remembered.
//
// # Claims challenges
//
// The service may refuse a token before its time (continuous access
// evaluation): [Transport] reads the challenge, asks the source for a token with
// the claims in it, and repeats the request once. That it does so is declared
// to Entra (the client capability cp1) with each token that it asks for, by
// those sources that can ask again: the ones for an application with a
// credential of its own, and [DeviceCode]. Where no such token is to be had, and
// where a token that is fresh by this machine's clock is refused by a service
// whose clock is far off, [Refusal] explains the 401.
//
// # Secrets
//
// Secrets and tokens live in closures: no value of this package shows them
// when it is printed, logged or encoded, by whatever verb or handler. No error
// holds a request, an answer, an [oauth2.Token] or an [oauth2.RetrieveError],
// whose text and fields contain the client secret. A token handed out by a
// source is an ordinary [oauth2.Token], and printing that one does show it.
package auth
