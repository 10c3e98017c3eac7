package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
)

// scripted is a server whose pages say what a test wants: {root} in a body stands for the Graph root.
type scripted struct {
	mu       sync.Mutex
	pages    map[string]string // by query
	requests []string
	root     string
}

func newScripted(t *testing.T, pages map[string]string) (*scripted, *client.Client) {
	t.Helper()
	s := &scripted{pages: pages}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.root = server.URL + "/v1.0"
	src, err := auth.Static("token")
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(src, client.WithBaseURL(s.root), client.WithRetryPolicy(client.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return s, c
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.URL.RawQuery)
	w.Header().Set("Request-Id", fmt.Sprint(len(s.requests)))
	s.mu.Unlock()
	body, ok := s.pages[r.URL.RawQuery]
	if !ok {
		http.Error(w, `{"error":{"code":"x"}}`, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, strings.NewReplacer("{root}", s.root, "{userinfo}", strings.Replace(s.root, "//", "//user@", 1)).Replace(body))
}

// page is a page of some ids with a link.
func page(link string, ids ...string) string {
	value := []map[string]string{}
	for _, id := range ids {
		value = append(value, map[string]string{"id": id})
	}
	p := map[string]any{"value": value}
	if link != "" {
		p["@odata.nextLink"] = link
	}
	b, _ := json.Marshal(p)
	return strings.ReplaceAll(string(b), `\u0026`, "&")
}

const scoresPath = "{root}/security/secureScores"

func TestPagingGuards(t *testing.T) {
	t.Parallel()
	links := func(link string) map[string]string { return map[string]string{"": page(link, "a")} }
	tests := map[string]struct {
		pages    map[string]string
		want     []string
		err      error
		requests int
		cursor   string
	}{
		"other casing":         {map[string]string{"": page("{root}/SECURITY/securescores?a=1", "a"), "a=1": page("", "b")}, []string{"a", "b"}, nil, 2, ""},
		"the query as it came": {map[string]string{"": page(scoresPath+"?%24skiptoken=a%2Bb+c&x", "a"), "%24skiptoken=a%2Bb+c&x": page("", "b")}, []string{"a", "b"}, nil, 2, ""},
		"another host":         {links("https://graph.example/v1.0/security/secureScores?a=1"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"a look-alike":         {links("http://127.0.0.1.example/v1.0/security/secureScores"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"a user name":          {links("{userinfo}/security/secureScores?a=1"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"another port":         {links("http://127.0.0.1:1/v1.0/security/secureScores"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"another scheme":       {links("https" + strings.TrimPrefix(scoresPath, "{root}") + "?a=1"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"no scheme":            {links("//127.0.0.1/v1.0/security/secureScores"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"a relative link":      {links("secureScores?$skiptoken=a"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"no URL":               {links("http://[::1"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"another resource":     {links("{root}/security/secureScoreControlProfiles?a=1"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"a token in the path":  {links(scoresPath + "/$skiptoken=a"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"an item":              {links(scoresPath + "/a"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"a climbing path":      {links("{root}/security/x/../secureScores"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"an escaped path":      {links("{root}/security/secureScores%2f..%2fx"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"another root":         {links(strings.Replace(scoresPath, "{root}", "{root}/beta", 1)), []string{"a"}, client.ErrForeignLink, 1, ""},
		"a fragment":           {links(scoresPath + "?a=1#b"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"itself":               {map[string]string{"": page(scoresPath+"?a=1", "a"), "a=1": page(scoresPath+"?a=1", "b")}, []string{"a", "b"}, client.ErrLinkLoop, 2, ""},
		"there and back": {
			map[string]string{"": page(scoresPath+"?a=1", "a"), "a=1": page(scoresPath+"?b=1", "b"), "b=1": page(scoresPath+"?a=1", "c")},
			[]string{"a", "b", "c"},
			client.ErrLinkLoop, 3, "",
		},
		"a failure behind":    {links(scoresPath + "?gone=1"), []string{"a"}, nil, 2, scoresPath + "?gone=1"},
		"blanks in the query": {map[string]string{"": page(scoresPath+"?$orderby=a desc&$filter=é", "a"), "$orderby=a%20desc&$filter=%C3%A9": page("", "b")}, []string{"a", "b"}, nil, 2, ""},
		"ids that repeat":     {map[string]string{"": page(scoresPath+"?a=1", "a", "b"), "a=1": page("", "b", "c", "a")}, []string{"a", "b", "c"}, nil, 2, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c := newScripted(t, tt.pages)
			got, err := c.SecureScores.All(t.Context(), nil)
			if !slices.Equal(ids(got), tt.want) {
				t.Errorf("got %q, want %q", ids(got), tt.want)
			}
			wantErr := tt.err != nil || tt.cursor != ""
			if (err != nil) != wantErr || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if len(server.requests) != tt.requests {
				t.Errorf("the server saw %q, want %d requests", server.requests, tt.requests)
			}
			if errors.Is(err, client.ErrForeignLink) || errors.Is(err, client.ErrLinkLoop) {
				e, _ := errors.AsType[*client.Error](err)
				if !errors.Is(err, client.ErrProtocol) || e.RequestID != fmt.Sprint(tt.requests) || e.ClientRequestID == "" || e.Attempts != tt.requests || e.StatusCode != 200 {
					t.Errorf("the error does not tell which page had the link: %#v", err)
				}
				if name == "a user name" && !strings.Contains(err.Error(), "it has a user name") {
					t.Errorf("got %v", err)
				}
				if strings.Contains(err.Error(), "skiptoken") {
					t.Errorf("the link stands in %v", err)
				}
			}
			if e, ok := errors.AsType[*client.Error](err); ok {
				if cursor := strings.Replace(e.Cursor(), server.root, "{root}", 1); cursor != tt.cursor {
					t.Errorf("cursor %q, want %q", cursor, tt.cursor)
				}
			} else if wantErr {
				t.Errorf("%T is no *client.Error", err)
			}
		})
	}
}

func TestTooManyPages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		items    []string
		requests int
	}{
		"empty ones": {nil, 10},
		"full ones":  {[]string{"a"}, 1000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pages := map[string]string{"": page(scoresPath+"?n=1", tt.items...)}
			for i := 1; i < 1100; i++ {
				pages[fmt.Sprintf("n=%d", i)] = page(fmt.Sprintf("%s?n=%d", scoresPath, i+1), tt.items...)
			}
			server, c := newScripted(t, pages)
			_, err := c.SecureScores.All(t.Context(), nil)
			if !errors.Is(err, client.ErrTooManyPages) || len(server.requests) != tt.requests {
				t.Errorf("got %v after %d requests, want %d", err, len(server.requests), tt.requests)
			}
			if e, _ := errors.AsType[*client.Error](err); e == nil || !strings.HasSuffix(e.Cursor(), fmt.Sprintf("?n=%d", tt.requests)) {
				t.Errorf("the error has no cursor to go on from: %v", err)
			}
		})
	}
}

func TestEmptyPagesAreLegal(t *testing.T) {
	t.Parallel()
	pages := map[string]string{"": page(scoresPath + "?n=1")}
	for i := 1; i < 30; i++ {
		var items []string
		if i%9 == 0 {
			items = []string{fmt.Sprint(i)}
		}
		pages[fmt.Sprintf("n=%d", i)] = page(fmt.Sprintf("%s?n=%d", scoresPath, i+1), items...)
	}
	pages["n=30"] = page("")
	_, c := newScripted(t, pages)
	got, err := c.SecureScores.All(t.Context(), nil)
	if err != nil || !slices.Equal(ids(got), []string{"9", "18", "27"}) {
		t.Errorf("got %q, %v", ids(got), err)
	}
}
