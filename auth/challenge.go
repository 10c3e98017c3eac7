package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// maxChallenge bounds how much of a WWW-Authenticate header is read, in bytes.
const maxChallenge = 64 << 10

// challenge is one of an answer's (RFC 9110, section 11.3).
type challenge struct {
	scheme string            // as it was written
	params map[string]string // by name in lower case; of several values the first
}

// parseChallenges reads the values of WWW-Authenticate headers, each a list of
// challenges (RFC 9110, section 11.6.1). What breaks the grammar is passed over
// to the next thing that can be read.
func parseChallenges(values []string) []challenge {
	var found []challenge
	for _, v := range values {
		p := challengeParser{s: v[:min(len(v), maxChallenge)]}
		found = append(found, p.parse()...)
	}
	return found
}

type challengeParser struct {
	s string
	i int
}

func (p *challengeParser) parse() []challenge {
	var found []challenge
	for p.skip(" \t,\r\n"); p.i < len(p.s); p.skip(" \t,\r\n") {
		word := p.run(isTokenChar)
		if word == "" { // no item begins so: a stray quotation or mark
			p.value()
			continue
		}
		if name, value, ok := p.param(word); ok {
			if n := len(found); n > 0 {
				found[n-1].add(name, value)
			}
			continue
		}
		found = append(found, challenge{scheme: word, params: make(map[string]string)})
		p.token68()
	}
	return found
}

func (c *challenge) add(name, value string) {
	name = asciiLower(name)
	if _, ok := c.params[name]; !ok {
		c.params[name] = value
	}
}

// param reads what follows the name of a parameter; ok is false where the word
// was none, and nothing has been read then.
func (p *challengeParser) param(name string) (_, value string, ok bool) {
	start := p.i
	p.skip(" \t")
	if p.i >= len(p.s) || p.s[p.i] != '=' {
		p.i = start
		return "", "", false
	}
	p.i++
	p.skip(" \t")
	return name, p.value(), true
}

// value reads a quoted string or, more generously than the grammar has it, all
// up to the next comma or blank: claims come without quotes too, and base64
// has characters that no token has.
func (p *challengeParser) value() string {
	if p.i >= len(p.s) || p.s[p.i] != '"' {
		return p.run(func(c byte) bool { return c != ',' && c != ' ' && c != '\t' })
	}
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c == '"':
			p.i++
			return b.String()
		case c == '\\' && p.i+1 < len(p.s):
			p.i++
			b.WriteByte(p.s[p.i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String() // the quotation has no end
}

// token68 passes over credentials in the form of one word, which is all there
// is to its challenge.
func (p *challengeParser) token68() {
	start := p.i
	p.skip(" \t")
	word := p.run(func(c byte) bool { return isTokenChar(c) || c == '/' })
	padding := p.run(func(c byte) bool { return c == '=' })
	p.skip(" \t")
	if p.i < len(p.s) && p.s[p.i] != ',' || word+padding == "" {
		p.i = start // parameters, or another challenge
	}
}

func (p *challengeParser) skip(set string) {
	for p.i < len(p.s) && strings.IndexByte(set, p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *challengeParser) run(in func(byte) bool) string {
	start := p.i
	for p.i < len(p.s) && in(p.s[p.i]) {
		p.i++
	}
	return p.s[start:p.i]
}

// isTokenChar is tchar of RFC 9110, section 5.6.2.
func isTokenChar(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// claimsChallenge finds the claims that a refusal asks for. challenged says
// that there was such a challenge; claims is empty where none could be read.
func claimsChallenge(h http.Header) (claims string, challenged bool) {
	for _, c := range parseChallenges(h.Values("WWW-Authenticate")) {
		if !strings.EqualFold(c.scheme, "Bearer") || !strings.EqualFold(c.params["error"], "insufficient_claims") {
			continue
		}
		challenged = true
		if claims = decodeClaims(c.params["claims"]); claims != "" {
			return claims, true
		}
	}
	return "", challenged
}

// maxClaims bounds the claims of a challenge in bytes. They have some hundred.
const maxClaims = 16 << 10

// decodeClaims reads base64 of either alphabet, padded or not, or plain JSON.
// It returns "" for what is no JSON object.
func decodeClaims(s string) string {
	s = strings.TrimSpace(s)
	raw := []byte(s)
	if !strings.HasPrefix(s, "{") {
		s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
		var err error
		if raw, err = base64.RawStdEncoding.DecodeString(s); err != nil {
			return ""
		}
	}
	if len(raw) > maxClaims || !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return ""
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return ""
	}
	return b.String()
}
