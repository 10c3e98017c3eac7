package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/gen"
)

// Client is a client of Microsoft Graph's secure score in one cloud. It is safe for concurrent use; make one and keep
// it: its calls share connections and the retry quota.
type Client struct {
	SecureScores    *SecureScoresService
	ControlProfiles *ControlProfilesService

	path   string // of the Graph root, without a slash at its end
	origin auth.Origin
	doer   *doer
	gen    *gen.Client

	onWarning  func(context.Context, Warning)
	warnLogger *slog.Logger
	strict     bool
}

// New makes a client that signs its requests with the tokens of src. It checks all that it is given and makes no
// request. A source that knows its cloud (one with a method Cloud() auth.Cloud) must be of the client's: a token of
// one cloud is never sent to another.
func New(src auth.TokenSource, opts ...Option) (*Client, error) {
	cfg := config{logger: slog.New(slog.DiscardHandler), warnLogger: slog.Default(), verdicts: defaultVerdicts()}
	if src == nil {
		return nil, errors.New("client: the token source is nil")
	}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("client: option %d is nil", i+1)
		}
		if err := opt(&cfg); err != nil {
			return nil, fmt.Errorf("client: %w", err)
		}
	}
	root, err := newRoot(cfg.cloud, cfg.baseURL, src)
	if err != nil {
		return nil, err
	}
	d, err := newPipeline(&cfg, src, root)
	if err != nil {
		return nil, err
	}
	generated, err := gen.NewClient(root.url, gen.WithHTTPClient(d))
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	u, err := url.Parse(root.url)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	c := &Client{
		path: u.EscapedPath(), origin: root.origin, doer: d, gen: generated,
		onWarning: cfg.onWarning, warnLogger: cfg.warnLogger, strict: cfg.strict,
	}
	c.SecureScores, c.ControlProfiles = newSecureScores(c), newControlProfiles(c)
	return c, nil
}

// newPipeline puts the layers together. A request goes through them from the last to the first.
func newPipeline(cfg *config, src auth.TokenSource, root root) (*doer, error) {
	policy, timeouts := cfg.policy.withDefaults(), cfg.timeouts.withDefaults()
	if t := cfg.http.Timeout; t > 0 {
		timeouts.Attempt = min(timeouts.Attempt, t)
	}
	// The caller's transport, or one of our own.
	transport, owned := baseTransport(cfg.http.Transport, root.origin)
	// A write is sent once, over a connection of its own.
	guard := newWriteGuard(transport, policy.ReuseConnectionsForWrites)
	// The token, for the one origin. A 401 renews it once.
	bearer, err := auth.NewTransport(guard, src, root.origin, root.scope)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	// Timers and evidence; the answer is read, judged and decoded.
	attempt := &attempts{next: bearer, timeouts: timeouts, trust503: policy.TrustRetryAfterOn503}
	// No redirects, no cookies.
	hc := &http.Client{Transport: attempt, CheckRedirect: noRedirect}
	// Ids, headers, the retry loop, errors, log. The generated client calls it.
	return &doer{
		http: hc, policy: policy, verdicts: cfg.verdicts, budget: newBudget(), logger: cfg.logger, guard: guard, owned: owned,
		userAgent: strings.TrimSpace(cfg.application + " securescore-go/" + version),
	}, nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// CloseIdleConnections closes the connections that this client keeps for its next calls. Those of a transport given
// with [WithHTTPClient] are left alone.
func (c *Client) CloseIdleConnections() {
	if c.doer.guard.pool != nil {
		c.doer.guard.pool.close()
	}
	if c.doer.owned != nil {
		c.doer.owned.CloseIdleConnections()
	}
}

// root is where the client's Graph is, and what a token for it is asked for with.
type root struct {
	url    string
	origin auth.Origin
	scope  string
}

func newRoot(cloud *auth.Cloud, baseURL string, src auth.TokenSource) (root, error) {
	if cloud != nil && baseURL != "" {
		return root{}, errors.New("client: WithCloud and WithBaseURL are both given: one says where Graph is")
	}
	r := root{url: baseURL}
	if baseURL == "" {
		r.url = orDefault(cloud, &auth.Global).GraphRoot()
	}
	var err error
	if r.origin, err = auth.ParseOrigin(r.url); err != nil {
		return root{}, fmt.Errorf("client: base URL %s: %w", quotedBase(r.url), err)
	}
	r.url = strings.TrimRight(r.url, "/")
	r.scope = r.origin.String() + "/.default"
	knows, ok := src.(interface{ Cloud() auth.Cloud })
	if !ok {
		return r, nil
	}
	theirs := knows.Cloud().GraphRoot()
	if o, err := auth.ParseOrigin(theirs); err != nil || o != r.origin {
		return root{}, fmt.Errorf("client: the token source is for %s, the client for %s: give WithCloud the source's cloud", theirs, r.url)
	}
	return r, nil
}

// quotedBase shows a refused base URL without what may be secret in it.
func quotedBase(rawURL string) string {
	if u, err := url.Parse(rawURL); err == nil {
		return fmt.Sprintf("%q", safeURL(u))
	}
	return "(unreadable)"
}

// baseTransport is what requests leave through: the caller's transport, or one of our own. Nothing goes to the
// machine itself through a proxy: over plain http the proxy would see the token.
func baseTransport(given http.RoundTripper, origin auth.Origin) (_ http.RoundTripper, owned *http.Transport) {
	if given == nil {
		given = http.DefaultTransport
	}
	t, ok := given.(*http.Transport)
	if !ok {
		return given, nil
	}
	local := origin.Loopback() && t.Proxy != nil
	if given != http.DefaultTransport && !local {
		return t, nil
	}
	t = t.Clone()
	if local {
		t.Proxy = nil
	}
	if t.OnProxyConnectResponse == nil {
		t.OnProxyConnectResponse = checkProxy
	}
	return t, t
}
