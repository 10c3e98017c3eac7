package text_test

import (
	"testing"

	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"nothing":              {"", ""},
		"escape sequences":     {"a\x1b[31mb\x9b0m", "a\uFFFD[31mb\uFFFD0m"},
		"lines and tabs":       {"a\nb\r\tc", "a b  c"},
		"hard blanks":          {"a\u00A0b\u2003c", "a b c"},
		"any script":           {"日本 é “smart”", "日本 é “smart”"},
		"right to left":        {"abc\u202Etxt.exe", "abc\uFFFDtxt.exe"},
		"soft hyphens, joints": {"in\u00ADvisi\u200Bble\uFEFF", "invisible"},
		"no UTF-8":             {"a\xffb", "a\uFFFDb"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := text.Printable(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNullIsADash(t *testing.T) {
	t.Parallel()
	got := []string{text.Of(nil), text.Integer[int32](nil), text.Points(nil), text.Of(new("a\nb")), text.Integer(new(int32(3))), text.Points(new(2.5))}
	for i, want := range []string{"-", "-", "-", "a b", "3", "2.50"} {
		if got[i] != want {
			t.Errorf("%d: got %q, want %q", i, got[i], want)
		}
	}
}

func TestChange(t *testing.T) {
	t.Parallel()
	for f, want := range map[float64]string{1.5: "+1.50", -8: "-8.00", 0: "0.00", .001: "0.00", -.001: "0.00"} {
		if got := text.Change(f); got != want {
			t.Errorf("%g: got %q, want %q", f, got, want)
		}
	}
}
