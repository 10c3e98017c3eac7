package text_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

func TestWidth(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "日本語": 6, "한글": 4, "“a”…": 4, "🔒": 2, "ＡＢ": 4, "א": 1} {
		if got := text.Width(s); got != want {
			t.Errorf("%q: got %d, want %d", s, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in    string
		width int
		want  string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"ab cd", 4, "ab…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
		{"", 0, ""},
	}
	for _, tt := range tests {
		if got := text.Cut(tt.in, tt.width); got != tt.want {
			t.Errorf("%q in %d: got %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in    string
		width int
		want  []string
	}{
		{"", 10, nil},
		{" \n ", 10, nil},
		{"a  b\nc", 0, []string{"a b c"}},
		{"aaa bbb ccc", 7, []string{"aaa bbb", "ccc"}},
		{"aaa bbb ccc", 6, []string{"aaa", "bbb", "ccc"}},
		{"a bbbbbbbbb c", 4, []string{"a", "bbbb", "bbbb", "b c"}},
		{"日本語日本語", 5, []string{"日本", "語日", "本語"}},
		{"日本", 1, []string{"日", "本"}},
		{"see https://contoso.example/a/long/way now", 10, []string{"see", "https://contoso.example/a/long/way", "now"}},
	}
	for _, tt := range tests {
		if got := text.Wrap(tt.in, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("%q in %d: got %q, want %q", tt.in, tt.width, got, tt.want)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	parts := []string{"cost Low", "user impact High", "Core"}
	tests := map[int][]string{
		0:  {"cost Low · user impact High · Core"},
		34: {"cost Low · user impact High · Core"},
		33: {"cost Low · user impact High", "Core"},
		20: {"cost Low", "user impact High", "Core"},
		10: {"cost Low", "user impac", "t High", "Core"},
	}
	for width, want := range tests {
		if got := text.Fill(parts, " · ", width); !slices.Equal(got, want) {
			t.Errorf("%d: got %q, want %q", width, got, want)
		}
	}
	if got := text.Fill(nil, ", ", 0); got != nil {
		t.Errorf("got %q of nothing", got)
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("aaa bbb 日本語 http://a", 5)
	f.Fuzz(func(t *testing.T, s string, width int) {
		s = text.Printable(s)
		lines := text.Wrap(s, width)
		if got, want := strings.Join(strings.Fields(strings.Join(lines, "")), ""), strings.Join(strings.Fields(s), ""); got != want {
			t.Errorf("%q became %q", want, got)
		}
		for _, line := range lines {
			if width > 1 && text.Width(line) > width && !strings.Contains(line, "://") {
				t.Errorf("%q is wider than %d", line, width)
			}
		}
		if n := max(width, 0) % 1000; text.Width(text.Cut(s, n)) > n {
			t.Errorf("%q cut to %d is wider", s, n)
		}
	})
}
