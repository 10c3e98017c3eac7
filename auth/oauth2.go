package auth

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/oauth2"
)

// FromOAuth2 makes a source of an [oauth2.TokenSource]. Its Token method takes
// no context: here a caller whose context is done leaves at once, and the call
// goes on for the others; there is never more than one at a time. It is called
// for every token, since x/oauth2's own sources keep theirs; [Cache] adds a
// memory for failures, and a life of 300 s to tokens without expiry. Scopes
// are what the source was made with, whatever is asked for, and a request with
// claims ([ErrNoClaims]) or for a named tenant is refused. What is returned is
// checked as in [Func].
func FromOAuth2(src oauth2.TokenSource) (TokenSource, error) {
	if src == nil {
		return nil, errors.New("auth: oauth2 token source is nil")
	}
	var mu sync.Mutex
	var current *sharedCall
	join := func() *sharedCall {
		mu.Lock()
		defer mu.Unlock()
		if current != nil {
			return current
		}
		c := &sharedCall{done: make(chan struct{})}
		current = c
		go run(src.Token, func(t *oauth2.Token, err error) {
			mu.Lock()
			defer mu.Unlock()
			c.token, c.err = t, notTheCallers(err)
			current = nil
			close(c.done)
		})
		return c
	}
	return &source{token: func(ctx context.Context, r TokenRequest) (*oauth2.Token, error) {
		if ctx.Err() != nil {
			return nil, waitError(ctx)
		}
		if err := r.plain("an oauth2 token source"); err != nil {
			return nil, err
		}
		c := join()
		select {
		case <-c.done:
			if c.err != nil {
				return nil, c.err
			}
			return cloneToken(c.token), nil
		case <-ctx.Done():
			return nil, waitError(ctx)
		}
	}}, nil
}

type sharedCall struct {
	done  chan struct{} // closed once token and err are set
	token *oauth2.Token
	err   error
}

// ToOAuth2 makes an [oauth2.TokenSource] of src, for libraries that take one.
// Every Token call asks src for r with ctx, so that the source ends with ctx.
// It keeps nothing itself. Such libraries send the token on to wherever they
// are redirected ([oauth2.Transport] does): [Transport] does not.
func ToOAuth2(ctx context.Context, src TokenSource, r TokenRequest) (oauth2.TokenSource, error) {
	if ctx == nil {
		return nil, errors.New("auth: context is nil")
	}
	if src == nil {
		return nil, errors.New("auth: token source is nil")
	}
	return oauth2Source(func() (*oauth2.Token, error) {
		return checked(src.Token(ctx, r))
	}), nil
}

type oauth2Source func() (*oauth2.Token, error)

func (f oauth2Source) Token() (*oauth2.Token, error) { return f() }
