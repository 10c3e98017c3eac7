package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

const (
	canaryDevice  = "canary-device-code"
	canaryRefresh = "canary-refresh-token"
	deviceGrant   = "urn:ietf:params:oauth:grant-type:device_code"
)

type promptFunc = func(context.Context, auth.DevicePrompt) error

func noPrompt(context.Context, auth.DevicePrompt) error { return nil }

func deviceCode(t *testing.T, a auth.App, prompt promptFunc, scopes ...string) auth.TokenSource {
	t.Helper()
	if prompt == nil {
		prompt = noPrompt
	}
	src, err := auth.DeviceCode(a, prompt, scopes...)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// entra is a login host with a device code endpoint. Each code is good once the
// answers in polls have been given.
type entra struct {
	code  answer // what the device code endpoint says
	polls []answer
	token func(n int) answer // to the n-th code or refresh token that is accepted

	mu       sync.Mutex
	start    time.Time
	requests []string // "12s devicecode"
	forms    []url.Values
	pending  []answer
	tokens   int
	refresh  []answer // said to refresh tokens first
}

func newEntra(polls ...answer) *entra {
	return &entra{code: codeAnswer(`"interval":5,"expires_in":900`), polls: polls, token: deviceToken, start: time.Now()}
}

func codeAnswer(more string) answer {
	return answer{status: 200, body: fmt.Sprintf(`{"user_code":"ABCD-EFGH","device_code":%q,"verification_uri":"https://microsoft.com/devicelogin","message":"To sign in,\r\nopen \u001b the page",%s}`, canaryDevice, more)}
}

func deviceToken(n int) answer {
	return answer{status: 200, body: fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d","refresh_token":"%s-%d"}`, n, canaryRefresh, n)}
}

func pending() answer  { return refusal(400, "authorization_pending", "AADSTS70016: pending") }
func slowDown() answer { return refusal(400, "slow_down", "slower") }

func (e *entra) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	e.mu.Lock()
	defer e.mu.Unlock()
	what := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	a := e.code
	switch {
	case what == "devicecode":
		e.pending = slices.Clone(e.polls)
	case r.PostForm.Get("grant_type") == "refresh_token":
		what = r.PostForm.Get("refresh_token")
		if len(e.refresh) > 0 {
			a, e.refresh = e.refresh[0], e.refresh[1:]
			break
		}
		e.tokens++
		a = e.token(e.tokens)
	case len(e.pending) > 0:
		a, e.pending = e.pending[0], e.pending[1:]
	default:
		e.tokens++
		a = e.token(e.tokens)
	}
	e.requests = append(e.requests, fmt.Sprintf("%s %s", time.Since(e.start), what))
	e.forms = append(e.forms, r.PostForm)
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

// seen returns the requests so far and their forms.
func (e *entra) seen() ([]string, []url.Values) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.requests), slices.Clone(e.forms)
}

func (e *entra) count() int {
	requests, _ := e.seen()
	return len(requests)
}

func (e *entra) want(t *testing.T, requests ...string) {
	t.Helper()
	seen, _ := e.seen()
	if got, want := strings.Join(seen, "\n"), strings.Join(requests, "\n"); got != want {
		t.Errorf("the login host received\n%s\nwant\n%s", got, want)
	}
}

func TestDeviceCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEntra(pending(), pending())
		var prompts []auth.DevicePrompt
		src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), func(_ context.Context, p auth.DevicePrompt) error {
			prompts = append(prompts, p)
			return nil
		})
		for range 2 { // the second from memory
			if got := ask(t, src); got != "token-1" {
				t.Errorf("got %s", got)
			}
		}
		want := auth.DevicePrompt{
			VerificationURL: "https://microsoft.com/devicelogin", UserCode: "ABCD-EFGH", Message: `To sign in, open \u001b the page`,
			Expires: bubbleStart.Add(15 * time.Minute).Local(),
		}
		if len(prompts) != 1 || prompts[0] != want {
			t.Errorf("prompts %+v", prompts)
		}
		e.want(t, "0s devicecode", "5s token", "10s token", "15s token")
		form := url.Values{"client_id": {clientID}, "scope": {"https://graph.example.com/.default offline_access"}}
		_, forms := e.seen()
		if !reflect.DeepEqual(forms[0], form) {
			t.Errorf("asked for a code with %v", forms[0])
		}
		form.Set("grant_type", deviceGrant)
		form.Set("device_code", canaryDevice)
		if !reflect.DeepEqual(forms[3], form) {
			t.Errorf("asked for a token with %v", forms[3])
		}
		if k, ok := src.(interface{ Cloud() auth.Cloud }); !ok || k.Cloud().GraphRoot() != "https://graph.example.com/v1.0" {
			t.Error("does not say its cloud")
		}
	})
}

func TestDeviceCodePauses(t *testing.T) {
	t.Parallel()
	unavailable := answer{status: 503, header: map[string]string{"Retry-After": "90"}}
	for name, tt := range map[string]struct {
		code  string
		polls []answer
		want  string // seconds of the questions
	}{
		"interval":              {`"interval":7`, []answer{pending(), pending()}, "7 14 21"},
		"as text":               {`"interval":"7"`, []answer{pending()}, "7 14"},
		"none":                  {`"x":1`, []answer{pending()}, "5 10"},
		"zero":                  {`"interval":0`, []answer{pending()}, "5 10"},
		"absurd":                {`"interval":1e9`, []answer{pending()}, "60 120"},
		"slow_down":             {`"interval":5`, []answer{slowDown(), pending(), slowDown(), pending()}, "5 15 25 40 55"},
		"500 and lost answers":  {`"interval":5`, []answer{{status: 500}, {}, pending()}, "5 15 35 55"},
		"no more than a minute": {`"interval":40`, []answer{{status: 500}, {status: 500}}, "40 100 160"},
		"never more often":      {`"interval":50`, []answer{slowDown(), slowDown(), slowDown(), {status: 500}}, "50 105 165 230 295"},
		"429":                   {`"interval":5`, []answer{{status: 429}, pending()}, "5 15 25"},
		"Retry-After":           {`"interval":5`, []answer{unavailable, pending()}, "5 95 185"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := newEntra(tt.polls...)
				e.code = codeAnswer(tt.code)
				ask(t, deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), nil))
				var got []string
				requests, _ := e.seen()
				for _, r := range requests[1:] {
					at, _, _ := strings.Cut(r, " ")
					d, err := time.ParseDuration(at)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, fmt.Sprint(d.Seconds()))
				}
				if strings.Join(got, " ") != tt.want {
					t.Errorf("asked after %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestDeviceCodeEnds(t *testing.T) {
	t.Parallel()
	many := slices.Repeat([]answer{pending()}, 1000)
	for name, tt := range map[string]struct {
		code   string
		polls  []answer
		status int
		after  time.Duration
		want   string
	}{
		"nobody comes":      {`"expires_in":22`, many, 0, 22 * time.Second, "expired_token; nobody signed in"},
		"life not told":     {`"x":1`, many, 0, 15 * time.Minute, "expired_token; nobody signed in"},
		"life absurd":       {`"expires_in":1e9`, many, 0, 15 * time.Minute, "expired_token"},
		"the endpoint's":    {`"expires_in":900`, []answer{pending(), refusal(400, "expired_token", "AADSTS70020: expired")}, 400, 10 * time.Second, "expired_token AADSTS70020, expired, correlation id"},
		"declined":          {`"expires_in":900`, []answer{refusal(400, "authorization_declined", "AADSTS50199: no")}, 400, 5 * time.Second, "the person declined"},
		"bad code":          {`"expires_in":900`, []answer{refusal(400, "bad_verification_code", "no")}, 400, 5 * time.Second, "bad_verification_code"},
		"confidential":      {`"expires_in":900`, []answer{refusal(401, "invalid_client", "AADSTS7000218: no")}, 401, 5 * time.Second, "allow public client flows"},
		"redirect":          {`"expires_in":900`, []answer{{status: 302, header: map[string]string{"Location": "/"}}}, 302, 5 * time.Second, "redirect not followed"},
		"token of no type":  {`"expires_in":900`, []answer{{status: 200, body: `{"access_token":"a"}`}}, 200, 5 * time.Second, "token_type is not Bearer"},
		"error with 200":    {`"expires_in":900`, []answer{refusal(200, "access_denied", "no")}, 200, 5 * time.Second, "the person declined"},
		"too large":         {`"expires_in":900`, []answer{{status: 400, body: strings.Repeat(" ", 2<<20)}}, 400, 5 * time.Second, "larger than 1048576 bytes"},
		"line break inside": {`"expires_in":900`, []answer{{status: 200, body: `{"token_type":"Bearer","access_token":"a\r\nb"}`}}, 200, 5 * time.Second, "control character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := newEntra(tt.polls...)
				e.code = codeAnswer(tt.code)
				src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), nil)
				start := time.Now()
				err := askError(t, src)
				if time.Since(start) != tt.after {
					t.Errorf("ended after %s, want %s", time.Since(start), tt.after)
				}
				if got, ok := errors.AsType[*auth.Error](err); !ok || got.StatusCode != tt.status || got.TenantID != tenantID {
					t.Errorf("got %#v", err)
				}
				wantText(t, err, "auth: token request to localhost for tenant "+tenantID, tt.want)
				noCanary(t, err)
				n := e.count()
				wantText(t, askError(t, src), "remembered")
				if e.count() != n {
					t.Error("another request")
				}
			})
		})
	}
}

func TestDeviceCodeBadCodes(t *testing.T) {
	t.Parallel()
	code := func(uri string) answer {
		b, _ := json.Marshal(map[string]string{"user_code": "A", "device_code": canaryDevice, "verification_uri": uri})
		return answer{status: 200, body: string(b)}
	}
	for name, tt := range map[string]struct {
		a    answer
		want string
	}{
		"refused":        {refusal(400, "unauthorized_client", "AADSTS700016: no"), "400 Bad Request, unauthorized_client AADSTS700016"},
		"error with 200": {refusal(200, "invalid_client", "no"), "invalid_client"},
		"HTML":           {answer{status: 200, header: map[string]string{"Content-Type": "text/html"}, body: "<p>"}, "content type is not JSON"},
		"no JSON":        {answer{status: 200, body: canaryDevice}, "not a JSON object"},
		"no code":        {answer{status: 200, body: `{"device_code":"canary"}`}, "the answer has no code"},
		"no device code": {answer{status: 200, body: `{"user_code":"A"}`}, "the answer has no code"},
		"no address":     {code(""), "no https address"},
		"plain http":     {code("http://example.com/"), "no https address"},
		"script":         {code("javascript:alert(1)"), "no https address"},
		"user":           {code("https://microsoft.com@evil.example/"), "no https address"},
		"control":        {code("https://microsoft.com/\x1b[2J"), "no https address"},
		"unreadable":     {code("%zz"), "no https address"},
		"redirect":       {answer{status: 307, header: map[string]string{"Location": "https://evil.example/"}}, "redirect not followed"},
		"lost":           {answer{}, "EOF"},
	} {
		e := newEntra()
		e.code = tt.a
		base, hc := serve(t, e)
		err := askError(t, deviceCode(t, app(t, base, hc), func(context.Context, auth.DevicePrompt) error {
			t.Errorf("%s: a person was asked", name)
			return nil
		}))
		wantText(t, err, "auth: device code request to 127.0.0.1:", "for tenant "+tenantID, tt.want)
		noCanary(t, err)
		if e.count() != 1 {
			t.Errorf("%s: %d requests, want 1", name, e.count())
		}
	}
	e := newEntra()
	e.code = answer{status: 200, body: `{"user_code":"A","device_code":"d","verification_url":"http://localhost/x?y#z","interval":1}`}
	base, hc := serve(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := deviceCode(t, app(t, base, hc), func(_ context.Context, p auth.DevicePrompt) error {
		if p.VerificationURL != "http://localhost/x?y#z" {
			t.Errorf("prompt %+v", p)
		}
		cancel()
		return nil
	}).Token(ctx, auth.TokenRequest{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// The one who waits leaves at once; the endpoint is not asked any more; the
// prompt's context ends.
func TestDeviceCodeHonoursTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEntra(slices.Repeat([]answer{pending()}, 100)...)
		var shown context.Context
		src := deviceCode(t, app(t, "http://localhost", serveInMemory(t, e)), func(ctx context.Context, _ auth.DevicePrompt) error {
			shown = ctx
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		_, err := src.Token(ctx, auth.TokenRequest{})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(e.start) != 12*time.Second {
			t.Errorf("after %s: %v", time.Since(e.start), err)
		}
		if last, ok := errors.AsType[*auth.Error](err); !ok || last.Code != "authorization_pending" {
			t.Errorf("the last answer is lost: %v", err)
		}
		synctest.Wait()
		if shown.Err() == nil {
			t.Error("the prompt is still shown")
		}
		time.Sleep(time.Hour)
		e.want(t, "0s devicecode", "5s token", "10s token")
	})
}

func TestDeviceCodePromptFails(t *testing.T) {
	t.Parallel()
	cause := errors.New("no terminal")
	for _, prompt := range []promptFunc{
		func(context.Context, auth.DevicePrompt) error { return cause },
		func(context.Context, auth.DevicePrompt) error { panic(canarySecret) },
	} {
		e := newEntra()
		base, hc := serve(t, e)
		err := askError(t, deviceCode(t, app(t, base, hc), prompt))
		if !errors.Is(err, cause) && !strings.Contains(err.Error(), "auth: token source panicked with a value of type string") {
			t.Errorf("got %v", err)
		}
		noCanary(t, err)
	}
}

func TestDeviceCodeRefuses(t *testing.T) {
	t.Parallel()
	a := auth.App{TenantID: tenantID, ClientID: clientID}
	wantText(t, second(auth.DeviceCode(a, nil)), "auth: device code: the prompt function is nil")
	wantText(t, second(auth.DeviceCode(a, noPrompt, "a b")), `auth: scope "a b"`)
	wantText(t, second(auth.DeviceCode(auth.App{TenantID: "common", ClientID: clientID}, noPrompt)), "stands for any tenant")
	e := newEntra()
	base, hc := serve(t, e)
	wantText(t, askError(t, deviceCode(t, app(t, base, hc), nil), "a b"), `auth: scope "a b"`)
	e.want(t)
}

// Scopes given to the source take the place of the application's own, and of
// nothing else.
func TestDeviceCodeScopes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEntra()
		a := app(t, "http://localhost", serveInMemory(t, e))
		src := deviceCode(t, a, nil, "SecurityEvents.Read.All", "https://other.example.com/User.Read")
		ask(t, src)
		ask(t, src, a.Cloud.Scope())
		ask(t, src, "https://third.example.com/.default")
		ask(t, src, a.Cloud.Scope(), "second")
		own := "https://graph.example.com/SecurityEvents.Read.All https://other.example.com/User.Read offline_access"
		requests, forms := e.seen()
		for i, want := range []string{own, own, own, "https://third.example.com/.default offline_access", a.Cloud.Scope() + " second offline_access"} {
			if got := forms[i].Get("scope"); got != want {
				t.Errorf("request %d (%s): scope %q, want %q", i, requests[i], got, want)
			}
		}
	})
}
