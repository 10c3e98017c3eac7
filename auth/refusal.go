package auth

import (
	"fmt"
	"net/http"
	"time"
)

// ClaimsError is a 401 with a claims challenge (continuous access evaluation):
// the token is good, and the service wants one that was asked for anew with
// these claims. [Transport] answers a challenge itself where its source can;
// where not, [Refusal] returns this error.
type ClaimsError struct {
	// Claims is the decoded JSON for [TokenRequest.Claims], empty where the
	// challenge could not be read.
	Claims string
}

func (e *ClaimsError) Error() string {
	if e.Claims == "" {
		return "the service wants a token with other claims, and what it asks for cannot be read"
	}
	return "the service wants a token with other claims: " + cleanText(e.Claims, 512)
}

// ClockError says that this machine's clock and the service's are far apart,
// so that tokens are taken for fresh that are not, or are refused as not valid
// yet.
type ClockError struct {
	// Skew is how far this machine's clock is ahead of the service's; negative
	// where it is behind.
	Skew time.Duration
}

func (e *ClockError) Error() string {
	direction := "ahead of"
	if e.Skew < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("your clock is %d s off: it is %s the service's", int64(e.Skew.Abs()/time.Second), direction)
}

// maxSkew is how far clocks may be apart without a word: a Date is in whole
// seconds, and an answer is under way for some.
const maxSkew = time.Minute

// Refusal explains a 401 that came through [Transport], where the answer says
// more than that the token was refused: a [*ClaimsError], a [*ClockError] (the
// token is fresh by this machine's clock, and the service's Date is more than
// 60 s off), or both in one chain. It is nil where there is nothing to say, and
// for any other status. The clock is that of when the answer came; the body
// is left alone.
func Refusal(resp *http.Response) error {
	if resp == nil || resp.StatusCode != http.StatusUnauthorized {
		return nil
	}
	now := time.Now()
	if body, ok := resp.Body.(received); ok {
		now = body.at
	}
	clock := clockError(resp.Header, now)
	claims, challenged := claimsChallenge(resp.Header)
	switch {
	case challenged && clock != nil:
		return fmt.Errorf("%w; %w", &ClaimsError{Claims: claims}, clock)
	case challenged:
		return &ClaimsError{Claims: claims}
	}
	return clock
}

// clockError compares an answer's Date with now.
func clockError(h http.Header, now time.Time) error {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return nil
	}
	if skew := now.Sub(date); skew.Abs() > maxSkew {
		return &ClockError{Skew: skew}
	}
	return nil
}

// cannotRenew is what a caller gets whose token was refused and who can have
// no other.
func cannotRenew(h http.Header, err error) error {
	why := "the service refused the token (401) and there is no new one"
	if claims, ok := claimsChallenge(h); ok {
		return asTokenError(fmt.Errorf("%s: %w: %w", why, convert(err), &ClaimsError{Claims: claims}))
	}
	return asTokenError(fmt.Errorf("%s: %w", why, convert(err)))
}
