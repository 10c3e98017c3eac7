package text

import (
	"fmt"
	"html"
	"strings"
)

// Block is a paragraph of a text, or an item of a list.
type Block struct {
	Marker string // "1." or "-" where it is an item
	Depth  int    // how many lists the item's is in
	Text   string // printable, one line
}

// Lines wraps the block to a width, 0 for no limit. What follows the first line is indented as far as its text.
func (b Block) Lines(width int) []string {
	indent := strings.Repeat("   ", b.Depth)
	first := indent
	if b.Marker != "" {
		first += b.Marker + " "
		indent = strings.Repeat(" ", len(first))
	}
	if width > 0 {
		width = max(width-len(first), 1)
	}
	lines := Wrap(b.Text, width)
	for i := range lines {
		if i == 0 {
			lines[i] = first + lines[i]
		} else {
			lines[i] = indent + lines[i]
		}
	}
	return lines
}

// HTML reads a text as the service writes it: HTML of a kind, or plain text, whose lines are blocks then. Links keep where
// they lead, where that is the web. It never fails: what is no tag is text.
func HTML(s string) []Block {
	if !strings.Contains(s, "<") {
		s = strings.ReplaceAll(s, "\n", "<br>")
	}
	var r reader
	for s != "" {
		before, tag, after := nextTag(s)
		r.text.WriteString(html.UnescapeString(before))
		if s = after; tag != "" {
			if opaque := r.tag(tag); opaque != "" {
				s = behind(s, "</"+opaque)
			}
		}
	}
	r.end()
	return r.blocks
}

// nextTag cuts s at its first tag, which is returned without its brackets. A comment is a tag that begins with !.
func nextTag(s string) (before, tag, after string) {
	for from := 0; ; {
		open := strings.IndexByte(s[from:], '<')
		if open < 0 || from+open+1 == len(s) {
			return s, "", ""
		}
		open += from
		rest := s[open+1:]
		if strings.HasPrefix(rest, "!--") {
			if end := strings.Index(rest, "-->"); end >= 0 {
				return s[:open], rest[:end], rest[end+len("-->"):]
			}
		} else if end := tagEnd(rest); end > 0 {
			return s[:open], rest[:end], rest[end+1:]
		}
		from = open + 1
	}
}

// tagEnd is where a tag ends whose text follows, outside quotes; -1 where it is none, or never ends.
func tagEnd(s string) int {
	if c := s[0] | 0x20; (c < 'a' || c > 'z') && s[0] != '/' && s[0] != '!' {
		return -1
	}
	quote := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i
		case (c == '"' || c == '\'') && s[i-1] == '=':
			quote = c
		}
	}
	return -1
}

// behind is what follows the first end tag that begins so, in any casing.
func behind(s, end string) string {
	for i := range len(s) - len(end) {
		if strings.EqualFold(s[i:i+len(end)], end) {
			_, after, _ := strings.Cut(s[i:], ">")
			return after
		}
	}
	return ""
}

// reader gathers blocks.
type reader struct {
	blocks []Block
	text   strings.Builder
	marker string
	lists  []int  // the items so far of each list around; -1 for one that is not numbered
	link   string // where the open link leads
	anchor int    // where the text of the link begins
}

// tag takes a tag. It returns the name of an element whose text is none to read.
func (r *reader) tag(tag string) (opaque string) {
	name, attributes, _ := strings.Cut(strings.TrimSuffix(tag, "/"), " ")
	name = strings.ToLower(strings.TrimSpace(name))
	switch name {
	case "script", "style", "title":
		r.end()
		return name
	case "br", "p", "/p", "div", "/div", "tr", "/tr", "table", "/table", "h1", "h2", "h3", "h4", "h5", "h6",
		"/h1", "/h2", "/h3", "/h4", "/h5", "/h6", "/li", "hr", "blockquote", "/blockquote":
		r.end()
	case "td", "th":
		r.text.WriteString(" ")
	case "ol", "ul":
		r.end()
		r.lists = append(r.lists, map[string]int{"ol": 0, "ul": -1}[name])
	case "/ol", "/ul":
		r.end()
		r.lists = r.lists[:max(len(r.lists)-1, 0)]
	case "li":
		r.item()
	case "a":
		r.link, r.anchor = href(attributes), r.text.Len()
	case "/a":
		r.endLink()
	}
	return ""
}

func (r *reader) item() {
	r.end()
	r.marker = "-"
	if n := len(r.lists); n > 0 && r.lists[n-1] >= 0 {
		r.lists[n-1]++
		r.marker = fmt.Sprintf("%d.", r.lists[n-1])
	}
}

func (r *reader) endLink() {
	if r.link != "" && !strings.Contains(r.text.String()[r.anchor:], r.link) {
		r.text.WriteString(" (" + r.link + ")")
	}
	r.link = ""
}

// end closes the block.
func (r *reader) end() {
	s := strings.Join(strings.Fields(Printable(r.text.String())), " ")
	r.text.Reset()
	r.link, r.anchor = "", 0
	if s == "" {
		return
	}
	depth := max(len(r.lists)-1, 0)
	if r.marker == "" && len(r.lists) > 0 && len(r.blocks) > 0 {
		depth++ // a further paragraph of an item
	}
	r.blocks = append(r.blocks, Block{Marker: r.marker, Depth: depth, Text: s})
	r.marker = ""
}

// href is where a link with these attributes leads, "" where not to the web.
func href(attributes string) string {
	at := strings.Index(strings.ToLower(attributes), "href=")
	if at < 0 {
		return ""
	}
	value := attributes[at+len("href="):]
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		value, _, _ = strings.Cut(value[1:], value[:1])
	} else {
		value, _, _ = strings.Cut(value, " ")
	}
	value = html.UnescapeString(value)
	if !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://") {
		return ""
	}
	return value
}
