// Package terminal writes for people: as wide as the terminal is, and in colour where it has some.
package terminal

import (
	"bufio"
	"io"
	"os"
	"strconv"
)

// usual is the width of a terminal that does not say.
const usual = 80

// Screen is what a program writes to. Write errors show in Flush.
type Screen struct {
	*bufio.Writer
	Width int // columns; 0 is no limit: a file or a pipe takes lines of any length
	Color bool
}

// On returns the screen that w is. COLUMNS says how wide it is; where that is not set the terminal is asked. Only a
// terminal gets colours, and none where NO_COLOR is set or TERM is dumb.
func On(w io.Writer, getenv func(string) string) *Screen {
	s := &Screen{Writer: bufio.NewWriter(w)}
	if f, ok := w.(*os.File); ok {
		if width, ok := size(f); ok {
			s.Width = width
			if width == 0 {
				s.Width = usual
			}
			s.Color = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
		}
	}
	if n, err := strconv.Atoi(getenv("COLUMNS")); err == nil && n > 0 {
		s.Width = n
	}
	return s
}

// Prose is the width for running text: lines of more than 100 columns are hard to read, whatever the terminal.
func (s *Screen) Prose() int {
	const most = 100
	if s.Width == 0 {
		return usual
	}
	return min(s.Width, most)
}

// Style is how a text looks, as the parameter of ANSI's SGR.
type Style string

const (
	Plain Style = ""
	Bold  Style = "1"
	Dim   Style = "2"
	Red   Style = "31"
	Green Style = "32"
)

// Paint returns the text in a style, where the screen has any.
func (s *Screen) Paint(style Style, text string) string {
	if !s.Color || style == Plain || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}
