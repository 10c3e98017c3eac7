package clienttest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const graphAppID = "00000003-0000-0000-c000-000000000000"

// scopeAudience returns the audience that a scope asks for, "" for any. It
// wants what client credentials take: one resource, all its permissions.
func scopeAudience(scope string) (string, bool) {
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

// delegated is what a person's token is asked for.
type delegated struct {
	scope    string
	audience string // "" for any
	offline  bool   // with a refresh token
}

// parseDelegated reads the scopes of a person's token: permissions of one
// resource, with or without those of OpenID Connect. A permission that names no
// resource is one of Microsoft Graph.
func parseDelegated(scope string) (delegated, *entraError) {
	d := delegated{scope: scope}
	found := false
	for s := range strings.FieldsSeq(scope) {
		if slices.Contains([]string{"openid", "profile", "email", "offline_access"}, s) {
			d.offline = d.offline || s == "offline_access"
			continue
		}
		of, ok := "", true
		if i := strings.LastIndexByte(s, '/'); i >= 0 {
			of, ok = scopeAudience(s[:i] + "/.default")
		}
		if !ok || found && of != d.audience {
			return d, invalidScope(scope)
		}
		d.audience, found = of, true
	}
	if !found {
		return d, invalidScope(scope)
	}
	return d, nil
}
