package auth

import (
	"math"
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		values []string
		date   string
		want   time.Duration
		ok     bool
	}{
		{nil, "", 0, false},
		{[]string{"120"}, "", 2 * time.Minute, true},
		{[]string{" 2.128 "}, "", 2128 * time.Millisecond, true},
		{[]string{"0"}, "", 0, true},
		{[]string{"120, 60"}, "", 2 * time.Minute, true},
		{[]string{"60", "120"}, "", 2 * time.Minute, true},
		{[]string{"-1"}, "", 0, false},
		{[]string{"-1", "3"}, "", 3 * time.Second, true},
		{[]string{"NaN"}, "", 0, false},
		{[]string{"Inf"}, "", 0, false},
		{[]string{"1e400"}, "", 0, false},
		{[]string{"soon"}, "", 0, false},
		{[]string{""}, "", 0, false},
		{[]string{"1e30"}, "", math.MaxInt64, true},
		{[]string{"Sat, 01 Aug 2026 12:00:30 GMT"}, "", 30 * time.Second, true},
		{[]string{"Saturday, 01-Aug-26 12:00:30 GMT"}, "", 30 * time.Second, true},
		{[]string{"Sat Aug  1 12:00:30 2026"}, "", 30 * time.Second, true},
		{[]string{"Sat, 01 Aug 2026 12:00:30 GMT"}, "Sat, 01 Aug 2026 12:00:10 GMT", 20 * time.Second, true},
		{[]string{"Sat, 01 Aug 2026 11:00:00 GMT"}, "", 0, false},
	} {
		h := http.Header{"Retry-After": tt.values}
		if tt.date != "" {
			h.Set("Date", tt.date)
		}
		if got, ok := retryAfter(h, now); got != tt.want || ok != tt.ok {
			t.Errorf("%q (date %q): got %s, %t, want %s, %t", tt.values, tt.date, got, ok, tt.want, tt.ok)
		}
	}
	if _, ok := retryAfter(nil, now); ok {
		t.Error("found one in no header")
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"120", "2.128", "-1", "NaN", "1e308", "120, 60", "Sat, 01 Aug 2026 12:00:30 GMT"} {
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, value, date string) {
		d, ok := retryAfter(http.Header{"Retry-After": {value}, "Date": {date}}, time.Now())
		if d < 0 || !ok && d != 0 {
			t.Errorf("%q, %q: %s, %t", value, date, d, ok)
		}
	})
}
