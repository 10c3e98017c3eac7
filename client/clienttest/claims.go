package clienttest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
)

// claims is a claims parameter, or a challenge, read.
type claims struct {
	text        string
	accessToken map[string]string // what is asked of the token, canonical JSON by name
	capable     bool              // of answering a challenge: xms_cc has cp1
}

// parseClaims reads a claims parameter; "" is none.
//
// Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
func parseClaims(text string) (claims, error) {
	c := claims{text: text, accessToken: map[string]string{}}
	if text == "" {
		return c, nil
	}
	doc, err := parseObject([]byte(text))
	if err != nil {
		return c, err
	}
	raw := doc.get("access_token")
	if raw == nil {
		return c, nil
	}
	members, err := parseObject(raw)
	if err != nil {
		return c, errors.New("access_token is no object")
	}
	for _, m := range members {
		if m.name != "xms_cc" {
			c.accessToken[m.name] = canonical(m.value)
			continue
		}
		var capabilities struct {
			Values []string `json:"values"`
		}
		if err := json.Unmarshal(m.value, &capabilities); err != nil {
			return c, errors.New("xms_cc is not of the form {\"values\":[\"cp1\"]}")
		}
		c.capable = slices.Contains(capabilities.Values, "cp1")
	}
	return c, nil
}

// canonical writes JSON that was read in a form that can be compared.
func canonical(value []byte) string {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // it was read already
	return string(mustMarshal(v))
}

// requirement is what the Graph asks of tokens since [Graph.RequireClaims]; nil
// is nothing. The Graph's mutex guards settled.
type requirement struct {
	claims
	settled map[string]bool // by whom a token was got that has the claims
}

// RequireClaims makes the Graph answer 401 with a claims challenge, as
// continuous access evaluation does when sessions are revoked, until a token was
// asked for with these claims in the claims parameter: {"access_token":{"nbf":
// {"essential":true,"value":"1784305503"}}}, say. That one is accepted, and those
// that the same person, or the application, gets after it. The challenge is for
// clients that have declared the capability cp1 ("xms_cc" in their claims): other
// tokens are accepted until they expire, as by the service, and so are those of
// [Graph.NewToken].
//
// "" requires nothing any more. RequireClaims panics for what is not the JSON of
// such a challenge.
func (g *Graph) RequireClaims(text string) {
	c, err := parseClaims(text)
	if err == nil && text != "" && len(c.accessToken) == 0 {
		err = errors.New("nothing is required of the access_token")
	}
	if err != nil {
		panic("clienttest: RequireClaims: " + err.Error())
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.required = nil; text != "" {
		g.required = &requirement{claims: c, settled: map[string]bool{}}
	}
}

// settle is called for each token that is issued, and returns the requirement
// where it does not bind the token.
func (r *requirement) settle(who grant) *requirement {
	if r == nil {
		return nil
	}
	fulfilled := true
	for name, value := range r.accessToken {
		got, ok := who.claims.accessToken[name]
		fulfilled = fulfilled && ok && got == value
	}
	if fulfilled {
		r.settled[who.by] = true
	}
	if r.settled[who.by] {
		return r
	}
	return nil
}

// binds reports whether a token is to be challenged.
func (r *requirement) binds(granted grant) bool {
	return r != nil && granted.claims.capable && granted.settles != r
}

// challenge is the answer to a token that the requirement binds.
func (r *requirement) challenge() *odataError {
	e := unauthorized("Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp")
	e.header.Set("WWW-Authenticate", bearerChallenge+`, error="insufficient_claims", claims="`+base64.StdEncoding.EncodeToString([]byte(r.text))+`"`)
	return e
}
