package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
)

func TestStatic(t *testing.T) {
	t.Parallel()
	src, err := auth.Static(canaryToken)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := src.Token(t.Context(), auth.TokenRequest{Scopes: []string{"any"}})
	if err != nil || tok.AccessToken != canaryToken || tok.TokenType != "Bearer" || !tok.Expiry.IsZero() {
		t.Errorf("got type %q, expiry %v, %v", tok.TokenType, tok.Expiry, err)
	}
	tok.AccessToken = "changed"
	if got := ask(t, src); got != canaryToken {
		t.Error("a caller's change to its token reached the source")
	}
	if _, err := src.Token(t.Context(), auth.TokenRequest{Claims: "{}"}); err == nil {
		t.Error("a claims challenge was answered with the same token")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.Token(ctx, auth.TokenRequest{}); !errors.Is(err, context.Canceled) {
		t.Errorf("context done: %v", err)
	}
}

func TestStaticRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ token, want string }{
		{"", "access token is empty"},
		{canaryToken + "\n", "control character"},
		{canaryToken + "\r\nX-Evil: 1", "control character"},
		{"Bearer " + canaryToken, "white space"},
		{canaryToken + "\x00", "control character"},
		{canaryToken + "\x7f", "control character"},
		{canaryToken + "é", "not ASCII"},
	} {
		src, err := auth.Static(tt.token)
		wantText(t, err, "auth: static: ", tt.want)
		if src != nil {
			t.Errorf("a source beside the error for %q", tt.token)
		}
		if strings.Contains(err.Error(), canaryToken) {
			t.Errorf("%q repeats the token", err)
		}
	}
}
