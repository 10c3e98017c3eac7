package auth

import (
	"errors"
	"fmt"
	"strings"
)

// Cloud is a login host and a Graph root that belong together. Clouds are
// comparable with ==; the zero Cloud is [Global].
type Cloud struct {
	login string // an origin
	graph string // an origin and a path, no slash at its end
}

const (
	globalLogin = "https://login.microsoftonline.com"
	globalGraph = "https://graph.microsoft.com/v1.0"
)

// The clouds that have secure scores, with the v1.0 root of their Graph. China
// (operated by 21Vianet) is absent because it has none: the type is not in the
// metadata of its Graph.
//
// Source: https://learn.microsoft.com/graph/deployments
var (
	// Global is the worldwide cloud, GCC included.
	Global = Cloud{}
	// USGov is the cloud for US government, level 4 (GCC High).
	USGov = Cloud{login: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us/v1.0"}
	// USGovDoD is the cloud for US government, level 5 (Department of Defense).
	USGovDoD = Cloud{login: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us/v1.0"}
)

// microsoftHosts are the sovereign clouds' own hosts. A login host of one
// never goes with a Graph host of another.
var microsoftHosts = []struct{ login, graph []string }{
	{[]string{"login.microsoftonline.com", "login.microsoft.com", "login.windows.net"}, []string{"graph.microsoft.com"}},
	{[]string{"login.microsoftonline.us"}, []string{"graph.microsoft.us", "dod-graph.microsoft.us"}},
	{[]string{"login.chinacloudapi.cn", "login.partner.microsoftonline.cn"}, []string{"microsoftgraph.chinacloudapi.cn"}},
}

// NewCloud makes a cloud of a login URL (an origin: https://login.example.com)
// and a Graph root with its version path (https://graph.example.com/v1.0), for
// private clouds and for tests. Both must be https, or http to loopback, and
// fulfil what [ParseOrigin] asks for. A login host and a Graph host that are
// known to belong to different clouds are refused.
func NewCloud(loginURL, graphRoot string) (Cloud, error) {
	login, u, err := parseServiceURL(loginURL)
	if err != nil {
		return Cloud{}, fmt.Errorf("auth: cloud: login %w", err)
	}
	if u.Path != "" && u.Path != "/" {
		return Cloud{}, errors.New("auth: cloud: login URL has a path, want an origin such as " + globalLogin)
	}
	graph, u, err := parseServiceURL(graphRoot)
	if err != nil {
		return Cloud{}, fmt.Errorf("auth: cloud: graph root %w", err)
	}
	path := strings.TrimRight(u.EscapedPath(), "/")
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		if path != "" && (segment == "" || segment == "." || segment == ".." || strings.Contains(segment, "%")) {
			return Cloud{}, errors.New("auth: cloud: graph root URL has an empty, dotted or escaped path segment")
		}
	}
	if err := checkHosts(login.host, graph.host); err != nil {
		return Cloud{}, err
	}
	c := Cloud{login: login.String(), graph: graph.String() + path}
	if c.login == globalLogin && c.graph == globalGraph {
		return Global, nil
	}
	return c, nil
}

func checkHosts(login, graph string) error {
	loginCloud, graphCloud := -1, -1
	for i, hosts := range microsoftHosts {
		for _, h := range hosts.login {
			if h == login {
				loginCloud = i
			}
		}
		for _, h := range hosts.graph {
			if h == graph {
				graphCloud = i
			}
		}
	}
	if loginCloud >= 0 && graphCloud >= 0 && loginCloud != graphCloud {
		return fmt.Errorf("auth: cloud: login host %s and graph host %s belong to different clouds", login, graph)
	}
	return nil
}

// LoginURL is the origin of the login host: https://login.microsoftonline.com.
func (c Cloud) LoginURL() string {
	if c.login == "" {
		return globalLogin
	}
	return c.login
}

// GraphRoot is the root of Graph with its version path and no slash at its
// end: https://graph.microsoft.com/v1.0.
func (c Cloud) GraphRoot() string {
	if c.graph == "" {
		return globalGraph
	}
	return c.graph
}

// Scope is the scope of an application's own permissions: the origin of the
// Graph root and "/.default".
func (c Cloud) Scope() string {
	o, err := ParseOrigin(c.GraphRoot())
	if err != nil {
		return "" // no Cloud is made with such a root
	}
	return o.String() + "/.default"
}

// String names both halves.
func (c Cloud) String() string { return c.LoginURL() + " for " + c.GraphRoot() }
