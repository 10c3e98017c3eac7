package client

import (
	"strings"
	"testing"
)

// FuzzWarnings holds that no header is lost: whatever came, there is a warning, and its text has no control character.
func FuzzWarnings(f *testing.F) {
	for _, line := range []string{`199 - "V/P/S/1"`, `199 - "a" "b", 110 x "c"`, `199 - "\"`, `199`, ` , `, "199 - \"\x00\"", `1e9 - "a"`} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		all := parseWarnings(line)
		if len(all) == 0 && strings.Trim(line, ", \t") != "" {
			t.Fatalf("%q was lost", line)
		}
		if len(all) > maxWarnings+1 {
			t.Fatalf("%d warnings", len(all))
		}
		for _, w := range all {
			if w.Code < 0 || w.Code > 999 || w.Latency < 0 || strings.ContainsAny(w.Text, "\x00\n\r\x1b") {
				t.Fatalf("%q gave %+v", line, w)
			}
		}
	})
}
