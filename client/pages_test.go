package client_test

import (
	"context"
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
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// withScores returns a Graph of n scores, one a day, the newest of which is number n-1.
func withScores(t *testing.T, n int, opts ...clienttest.Option) *clienttest.Graph {
	t.Helper()
	graph := clienttest.NewGraph(opts...)
	for i := range n {
		score := fmt.Sprintf(`{"id":"s%03d","azureTenantId":"t","currentScore":%d,"maxScore":100,"createdDateTime":"2026-%02d-%02dT00:00:00Z"}`, i, i, 1+i/28, 1+i%28)
		if err := graph.AddSecureScores([]byte(score)); err != nil {
			t.Fatal(err)
		}
	}
	return graph
}

func ids(scores []client.SecureScore) []string {
	var all []string
	for _, s := range scores {
		all = append(all, *s.ID)
	}
	return all
}

// newestFirst are the ids of a list of withScores.
func newestFirst(from, to int) []string {
	var all []string
	for i := from; i >= to; i-- {
		all = append(all, fmt.Sprintf("s%03d", i))
	}
	return all
}

func gets(graph *clienttest.Graph) int { return count(graph, clienttest.KindGraph, "GET") }

func TestLists(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options  *client.ListOptions
		want     []string
		requests int
		top      string // of the first request
	}{
		"everything":          {nil, newestFirst(89, 0), 5, ""},
		"the zero options":    {&client.ListOptions{}, newestFirst(89, 0), 5, ""},
		"a limit":             {&client.ListOptions{Limit: 30}, newestFirst(89, 60), 1, "30"},
		"a limit of pages":    {&client.ListOptions{Limit: 30, PageSize: 10}, newestFirst(89, 60), 3, "10"},
		"a limit in a page":   {&client.ListOptions{Limit: 25, PageSize: 10}, newestFirst(89, 65), 3, "10"},
		"a limit of one page": {&client.ListOptions{Limit: 5, PageSize: 10}, newestFirst(89, 85), 1, "5"},
		"more than there is":  {&client.ListOptions{Limit: 1000, PageSize: 50}, newestFirst(89, 0), 2, "50"},
		"a page size":         {&client.ListOptions{PageSize: 45}, newestFirst(89, 0), 2, "45"},
		"skip":                {&client.ListOptions{Skip: 80}, newestFirst(9, 0), 1, ""},
		"skip and limit":      {&client.ListOptions{Skip: 80, Limit: 3}, newestFirst(9, 7), 1, "3"},
		"order":               {&client.ListOptions{OrderBy: []string{"createdDateTime asc"}, Limit: 2}, []string{"s000", "s001"}, 1, "2"},
		"filter":              {&client.ListOptions{Filter: client.Ge("currentScore", 88)}, newestFirst(89, 88), 1, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := withScores(t, 90, clienttest.WithPageSize(20))
			c := serve(t, graph)
			got, err := c.SecureScores.All(t.Context(), tt.options)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(ids(got), tt.want) {
				t.Errorf("got %q, want %q", ids(got), tt.want)
			}
			if n := gets(graph); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
			first := graph.Requests()[1]
			if top := first.Query.Get("$top"); top != tt.top {
				t.Errorf("$top=%q, want %q", top, tt.top)
			}
			if strings.ContainsAny(first.RequestURI, "+") || strings.Contains(first.RequestURI, "%24") {
				t.Errorf("the query is not as OData servers want it: %s", first.RequestURI)
			}
		})
	}
}

func TestListSelects(t *testing.T) {
	t.Parallel()
	c := serve(t, withScores(t, 3))
	got, err := c.SecureScores.All(t.Context(), &client.ListOptions{Select: []string{"currentScore", "maxScore"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].CurrentScore == nil || got[0].AzureTenantID != nil || got[0].CreatedDateTime != nil {
		t.Errorf("got %+v", got)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 5)
	c := serve(t, graph)
	options := &client.ListOptions{PageSize: 2, Count: true}
	var sizes []int
	var last *client.Page[client.SecureScore]
	for page, err := range c.SecureScores.Pages(t.Context(), options) {
		if err != nil {
			t.Fatal(err)
		}
		if len(sizes) == 0 && (page.Count == nil || *page.Count != 5) {
			t.Errorf("count %v, want 5", page.Count)
		}
		if (page.NextLink == "") != (len(sizes) == 2) {
			t.Errorf("page %d: next link %q", len(sizes), page.NextLink)
		}
		sizes = append(sizes, len(page.Items))
		last = page
	}
	if !slices.Equal(sizes, []int{2, 2, 1}) || *last.Items[0].ID != "s000" {
		t.Errorf("pages of %v", sizes)
	}
}

// TestListsAreLazy holds that nothing is sent before a list is ranged over, that each range starts afresh, that breaking off
// sends no more, and that options changed later have no effect.
func TestListsAreLazy(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 6)
	c := serve(t, graph)
	options := &client.ListOptions{PageSize: 2, Select: []string{"id"}}
	list := c.SecureScores.List(t.Context(), options)
	if n := len(graph.Requests()); n != 0 {
		t.Fatalf("%d requests before the list was ranged over", n)
	}
	options.PageSize, options.Select[0] = 1, "no property"
	for range 2 {
		n := 0
		for score, err := range list {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 3 {
				if *score.ID != "s003" {
					t.Errorf("the third is %s", *score.ID)
				}
				break
			}
		}
	}
	if n := gets(graph); n != 4 {
		t.Errorf("%d requests, want 2 for each range", n)
	}
}

func TestListsCarryCallOptions(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 5)
	c := serve(t, graph)
	var response client.Response
	if _, err := c.SecureScores.All(t.Context(), &client.ListOptions{PageSize: 2}, client.WithHeader("X-Trace", "7"), client.WithResponse(&response)); err != nil {
		t.Fatal(err)
	}
	for _, r := range graph.Requests() {
		if r.Kind == clienttest.KindGraph && r.Header.Get("X-Trace") != "7" {
			t.Errorf("%s without the header", r.RequestURI)
		}
	}
	if response.Attempts != 3 || response.StatusCode != 200 {
		t.Errorf("captured %+v, want 3 attempts", response)
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 90)
	c := serve(t, graph)
	score, err := c.SecureScores.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if *score.ID != "s089" || gets(graph) != 1 {
		t.Errorf("got %s with %d requests, want s089 with one", *score.ID, gets(graph))
	}
	if requests := graph.Requests(); requests[1].Query.Get("$top") != "1" {
		t.Errorf("the request was %s", requests[1].RequestURI)
	}
}

func TestLatestOfNothing(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	if score, err := c.SecureScores.Latest(t.Context()); score != nil || !errors.Is(err, client.ErrNoScore) {
		t.Errorf("got %v, %v, want ErrNoScore", score, err)
	}
	graph.FailNext(jsonFault(`{"value":[],"@odata.nextLink":"` + "http://127.0.0.1/v1.0/security/secureScores?$skiptoken=a" + `"}`))
	if score, err := c.SecureScores.Latest(t.Context()); score != nil || !errors.Is(err, client.ErrProtocol) || errors.Is(err, client.ErrNoScore) {
		t.Errorf("got %v, %v, want ErrProtocol", score, err)
	}
	if n := gets(graph); n != 2 {
		t.Errorf("%d requests, want one for each call", n)
	}
}

// TestLatestOfAServerWithoutTop holds that the newest of several is taken.
func TestLatestOfAServerWithoutTop(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph)
	graph.FailNext(jsonFault(`{"value":[{"id":"old","createdDateTime":"2026-01-01T00:00:00Z"},{"id":"new","createdDateTime":"2026-01-02T00:00:00Z"},{"id":"none"}]}`))
	if score, err := c.SecureScores.Latest(t.Context()); err != nil || *score.ID != "new" {
		t.Errorf("got %v, %v", score, err)
	}
}

// jsonFault answers 200 with a body.
func jsonFault(body string) clienttest.Fault {
	return clienttest.Fault{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
}

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
	s.mu.Unlock()
	body, ok := s.pages[r.URL.RawQuery]
	if !ok {
		http.Error(w, `{"error":{"code":"x"}}`, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, strings.ReplaceAll(body, "{root}", s.root))
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
		"another port":         {links("http://127.0.0.1:1/v1.0/security/secureScores"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"another scheme":       {links("https" + strings.TrimPrefix(scoresPath, "{root}") + "?a=1"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"no scheme":            {links("//127.0.0.1/v1.0/security/secureScores"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"a relative link":      {links("secureScores?$skiptoken=a"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"no URL":               {links("http://[::1"), []string{"a"}, client.ErrForeignLink, 1, ""},
		"another resource":     {links("{root}/security/secureScoreControlProfiles?a=1"), []string{"a"}, client.ErrForeignLink, 1, ""},
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
		"a failure behind": {links(scoresPath + "?gone=1"), []string{"a"}, nil, 2, scoresPath + "?gone=1"},
		"ids that repeat":  {map[string]string{"": page(scoresPath+"?a=1", "a", "b"), "a=1": page("", "b", "c", "a")}, []string{"a", "b", "c"}, nil, 2, ""},
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

// TestResume goes on from the cursor of an error, without repeats.
func TestResume(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 6)
	c := serve(t, graph, client.WithRetryPolicy(client.RetryPolicy{MaxAttempts: 1}))
	graph.FailNext(clienttest.Fault{Method: "GET", After: 1, Status: 500})
	before, err := c.SecureScores.All(t.Context(), &client.ListOptions{PageSize: 2})
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.StatusCode != 500 || len(before) != 2 {
		t.Fatalf("got %q, %v", ids(before), err)
	}
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v %#v %q", err, err, err), fmt.Sprint(e.LogValue())} {
		if strings.Contains(text, "skiptoken") {
			t.Errorf("the cursor stands in %s", text)
		}
	}
	var after []string
	for score, err := range c.SecureScores.Resume(t.Context(), e.Cursor()) {
		if err != nil {
			t.Fatal(err)
		}
		after = append(after, *score.ID)
	}
	if got := append(ids(before), after...); !slices.Equal(got, newestFirst(5, 0)) {
		t.Errorf("got %q", got)
	}
	pages := 0
	for _, err := range c.SecureScores.ResumePages(t.Context(), e.Cursor()) {
		if err != nil {
			t.Fatal(err)
		}
		pages++
	}
	if pages != 2 {
		t.Errorf("%d pages, want 2", pages)
	}
}

func TestResumeRefuses(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 1)
	c := serve(t, graph)
	for link, want := range map[string]error{
		"": client.ErrInvalid,
		"https://graph.example/v1.0/security/secureScores": client.ErrForeignLink,
	} {
		n := 0
		for score, err := range c.SecureScores.Resume(t.Context(), link) {
			if n++; score != nil || !errors.Is(err, want) {
				t.Errorf("%q: got %v, %v, want %v", link, score, err, want)
			}
		}
		if n != 1 {
			t.Errorf("%q: handed out %d times", link, n)
		}
	}
	if n := len(graph.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestListsRefuse(t *testing.T) {
	t.Parallel()
	tests := map[string]client.ListOptions{
		"Limit is -1":      {Limit: -1},
		"PageSize is":      {PageSize: 1 << 31},
		"Skip is -2":       {Skip: -2},
		`Select has "a b"`: {Select: []string{"a b"}},
		`Select has ""`:    {Select: []string{""}},
		`OrderBy has "a d`: {OrderBy: []string{"a down"}},
		`OrderBy has "a,b`: {OrderBy: []string{"a,b"}},
	}
	graph := withScores(t, 1)
	c := serve(t, graph)
	for want, options := range tests {
		_, err := c.SecureScores.All(t.Context(), &options)
		if !errors.Is(err, client.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if n := len(graph.Requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestPagesThatAreNone holds that no answer is taken for an empty list.
func TestPagesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `null`, `{"value":null}`, `{"@odata.context":"x"}`, `{"error":{"code":"x"}}`, `{"value":{}}`, `{"value":[]} x`, ``, `[]`} {
		server, c := newScripted(t, map[string]string{"": body})
		got, err := c.SecureScores.All(t.Context(), nil)
		if got != nil || !errors.Is(err, client.ErrProtocol) {
			t.Errorf("%s: got %v, %v, want ErrProtocol", body, got, err)
		}
		if len(server.requests) != 1 {
			t.Errorf("%s: %d requests", body, len(server.requests))
		}
	}
}

func TestListsEndWithTheContext(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 6)
	c := serve(t, graph)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var errs []error
	for _, err := range c.SecureScores.List(ctx, &client.ListOptions{PageSize: 2}) {
		cancel()
		errs = append(errs, err)
	}
	if len(errs) != 3 || !errors.Is(errs[2], context.Canceled) || gets(graph) != 1 {
		t.Errorf("got %v with %d requests", errs, gets(graph))
	}
}
