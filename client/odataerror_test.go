package client

import (
	"strings"
	"testing"
	"time"
	"unicode"
)

func TestParseODataError(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 7, 17, 16, 25, 3, 0, time.UTC)
	for _, tt := range []struct {
		name, body string
		want       odataError
	}{
		{
			"as documented", `{"error":{"code":"Forbidden","message":"No.","target":"state","details":[],"innerError":{"date":"2026-07-17T16:25:03","request-id":"r","client-request-id":"c"}}}`,
			odataError{code: "Forbidden", message: "No.", target: "state", requestID: "r", clientRequestID: "c", date: date},
		},
		{"innererror, with a zone", `{"error":{"code":"X","innererror":{"date":"2026-07-17T16:25:03Z","code":"Y"}}}`, odataError{code: "X", innerCode: "Y", date: date}},
		{
			"nested", `{"error":{"code":"A","message":"m","innerError":{"code":"B","request-id":"outer","innerError":{"code":"C","request-id":"inner"}}}}`,
			odataError{code: "A", message: "m", innerCode: "C", requestID: "outer"},
		},
		{"code empty, message within", `{"error":{"code":"","message":"","innerError":{"message":"within","code":429}}}`, odataError{message: "within", innerCode: "429"}},
		{"OData 2", `{"error":{"code":"A","message":{"lang":"en","value":"text"}}}`, odataError{code: "A", message: "text"}},
		{"OAuth", `{"error":"invalid_client","error_description":"AADSTS7000215: wrong"}`, odataError{code: "invalid_client", message: "AADSTS7000215: wrong"}},
		{"another case", `{"Error":{"Code":"A","Message":"m"}}`, odataError{code: "A", message: "m"}},
		{"message alone", `{"message":"An error has occurred."}`, odataError{message: "An error has occurred."}},
		{"wrong types", `{"error":{"code":[],"message":{},"target":null,"innerError":[1]}}`, odataError{}},
		{"null", `{"error":null}`, odataError{}},
		{"empty", ``, odataError{}},
		{"HTML", `<html><body>Bad gateway</body></html>`, odataError{}},
		{"an array", `[1,2]`, odataError{}},
		{"cut short", `{"error":{"code":"A"`, odataError{}},
		{"controls", `{"error":{"code":"A\u0000","message":"a\nb\u001b[31m\u202e"}}`, odataError{code: `A\u0000`, message: `a\nb\u001b[31m\u202e`}},
	} {
		if got := parseODataError([]byte(tt.body)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func FuzzODataError(f *testing.F) {
	for _, s := range []string{
		`{"error":{"code":"A","message":"m","innerError":{"date":"2026-07-17T16:25:03","request-id":"r"}}}`,
		`{"error":"x","error_description":"y"}`, `{"error":{"innererror":{"innererror":{"code":"z"}}}}`, `<html>`, ``, `{"error":{"message":{"value":"\ud800 Bearer eyJ0eXAiOiJKV1QiLCJhbGci"}}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e := parseODataError(body)
		all := e.code + e.message + e.target + e.innerCode + e.requestID + e.clientRequestID
		if len(all) > 2048 {
			t.Fatalf("%d bytes of text", len(all))
		}
		if i := strings.IndexFunc(all, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("not printable: %q", all)
		}
	})
}
