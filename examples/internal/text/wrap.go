package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Width is how many columns of a terminal a printable text takes.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// wide are the scripts whose characters take two columns (Unicode's East Asian Width, W and F, less what is rare).
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115F, 1},
		{0x2E80, 0x303E, 1},
		{0x3041, 0x33FF, 1},
		{0x3400, 0x4DBF, 1},
		{0x4E00, 0x9FFF, 1},
		{0xA000, 0xA4CF, 1},
		{0xAC00, 0xD7A3, 1},
		{0xF900, 0xFAFF, 1},
		{0xFE30, 0xFE6F, 1},
		{0xFF00, 0xFF60, 1},
		{0xFFE0, 0xFFE6, 1},
	},
	R32: []unicode.Range32{{0x1F300, 0x1F64F, 1}, {0x1F900, 0x1F9FF, 1}, {0x20000, 0x3FFFD, 1}},
}

func columns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// Cut shortens a text to a width, with an ellipsis where something is missing.
func Cut(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	fits := head(s, width-1)
	return strings.TrimRight(s[:fits], " ") + "…"
}

// head is how many bytes of s fit into a width.
func head(s string, width int) int {
	for i, r := range s {
		if width -= columns(r); width < 0 {
			return i
		}
	}
	return len(s)
}

// Wrap breaks a text into lines of a width, 0 for no limit. A word that is wider than that is broken, unless it is a link,
// which would lead nowhere.
func Wrap(s string, width int) []string { return Fill(strings.Fields(s), " ", width) }

// Fill puts parts with a separator between them into lines as Wrap does, and breaks within a part only where it must. A
// separator does not begin or end a line.
func Fill(parts []string, separator string, width int) []string {
	if width <= 0 && len(parts) > 0 {
		return []string{strings.Join(parts, separator)}
	}
	var lines []string
	line := ""
	for _, part := range parts {
		if line != "" && Width(line)+Width(separator)+Width(part) <= width {
			line += separator + part
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for Width(part) > width && !strings.Contains(part, "://") {
			_, first := utf8.DecodeRuneInString(part)
			n := max(head(part, width), first)
			lines = append(lines, part[:n])
			part = part[n:]
		}
		line = part
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
