package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func TestParseChallenges(t *testing.T) {
	t.Parallel()
	type params = map[string]string
	for _, tt := range []struct {
		name   string
		values []string
		want   []challenge
	}{
		{"none", nil, nil},
		{"empty", []string{"", " , ,", "\t"}, nil},
		{"scheme alone", []string{"Negotiate"}, []challenge{{"Negotiate", params{}}}},
		{"token68", []string{"NTLM TlRMTVNTUAAB/+==, Bearer a=b"}, []challenge{{"NTLM", params{}}, {"Bearer", params{"a": "b"}}}},
		{"quoted", []string{`Bearer realm="a, b \"c\" \\", error="x"`}, []challenge{{"Bearer", params{"realm": `a, b "c" \`, "error": "x"}}}},
		{"token", []string{`bearer error=insufficient_claims,claims=e30`}, []challenge{{"bearer", params{"error": "insufficient_claims", "claims": "e30"}}}},
		{"case of names", []string{`BEARER ERROR="X", Claims="Y"`}, []challenge{{"BEARER", params{"error": "X", "claims": "Y"}}}},
		{"blanks", []string{"Bearer  realm = \"a\" ,\t error\t=\t\"x\""}, []challenge{{"Bearer", params{"realm": "a", "error": "x"}}}},
		{"first parameter empty", []string{`Bearer realm="", error="x"`}, []challenge{{"Bearer", params{"realm": "", "error": "x"}}}},
		{"several challenges", []string{`Basic realm="a", Bearer error="x", Digest qop=auth`}, []challenge{{"Basic", params{"realm": "a"}}, {"Bearer", params{"error": "x"}}, {"Digest", params{"qop": "auth"}}}},
		{"several headers", []string{`Basic realm="a"`, `Bearer error="x"`}, []challenge{{"Basic", params{"realm": "a"}}, {"Bearer", params{"error": "x"}}}},
		{"parameters do not run over", []string{`Basic`, `error="x"`}, []challenge{{"Basic", params{}}}},
		{"padding without quotes", []string{`Bearer claims=eyJ9==, error=x`}, []challenge{{"Bearer", params{"claims": "eyJ9==", "error": "x"}}}},
		{"base64 without quotes", []string{`Bearer claims=a+/b`}, []challenge{{"Bearer", params{"claims": "a+/b"}}}},
		{"no commas", []string{`Bearer error="x" claims="y" Basic realm="z"`}, []challenge{{"Bearer", params{"error": "x", "claims": "y"}}, {"Basic", params{"realm": "z"}}}},
		{"said twice", []string{`Bearer error="x", error="y"`}, []challenge{{"Bearer", params{"error": "x"}}}},
		{"scheme and comma", []string{`Negotiate, Bearer error=x`}, []challenge{{"Negotiate", params{}}, {"Bearer", params{"error": "x"}}}},
		{"schemes without comma", []string{`Negotiate Bearer error=x`}, []challenge{{"Negotiate", params{}}, {"Bearer", params{"error": "x"}}}},
		{"no end of quotation", []string{`Bearer error="x, claims=y`}, []challenge{{"Bearer", params{"error": "x, claims=y"}}}},
		{"escape at the end", []string{`Bearer error="x\`}, []challenge{{"Bearer", params{"error": `x\`}}}},
		{"marks", []string{`"a", =b, ; (c) Bearer error=x`}, []challenge{{"Bearer", params{"error": "x"}}}},
		{"parameter without scheme", []string{`error="x", Bearer error="y"`}, []challenge{{"Bearer", params{"error": "y"}}}},
		{"too long", []string{strings.Repeat(" ", maxChallenge) + "Bearer"}, nil},
	} {
		if got := parseChallenges(tt.values); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestClaimsChallenge(t *testing.T) {
	t.Parallel()
	// Its base64 has both characters in which the alphabets differ, and padding.
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"x~~~>>>???"}}}`
	std, url := base64.StdEncoding.EncodeToString([]byte(claims)), base64.URLEncoding.EncodeToString([]byte(claims))
	if !strings.Contains(std, "+") || !strings.Contains(std, "/") || !strings.HasSuffix(std, "=") {
		t.Fatal("the claims do not tell the encodings apart")
	}
	for _, encoded := range []string{std, url, strings.TrimRight(std, "="), strings.TrimRight(url, "="), std + "=", " " + std + " "} {
		for _, format := range []string{
			`Bearer error="insufficient_claims", claims="%s"`,
			`bearer Claims="%s",Error=insufficient_claims`,
			`Basic realm="x", BEARER realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error = "Insufficient_Claims" , claims = "%s"`,
		} {
			h := http.Header{"Www-Authenticate": {"Negotiate", fmt.Sprintf(format, encoded)}}
			if got, ok := claimsChallenge(h); got != claims || !ok {
				t.Errorf("%s: got %q", h, got)
			}
		}
	}
	for _, tt := range []struct {
		value, want string
		challenged  bool
	}{
		{``, "", false},
		{`Bearer error="invalid_token", claims="` + std + `"`, "", false},
		{`Bearer claims="` + std + `"`, "", false},
		{`PoP error="insufficient_claims", claims="` + std + `"`, "", false},
		{`Bearer error="insufficient_claims"`, "", true},
		{`Bearer error="insufficient_claims", claims=""`, "", true},
		{`Bearer error="insufficient_claims", claims="%%%"`, "", true},
		{`Bearer error="insufficient_claims", claims="W10="`, "", true},     // []
		{`Bearer error="insufficient_claims", claims="bnVsbA=="`, "", true}, // null
		{`Bearer error="insufficient_claims", claims="e30gZXZpbA=="`, "", true},
		{`Bearer error="insufficient_claims", claims="e30="`, "{}", true},
		{`Bearer error="insufficient_claims", claims="eyJhIiA6IDF9"`, `{"a":1}`, true},
		{`Bearer error="insufficient_claims", claims="{\"a\":1}"`, `{"a":1}`, true},
		{`Bearer error="insufficient_claims", claims="?", Bearer error="insufficient_claims", claims="e30="`, "{}", true},
		{`Bearer error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(`{"a":"`+strings.Repeat("b", maxClaims)+`"}`)) + `"`, "", true},
	} {
		got, challenged := claimsChallenge(http.Header{"Www-Authenticate": {tt.value}})
		if got != tt.want || challenged != tt.challenged {
			t.Errorf("%.80s: got %q, %t", tt.value, got, challenged)
		}
	}
}

// FuzzWWWAuthenticate holds that nothing panics, that nothing is invented, and
// that a challenge that we write ourselves is read behind anything.
func FuzzWWWAuthenticate(f *testing.F) {
	for _, seed := range []string{
		``, `Bearer`, `Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ=="`, `Basic a=="b"`, `a b c, d="e\"f", g`,
		`Bearer error=insufficient_claims, claims=eyJhIjoxfQ`, `NTLM TlRMTVNTUAAB==, Bearer x="\`, "Bearer\r\n error=\x00", `"`, `=`, `\`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range parseChallenges([]string{s}) {
			if c.scheme == "" || !strings.Contains(s, c.scheme) {
				t.Errorf("scheme %q", c.scheme)
			}
			for name, value := range c.params {
				if name == "" || name != asciiLower(name) || len(value) > len(s) {
					t.Errorf("parameter %q %q", name, value)
				}
			}
		}
		claims, challenged := claimsChallenge(http.Header{"Www-Authenticate": {s}})
		if claims != "" && (!challenged || !json.Valid([]byte(claims)) || claims[0] != '{') {
			t.Errorf("claims %q, challenged %t", claims, challenged)
		}
		own := `Bearer error="insufficient_claims", claims="eyJvd24iOjF9"`
		if got, _ := claimsChallenge(http.Header{"Www-Authenticate": {own, s}}); got != `{"own":1}` {
			t.Errorf("beside %q our own challenge reads as %q", s, got)
		}
		if err := Refusal(&http.Response{StatusCode: 401, Header: http.Header{"Www-Authenticate": {s}, "Date": {s}}}); err != nil {
			if text := err.Error(); strings.ContainsAny(text, "\r\n\x00") || len(text) > maxText {
				t.Errorf("text %q", text)
			}
		}
	})
}
