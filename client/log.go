package client

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// log writes one record about a call. The query is cut to what says nothing about anybody.
func (d *doer) log(ctx context.Context, level slog.Level, text string, req *http.Request, cl *call, more ...slog.Attr) {
	if !d.logger.Enabled(ctx, level) {
		return
	}
	attrs := append([]slog.Attr{
		slog.String("op", cl.op.name), slog.String("method", req.Method), slog.String("url", safeURL(req.URL)),
		slog.String("client_request_id", cl.clientRequestID), slog.Int("attempts", cl.attempts),
	}, more...)
	d.logger.LogAttrs(ctx, level, text, attrs...)
}

func (d *doer) logRepeat(req *http.Request, cl *call) {
	attrs := []slog.Attr{slog.Duration("wait", cl.wait), slog.Int("status", cl.last.status)}
	if cl.last.err != nil {
		attrs = append(attrs, slog.String("cause", clean(cl.last.err.Error(), maxCauseText)))
	}
	d.log(req.Context(), slog.LevelWarn, "operation is repeated", req, cl, attrs...)
}

// plainQuery are the options whose values may be shown, where they are of this form and cannot hold another one. $filter may
// name a person or a tenant, $skiptoken is a capability.
var plainQuery = map[string]*regexp.Regexp{
	"$top": digits, "$skip": digits, "$count": regexp.MustCompile(`^(true|false)$`), "$select": regexp.MustCompile(`^([A-Za-z0-9_,/]|%2C)*$`),
	"$filter": nothing, "$orderby": nothing, "$skiptoken": nothing,
}

var (
	digits  = regexp.MustCompile(`^[0-9]{1,10}$`)
	nothing = regexp.MustCompile(`^$`)
)

// safeURL is a URL fit for a text: without user, fragment and most of its query's values.
func safeURL(u *url.URL) string {
	s := clean(u.Scheme+"://"+u.Host+u.EscapedPath(), maxCauseText)
	if u.RawQuery == "" {
		return s
	}
	pairs := strings.Split(odataQuery(u.RawQuery), "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		form, known := plainQuery[name]
		switch {
		case !known: // its name may be anything
			pairs[i] = "…"
		case !form.MatchString(value):
			pairs[i] = name + "=…"
		}
	}
	return s + "?" + clean(strings.Join(pairs, "&"), maxCauseText)
}
