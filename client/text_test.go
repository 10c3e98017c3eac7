package client

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"plain, Ünïcode ✓", 100, "plain, Ünïcode ✓"},
		{"a\r\n\tb\x00\x1b\x7f", 100, `a\r\n\tb\u0000\u001b\u007f`},
		{"\xff\xc3", 100, `\xff\xc3`},
		{"left\u202eright", 100, `left\u202eright`},
		{"1234567890", 10, "1234567..."},
		{"123456", 10, "123456"},
		{"Authorization: Bearer abcdefghijklmnop.q-r_s, and more", 100, "Authorization: Bearer [cut], and more"},
		{"BEARER 0123456789abcdef\" bearer 0123456789abcdef", 100, `BEARER [cut]" bearer [cut]`},
		{"the bearer token expired", 100, "the bearer token expired"},
	} {
		if got := clean(tt.in, tt.limit); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := clean(strings.Repeat("\x00", 1<<20), 2048); len(got) > 2048 {
		t.Errorf("%d bytes", len(got))
	}
}
