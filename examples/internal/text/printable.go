// Package text prepares what a service says for a terminal: it is somebody else's text, of any script, and may be HTML.
package text

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// None stands for a value that is null or absent.
const None = "-"

// Printable keeps a text from steering the terminal: blanks of all kinds become spaces, control characters and those that
// turn the direction of writing U+FFFD. The invisible ones that only say where a word may be broken are left out.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		case r >= '\u200B' && r <= '\u200D', r == '\u2060', r == '\uFEFF', r == '\u00AD':
			return -1
		}
		return unicode.ReplacementChar
	}, s)
}

// Of is the printable text that s points to.
func Of(s *string) string {
	if s == nil {
		return None
	}
	return Printable(*s)
}

// Integer is the number that n points to.
func Integer[T int32 | int64](n *T) string {
	if n == nil {
		return None
	}
	return fmt.Sprint(*n)
}

// Points is a number of points.
func Points(f *float64) string {
	if f == nil {
		return None
	}
	return fmt.Sprintf("%.2f", *f)
}

// Change is a change of points, with its sign. One that two decimals do not show has none.
func Change(f float64) string {
	s := fmt.Sprintf("%+.2f", f)
	if s == "+0.00" || s == "-0.00" {
		return "0.00"
	}
	return s
}

// Date is the day of a time, in UTC, by which the service divides its days.
func Date(t *time.Time) string {
	if t == nil {
		return None
	}
	return t.UTC().Format(time.DateOnly)
}
