package client

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a text may hold of the server's words, in bytes. Code, target, inner code and message together stay within 2
// KiB.
const (
	maxCodeText    = 200
	maxMessageText = 1300
	maxIDText      = 100
	maxCauseText   = 2048
)

// clean makes a text of others safe to print on one line: what does not print is escaped, a bearer token that is
// echoed is cut, and the result has at most limit bytes.
func clean(s string, limit int) string {
	if len(s) > 8*limit {
		s = s[:8*limit]
	}
	s = cutBearer(s)
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		piece := s[i : i+n]
		switch {
		case r == utf8.RuneError && n == 1:
			piece = fmt.Sprintf(`\x%02x`, s[i])
		case r == '\n':
			piece = `\n`
		case r == '\r':
			piece = `\r`
		case r == '\t':
			piece = `\t`
		case !unicode.IsPrint(r):
			piece = fmt.Sprintf(`\u%04x`, r)
		}
		if b.Len()+len(piece) > limit-len("...") {
			b.WriteString("...")
			break
		}
		b.WriteString(piece)
		i += n
	}
	return b.String()
}

// cutBearer replaces what follows the word "Bearer", in any case, up to the next blank or quote: a proxy's page may
// echo the request.
func cutBearer(s string) string {
	const word = "bearer "
	for from := 0; ; {
		at := indexFold(s[from:], word)
		if at < 0 {
			return s
		}
		start := from + at + len(word)
		end := start
		for end < len(s) && !strings.ContainsRune(" \t\r\n\"'<>,;&", rune(s[end])) {
			end++
		}
		// Words of prose ("the bearer token has expired") are short; tokens are not.
		if end-start >= 16 {
			s = s[:start] + "[cut]" + s[end:]
			end = start + len("[cut]")
		}
		from = end
	}
}

// indexFold is strings.Index without regard to ASCII case; sub is in lower case.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}
