package client

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/gen"
)

// FuzzNextLink holds that no link is followed but to the collection itself.
func FuzzNextLink(f *testing.F) {
	for _, link := range []string{
		"https://graph.microsoft.com/v1.0/security/secureScores?$skiptoken=a", "https://graph.microsoft.com:443/v1.0/Security/SECURESCORES",
		"https://graph.microsoft.com.example/v1.0/security/secureScores", "https://a@graph.microsoft.com/v1.0/security/secureScores",
		"//graph.microsoft.com/v1.0/security/secureScores", "https://graph.microsoft.com/v1.0/security/x/../secureScores",
		"https://graph.microsoft.com/v1.0/security/secureScores%2F..", "https://graph.microsoft.com/v1.0/security/secureScores#a", "", "%",
		"https:graph.microsoft.com", "https://graph.microsoft.com\\@example/v1.0/security/secureScores", "https://ⓖraph.microsoft.com/v1.0/security/secureScores",
	} {
		f.Add(link)
	}
	src, err := auth.Static("token")
	if err != nil {
		f.Fatal(err)
	}
	c, err := New(src)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, link string) {
		if _, err := c.SecureScores.follow(link); err != nil {
			return
		}
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		host := strings.ToLower(u.Host)
		if u.Scheme != "https" || host != "graph.microsoft.com" && host != "graph.microsoft.com:443" || u.User != nil || u.Fragment != "" ||
			!strings.EqualFold(u.EscapedPath(), "/v1.0/security/secureScores") {
			t.Fatalf("%q is followed", link)
		}
	})
}

// FuzzPage holds that a page is either refused or has a value, and that nothing panics.
func FuzzPage(f *testing.F) {
	for _, text := range []string{`{"value":[]}`, `{"value":[{"id":"a"},null],"@odata.nextLink":"x","@odata.count":2}`, `{"value":null}`, `{}`, `[]`, `{"value":[1]}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		page, err := decodeScorePage(strings.NewReader(text))
		if (err == nil) == (page == nil) {
			t.Fatalf("got %v, %v", page, err)
		}
		if err != nil {
			return
		}
		if _, err := (gen.SecureScoreCollection{Value: page.Items, ODataCount: page.Count}).MarshalJSON(); err != nil {
			t.Fatal(err)
		}
	})
}
