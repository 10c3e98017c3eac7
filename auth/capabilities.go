package auth

import (
	"encoding/json"
	"errors"
)

// claimsParam is the claims parameter of a token request, "" for none: what a
// challenge asks for, and the client capability cp1 where whoever sends the
// token answers challenges.
//
// Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
func (r TokenRequest) claimsParam() (string, error) {
	claims := make(map[string]json.RawMessage)
	if r.Claims != "" {
		if err := json.Unmarshal([]byte(r.Claims), &claims); err != nil || claims == nil {
			return "", errors.New("auth: claims are not a JSON object")
		}
	}
	if !r.EnableCAE {
		return r.Claims, nil
	}
	accessToken := make(map[string]json.RawMessage)
	if raw, ok := claims["access_token"]; ok {
		if err := json.Unmarshal(raw, &accessToken); err != nil {
			return "", errors.New("auth: claims for the access token are not a JSON object")
		}
		if accessToken == nil { // null
			accessToken = make(map[string]json.RawMessage)
		}
	}
	accessToken["xms_cc"] = json.RawMessage(`{"values":["cp1"]}`)
	var err error
	if claims["access_token"], err = json.Marshal(accessToken); err != nil {
		return "", err
	}
	b, err := json.Marshal(claims)
	return string(b), err
}
