package client_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
)

// TestListHoldsOnePage is not parallel: it measures the heap, which other tests would fill meanwhile.
func TestListHoldsOnePage(t *testing.T) {
	const pages, controls = 90, 250
	var root string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscanf(r.URL.RawQuery, "n=%d", &n)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"@odata.nextLink":"%s/security/secureScores?n=%d","value":[{"id":"s%d","controlScores":[`, root, n+1, n)
		for i := range controls {
			if i > 0 {
				_, _ = io.WriteString(w, ",")
			}
			fmt.Fprintf(w, `{"controlName":"c%d","description":"%s %d","undeclared":"%d"}`, i, strings.Repeat("x", 500), n, n)
		}
		_, _ = io.WriteString(w, "]}]}")
	}))
	defer server.Close()
	root = server.URL + "/v1.0"
	src, err := auth.Static("token")
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(src, client.WithBaseURL(root))
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseIdleConnections()

	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	var atTen, atEnd, n int64
	for score, err := range c.SecureScores.List(t.Context(), &client.ListOptions{Limit: pages}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(score.ControlScores) != controls {
			t.Fatalf("%d controls", len(score.ControlScores))
		}
		switch n++; n {
		case 10:
			atTen = heap()
		case pages:
			atEnd = heap()
		}
	}
	const page = controls * 600 // bytes, at least
	t.Logf("heap with page 10 held: %d kB, with page %d: %d kB", atTen/1000, n, atEnd/1000)
	if n != pages || atEnd-atTen > 3*page {
		t.Errorf("the heap grew by %d kB from page 10 to page %d", (atEnd-atTen)/1000, n)
	}
}
