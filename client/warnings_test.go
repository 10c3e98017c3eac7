package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// partial makes one answer a 206 with warnings, its body as it would have been.
func partial(lines ...string) clienttest.Fault {
	return clienttest.Fault{Method: "GET", Status: http.StatusPartialContent, Apply: true, Header: http.Header{"Warning": lines}}
}

const providerFailed = `199 - "Microsoft/WDATP/504/10000"`

func TestWarnings(t *testing.T) {
	t.Parallel()
	wdatp := client.Warning{Code: 199, Text: "Microsoft/WDATP/504/10000", Vendor: "Microsoft", Provider: "WDATP", Status: "504", Latency: 10 * time.Second}
	tests := map[string]struct {
		lines []string
		want  []client.Warning
	}{
		"one":              {[]string{providerFailed}, []client.Warning{wdatp}},
		"two on a line":    {[]string{providerFailed + ", " + providerFailed}, []client.Warning{wdatp, wdatp}},
		"two lines":        {[]string{providerFailed, providerFailed}, []client.Warning{wdatp, wdatp}},
		"with a date":      {[]string{providerFailed + ` "Fri, 17 Jul 2026 16:25:03 GMT",` + providerFailed}, []client.Warning{wdatp, wdatp}},
		"none":             {nil, []client.Warning{{}}},
		"another text":     {[]string{`110 host:80 "stale, \"very\""`}, []client.Warning{{Code: 110, Text: `stale, "very"`}}},
		"milliseconds":     {[]string{`199 - "V/P/Timeout/12ms"`}, []client.Warning{{Code: 199, Text: "V/P/Timeout/12ms", Vendor: "V", Provider: "P", Status: "Timeout", Latency: 12 * time.Millisecond}}},
		"no latency":       {[]string{`199 - "V/P/S/-1"`}, []client.Warning{{Code: 199, Text: "V/P/S/-1", Vendor: "V", Provider: "P", Status: "S"}}},
		"not to be read":   {[]string{"something is wrong"}, []client.Warning{{Text: "something is wrong"}}},
		"no closing quote": {[]string{`199 - "V/P`}, []client.Warning{{Text: `199 - "V/P`}}},
		"blank":            {[]string{" , "}, []client.Warning{{}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := withScores(t, 1)
			var told []client.Warning
			c := serve(t, graph, client.WithOnWarning(func(_ context.Context, w client.Warning) { told = append(told, w) }))
			graph.FailNext(partial(tt.lines...))
			var response client.Response
			score, err := c.SecureScores.Get(t.Context(), "s000", client.WithResponse(&response))
			if err != nil || *score.ID != "s000" {
				t.Fatalf("got %v, %v", score, err)
			}
			if !slices.Equal(told, tt.want) || !slices.Equal(response.Warnings, tt.want) {
				t.Errorf("told %+v, captured %+v, want %+v", told, response.Warnings, tt.want)
			}
		})
	}
}

func TestWarningsOfAList(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 6)
	var log bytes.Buffer
	c := serve(t, graph, client.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	first, third := partial(providerFailed), partial(providerFailed, providerFailed)
	third.After = 1
	graph.FailNext(first)
	graph.FailNext(third)
	var response client.Response
	var perPage []int
	for page, err := range c.SecureScores.Pages(t.Context(), &client.ListOptions{PageSize: 2}, client.WithResponse(&response)) {
		if err != nil {
			t.Fatal(err)
		}
		perPage = append(perPage, len(page.Warnings))
	}
	if !slices.Equal(perPage, []int{1, 0, 2}) || len(response.Warnings) != 3 || response.Attempts != 3 {
		t.Errorf("pages with %v warnings, captured %+v", perPage, response)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 3 || !strings.Contains(log.String(), "Microsoft/WDATP/504/10000") {
		t.Errorf("%d records: %s", n, &log)
	}
}

// TestStrictWarningsSpareWhatIsWhole holds that neither a warning with another status nor a write that was made is a failure.
func TestStrictWarningsSpareWhatIsWhole(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 1)
	told := 0
	c := serve(t, graph, client.WithStrictWarnings(), client.WithOnWarning(func(context.Context, client.Warning) { told++ }))
	warned := clienttest.Fault{Header: http.Header{"Warning": {`299 - "deprecated"`}}}
	graph.FailNext(warned)
	var response client.Response
	if score, err := c.SecureScores.Latest(t.Context(), client.WithResponse(&response)); err != nil || *score.ID != "s000" || len(response.Warnings) != 1 {
		t.Errorf("got %v, %v with %v", score, err, response.Warnings)
	}
	graph.FailNext(warned)
	if _, err := c.SecureScores.Update(t.Context(), "s000", client.SecureScore{MaxScore: new(2.0)}); err != nil {
		t.Error(err)
	}
	graph.FailNext(clienttest.Fault{Method: "PATCH", Header: http.Header{"Warning": {providerFailed}}})
	if _, err := c.SecureScores.Update(t.Context(), "s000", client.SecureScore{MaxScore: new(2.0)}); err != nil {
		t.Error(err)
	}
	graph.FailNext(partial(providerFailed))
	if n, err := c.SecureScores.Count(t.Context(), ""); n != 1 || !errors.Is(err, client.ErrPartial) {
		t.Errorf("got %d, %v, want both", n, err)
	}
	if told != 4 {
		t.Errorf("told of %d warnings, want 4", told)
	}
}

func TestStrictWarnings(t *testing.T) {
	t.Parallel()
	graph := withScores(t, 4)
	c := serve(t, graph, client.WithStrictWarnings(), client.WithOnWarning(func(context.Context, client.Warning) {}))
	check := func(err error, want ...string) {
		t.Helper()
		incomplete, ok := errors.AsType[*client.PartialError[client.SecureScore]](err)
		if !ok || !errors.Is(err, client.ErrPartial) || !slices.Equal(ids(incomplete.Page.Items), want) || len(incomplete.Page.Warnings) != 1 {
			t.Fatalf("got %#v", err)
		}
		if e, ok := errors.AsType[*client.Error](err); !ok || e.StatusCode != 206 || e.RequestID == "" || !strings.Contains(err.Error(), "WDATP") {
			t.Errorf("got %v", err)
		}
		asJSON, _ := json.Marshal(map[string]any{"e": incomplete})
		if text := fmt.Sprintf("%v %+v %#v %s", err, err, err, asJSON); strings.Contains(text, "skiptoken") || strings.Contains(text, "azureTenantId") || strings.Count(text, "\n") > 0 {
			t.Errorf("the text has the page: %s", text)
		}
	}
	graph.FailNext(partial(providerFailed))
	score, err := c.SecureScores.Get(t.Context(), "s000")
	if score != nil {
		t.Errorf("got %v beside the error", score)
	}
	check(err, "s000")

	late := partial(providerFailed)
	late.After = 1
	graph.FailNext(late)
	before, err := c.SecureScores.All(t.Context(), &client.ListOptions{PageSize: 2})
	if !slices.Equal(ids(before), newestFirst(3, 2)) {
		t.Errorf("got %q before the error", ids(before))
	}
	check(err, newestFirst(1, 0)...)
	if e, _ := errors.AsType[*client.Error](err); e.Cursor() == "" {
		t.Error("no cursor to fetch the page again")
	}
}
