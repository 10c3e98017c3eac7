package auth_test

import (
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestClouds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                string
		cloud               auth.Cloud
		login, graph, scope string
	}{
		{"zero", auth.Cloud{}, "https://login.microsoftonline.com", "https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/.default"},
		{"Global", auth.Global, "https://login.microsoftonline.com", "https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/.default"},
		{"USGov", auth.USGov, "https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0", "https://graph.microsoft.us/.default"},
		{"USGovDoD", auth.USGovDoD, "https://login.microsoftonline.us", "https://dod-graph.microsoft.us/v1.0", "https://dod-graph.microsoft.us/.default"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.cloud.LoginURL(); got != tt.login {
				t.Errorf("login %s, want %s", got, tt.login)
			}
			if got := tt.cloud.GraphRoot(); got != tt.graph {
				t.Errorf("graph root %s, want %s", got, tt.graph)
			}
			if got := tt.cloud.Scope(); got != tt.scope {
				t.Errorf("scope %s, want %s", got, tt.scope)
			}
			if got := tt.cloud.String(); got != tt.login+" for "+tt.graph {
				t.Errorf("text %s", got)
			}
			if again, err := auth.NewCloud(tt.login, tt.graph+"/"); err != nil || again != tt.cloud {
				t.Errorf("made again: %v, %v", again, err)
			}
		})
	}
}

func TestNewCloud(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ login, graph, wantLogin, wantGraph, wantScope string }{
		{
			"https://Login.Example.com:443/", "https://graph.example.com:8443/base/V1.0//",
			"https://login.example.com", "https://graph.example.com:8443/base/V1.0", "https://graph.example.com:8443/.default",
		},
		{"http://127.0.0.1:1", "http://localhost:2/v1.0", "http://127.0.0.1:1", "http://localhost:2/v1.0", "http://localhost:2/.default"},
		{"http://[::1]:1", "http://[::1]:1", "http://[::1]:1", "http://[::1]:1", "http://[::1]:1/.default"},
		{"https://login.microsoftonline.com", "https://graph.microsoft.com/beta", "https://login.microsoftonline.com", "https://graph.microsoft.com/beta", "https://graph.microsoft.com/.default"},
	} {
		c, err := auth.NewCloud(tt.login, tt.graph)
		if err != nil {
			t.Errorf("%s, %s: %v", tt.login, tt.graph, err)
			continue
		}
		if c.LoginURL() != tt.wantLogin || c.GraphRoot() != tt.wantGraph || c.Scope() != tt.wantScope {
			t.Errorf("%s, %s: got %s with scope %s", tt.login, tt.graph, c, c.Scope())
		}
	}
}

func TestNewCloudRefuses(t *testing.T) {
	t.Parallel()
	const login, graph = "https://login.example.com", "https://graph.example.com/v1.0"
	for _, tt := range []struct{ login, graph, want string }{
		{"", graph, "login URL is empty"},
		{login, "", "graph root URL is empty"},
		{"http://login.example.com", graph, "login URL must be https"},
		{login, "http://graph.example.com/v1.0", "graph root URL must be https"},
		{"https://login.example.com/tenant", graph, "login URL has a path"},
		{login, graph + "?x=1", "graph root URL has a query"},
		{login, graph + "#x", "graph root URL has a fragment"},
		{login, "https://u:p@graph.example.com/v1.0", "graph root URL holds user information"},
		{login, "https://graph.example.com/../v1.0", "path segment"},
		{login, "https://graph.example.com//v1.0", "path segment"},
		{login, "https://graph.example.com/a%2fb", "path segment"},
		{"https://login.microsoftonline.com", "https://graph.microsoft.us/v1.0", "different clouds"},
		{"https://login.microsoftonline.us", "https://graph.microsoft.com/v1.0", "different clouds"},
		{"https://LOGIN.microsoftonline.us", "https://graph.microsoft.com:443/v1.0", "different clouds"},
		{"https://login.chinacloudapi.cn", "https://graph.microsoft.com/v1.0", "different clouds"},
	} {
		c, err := auth.NewCloud(tt.login, tt.graph)
		wantText(t, err, "auth: cloud: ", tt.want)
		if c != (auth.Cloud{}) {
			t.Errorf("a cloud beside the error: %v", c)
		}
	}
}
