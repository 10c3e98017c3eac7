package auth

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Origin is where a token may be sent: scheme, host and effective port (RFC
// 6454). Origins are comparable with ==. The zero Origin matches nothing.
type Origin struct {
	scheme string
	host   string // lower case, without port; an IPv6 literal without brackets
	port   string // decimal, never empty
}

// ParseOrigin takes the origin from a URL, whose path does not matter. It must
// be https, or http to the machine itself (see [Origin.Loopback]), without
// userinfo, query or fragment. The host is an IP literal or a plain ASCII name:
// letters, digits, hyphens and dots, with no dot at its end. Numbers that only
// look like an IP address ("127.1", "0x7f.1") are refused. The errors never
// hold the URL's userinfo, path or query.
func ParseOrigin(rawURL string) (Origin, error) {
	o, _, err := parseServiceURL(rawURL)
	if err != nil {
		return Origin{}, fmt.Errorf("auth: origin: %w", err)
	}
	return o, nil
}

// parseServiceURL also returns the URL, for callers who want its path.
func parseServiceURL(rawURL string) (Origin, *url.URL, error) {
	if rawURL == "" {
		return Origin{}, nil, errors.New("URL is empty")
	}
	for i := range len(rawURL) {
		if c := rawURL[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return Origin{}, nil, fmt.Errorf("URL holds the character %q, which no service URL has", rawURL[i:i+1])
		}
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return Origin{}, nil, errors.New("URL cannot be parsed") // url.Error would repeat it, password and all
	}
	switch {
	case u.User != nil:
		return Origin{}, nil, errors.New("URL holds user information")
	case u.Scheme == "":
		return Origin{}, nil, errors.New("URL has no scheme, want https://")
	case u.Opaque != "" || u.Hostname() == "":
		return Origin{}, nil, errors.New("URL has no host")
	case u.RawQuery != "" || u.ForceQuery:
		return Origin{}, nil, errors.New("URL has a query")
	case u.Fragment != "" || strings.Contains(rawURL, "#"):
		return Origin{}, nil, errors.New("URL has a fragment")
	}
	if strings.HasSuffix(u.Host, ":") {
		return Origin{}, nil, errors.New("URL has an empty port")
	}
	o := Origin{scheme: u.Scheme, host: asciiLower(u.Hostname()), port: u.Port()}
	if o.port == "" {
		o.port = defaultPort(o.scheme)
	}
	if err := checkHost(o.host); err != nil {
		return Origin{}, nil, err
	}
	if o.scheme != "https" && (o.scheme != "http" || !o.Loopback()) {
		return Origin{}, nil, fmt.Errorf("URL must be https, or http to loopback, not %s://%s", u.Scheme, o.host)
	}
	if n, err := strconv.Atoi(o.port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != o.port {
		return Origin{}, nil, fmt.Errorf("URL has the port %q, want 1 to 65535", o.port)
	}
	return o, u, nil
}

func checkHost(host string) error {
	if strings.Contains(host, ":") {
		if a, err := netip.ParseAddr(host); err != nil || a.Zone() != "" {
			return fmt.Errorf("host %q is not an IPv6 address", host)
		}
		return nil
	}
	if len(host) > 253 {
		return errors.New("host is longer than 253 characters")
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if !isLabel(l) {
			return fmt.Errorf("host %q is not a plain ASCII name", host)
		}
	}
	// Resolvers read a name that ends in a number as an IPv4 address in one of
	// its old spellings, so that "127.1" is the machine itself.
	if last := labels[len(labels)-1]; last[0] >= '0' && last[0] <= '9' {
		if _, err := netip.ParseAddr(host); err != nil {
			return fmt.Errorf("host %q looks like an IP address and is none", host)
		}
	}
	return nil
}

// isLabel reports whether l is one label of a lower-case host name (RFC 1123).
func isLabel(l string) bool {
	if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := range len(l) {
		if c := l[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// Match reports whether a request to u goes to o: the scheme exactly, the host
// without regard to ASCII case, the effective port; no suffix rule. A URL with
// userinfo or an opaque part never matches.
func (o Origin) Match(u *url.URL) bool {
	if u == nil || o.host == "" || u.Scheme != o.scheme || u.User != nil || u.Opaque != "" {
		return false
	}
	return o.matchHost(u.Host)
}

// matchHost compares spellings, not parsed parts: there is nothing in it that
// a dialler could read differently.
func (o Origin) matchHost(hostport string) bool {
	host := o.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	h := asciiLower(hostport)
	return h == host+":"+o.port || h == host && o.port == defaultPort(o.scheme)
}

// String is the origin as a URL without a path, without the port where it is
// the scheme's own: https://graph.microsoft.com.
func (o Origin) String() string {
	if o.host == "" {
		return ""
	}
	s := o.host
	if strings.Contains(s, ":") {
		s = "[" + s + "]"
	}
	if o.port != defaultPort(o.scheme) {
		s += ":" + o.port
	}
	return o.scheme + "://" + s
}

// Loopback reports whether the host is the machine itself: an IP literal that
// is a loopback address ([netip.Addr.IsLoopback]), or exactly "localhost".
func (o Origin) Loopback() bool {
	if o.host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(o.host)
	return err == nil && a.IsLoopback()
}

// local reports whether nothing between this program and the host is to be
// asked to forward: the machine itself, or its own link.
func (o Origin) local() bool {
	a, err := netip.ParseAddr(o.host)
	return o.Loopback() || err == nil && a.IsLinkLocalUnicast()
}

// OriginError is a request that was refused because it would have taken the
// token somewhere else. Nothing was sent and no token was asked for. It is not
// an [ErrToken].
type OriginError struct {
	// Origin is the one that the token is for.
	Origin Origin
	// Target is where the request would have gone: scheme and host only, at
	// most 256 characters, control characters escaped.
	Target string
}

func (e *OriginError) Error() string {
	return fmt.Sprintf("auth: request to %s refused, the token is for %s only: nothing was sent", e.Target, e.Origin)
}

func newOriginError(o Origin, u *url.URL, host string) *OriginError {
	target := "a request without URL"
	if u != nil {
		target = u.Scheme + "://" + u.Host
		if u.User != nil {
			target = u.Scheme + "://[user information]@" + u.Host
		}
		if u.Opaque != "" {
			target = "an opaque URL of scheme " + u.Scheme
		}
	}
	if host != "" {
		target += " (Host: " + host + ")"
	}
	return &OriginError{Origin: o, Target: cleanText(target, 256)}
}

func defaultPort(scheme string) string {
	switch scheme {
	case "https":
		return "443"
	case "http":
		return "80"
	}
	return ""
}

// asciiLower leaves all but A to Z alone: strings.ToLower would make a k of
// the Kelvin sign.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
