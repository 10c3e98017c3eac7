package auth

import "testing"

func TestClaimsParam(t *testing.T) {
	t.Parallel()
	const cp1 = `"xms_cc":{"values":["cp1"]}`
	for _, tt := range []struct {
		claims string
		cae    bool
		want   string
		err    string
	}{
		{"", false, "", ""},
		{"", true, `{"access_token":{` + cp1 + `}}`, ""},
		{`{ "a":1}`, false, `{ "a":1}`, ""},
		{`{"access_token":{"nbf":{"value":"12345678901234567890","essential":true}}}`, true, `{"access_token":{"nbf":{"value":"12345678901234567890","essential":true},` + cp1 + `}}`, ""},
		{`{"id_token":{"a":12345678901234567890},"access_token":null}`, true, `{"access_token":{` + cp1 + `},"id_token":{"a":12345678901234567890}}`, ""},
		{`{"access_token":{"xms_cc":{"values":["other"]}}}`, true, `{"access_token":{` + cp1 + `}}`, ""},
		{`x`, false, "", "auth: claims are not a JSON object"},
		{`[]`, true, "", "auth: claims are not a JSON object"},
		{`null`, false, "", "auth: claims are not a JSON object"},
		{`{"access_token":[]}`, true, "", "auth: claims for the access token are not a JSON object"},
	} {
		got, err := TokenRequest{Claims: tt.claims, EnableCAE: tt.cae}.claimsParam()
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != tt.want || text != tt.err {
			t.Errorf("%s, %t: got %s, %s; want %s, %s", tt.claims, tt.cae, got, text, tt.want, tt.err)
		}
	}
}
