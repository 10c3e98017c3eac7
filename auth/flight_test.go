package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

// Challenges bring new claims each time: what is known of old ones must go.
func TestFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cache{entries: make(map[entryKey]*entry), fetch: func(context.Context, TokenRequest) (*oauth2.Token, error) {
			return nil, errors.New("no")
		}}
		for i := range 100 {
			if _, err := c.token(t.Context(), TokenRequest{Claims: fmt.Sprint(i)}); err == nil {
				t.Fatal("no error")
			}
			time.Sleep(time.Second)
		}
		if e := c.entries[entryKey{}]; len(e.failures) > 6 || len(e.inFlight) != 0 {
			t.Errorf("%d failures and %d flights are kept", len(e.failures), len(e.inFlight))
		}
	})
}

func TestNotTheCallersKeepsOtherErrors(t *testing.T) {
	t.Parallel()
	err := errors.New("x")
	if notTheCallers(err) != err || notTheCallers(nil) != nil {
		t.Error("an error was changed")
	}
}
