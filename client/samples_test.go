package client_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/jarcoal/httpmock"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
)

// mocked returns a client whose transport answers from memory. It fires no httptrace, so it is evidence for shapes only.
func mocked(t *testing.T) (*client.Client, *httpmock.MockTransport) {
	t.Helper()
	mock := httpmock.NewMockTransport()
	src, err := auth.Static("token")
	if err != nil {
		t.Fatal(err)
	}
	policy := client.RetryPolicy{MaxAttempts: 1}
	c, err := client.New(src, client.WithHTTPClient(&http.Client{Transport: mock}), client.WithRetryPolicy(policy))
	if err != nil {
		t.Fatal(err)
	}
	return c, mock
}

const scoresURL = "https://graph.microsoft.com/v1.0/Security/secureScores"

// TestErrorSamples reads error answers in the service's shapes.
func TestErrorSamples(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		want          error
		code, message string
	}{
		"error-401-invalid-token":  {client.ErrUnauthorized, "InvalidAuthenticationToken", "Synthetic: access token expired."},
		"error-403-security-roles": {client.ErrForbidden, "Forbidden", "Auth token does not contain valid permissions or user does not have valid roles"},
		"error-404":                {client.ErrNotFound, "ResourceNotFound", "Synthetic: not found."},
		"error-429-doc-shape":      {client.ErrThrottled, "TooManyRequests", "Please retry again later."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("testdata/" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var sample struct {
				Status  int
				Headers map[string]string
				Body    json.RawMessage
			}
			if err := json.Unmarshal(text, &sample); err != nil {
				t.Fatal(err)
			}
			c, mock := mocked(t)
			answer := httpmock.NewBytesResponse(sample.Status, sample.Body)
			for k, v := range sample.Headers {
				answer.Header.Set(k, v)
			}
			mock.RegisterResponder("POST", scoresURL, httpmock.ResponderFromResponse(answer))
			_, err = c.SecureScores.Create(t.Context(), seedScore(t))
			e, ok := errors.AsType[*client.Error](err)
			if !ok || !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if e.StatusCode != sample.Status || e.Code != tt.code || e.Message != tt.message {
				t.Errorf("status %d, code %q, message %q", e.StatusCode, e.Code, e.Message)
			}
			if e.RequestID != "cb1eb11f-580d-4a76-b4dc-51840fb4c0e7" || e.Date.Format(http.TimeFormat) != sample.Headers["Date"] {
				t.Errorf("request-id %q, date %v", e.RequestID, e.Date)
			}
			if string(e.RawBody) != string(sample.Body) {
				t.Errorf("raw body %s", e.RawBody)
			}
		})
	}
}

// TestSpecialDoublesInAnAnswer reads the sample of a 201 whose Doubles are NaN and infinite.
func TestSpecialDoublesInAnAnswer(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../gen/testdata/create-response-seed-shape.json")
	if err != nil {
		t.Fatal(err)
	}
	c, mock := mocked(t)
	mock.RegisterResponder("POST", scoresURL, httpmock.NewBytesResponder(201, text).HeaderSet(http.Header{"Content-Type": {"application/json"}}))
	created, err := c.SecureScores.Create(t.Context(), seedScore(t))
	if err != nil {
		t.Fatal(err)
	}
	if *created.CurrentScore == *created.CurrentScore || *created.ControlScores[0].Score >= 0 || *created.AverageComparativeScores[0].AverageScore <= 0 {
		t.Errorf("got %v, %v, %v, want NaN, -INF, INF", *created.CurrentScore, *created.ControlScores[0].Score, *created.AverageComparativeScores[0].AverageScore)
	}
}

// TestTransportOfTheCallers holds that a failure in a round tripper that is no *http.Transport leaves a write unknown.
func TestTransportOfTheCallers(t *testing.T) {
	t.Parallel()
	c, mock := mocked(t)
	mock.RegisterResponder("POST", scoresURL, httpmock.NewErrorResponder(errors.New("broken")))
	if _, err := c.SecureScores.Create(t.Context(), seedScore(t)); !errors.Is(err, client.ErrOutcomeUnknown) {
		t.Errorf("got %v, want ErrOutcomeUnknown", err)
	}
	if n := mock.GetTotalCallCount(); n != 1 {
		t.Errorf("%d requests, want one", n)
	}
}

// bodiless answers with a status and a nil Body.
type bodiless int

func (status bodiless) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: int(status)}, nil
}

func TestAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	src, err := auth.Static("token")
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{201, 400, 401, 404} {
		c, err := client.New(src, client.WithHTTPClient(&http.Client{Transport: bodiless(status)}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.SecureScores.Create(t.Context(), seedScore(t))
		if e, ok := errors.AsType[*client.Error](err); !ok || e.StatusCode != status {
			t.Errorf("%d: got %v", status, err)
		}
	}
	if _, err := client.New(src, client.WithHTTPClient(&http.Client{Transport: (*http.Transport)(nil)})); err == nil {
		t.Error("a nil *http.Transport was taken")
	}
}
