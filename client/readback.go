package client

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotReadBack marks an update that was made, of which the service returned no entity (a 204), and reading the
// entity failed: with what, the rest of the error says. It is never [ErrOutcomeUnknown]. Do not repeat the update;
// read the entity again.
var ErrNotReadBack = errors.New("the update was made, and reading it back failed")

// forReadBack are the options of a write for the read that follows it: without what only the write takes. The
// caller's Response stays that of the write.
func forReadBack(opts []CallOption) []CallOption {
	return append(slices.Clip(opts), func(cl *call) error {
		cl.header.Del(headerIfMatch)
		cl.header.Del("Prefer")
		cl.capture = nil
		return nil
	})
}

// notReadBack is the error of that read; nil where it has none.
func notReadBack(err error, key string) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return fmt.Errorf("%w: %w", ErrNotReadBack, err)
	}
	e.Key = key
	e.kinds = append(slices.Clip(e.kinds), ErrNotReadBack)
	reason := ErrNotReadBack.Error() + ": do not repeat it, read it again"
	if e.reason != "" {
		reason += "; " + e.reason
	}
	e.reason = reason
	return err
}
