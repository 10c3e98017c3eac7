package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"plain", 100, "plain"},
		{" a\r\n\tb  c\n", 100, "a b c"},
		{"a\x00b\x1b[31m", 100, `a\u0000b\u001b[31m`},
		{"a\u202eb\u200bc\u2028d", 100, `a\u202eb\u200bc\u2028d`},
		{"bad \xff byte", 100, `bad \xff byte`},
		{"real \ufffd", 100, "real \ufffd"},
		{"日本語", 100, "日本語"},
		{"日本語", 4, "日"},
		{"abcdef", 3, "abc"},
		{"", 3, ""},
	} {
		got := cleanText(tt.in, tt.limit)
		if got != tt.want {
			t.Errorf("%q at %d: got %q, want %q", tt.in, tt.limit, got, tt.want)
		}
		if !utf8.ValidString(got) || len(got) > tt.limit {
			t.Errorf("%q at %d: got %q", tt.in, tt.limit, got)
		}
	}
}

func TestCleanID(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"invalid_client": "invalid_client", "63425837-1eb9-456b": "63425837-1eb9-456b", "": "",
		"a b": "", "a\nb": "", "<b>": "", "é": "", strings.Repeat("a", 65): "",
	} {
		if got := cleanID(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestRedactor(t *testing.T) {
	t.Parallel()
	const secret = `p+q/"<x>& ~é`
	r := newRedactor("", secret)
	for _, in := range []string{
		secret, `p%2Bq%2F%22%3Cx%3E%26+~%C3%A9`, `p+q%2F%22%3Cx%3E&%20~%C3%A9`,
		`p+q/&#34;&lt;x&gt;&amp; ~é`, `p+q/\"\u003cx\u003e\u0026 ~é`, `p+q/\"<x>& ~é`,
	} {
		if got := r("a " + in + " b"); got != "a [redacted] b" {
			t.Errorf("%q became %q", in, got)
		}
	}
	if got := newRedactor()("text"); got != "text" {
		t.Errorf("without secrets: %q", got)
	}
}

type leakyError struct{ inner any }

func (leakyError) Error() string { return "fine" }

func TestRedactorOfErrors(t *testing.T) {
	t.Parallel()
	r := newRedactor("hunter2")
	if r.err(nil) != nil {
		t.Error("nil became an error")
	}
	fine := fmt.Errorf("x: %w", errNotJSON)
	if got := r.err(fine); got != fine {
		t.Errorf("%v was changed", fine)
	}
	for _, err := range []error{errors.New("a\nhunter2"), leakyError{"hunter2"}, fmt.Errorf("x: %w", leakyError{"hunter2"})} {
		got := r.err(err)
		if s := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(s, "hunter2") || got.Error() == "" {
			t.Errorf("%v became %s", err, s)
		}
	}
}
