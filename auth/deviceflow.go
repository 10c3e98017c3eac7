package auth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

const (
	// devicePause is between two questions where the endpoint does not say, and
	// what slow_down adds to it (RFC 8628, sections 3.2 and 3.5).
	devicePause = 5 * time.Second
	// maxDevicePause bounds what the endpoint may say.
	maxDevicePause = time.Minute
	// maxCodeLife bounds the life of a code, and stands for one that the
	// endpoint does not tell. Entra gives 15 minutes.
	maxCodeLife = 15 * time.Minute
)

// codeExpired is the endpoint's word for a code that nobody entered in time.
const codeExpired = "expired_token"

// deviceAnswer is the answer of a device authorization endpoint.
type deviceAnswer struct {
	DeviceCode      string          `json:"device_code"`
	UserCode        string          `json:"user_code"`
	VerificationURI string          `json:"verification_uri"`
	VerificationURL string          `json:"verification_url"` // of older endpoints
	Message         string          `json:"message"`
	ExpiresIn       json.RawMessage `json:"expires_in"`
	Interval        json.RawMessage `json:"interval"`
	Error           string          `json:"error"`
}

// signIn has a person sign in (RFC 8628).
func (d *device) signIn(ctx context.Context, form url.Values) (*oauth2.Token, error) {
	start := time.Now()
	code, err := d.begin(ctx, form)
	if err != nil {
		return nil, err
	}
	pause := seconds(code.Interval, devicePause, maxDevicePause)
	end := start.Add(seconds(code.ExpiresIn, maxCodeLife, maxCodeLife))
	err = d.prompt(ctx, DevicePrompt{
		VerificationURL: code.VerificationURI, UserCode: cleanText(code.UserCode, 64),
		Message: cleanText(code.Message, maxText), Expires: end.Round(0),
	})
	if err != nil {
		return nil, fmt.Errorf("auth: device code: the prompt failed: %w", convert(err))
	}
	for {
		if err := sleep(ctx, min(pause, time.Until(end))); err != nil {
			return nil, err
		}
		if !time.Now().Before(end) {
			return nil, d.endpoint.who.as(opTokenRequest).sign(&Error{Code: codeExpired})
		}
		t, err := d.redeem(ctx, form, "urn:ietf:params:oauth:grant-type:device_code", "device_code", code.DeviceCode)
		if err == nil {
			return t, nil
		}
		attemptFailed(ctx, err)
		if pause, err = nextPause(pause, err); err != nil {
			return nil, err
		}
	}
}

// begin gets a code.
func (d *device) begin(ctx context.Context, form url.Values) (*deviceAnswer, error) {
	who := d.endpoint.who.as(opDeviceCodeRequest)
	a, err := d.endpoint.post(ctx, who, d.app.endpointURL("devicecode"), form, newRedactor())
	if err != nil {
		return nil, err
	}
	bad := func(text string) error { return who.sign(&Error{StatusCode: a.status, Err: errors.New(text)}) }
	if !isJSON(a.header) {
		return nil, bad("the answer's content type is not JSON")
	}
	code := new(deviceAnswer)
	if json.Unmarshal(a.body, code) != nil {
		return nil, who.sign(&Error{StatusCode: a.status, Err: errNotJSON})
	}
	code.VerificationURI = cmp.Or(code.VerificationURI, code.VerificationURL)
	switch {
	case code.Error != "":
		return nil, who.sign(newRefusal(a, newRedactor(code.DeviceCode), time.Now()))
	case code.DeviceCode == "" || code.UserCode == "":
		return nil, bad("the answer has no code")
	case !showable(code.VerificationURI):
		return nil, bad("the answer has no https address to enter the code at")
	}
	return code, nil
}

// showable says whether a person may be sent to an address.
func showable(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil || u.User != nil || cleanText(rawURL, maxText) != rawURL {
		return false
	}
	_, _, err = parseServiceURL(u.Scheme + "://" + u.Host)
	return err == nil
}

// redeem asks the token endpoint for a token in exchange for a code or a
// refresh token, and keeps the refresh token that comes with it.
func (d *device) redeem(ctx context.Context, form url.Values, grantType, param, value string) (*oauth2.Token, error) {
	form = maps.Clone(form)
	form.Set("grant_type", grantType)
	form.Set(param, value)
	who := d.endpoint.who.as(opTokenRequest)
	redact := newRedactor(value)
	start := time.Now()
	a, err := d.endpoint.post(ctx, who, d.app.tokenURL(), form, redact)
	if err != nil {
		return nil, err
	}
	t, err := parseTokenAnswer(a.header, a.body)
	switch {
	case err != nil:
		return nil, who.sign(&Error{StatusCode: a.status, Err: err})
	case t.Error != "":
		return nil, who.sign(newRefusal(a, redact, time.Now()))
	}
	if t.RefreshToken != "" {
		d.refresh = t.RefreshToken
	}
	return &oauth2.Token{AccessToken: t.AccessToken, TokenType: "Bearer", Expiry: start.Add(lifetime(t.ExpiresIn))}, nil
}

// nextPause is how long to wait after a question that brought no token, or the
// error that ends the sign-in.
func nextPause(pause time.Duration, err error) (time.Duration, error) {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return 0, err
	}
	switch {
	case e.Code == "authorization_pending":
		return pause, nil
	case e.Code == "slow_down":
		return pause + devicePause, nil
	case e.StatusCode == 0, e.StatusCode == http.StatusTooManyRequests, e.StatusCode >= 500:
		return max(min(2*pause, maxDevicePause), pause, e.RetryAfter), nil
	}
	return 0, err
}

// formEndpoint is a login host that takes forms.
type formEndpoint struct {
	hc  *http.Client
	who asker
}

func (a asker) as(op string) asker {
	a.op = op
	return a
}

// post sends a form and returns the answer of a success. All else is an error.
func (p *formEndpoint) post(ctx context.Context, who asker, target string, form url.Values, redact redactor) (*answer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fetchTimeout, errFetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err // the URL was checked
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a, err := exchange(p.hc, req)
	if err != nil {
		return nil, who.fail(ctx, err, redact)
	}
	if !a.success() {
		return nil, who.sign(newRefusal(a, redact, time.Now()))
	}
	return a, nil
}
