package client

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRetryAfterHeader(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 17, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		after []string
		date  string
		want  time.Duration
	}{
		{nil, "", 0},
		{[]string{""}, "", 0},
		{[]string{"0"}, "", 0},
		{[]string{"17"}, "", 17 * time.Second},
		{[]string{" 2.128 "}, "", 2128 * time.Millisecond},
		{[]string{"0.0000000001"}, "", 0},
		{[]string{"1e3", "+5", "0x10", "Inf", "NaN", "-1", "1.2.3", ".", "5s", "soon"}, "", 0},
		{[]string{"9223372036"}, "", 9223372036 * time.Second},
		{[]string{"9223372037", "99999999999999999999999999"}, "", 0},
		{[]string{"120, 60"}, "", 120 * time.Second},
		{[]string{"-5, 7,, x"}, "", 7 * time.Second},
		{[]string{"Fri, 17 Jul 2026 12:00:09 GMT"}, "", 9 * time.Second},
		{[]string{"Fri, 17 Jul 2026 12:00:09 GMT"}, "Fri, 17 Jul 2026 12:00:02 GMT", 7 * time.Second},
		{[]string{"Friday, 17-Jul-26 12:00:09 GMT"}, "Friday, 17-Jul-26 12:00:02 GMT", 7 * time.Second},
		{[]string{"Fri Jul 17 12:00:09 2026"}, "Fri Jul 17 12:00:02 2026", 7 * time.Second},
		{[]string{"3, Fri, 17 Jul 2026 12:00:09 GMT, 4"}, "Fri, 17 Jul 2026 12:00:02 GMT", 7 * time.Second},
		{[]string{"Fri, 17 Jul 2026 11:59:59 GMT"}, "", 0},
		{[]string{"Fri, 17 Jul 2026 12:00:09 GMT"}, "yesterday", 9 * time.Second},
		{[]string{"Fri, 31 Dec 9999 23:59:59 GMT"}, "Mon, 01 Jan 0001 00:00:00 GMT", math.MaxInt64},
	} {
		h := http.Header{"Retry-After": tt.after}
		if tt.date != "" {
			h.Set("Date", tt.date)
		}
		if got := retryAfter(h, now); got != tt.want {
			t.Errorf("%q at %q: %s, want %s", tt.after, tt.date, got, tt.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "2.128", "120, 60", "-1", "NaN", "1e9", "9223372036.9999999999", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"} {
		f.Add(s, "", "")
		f.Add(s, "Sun, 06 Nov 1994 08:49:07 GMT", s)
	}
	f.Fuzz(func(t *testing.T, a, date, b string) {
		h := http.Header{"Retry-After": {a, b}, "Date": {date}}
		d := retryAfter(h, time.Unix(0, 0))
		if d < 0 {
			t.Fatalf("negative: %s", d)
		}
		if d > 0 {
			if s := spread(d); s < d || s-d > d/10 {
				t.Fatalf("%s spread to %s", d, s)
			}
		}
		// Plain seconds among the values are never undercut.
		if v, ok := seconds(strings.TrimSpace(a)); ok && d < v {
			t.Fatalf("%q: %s is less than %s", a, d, v)
		}
	})
}

func TestSpread(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{1, 9, 2128 * time.Millisecond, 120 * time.Second, math.MaxInt64 - 1, math.MaxInt64} {
		var longest time.Duration
		for range 200 {
			got := spread(d)
			if got < d || got-d > d/10 {
				t.Fatalf("%s spread to %s", d, got)
			}
			longest = max(longest, got)
		}
		if d == 120*time.Second && longest < d+d/50 {
			t.Errorf("the longest of 200 is %s", longest)
		}
	}
}

func TestBackoffBounds(t *testing.T) {
	t.Parallel()
	for repeat := range 100 {
		for _, limit := range []time.Duration{1, time.Second, 30 * time.Second, math.MaxInt64 - 1} {
			if got := backoff(500*time.Millisecond, limit, repeat); got < 0 || got > limit {
				t.Fatalf("repeat %d, limit %s: %s", repeat, limit, got)
			}
		}
	}
}
