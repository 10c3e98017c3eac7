package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

// batchAnswers are answers of a batch with what is given.
func batchAnswers(items ...string) string {
	return `{"@odata.context":"x","responses":[` + strings.Join(items, ",") + `]}`
}

// made is the answer to an update that was made: the first is that of c00.
func made(id string) string {
	n, _ := strconv.Atoi(id)
	return madeOf(id, fmt.Sprintf("c%02d", n-1))
}

func madeOf(id, control string) string {
	return `{"id":"` + id + `","status":200,"headers":{},"body":{"id":"` + control + `"}}`
}

// TestHostileBatchAnswers holds that what is wrong with one answer is wrong with that one alone, and that an update
// whose answer cannot be trusted is never sent again.
func TestHostileBatchAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answers string
		first   string // what becomes of the first update; the second is made
	}{
		"in another order":         {batchAnswers(made("2"), made("1")), "made"},
		"numbers for ids":          {batchAnswers(`{"id":1,"status":204}`, made("2")), "made"},
		"ids of nothing":           {batchAnswers(made("0"), made("3"), made("21"), made("99"), made(""), made("1"), made("2")), "made"},
		"no ids at all":            {batchAnswers(`{"status":200}`, `{"id":null,"status":429}`, `{"id":[],"status":429}`, `{"id":{}}`, made("2")), "no answer"},
		"what is no answer":        {batchAnswers(`null`, `5`, `"x"`, `[]`, `{}`, made("2")), "no answer"},
		"twice":                    {batchAnswers(made("1"), made("2"), made("1")), "more than once"},
		"throttled and made":       {batchAnswers(`{"id":"1","status":429}`, made("2"), made("1")), "more than once"},
		"throttled twice":          {batchAnswers(`{"id":"1","status":429}`, made("2"), `{"id":1,"status":429}`), "more than once"},
		"no status":                {batchAnswers(`{"id":"1","body":{"id":"c"}}`, made("2")), "the status "},
		"a status that is a text":  {batchAnswers(`{"id":"1","status":"429"}`, made("2")), `the status "429"`},
		"a status with a fraction": {batchAnswers(`{"id":"1","status":429.5}`, made("2")), "the status 429.5"},
		"a status below 100":       {batchAnswers(`{"id":"1","status":0}`, made("2")), "the status 0"},
		"a status below 0":         {batchAnswers(`{"id":"1","status":-429}`, made("2")), "the status -429"},
		"a status above 999":       {batchAnswers(`{"id":"1","status":4290}`, made("2")), "the status 4290"},
		"a status beyond integers": {batchAnswers(`{"id":"1","status":1e999}`, made("2")), "the status 1e999"},
		"a status that is null":    {batchAnswers(`{"id":"1","status":null}`, made("2")), "the status null"},
		"1xx":                      {batchAnswers(`{"id":"1","status":100}`, made("2")), "100"},
		"999":                      {batchAnswers(`{"id":"1","status":999}`, made("2")), "999"},
		"200 with base64":          {batchAnswers(`{"id":"1","status":200,"body":"eyJpZCI6ImMifQ"}`, made("2")), "found"},
		"200 with an array":        {batchAnswers(`{"id":"1","status":200,"body":[]}`, made("2")), "found"},
		"200 with null":            {batchAnswers(`{"id":"1","status":200,"body":null}`, made("2")), "empty"},
		"another control":          {batchAnswers(madeOf("1", "c01"), made("2")), "the answer is about"},
		"two that are swapped":     {batchAnswers(madeOf("1", "c01"), `{"id":"2","status":204}`), "the answer is about"},
		"an id in another case":    {batchAnswers(madeOf("1", "C00"), made("2")), "made"},
		"204 with a body":          {batchAnswers(`{"id":"1","status":204,"body":5}`, made("2")), "made"},
		"headers that are none":    {batchAnswers(`{"id":"1","status":204,"headers":[1,2]}`, `{"id":"2","status":204,"headers":null}`), "made"},
		"headers with odd values":  {batchAnswers(`{"id":"1","status":204,"headers":{"":"x","a":null,"Date":[],"request-id":{}}}`, made("2")), "made"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			graph := clienttest.NewGraph()
			c := serve(t, graph)
			changes := changesOf(t, graph, 2)
			graph.FailNext(clienttest.Fault{Path: "/$batch", EditBody: func([]byte) []byte { return []byte(tt.answers) }})
			results, err := c.ControlProfiles.UpdateMany(t.Context(), changes)
			if len(results) != 2 || results[1].Err != nil {
				t.Fatalf("the second update suffered: %v", err)
			}
			first := results[0].Err
			if tt.first == "made" {
				if first != nil {
					t.Error(first)
				}
			} else if !errors.Is(first, client.ErrOutcomeUnknown) || !errors.Is(first, client.ErrProtocol) || !strings.Contains(first.Error(), tt.first) {
				t.Errorf("got %v, want ErrOutcomeUnknown and ErrProtocol with %q", first, tt.first)
			}
			wantBatches(t, graph, 2)
		})
	}
}

// TestBatchAnswerTellsOfTheError holds what an error's parts are made of.
func TestBatchAnswerTellsOfTheError(t *testing.T) {
	t.Parallel()
	inMemory(t, func(t *testing.T, graph *clienttest.Graph, c *client.Client) {
		changes := changesOf(t, graph, 3)
		graph.FailNext(clienttest.Fault{
			Path: "/$batch", Header: http.Header{"Request-Id": {"of-the-batch"}}, EditBody: func([]byte) []byte {
				return []byte(batchAnswers(
					`{"id":"1","status":400,"headers":{"request-id":"own","Retry-After":7,"Date":"Sun, 06 Nov 1994 08:49:37 GMT"},"body":{"error":{"code":"a","message":"b","innerError":{"code":"c","request-id":"inner"}}}}`,
					`{"id":"2","status":400,"body":{"error":{"code":"","message":"","innererror":{"request-id":"inner"}}}}`,
					`{"id":"3","status":400,"body":"PGh0bWw-"}`,
				))
			},
		})
		results, _ := c.ControlProfiles.UpdateMany(t.Context(), changes)
		var got []string
		for _, r := range results {
			e := r.Err.(*client.Error)
			got = append(got, fmt.Sprintf("%d|%s|%s|%s|%s|%s|%s", e.StatusCode, e.Code, e.Message, e.InnerCode, e.RequestID, e.RetryAfter, e.RawBody))
		}
		want := []string{
			`400|a|b|c|own|7s|{"error":{"code":"a","message":"b","innerError":{"code":"c","request-id":"inner"}}}`,
			`400||||inner|0s|{"error":{"code":"","message":"","innererror":{"request-id":"inner"}}}`,
			`400||||of-the-batch|0s|"PGh0bWw-"`,
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if date := results[0].Err.(*client.Error).Date; date.Year() != 1994 {
			t.Errorf("date %v", date)
		}
	})
}

// answering is a transport that answers every request alike and keeps what it was asked.
type answering struct {
	body  []byte
	asked []string // ids of the controls, a batch each
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	var batch struct{ Requests []struct{ URL string } }
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		return nil, err
	}
	r.Body.Close()
	ids := ""
	for _, item := range batch.Requests {
		ids += item.URL[strings.LastIndex(item.URL, "/")+1:] + " "
	}
	a.asked = append(a.asked, ids)
	return &http.Response{
		StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(a.body)), Request: r,
	}, nil
}

// FuzzBatchAnswers holds that no answer makes UpdateMany panic, lose a result, or send again what was not throttled.
func FuzzBatchAnswers(f *testing.F) {
	for _, s := range []string{
		batchAnswers(made("1"), made("2"), made("3")), batchAnswers(`{"id":"2","status":429,"headers":{"Retry-After":"0.000000001"}}`, made("1")),
		batchAnswers(made("1"), made("1")), batchAnswers(`{"id":"1","status":429}`, `{"id":"1","status":429}`), batchAnswers(`null`), `{"responses":null}`, `[]`, `{`, ``, `null`,
		batchAnswers(`{"id":"1","status":503,"headers":{"Date":"x","Retry-After":"99999999999"},"body":{"error":{"innerError":{"innerError":{"code":"x"}}}}}`),
		`{"responses":[{"id":"1","id":"2"}]}`, `{"responses":[],"responses":[]}`, batchAnswers("{\"id\":\"\xff\"}"),
	} {
		f.Add([]byte(s))
	}
	src, err := auth.Static("token-of-a-test")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		transport := &answering{body: body}
		c, err := client.New(
			src, client.WithHTTPClient(&http.Client{Transport: transport}),
			client.WithRetryPolicy(client.RetryPolicy{MaxAttempts: 2, BaseDelay: 1, ThrottleDelay: 1, MaxDelay: 1, MaxRetryAfter: time.Microsecond}),
		)
		if err != nil {
			t.Fatal(err)
		}
		changes := []client.ControlChange{{"a", ignore}, {"b", ignore}, {"c", ignore}}
		results, err := c.ControlProfiles.UpdateMany(context.Background(), changes)
		failed := 0
		for i, r := range results {
			e, _ := r.Err.(*client.Error)
			if r.ID != changes[i].ID || r.Err != nil && (e == nil || e.Key != r.ID || r.Profile != nil) || e != nil && strings.ContainsAny(e.Error(), "\n\r") {
				t.Fatalf("%+v", r)
			}
			if r.Err != nil {
				failed++
			}
			sendings := strings.Count(strings.Join(transport.asked, ""), r.ID+" ")
			if sendings < 1 || sendings > 2 {
				t.Fatalf("%s was sent %d times", r.ID, sendings)
			}
			if sendings == 2 && !bytes.Contains(body, []byte("429")) {
				t.Fatalf("%s was sent twice, and nothing was throttled", r.ID)
			}
		}
		if len(results) != len(changes) || (err != nil) != (failed > 0) {
			t.Fatalf("%d results, %d failed, %v", len(results), failed, err)
		}
	})
}
