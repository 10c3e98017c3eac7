package clienttest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// FuzzDocument holds that a document which is taken is JSON, is written as the
// same value with every number as it came, and reads back to itself.
func FuzzDocument(f *testing.F) {
	samples, err := filepath.Glob("testdata/*.json")
	if err != nil || len(samples) == 0 {
		f.Fatalf("samples %v, %v", samples, err)
	}
	for _, name := range samples {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{``, `{}`, `{"a":1.0,"b":[null,{}]} `, `{"a":1}{`, `{"a":1,"a":2}`, `{"id":null,"":"\ud83d\ude00"}`, `{"value":[1]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := parseDocument(data)
		if err != nil {
			return
		}
		written := doc.appendTo(nil, "")
		if !json.Valid(written) {
			t.Fatalf("%q was written as %q", data, written)
		}
		if doc.get("@odata.context") == nil && !reflect.DeepEqual(exact(t, data), exact(t, written)) {
			t.Fatalf("%q was written as %q", data, written)
		}
		again, err := parseDocument(written)
		if err != nil || !bytes.Equal(again.appendTo(nil, ""), written) {
			t.Fatalf("%q does not read back: %v", written, err)
		}
		for _, kind := range []*structuredType{&secureScoreType, &controlProfileType} {
			col := newCollection("x", kind)
			if fault := kind.check("", doc, forCreate); fault != nil {
				if fault.status != 400 || fault.message == "" {
					t.Fatalf("fault %+v", fault)
				}
				continue
			}
			if e, fault := col.prepare(doc); fault == nil {
				col.insert(e)
				if col.byID[e.id] != e || e.id == "" {
					t.Fatalf("entity %+v of %q", e, data)
				}
			}
		}
		_, _ = entitiesOf(data)
	})
}

// exact decodes with numbers as text.
func exact(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", data, err)
	}
	delete(v, "@odata.context")
	return v
}

// FuzzQuery holds that a link made of a query that is taken is taken too, with
// the same meaning, and leads on.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{
		"", "$top=1&$count=true", "%24top=2&$skip=1", "$skiptoken=c2Vjc", "$skiptoken=" + tokens3(2), "$filter=x", "$filter=id%20ne%20%27%27&$orderby=id%20desc,currentScore&$select=id,vendorInformation/vendor", "a=b;c", "$top=1&$TOP=2", "$skip=-1", "$count=%00",
	} {
		f.Add(s)
	}
	col := newCollection("secureScores", &secureScoreType)
	for range 3 {
		e, _ := col.prepare(document{{"createdDateTime", appendString(nil, stamp(time.Unix(0, 0)))}})
		col.insert(e)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, fault := secureScoreType.parseQuery(raw, optionTop, optionSkip, optionCount, optionFilter, optionOrderBy, optionSelect, optionSkipToken)
		if fault != nil {
			return
		}
		v := col.view(q)
		begin, fault := v.position(q)
		if fault != nil {
			return
		}
		if begin < 0 || begin > len(v.entities) {
			t.Fatalf("position %d of %q", begin, raw)
		}
		if begin == len(v.entities) {
			return
		}
		link := q.next(v.tokenAfter(begin + 1))
		if _, err := url.Parse("http://x/y?" + link); err != nil || strings.ContainsAny(link, " \"<>") {
			t.Fatalf("link %q of %q: %v", link, raw, err)
		}
		next, fault := secureScoreType.parseQuery(link, optionTop, optionCount, optionFilter, optionOrderBy, optionSelect, optionSkipToken)
		if fault != nil || next.top != q.top || next.count != q.count {
			t.Fatalf("link %q of %q: %+v, %v", link, raw, next, fault)
		}
		if p, fault := col.view(next).position(next); fault != nil || p != begin+1 {
			t.Fatalf("link %q of %q leads to %d, %v", link, raw, p, fault)
		}
	})
}

// tokens3 is the token after the n-th of the three entities of FuzzQuery.
func tokens3(n int) string {
	col := view{name: "secureScores", entities: []*entity{{number: 2}, {number: 1}, {number: 0}}}
	return col.tokenAfter(n)
}

// FuzzRedact holds that nothing of a value that is not known to be public stays
// in a recorded form.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"", "a=b&c", "client_id=x&scope=y", `{"a":"b"}`, "%zz=1&&=&", "scope=%26"} {
		f.Add(s)
	}
	const canary = "CaNaRy0123456789"
	f.Fuzz(func(t *testing.T, form string) {
		if strings.Contains(form, "CaNaRy") {
			return
		}
		for _, with := range []string{form + "&client_secret=" + canary, "client_secret=" + canary + "&" + form, form + "&" + canary, `{"client_secret":"` + canary + `"}`} {
			if got := redactForm(with); strings.Contains(got, canary) {
				t.Fatalf("%q was recorded as %q", with, got)
			}
		}
	})
}

func TestPositionAfterDeletion(t *testing.T) {
	t.Parallel()
	col := newCollection("secureScores", &secureScoreType)
	for range 4 {
		e, _ := col.prepare(nil)
		col.insert(e)
	}
	q := query{token: col.view(query{}).tokenAfter(2)}
	col.order = append(col.order[:1], col.order[2:]...) // the entity that the token names
	if p, fault := col.view(q).position(q); fault != nil || p != 1 {
		t.Errorf("position %d, %v, want 1: the third of before", p, fault)
	}
}

// FuzzRedactBatch holds that no secret header of a batch's items stays in the
// record of its body, and that a body with none stays as it is.
func FuzzRedactBatch(f *testing.F) {
	for _, s := range []string{"", "{}", `{"requests":[]}`, `{"requests":[{"headers":{"A":"b"}},{"headers":{"cookie":"c"}},1]}`, `[`} {
		f.Add([]byte(s), "1")
	}
	const canary = "CaNaRy0123456789"
	f.Fuzz(func(t *testing.T, body []byte, id string) {
		if got := redactBatch(body); !bytes.Equal(got, body) && !bytes.Contains(bytes.ToLower(body), []byte("authorization")) &&
			!bytes.Contains(bytes.ToLower(body), []byte("cookie")) && !bytes.Contains(body, []byte(`\u`)) {
			t.Fatalf("%q was recorded as %q", body, got)
		}
		item := append(appendMember([]byte{'{'}, "id", id), `,"headers":{"authorization":"Bearer `+canary+`"}}`...)
		for _, with := range [][]byte{
			append(append([]byte(`{"requests":[`), item...), `]}`...),
			append(append(append([]byte(`{"requests":[`), item...), ","...), body...),
		} {
			if got := redactBatch(with); bytes.Contains(got, []byte(canary)) {
				t.Fatalf("%q was recorded as %q", with, got)
			}
		}
	})
}

// FuzzJWT holds that no assertion is believed that its key has not signed, and
// that nothing of one is in the reason for which it is refused.
func FuzzJWT(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.eyJhdWQiOlsieCJdLCJleHAiOjFlOTl9.", "eyJhbGciOiJFUzI1NiJ9.e30." + strings.Repeat("A", 86), strings.Repeat("x", 200) + ".a.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		token, err := parseJWT(text)
		if err != nil {
			if len(text) > 40 && strings.Contains(err.Error(), text[:40]) {
				t.Fatalf("%q is in %v", text, err)
			}
			return
		}
		token.within(time.Unix(0, 0))
		if token.verify(key.Public()) {
			t.Fatalf("%q is believed", text)
		}
	})
}
