package client

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestLog(t *testing.T) {
	t.Parallel()
	n := 0
	base, tr := serve(t, false, func(w http.ResponseWriter, r *http.Request) {
		if n++; n == 1 {
			w.Header().Set("Retry-After", "0.001")
			w.WriteHeader(429)
			return
		}
		reply(w, r, `{"id":"1"}`)
	})
	var out bytes.Buffer
	c := newClient(t, base, withTransport(tr), WithLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	if err := c.run(t.Context(), opFor(true), "/things?$skiptoken=canary-query&$top=3"); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%q", lines)
	}
	for i, wants := range [][]string{
		{"level=WARN", `msg="operation is repeated"`, `op="create thing"`, "method=POST", "/things?$skiptoken=…&$top=3", "wait=1.", "status=429", "attempts=1"},
		{"level=DEBUG", `msg="operation done"`, "status=201", "attempts=2", "client_request_id="},
	} {
		for _, want := range wants {
			if !strings.Contains(lines[i], want) {
				t.Errorf("%q is not in %s", want, lines[i])
			}
		}
	}
	for _, secret := range []string{canaryToken, "canary-query"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is told", secret)
		}
	}
}

func TestSafeURL(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"https://graph.microsoft.com/v1.0/x":                                 "https://graph.microsoft.com/v1.0/x",
		"https://user:pass@h/x?a=b#frag":                                     "https://h/x?…",
		"https://h/x?%24top=1&%24select=a%2Cb":                               "https://h/x?$top=1&$select=a%2Cb",
		"https://h/x?$skip=1&$count=true&$skiptoken=s&$filter=f&$TOP=1&flag": "https://h/x?$skip=1&$count=true&$skiptoken=…&$filter=…&…&…",
		"https://h/x?$top=1;$skiptoken=CANARY":                               "https://h/x?$top=…",
		"https://h/x?CANARY":                                                 "https://h/x?…",
		"https://h/x?$skiptoken%3DCANARY":                                    "https://h/x?…",
		"https://h/x?$select=id%26$skiptoken=CANARY":                         "https://h/x?$select=…",
		"https://h/x?$top=CANARY&$count=CANARY":                              "https://h/x?$top=…&$count=…",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := safeURL(u); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
