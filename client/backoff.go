package client

import (
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// retryAfter reads a Retry-After header: seconds, whole or with a fraction ("2.128", as Microsoft documents it), or
// an HTTP date in any of its three formats, measured from the answer's own Date so that this machine's clock does not
// matter (now where there is none). Of several values, on one line or on many, the largest counts. What is negative,
// zero, no number or beyond a time.Duration is ignored: 0 means that there is nothing to go by.
func retryAfter(h http.Header, now time.Time) time.Duration {
	base := now
	if d, err := http.ParseTime(h.Get("Date")); err == nil {
		base = d
	}
	var longest time.Duration
	for _, line := range h.Values("Retry-After") {
		parts := strings.Split(line, ",")
		for i := 0; i < len(parts); i++ {
			part := strings.TrimSpace(parts[i])
			if d, ok := seconds(part); ok {
				longest = max(longest, d)
				continue
			}
			t, err := http.ParseTime(part) // asctime has no comma
			if err != nil && i+1 < len(parts) {
				if t, err = http.ParseTime(part + ", " + strings.TrimSpace(parts[i+1])); err == nil {
					i++
				}
			}
			if err == nil {
				longest = max(longest, t.Sub(base))
			}
		}
	}
	return longest
}

// seconds reads digits with at most one point among them. A sign, an exponent and the words of floating point are not
// Retry-After.
func seconds(s string) (time.Duration, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	d, err := time.ParseDuration(s + "s") // exact in decimal, and an error on overflow
	return d, err == nil
}

// spread adds up to 10 % to a wait that the service asked for, never taking any away, so that callers who were
// throttled together do not come back together.
func spread(d time.Duration) time.Duration {
	tenth := min(d/10, math.MaxInt64-d)
	return d + rand.N(tenth+1)
}

// backoff is full jitter: anything between nothing and base doubled for each repeat so far (0, 1, …), at most limit.
func backoff(base, limit time.Duration, repeat int) time.Duration {
	ceiling := limit
	if repeat < 62 && base <= limit>>repeat {
		ceiling = base << repeat
	}
	return rand.N(ceiling + 1)
}
