package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

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

// TestPagesWithALimit holds that no page is asked for that is not needed.
func TestPagesWithALimit(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int][]int{4: {2, 2}, 3: {2, 1}, 2: {2}, 1: {1}, 6: {2, 2, 2}, 9: {2, 2, 2}} {
		graph := withScores(t, 6)
		c := serve(t, graph)
		var sizes []int
		for page, err := range c.SecureScores.Pages(t.Context(), &client.ListOptions{PageSize: 2, Limit: limit}) {
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(page.Items))
		}
		if !slices.Equal(sizes, want) || gets(graph) != len(want) {
			t.Errorf("limit %d: pages of %v with %d requests, want %v", limit, sizes, gets(graph), want)
		}
	}
}

// TestResumeAtALoop holds that the link to resume at counts as seen.
func TestResumeAtALoop(t *testing.T) {
	t.Parallel()
	server, c := newScripted(t, map[string]string{"a=1": page(scoresPath+"?a=1", "a")})
	var errs []error
	for _, err := range c.SecureScores.Resume(t.Context(), server.root+"/security/secureScores?a=1") {
		errs = append(errs, err)
	}
	if len(errs) != 2 || !errors.Is(errs[1], client.ErrLinkLoop) || len(server.requests) != 1 {
		t.Errorf("got %v with %q", errs, server.requests)
	}
}

// TestListsKeepTheirCallOptions holds that a list does not see what the caller does to the options later.
func TestListsKeepTheirCallOptions(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 1)
	c := serve(t, graph)
	opts := []client.CallOption{client.WithHeader("X-Trace", "first")}
	list := c.SecureScores.List(t.Context(), nil, opts...)
	opts[0] = client.WithHeader("X-Trace", "second")
	for _, err := range list {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := graph.Requests()[1].Header.Get("X-Trace"); got != "first" {
		t.Errorf("sent %q", got)
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

// TestLatestTellsWhatItSaw holds that the error of an empty tenant has the ids and attempts of its own request.
func TestLatestTellsWhatItSaw(t *testing.T) {
	t.Parallel()
	graph := clienttest.NewGraph()
	c := serve(t, graph, client.WithRetryPolicy(client.RetryPolicy{BaseDelay: 1}))
	graph.FailNext(clienttest.Fault{Method: "GET", Status: 500})
	var response client.Response
	_, err := c.SecureScores.Latest(t.Context(), client.WithResponse(&response))
	e, ok := errors.AsType[*client.Error](err)
	if !ok || !errors.Is(err, client.ErrNoScore) || errors.Is(err, client.ErrProtocol) {
		t.Fatalf("got %v, want ErrNoScore", err)
	}
	if e.Attempts != 2 || e.StatusCode != 200 || e.RequestID == "" || e.RequestID != response.RequestID || e.ClientRequestID != response.ClientRequestID {
		t.Errorf("got %#v, want what %+v says", e, response)
	}
	graph.FailNext(clienttest.Fault{Method: "GET", Status: 403})
	if _, err := c.SecureScores.Latest(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "get latest secureScore: 403") {
		t.Errorf("got %v", err)
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
	for _, body := range []string{`{}`, `null`, `{"value":null}`, `{"@odata.context":"x"}`, `{"error":{"code":"x"}}`, `{"value":{}}`, `{"value":[]} x`, ``, `[]`, `{"value":[null]}`, `{"value":[{}]}`, `{"value":[{"id":"a"},{"id":null}]}`, `{"value":[{"id":""}]}`} {
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
