package auth

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	hopelessMemory = time.Minute     // asking again cannot help
	throttleMemory = time.Minute     // 429 without Retry-After
	otherMemory    = 5 * time.Second // trouble that may pass
	minMemory      = time.Second     // of a shorter Retry-After callers would make a hot loop
	maxMemory      = time.Hour       // a Retry-After of a day is a mistake somewhere
)

// memory is how long a failed fetch is remembered.
func memory(err error) time.Duration {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return otherMemory
	case e.StatusCode == http.StatusTooManyRequests:
		if e.RetryAfter == 0 {
			return throttleMemory
		}
		return min(max(e.RetryAfter, minMemory), maxMemory)
	case e.StatusCode == http.StatusServiceUnavailable:
		return min(max(e.RetryAfter, otherMemory), maxMemory)
	case e.StatusCode >= 500, e.StatusCode == http.StatusRequestTimeout:
		return otherMemory
	case e.Code == "", e.Code == "temporarily_unavailable", e.Code == "server_error":
		return otherMemory
	}
	return hopelessMemory
}

// remembered is err as it is returned without a request; left is for how long
// yet.
func remembered(err error, left time.Duration) error {
	if e, ok := err.(*Error); ok {
		again := *e
		again.Remembered, again.RetryAfter = true, left
		return &again
	}
	return fmt.Errorf("%w (remembered, the token source is not asked again for another %s)", err, left.Round(time.Millisecond))
}
