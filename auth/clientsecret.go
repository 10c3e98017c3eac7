package auth

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ClientSecret is a source for an application that proves itself with a client
// secret: the client credentials grant at the v2 token endpoint of the
// application's cloud. It keeps its tokens and remembers failures as [Cache]
// does, knows its cloud, can invalidate, and answers claims challenges. Where a
// request names no scopes it asks for [Cloud.Scope].
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
	return newApplication(app, func(context.Context) (url.Values, error) {
		return url.Values{"client_secret": {secret}}, nil
	})
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
