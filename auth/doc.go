// Package auth gets access tokens for Microsoft Graph and sees to it that they
// go nowhere else.
//
// A [TokenSource] gives tokens: [ClientSecret] for an application with a
// secret, [Static] for a token got elsewhere, [Func] for a function of the
// caller's, [FromOAuth2] for any source of golang.org/x/oauth2. [Cache] keeps
// the tokens of a source that does not keep them itself. Constructors check
// what they are given, name the thing that is wrong, and make no request.
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
// # Secrets
//
// Secrets and tokens live in closures: no value of this package shows them
// when it is printed, logged or encoded, by whatever verb or handler. No error
// holds a request, an answer, an [oauth2.Token] or an [oauth2.RetrieveError],
// whose text and fields contain the client secret. A token handed out by a
// source is an ordinary [oauth2.Token], and printing that one does show it.
package auth
