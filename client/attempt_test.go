package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"testing"
)

// Each sending of an attempt, the repeat with a renewed token included, has evidence of its own.
func TestEvidenceOfEachSending(t *testing.T) {
	t.Parallel()
	a := newAttempt(t.Context(), &call{}, Timeouts{}.withDefaults())
	defer a.end()
	trace := httptrace.ContextClientTrace(a.ctx)
	a.begin(false)
	trace.GetConn("")
	trace.GotConn(httptrace.GotConnInfo{Reused: true})
	trace.TLSHandshakeDone(tls.ConnectionState{}, errors.New("pinned"))
	trace.WroteHeaders()
	if want := (evidence{begun: true, gotConn: true, reused: true, wroteHeaders: true, conns: 1}); a.evidence != want || a.handshake == nil {
		t.Errorf("%+v", a.evidence)
	}
	a.begin(true)
	if want := (evidence{begun: true, opaque: true}); a.evidence != want || a.handshake != nil {
		t.Errorf("%+v, handshake %v", a.evidence, a.handshake)
	}
}

// Where the context has ended by the time that the wait is over, the outcome on record stands.
func TestAttemptAfterInterruptedWait(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cl := &call{attempts: 1}
	cl.record(outcome{class: overload, status: 503})
	rt := &attempts{next: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("sent") })}
	req, err := http.NewRequestWithContext(withCall(ctx, cl), http.MethodGet, "https://graph.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rt.RoundTrip(req); !errors.Is(err, context.Canceled) || cl.last.status != 503 || cl.attempts != 1 {
		t.Errorf("%v, %+v", err, cl.last)
	}
}
