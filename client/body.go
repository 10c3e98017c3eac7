package client

import (
	"fmt"
	"io"
)

// The caps on answers, in bytes after decompression. The largest page seen is 4.5 MB.
const (
	maxBody      = 64 << 20
	maxErrorBody = 1 << 20
	// maxRawBody is what an Error keeps of an error answer.
	maxRawBody = 64 << 10
)

// body reads an answer under the attempt's timers and a cap, and keeps the error that ended it: decoders wrap errors
// in many ways.
type body struct {
	attempt *attempt
	r       io.Reader
	limit   int64
	n       int64
	err     error // not io.EOF
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	// One byte more than the cap tells a body that fills it from one that exceeds it.
	if room := b.limit - b.n + 1; int64(len(p)) > room {
		p = p[:room]
	}
	n, err := b.attempt.read(b.r, p)
	b.n += int64(n)
	if b.n > b.limit {
		n -= int(b.n - b.limit)
		b.n = b.limit
		err = &tooLargeError{b.limit}
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// tooLargeError is an answer above the cap. It is [ErrTooLarge].
type tooLargeError struct{ limit int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the answer has more than %d MiB when decompressed", e.limit>>20)
}
func (e *tooLargeError) Is(target error) bool { return target == ErrTooLarge }
