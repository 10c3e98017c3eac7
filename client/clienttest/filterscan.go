package clienttest

import "strings"

// tokenKind is what a token of a filter is.
type tokenKind int

const (
	tokenEnd    tokenKind = iota
	tokenWord             // an operator, a property, true, null
	tokenNumber           // a number, a moment
	tokenString           // its text without the quotes
	tokenOpen
	tokenClose
	tokenComma
)

// token is one token of a filter, at a position that counts bytes from 1.
type token struct {
	kind tokenKind
	text string
	at   int
}

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// scan splits a filter into tokens, the last of which is a tokenEnd.
func scan(text string) ([]token, *odataError) {
	var out []token
	signs := map[byte]tokenKind{'(': tokenOpen, ')': tokenClose, ',': tokenComma}
	for i := 0; i < len(text); {
		c, at := text[i], i+1
		switch kind, sign := signs[c]; {
		case c == ' ' || c == '\t':
			i++
		case sign:
			out = append(out, token{kind, text[i : i+1], at})
			i++
		case c == '\'':
			s, length, ok := unquote(text[i:])
			if !ok {
				return nil, badRequest("", "There is an unterminated string literal at position %d of the filter; a quote in a literal is doubled.", at)
			}
			out = append(out, token{tokenString, s, at})
			i += length
		case strings.IndexByte(digits+"-", c) >= 0:
			length := span(text[i:], digits+letters+"+-.:")
			out = append(out, token{tokenNumber, text[i : i+length], at})
			i += length
		case strings.IndexByte(letters+"_", c) >= 0:
			length := span(text[i:], letters+digits+"_/.")
			out = append(out, token{tokenWord, text[i : i+length], at})
			i += length
		default:
			return nil, badRequest("", "Syntax error: character %q is not valid at position %d of the filter.", firstRune(text[i:]), at)
		}
	}
	return append(out, token{kind: tokenEnd, at: len(text) + 1}), nil
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// span returns how many bytes at the beginning of s are in set.
func span(s, set string) int {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return i
		}
	}
	return len(s)
}

// unquote reads a string literal, in which two quotes stand for one, and
// returns its text and its length in s.
func unquote(s string) (string, int, bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '\'':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '\'':
			b.WriteByte('\'')
			i++
		default:
			return b.String(), i + 1, true
		}
	}
	return "", 0, false
}
