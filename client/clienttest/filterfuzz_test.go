package clienttest

import (
	"os"
	"testing"
)

// FuzzFilter holds that a filter is read or refused with a reason, and that one
// that is read lets the same through in parentheses, joined with itself, and
// nothing of it when it is negated.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		"", "id eq 'a'", "not (id eq 'O''Neil') and currentScore ge -1.5e-3 or activeUserCount ne null",
		"createdDateTime gt 2026-07-15T00:00:00.0000001+02:00", "startswith(vendorInformation/provider,'Secure') eq true",
		"null", "not null", "true or null and false", "((true))", "NaN eq NaN", "currentScore lt INF eq true", "'a", "id in ('a')", "-INF", "2026-",
	} {
		f.Add(s)
	}
	text, err := os.ReadFile("testdata/secureScore-entity.json")
	if err != nil {
		f.Fatal(err)
	}
	full, err := parseDocument(text)
	if err != nil {
		f.Fatal(err)
	}
	docs := []document{full, {}, {{"id", []byte(`"a"`)}, {"currentScore", []byte(`"NaN"`)}, {"vendorInformation", []byte(`null`)}}}
	f.Fuzz(func(t *testing.T, text string) {
		read, fault := secureScoreType.parseFilter(text)
		if fault != nil {
			if fault.status != 400 || fault.message == "" || fault.target != optionFilter || len(fault.message) > 1024 {
				t.Fatalf("fault %+v", fault)
			}
			return
		}
		group, fault1 := secureScoreType.parseFilter("(" + text + ")")
		twice, fault2 := secureScoreType.parseFilter("(" + text + ") and (" + text + ")")
		negated, fault3 := secureScoreType.parseFilter("not (" + text + ")")
		if len(text) < maxFilter/2-10 && (fault1 != nil || fault2 != nil || fault3 != nil) {
			t.Fatalf("%q is read alone only: %v, %v, %v", text, fault1, fault2, fault3)
		}
		for i, doc := range docs {
			through := read.matches(doc)
			if fault1 == nil && group.matches(doc) != through {
				t.Errorf("%q lets document %d through: %t, and not so in parentheses", text, i, through)
			}
			if fault2 == nil && !twice.over() && twice.matches(doc) != through {
				t.Errorf("%q lets document %d through: %t, and not so twice", text, i, through)
			}
			if fault3 == nil && through && negated.matches(doc) {
				t.Errorf("%q lets document %d through negated too", text, i)
			}
		}
	})
}
