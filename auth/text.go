package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds what is kept of a server's text, in bytes.
const maxText = 2 << 10

// cleanText makes foreign text fit for one line of a log: white space becomes
// one blank, other control and invisible characters are escaped, and no more
// than limit bytes are kept.
func cleanText(s string, limit int) string {
	var b strings.Builder
	blank := false
	for i, r := range s {
		if b.Len() >= limit {
			break
		}
		switch {
		case r == ' ' || r == '\r' || r == '\n' || r == '\t':
			blank = b.Len() > 0
			continue
		case blank:
			b.WriteByte(' ')
			blank = false
		}
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsGraphic(r):
			b.WriteRune(r)
		default: // controls, and the format characters that turn text around
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	if b.Len() > limit {
		return strings.ToValidUTF8(b.String()[:limit], "")
	}
	return b.String()
}

// cleanID keeps an identifier or a code of a server's only where it is one.
func cleanID(s string) string {
	if len(s) > 64 || strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) {
		return ""
	}
	return s
}

const redacted = "[redacted]"

// A redactor takes secrets out of text. It is a closure so that nothing that
// holds one can print them.
type redactor func(string) string

// newRedactor knows the spellings in which a server or a proxy echoes a form.
func newRedactor(secrets ...string) redactor {
	var pairs []string
	for _, s := range secrets {
		if s == "" {
			continue
		}
		quoted, _ := json.Marshal(s) // of a string: cannot fail
		for _, v := range []string{
			s, url.QueryEscape(s), url.PathEscape(s), html.EscapeString(s),
			string(quoted[1 : len(quoted)-1]), strings.Trim(fmt.Sprintf("%q", s), `"`),
		} {
			pairs = append(pairs, v, redacted)
		}
	}
	if len(pairs) == 0 {
		return func(s string) string { return s }
	}
	replace := strings.NewReplacer(pairs...).Replace
	return func(s string) string { return replace(s) }
}

// err returns err itself where none of its printed forms holds a secret, else
// its text without them and without the chain.
func (r redactor) err(err error) error {
	if err == nil {
		return nil
	}
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if s := fmt.Sprintf(format, err); r(s) != s {
			return errors.New(cleanText(r(err.Error()), maxText))
		}
	}
	return err
}
