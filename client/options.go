package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// Option configures a [Client]. An option that cannot be met is an error of [New].
type Option func(*config) error

type config struct {
	cloud       *auth.Cloud
	baseURL     string
	http        http.Client // a copy
	application string
	logger      *slog.Logger
	warnLogger  *slog.Logger
	onWarning   func(context.Context, Warning)
	strict      bool
	policy      RetryPolicy
	timeouts    Timeouts
	verdicts    verdictTable
}

// WithCloud chooses the national cloud: the Graph root and the scope asked for. The default is [auth.Global].
func WithCloud(c auth.Cloud) Option {
	return func(cfg *config) error {
		cfg.cloud = &c
		return nil
	}
}

// WithBaseURL replaces the Graph root, version included, such as "https://graph.microsoft.com/v1.0". It is https, or
// http to loopback (an IP literal, or localhost), without user, query and fragment. The scope asked for is its origin
// and "/.default".
func WithBaseURL(rawURL string) Option {
	return func(cfg *config) error {
		if rawURL == "" {
			return errors.New("the base URL is empty")
		}
		cfg.baseURL = rawURL
		return nil
	}
}

// WithHTTPClient sends requests through a copy of hc: its transport is used as it is, its cookie jar and its redirect
// policy are not, and its Timeout, if shorter, takes the place of [Timeouts.Attempt]. A transport that is no
// [http.Transport] has a price: whether a failed write was sent cannot be known, so that every transport error of a
// write is [ErrOutcomeUnknown] and none is repeated.
func WithHTTPClient(hc *http.Client) Option {
	return func(cfg *config) error {
		if hc == nil {
			return errors.New("the http.Client is nil")
		}
		if t, ok := hc.Transport.(*http.Transport); ok && t == nil {
			return errors.New("the http.Client's transport is a nil *http.Transport")
		}
		cfg.http = *hc
		return nil
	}
}

// WithUserAgent puts the application's own name and version before this library's in User-Agent: "app/1.0
// securescore-go/…".
func WithUserAgent(application string) Option {
	return func(cfg *config) error {
		if application == "" || len(application) > 256 {
			return errors.New("the user agent has 1 to 256 characters")
		}
		for _, r := range application {
			if r < ' ' || r > '~' {
				return fmt.Errorf("the user agent has the character %q: printable ASCII only", r)
			}
		}
		cfg.application = application
		return nil
	}
}

// WithLogger logs each operation at debug level and each repeat as a warning. No body, token or query value is
// logged. The default is silence.
func WithLogger(l *slog.Logger) Option {
	return func(cfg *config) error {
		if l == nil {
			return errors.New("the logger is nil")
		}
		cfg.logger, cfg.warnLogger = l, l
		return nil
	}
}

// WithRetryPolicy replaces the retry policy.
func WithRetryPolicy(p RetryPolicy) Option {
	return func(cfg *config) error {
		cfg.policy = p
		return p.validate()
	}
}

// WithTimeouts replaces the timeouts.
func WithTimeouts(t Timeouts) Option {
	return func(cfg *config) error {
		cfg.timeouts = t
		return t.validate()
	}
}

// Timeouts bound one attempt. Zero fields stand for the defaults. They begin when a request is handed to the
// transport, so that the time that a token takes is not theirs: only the caller's context bounds that.
type Timeouts struct {
	// ResponseHeader is how long the service may be silent until its headers come: while connecting and sending, and
	// again after the request was sent. Default 60 s.
	ResponseHeader time.Duration
	// Idle is how long a body may come without a byte. Default 30 s.
	Idle time.Duration
	// Attempt is the limit of the whole, however many bytes come. Default 100 s.
	Attempt time.Duration
}

func (t Timeouts) validate() error {
	for _, f := range []struct {
		name string
		d    time.Duration
	}{{"ResponseHeader", t.ResponseHeader}, {"Idle", t.Idle}, {"Attempt", t.Attempt}} {
		if f.d < 0 {
			return fmt.Errorf("field Timeouts.%s is negative: %s", f.name, f.d)
		}
	}
	return nil
}

func (t Timeouts) withDefaults() Timeouts {
	return Timeouts{
		ResponseHeader: orDefault(t.ResponseHeader, 60*time.Second),
		Idle:           orDefault(t.Idle, 30*time.Second),
		Attempt:        orDefault(t.Attempt, 100*time.Second),
	}
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
