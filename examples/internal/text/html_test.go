package text_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// render is the blocks as lines.
func render(s string, width int) []string {
	var lines []string
	for _, b := range text.HTML(s) {
		lines = append(lines, b.Lines(width)...)
	}
	return lines
}

func TestHTML(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		in    string
		width int
		want  []string
	}{
		"nothing":         {"", 40, nil},
		"only tags":       {"<p> </p><br/><ul></ul>", 40, nil},
		"plain text":      {"None.", 40, []string{"None."}},
		"plain lines":     {"One.\nTwo.", 40, []string{"One.", "Two."}},
		"a paragraph":     {"<p>Synthetic <strong>HTML</strong> description.&nbsp;</p>", 40, []string{"Synthetic HTML description."}},
		"inline tags":     {"un<b>break</b>able <EM>a</EM>", 40, []string{"unbreakable a"}},
		"a numbered list": {"<ol><li>One</li><li>Two and more words</li></ol>", 14, []string{"1. One", "2. Two and", "   more words"}},
		"two lists":       {"<ul><li>a</ul><ol><li>b<li>c</ol>", 40, []string{"- a", "1. b", "2. c"}},
		"lists in lists":  {"<ol><li>a<ul><li>b<li>c</ul><li>d</ol>", 40, []string{"1. a", "   - b", "   - c", "2. d"}},
		"an item of two":  {"<ol><li><p>a</p><p>b</p></li></ol>", 40, []string{"1. a", "   b"}},
		"no list":         {"<li>a", 40, []string{"- a"}},
		"ends too often":  {"</ul></ol><p>a</p></li>", 40, []string{"a"}},
		"breaks":          {"a<br>b<br />c<hr>d", 40, []string{"a", "b", "c", "d"}},
		"a link":          {`<a class="x" href="https://contoso.example/a?b=1&amp;c=2">the portal</a>.`, 99, []string{"the portal (https://contoso.example/a?b=1&c=2)."}},
		"a link itself":   {`<a href='https://contoso.example'>https://contoso.example</a>`, 99, []string{"https://contoso.example"}},
		"a bare link":     {`<a href=http://contoso.example target=_blank>x</a>`, 99, []string{"x (http://contoso.example)"}},
		"no web link":     {`<a href="javascript:alert(1)">x</a><a name="y">y</a>`, 99, []string{"xy"}},
		"entities":        {"a &lt;b&gt; &amp;amp; &#65; &bogus; 5 &lt; 6", 99, []string{"a <b> &amp; A &bogus; 5 < 6"}},
		"no tags":         {"5 < 6 and 7 <8> <", 99, []string{"5 < 6 and 7 <8> <"}},
		"no end":          {"a <b", 99, []string{"a <b"}},
		"quoted bracket":  {`a<img alt="x > y">b`, 99, []string{"ab"}},
		"a comment":       {"a<!-- <b> > -->b<!DOCTYPE html>c", 99, []string{"abc"}},
		"an open comment": {"a<!-- b", 99, []string{"a<!-- b"}},
		"a script":        {"a<script>if (a<b) x()</script>b<style>p{}</style>", 99, []string{"a", "b"}},
		"a table":         {"<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>", 99, []string{"a b", "c"}},
		"escapes":         {"<p>a\x1b[31m&#27;[0m</p>", 99, []string{"a\uFFFD[31m\uFFFD[0m"}},
		"newlines":        {"<p>a\n   b</p>", 99, []string{"a b"}},
		"any script":      {"<p>日本語 é</p>", 99, []string{"日本語 é"}},
		"no limit":        {"<ul><li>" + strings.Repeat("word ", 50) + "</ul>", 0, []string{"- " + strings.TrimSpace(strings.Repeat("word ", 50))}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := render(tt.in, tt.width); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// FuzzHTML holds that nothing that steers a terminal comes out, whatever goes in.
func FuzzHTML(f *testing.F) {
	f.Add(`<ol><li>a <a href="https://b">c</a></ol>`, 20)
	f.Add("<p>&#27;[31m<!--", 3)
	f.Add("</a></ol><script>", 0)
	f.Fuzz(func(t *testing.T, s string, width int) {
		for _, line := range render(s, width%200) {
			for _, r := range line {
				if !unicode.IsPrint(r) {
					t.Errorf("%q has %q", line, r)
				}
			}
		}
	})
}
