package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxAnswer bounds a token answer in bytes, counted after decompression.
	maxAnswer = 1 << 20
	// cautiousLifetime is for tokens that do not say how long they live.
	cautiousLifetime = 300 * time.Second
	// maxLifetime is that of the longest token Entra issues (28 h, for clients
	// that take part in continuous access evaluation).
	maxLifetime = 28 * time.Hour
)

// newTokenClient is for x/oauth2, which by itself takes too much for a token:
// it is handed only answers that were checked.
func newTokenClient(hc *http.Client, login Origin) *http.Client {
	c := newEndpointClient(hc, login)
	c.Transport.(*endpointTransport).check = checkAnswer
	return c
}

// newEndpointClient copies hc for use with one endpoint. The copy lets nothing
// out to another origin, follows no redirect (one would be sent the client
// secret), keeps no cookies, and hands on only answers that it has read whole.
func newEndpointClient(hc *http.Client, endpoint Origin) *http.Client {
	c := new(http.Client)
	if hc != nil {
		*c = *hc
	}
	base := c.Transport
	if hc == nil {
		base = ownTransport(http.DefaultTransport)
	}
	if base == nil && endpoint.local() {
		base = http.DefaultTransport
	}
	if t, ok := base.(*http.Transport); ok && t.Proxy != nil && endpoint.local() {
		t = t.Clone()
		t.Proxy = nil
		t.DisableKeepAlives = true // nobody could close the clone's idle connections
		base = t
	}
	c.Transport = &endpointTransport{base: base, origin: endpoint}
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.Jar = nil
	return c
}

// ownTransport keeps no connection for the next token request: that is an hour
// away.
func ownTransport(std http.RoundTripper) *http.Transport {
	t, ok := std.(*http.Transport)
	if ok {
		t = t.Clone()
	} else { // the program has put its own in that place
		t = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second}
	}
	t.DisableKeepAlives = true
	return t
}

type endpointTransport struct {
	base   http.RoundTripper // nil: http.DefaultTransport, as in http.Client
	origin Origin
	check  func(http.Header, []byte) ([]byte, error) // of a success; nil: none
}

func (t *endpointTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.origin.Match(req.URL) {
		closeBody(req)
		return nil, newOriginError(t.origin, req.URL, "")
	}
	out := req.Clone(req.Context())
	out.Header.Set("Accept", "application/json")
	out.GetBody = nil // else net/http may send the form again by itself
	base := t.base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err := base.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	resp.Request = req
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		// Here already: http.Client would put the Location in an error's text
		// before it asks whether to follow.
		resp.Body.Close()
		return nil, answerError(resp, errRedirect)
	}
	body, err := readBounded(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, answerError(resp, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 && t.check != nil {
		if body, err = t.check(resp.Header, body); err != nil {
			return nil, answerError(resp, err)
		}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.ContentLength = int64(len(body))
	return resp, nil
}

// answer is one that was read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a *answer) success() bool { return a.status >= 200 && a.status < 300 }

// exchange makes one request with a client of [newEndpointClient].
func exchange(hc *http.Client, req *http.Request) (*answer, error) {
	resp, err := hc.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body) // from memory
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, err
}

func answerError(resp *http.Response, err error) *Error {
	e := &Error{Op: opTokenRequest, StatusCode: resp.StatusCode, Err: err}
	if d, ok := retryAfter(resp.Header, time.Now()); ok {
		e.RetryAfter = d
	}
	return e
}

// readBounded reads r to its end. What a failing reader says is not repeated:
// it may quote what it read.
func readBounded(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	switch {
	case len(b) > maxAnswer:
		return nil, errTooLarge
	case err != nil:
		return nil, errTruncated
	}
	return b, nil
}

// checkAnswer makes of a successful token answer one that says the same in the
// way x/oauth2 reads, which takes a missing or overflowing lifetime for an
// endless or a past one. An OAuth error that comes with a success status is
// left for x/oauth2 to find.
func checkAnswer(h http.Header, body []byte) ([]byte, error) {
	a, err := parseTokenAnswer(h, body)
	if err != nil || a.Error != "" {
		return body, err
	}
	return json.Marshal(map[string]any{
		"access_token": a.AccessToken,
		"token_type":   "Bearer",
		"expires_in":   int64(lifetime(a.ExpiresIn) / time.Second),
	})
}

// tokenAnswer is a successful answer of a token endpoint (RFC 6749, section
// 5.1), or an error that came with the status of one.
type tokenAnswer struct {
	AccessToken  string          `json:"access_token"`
	TokenType    string          `json:"token_type"`
	ExpiresIn    json.RawMessage `json:"expires_in"`
	ExpiresOn    json.RawMessage `json:"expires_on"` // managed identity: seconds since 1970
	RefreshToken string          `json:"refresh_token"`
	Error        string          `json:"error"`
}

func parseTokenAnswer(h http.Header, body []byte) (*tokenAnswer, error) {
	if !isJSON(h) {
		return nil, errors.New("the answer's content type is not JSON")
	}
	a := new(tokenAnswer)
	if err := json.Unmarshal(body, a); err != nil {
		return nil, errNotJSON // json's own text quotes the answer
	}
	if a.Error != "" {
		return a, nil
	}
	if a.AccessToken == "" {
		return nil, errors.New("the answer has no access_token")
	}
	if err := checkAccessToken(a.AccessToken); err != nil {
		return nil, err
	}
	if !strings.EqualFold(a.TokenType, "Bearer") {
		return nil, errors.New("the answer's token_type is not Bearer")
	}
	return a, nil
}

// lifetime reads expires_in. What is missing or absurd stands for
// [cautiousLifetime], and nothing lives longer than [maxLifetime].
func lifetime(raw json.RawMessage) time.Duration {
	return seconds(raw, cautiousLifetime, maxLifetime)
}

// seconds reads a number, or a string with one as older endpoints send them.
// What is missing, no number or less than 1 stands for fallback, and nothing is
// more than most.
func seconds(raw json.RawMessage, fallback, most time.Duration) time.Duration {
	s, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange), math.IsNaN(s), s < 1:
		return fallback
	case s > most.Seconds():
		return most
	}
	return time.Duration(s) * time.Second
}

func isJSON(h http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"))
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
