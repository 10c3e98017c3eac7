package client

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"
)

// mediaJSON is what nearly every operation answers with.
const mediaJSON = "application/json"

// operation describes one operation to the pipeline. It travels in the request's context.
type operation struct {
	// name is what errors and logs call it: "create secureScore".
	name string
	// write says that a repeat is not harmless: POST, PATCH, DELETE.
	write bool
	// key is what the entity is looked up by when the outcome of a write is unknown.
	key string
	// conditional says that it takes If-Match.
	conditional bool
	// permission is the least privileged one that allows the operation, for the text of a 403.
	permission string
	// accept are the statuses of a success.
	accept []int
	// media is the content type of a success; "" is mediaJSON.
	media string
	// verbatim leaves the query as it is: it is the service's own (a nextLink), not one that was built here.
	verbatim bool
	// decode reads the body of a success, to its end. It is run inside the attempt, so that a broken answer to a read
	// can be repeated: it starts afresh each time. An error that wraps io.ErrUnexpectedEOF or is one of JSON syntax
	// is a broken answer; any other says that this is what the service answers, and a repeat would be in vain. Nil:
	// no body is wanted, and one that comes is thrown away. It is not run on a 204.
	decode func(io.Reader) error
	// warned is given the warnings that came with a success, if any. Nil: nobody wants to know.
	warned func([]Warning)
}

func (op *operation) accepts(status int) bool { return slices.Contains(op.accept, status) }

func (op *operation) mediaType() string {
	if op.media == "" {
		return mediaJSON
	}
	return op.media
}

// call is the state of one operation under way. Only the goroutine that makes the call touches it.
type call struct {
	op              operation
	header          http.Header // of the call's options
	clientRequestID string
	capture         *Response
	earlier         *Response // what the calls before it add up to, where it is one of several
	warnings        []Warning // of the answer
	scid            bool      // see WithSCIDAllowed

	attempts int
	judged   bool
	last     outcome  // of the last attempt, once judged
	answer   *outcome // the last attempt that the service answered
	wait     time.Duration
	paid     int    // quota tokens
	reason   string // why it stopped where it might have gone on
}

func (cl *call) record(o outcome) {
	cl.judged, cl.last = true, o
	if o.status != 0 {
		cl.answer = &o
	}
}

type callKey struct{}

func withCall(ctx context.Context, cl *call) context.Context {
	return context.WithValue(ctx, callKey{}, cl)
}

func callFrom(ctx context.Context) *call {
	cl, _ := ctx.Value(callKey{}).(*call)
	return cl
}
