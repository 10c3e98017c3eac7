package auth

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter reads the Retry-After of an answer: seconds, with a fraction or
// without, or an HTTP date, which is measured from the answer's own Date (now
// where it has none). Of several values the largest counts. What is negative
// or no number is ignored; ok reports whether anything is left.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	for _, value := range h.Values("Retry-After") {
		if t, err := http.ParseTime(strings.TrimSpace(value)); err == nil {
			from := now
			if date, err := http.ParseTime(h.Get("Date")); err == nil {
				from = date
			}
			if d := t.Sub(from); d >= 0 {
				wait, ok = max(wait, d), true
			}
			continue
		}
		for part := range strings.SplitSeq(value, ",") {
			s, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
			if err != nil || math.IsNaN(s) || math.IsInf(s, 0) || s < 0 {
				continue
			}
			d := time.Duration(math.MaxInt64)
			if s < d.Seconds() {
				d = time.Duration(math.Ceil(s * float64(time.Second)))
			}
			wait, ok = max(wait, d), true
		}
	}
	return wait, ok
}
