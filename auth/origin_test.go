package auth_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestParseOriginAccepts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, want string
		loopback bool
	}{
		{"https://graph.microsoft.com", "https://graph.microsoft.com", false},
		{"https://Graph.Microsoft.com:443/v1.0", "https://graph.microsoft.com", false},
		{"https://graph.microsoft.com:8443/", "https://graph.microsoft.com:8443", false},
		{"https://10.0.0.1", "https://10.0.0.1", false},
		{"https://127.0.0.1", "https://127.0.0.1", true},
		{"http://127.0.0.1:1234/v1.0", "http://127.0.0.1:1234", true},
		{"http://127.9.9.9:80", "http://127.9.9.9", true},
		{"http://localhost:8080", "http://localhost:8080", true},
		{"http://[::1]:8080/x", "http://[::1]:8080", true},
		{"http://[::ffff:127.0.0.1]:8080/x", "http://[::ffff:127.0.0.1]:8080", true},
		{"https://[2001:db8::1]", "https://[2001:db8::1]", false},
	} {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			o, err := auth.ParseOrigin(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if o.String() != tt.want || o.Loopback() != tt.loopback {
				t.Errorf("got %s, loopback %t, want %s, %t", o, o.Loopback(), tt.want, tt.loopback)
			}
			if again, err := auth.ParseOrigin(o.String()); err != nil || again != o {
				t.Errorf("its own text gives %v, %v", again, err)
			}
		})
	}
}

func TestParseOriginRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"", "empty"},
		{"graph.microsoft.com", "scheme"},
		{"graph.microsoft.com:443/x", "host"},
		{"//graph.microsoft.com", "scheme"},
		{"https://", "host"},
		{"https://:443", "host"},
		{"https:graph.microsoft.com", "host"},
		{"ftp://graph.microsoft.com", "https"},
		{"http://graph.microsoft.com", "https"},
		{"http://10.0.0.1", "https"},
		{"http://0.0.0.0", "https"},
		{"http://[::]", "https"},
		{"http://localhost.example.com", "https"},
		{"http://foo.localhost", "https"},
		{"http://localhost.", "plain ASCII"},
		{"http://127.1", "looks like"},
		{"http://2130706433", "looks like"},
		{"http://0x7f.1", "looks like"},
		{"http://0x7f000001", "looks like"},
		{"http://127.0.0.01", "looks like"},
		{"https://127.0.0.1.", "plain ASCII"},
		{"https://user:hunter2@graph.microsoft.com", "user information"},
		{"https://user@graph.microsoft.com", "user information"},
		{"https://@graph.microsoft.com", "user information"},
		{"https://graph.microsoft.com?x=hunter2", "query"},
		{"https://graph.microsoft.com?", "query"},
		{"https://graph.microsoft.com#f", "fragment"},
		{"https://graph.microsoft.com#", "fragment"},
		{"https://gr\u0430ph.microsoft.com", "character"},
		{"https://graph.microsoft.com\u2024evil.com", "character"},
		{"https://graph.mi%63rosoft.com/", ""},
		{"https://gra_ph.microsoft.com", "plain ASCII"},
		{"https://-a.com", "plain ASCII"},
		{"https://a..com", "plain ASCII"},
		{"https://" + strings.Repeat("a", 64) + ".com", "plain ASCII"},
		{"https://" + strings.Repeat("a.", 130) + "com", "253"},
		{"https://graph.microsoft.com\\@evil.com", "character"},
		{"https://graph.microsoft.com/a b", "character"},
		{"https://graph.microsoft.com\r\nX: y", "character"},
		{"https://graph.microsoft.com:0", "port"},
		{"https://graph.microsoft.com:65536", "port"},
		{"https://graph.microsoft.com:0443", "port"},
		{"https://graph.microsoft.com:x", "parsed"},
		{"https://graph.microsoft.com:", "port"},
		{"https://[fe80::1%25eth0]", "IPv6"},
		{"https://hunter2:80:80/", "parsed"},
	} {
		t.Run(tt.in, func(t *testing.T) {
			t.Parallel()
			o, err := auth.ParseOrigin(tt.in)
			if err == nil {
				if strings.Contains(tt.in, "%63") && o.String() == "https://graph.microsoft.com" {
					return // net/url has decoded it, and it is that host
				}
				t.Fatalf("got %s, want an error", o)
			}
			wantText(t, err, "auth: origin: ", tt.want)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q repeats the URL", err)
			}
			if o != (auth.Origin{}) {
				t.Errorf("an origin beside the error: %v", o)
			}
		})
	}
}

func TestOriginMatch(t *testing.T) {
	t.Parallel()
	const graph = "https://graph.microsoft.com"
	for _, tt := range []struct {
		origin string
		u      url.URL
		want   bool
	}{
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com", Path: "/v1.0"}, true},
		{graph, url.URL{Scheme: "https", Host: "GRAPH.microsoft.COM"}, true},
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com:443"}, true},
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com:8443"}, false},
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com:80"}, false},
		{graph, url.URL{Scheme: "http", Host: "graph.microsoft.com"}, false},
		{graph, url.URL{Scheme: "http", Host: "graph.microsoft.com:443"}, false},
		{graph, url.URL{Scheme: "HTTPS", Host: "graph.microsoft.com"}, false},
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com."}, false},
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com.evil.com"}, false},
		{graph, url.URL{Scheme: "https", Host: "evil.graph.microsoft.com"}, false},
		{graph, url.URL{Scheme: "https", Host: "evilgraph.microsoft.com"}, false},
		{graph, url.URL{Scheme: "https", Host: "gr\u0430ph.microsoft.com"}, false},
		{"https://k.example.com", url.URL{Scheme: "https", Host: "\u212a.example.com"}, false}, // Kelvin sign folds to k
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com:443@evil.com"}, false},
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com", User: url.User("x")}, false},
		{graph, url.URL{Scheme: "https", Host: "graph.microsoft.com", Opaque: "//evil.com/"}, false},
		{graph, url.URL{Scheme: "https"}, false},
		{graph, url.URL{}, false},
		{"http://127.0.0.1:80", url.URL{Scheme: "http", Host: "127.0.0.1"}, true},
		{"http://127.0.0.1", url.URL{Scheme: "http", Host: "localhost"}, false},
		{"http://[::1]:99", url.URL{Scheme: "http", Host: "[::1]:99"}, true},
		{"http://[::1]", url.URL{Scheme: "http", Host: "[::1]"}, true},
		{"http://[::1]:99", url.URL{Scheme: "http", Host: "[::1]"}, false},
	} {
		o, err := auth.ParseOrigin(tt.origin)
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Match(&tt.u); got != tt.want {
			t.Errorf("%s matches %s (opaque %q): %t, want %t", o, tt.u.String(), tt.u.Opaque, got, tt.want)
		}
	}
	o, _ := auth.ParseOrigin(graph)
	if o.Match(nil) {
		t.Error("a nil URL matches")
	}
	var zero auth.Origin
	if zero.Match(&url.URL{}) || zero.Match(&url.URL{Scheme: "https", Host: "a"}) || zero.String() != "" || zero.Loopback() {
		t.Error("the zero origin is of use")
	}
}

func FuzzParseOrigin(f *testing.F) {
	for _, s := range []string{"https://graph.microsoft.com/v1.0", "http://[::1]:80", "http://127.1", "https://a@b", "https://a:1?x#y", "https://x%2f@y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o, err := auth.ParseOrigin(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("error %q is not one line", err)
			}
			return
		}
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if !o.Match(u) {
			t.Errorf("%q does not match its own origin %s", s, o)
		}
		if again, err := auth.ParseOrigin(o.String()); err != nil || again != o {
			t.Errorf("%q: %s reads as %s, %v", s, o, again, err)
		}
		if u.Scheme == "http" && !o.Loopback() {
			t.Errorf("%q: plain http to %s", s, o)
		}
	})
}
