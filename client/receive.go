package client

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// receive reads an answer to its end and judges it.
func (a *attempt) receive(resp *http.Response, trust503 bool) outcome {
	a.gotHeaders()
	o := outcome{status: resp.StatusCode, header: resp.Header, retryAfter: retryAfter(resp.Header, time.Now())}
	switch {
	case a.op.accepts(resp.StatusCode):
		a.success(resp, &o)
	case resp.StatusCode >= 200 && resp.StatusCode <= 299:
		o.class = invalid
		o.err = protocolErrorf("this operation has no such status")
	default:
		o.class = statusClass(resp.StatusCode, a.op.write)
		if trust503 && resp.StatusCode == http.StatusServiceUnavailable && o.retryAfter > 0 {
			o.class = trusted503
		}
		refusal := auth.Refusal(resp) // it looks at the clock: before the body is waited for
		// The status has decided: what is wrong with the body is only told.
		if o.body, o.err = io.ReadAll(&body{attempt: a, r: resp.Body, limit: maxErrorBody}); o.err == nil {
			o.err = refusal
		}
	}
	return o
}

// success decodes the body of an accepted status.
func (a *attempt) success(resp *http.Response, o *outcome) {
	b := &body{attempt: a, r: resp.Body, limit: maxBody}
	if a.op.decode == nil || resp.StatusCode == http.StatusNoContent {
		_, err := io.Copy(io.Discard, b)
		o.class, o.err = a.judge(b, err)
		return
	}
	if err := checkMedia(resp.Header.Get("Content-Type"), a.op.mediaType()); err != nil {
		o.class, o.err = invalid, err
		return
	}
	r := bufio.NewReaderSize(b, peekSize)
	head, err := r.Peek(peekSize)
	if err == nil || err == io.EOF {
		err = checkHead(head, err == io.EOF, a.op.mediaType())
		if is[*errorAnswer](err) {
			o.body, _ = io.ReadAll(io.LimitReader(r, maxErrorBody))
		}
		if err == nil {
			err = a.op.decode(r)
		}
		if err == nil {
			err = checkTail(r)
		}
	}
	o.class, o.err = a.judge(b, err)
}

// judge tells a broken answer, which the next attempt may mend, from one that will be the same again. The reader's
// own error comes first: the decoder only saw its consequence.
func (a *attempt) judge(b *body, err error) (class, error) {
	switch {
	case is[*tooLargeError](b.err):
		return invalid, b.err
	case b.err != nil:
		return broken, &brokenError{offset: b.n, err: b.err}
	case err == nil:
		return done, nil
	case errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF:
		return broken, &protocolError{fmt.Sprintf("the JSON ends too soon, after %d bytes", b.n), err}
	case is[*jsontext.SyntacticError](err) || is[*json.SyntaxError](err):
		return broken, &protocolError{"bad JSON", err}
	}
	return invalid, &protocolError{"", err}
}

// checkMedia refuses another content type. One that is missing is left to the decoder.
func checkMedia(got, want string) error {
	if got == "" {
		return nil
	}
	media, _, err := mime.ParseMediaType(got)
	if err != nil || media != want {
		return protocolErrorf("the answer is %q, not %s", clean(got, maxCodeText), want)
	}
	return nil
}

// peekSize is how much of a body is looked at before it is decoded.
const peekSize = 512

// checkHead refuses what JSON decoders take for an empty value: an empty body, null, {}, and an error under the
// status of a success.
func checkHead(head []byte, whole bool, media string) error {
	if media != mediaJSON {
		if whole && len(bytes.TrimSpace(head)) == 0 {
			return protocolErrorf("the body is empty")
		}
		return nil
	}
	head = bytes.Map(func(r rune) rune {
		if isJSONSpace(r) {
			return -1
		}
		return r
	}, head)
	switch {
	case whole && len(head) == 0:
		return protocolErrorf("the body is empty")
	case whole && (string(head) == "null" || string(head) == "{}"):
		return protocolErrorf("the body is %s", head)
	case bytes.HasPrefix(head, []byte(`{"error":`)):
		return &errorAnswer{}
	}
	return nil
}

// checkTail refuses anything but white space after what was decoded.
func checkTail(r io.Reader) error {
	buf := make([]byte, peekSize)
	for {
		n, err := r.Read(buf)
		for _, c := range buf[:n] {
			if !isJSONSpace(rune(c)) {
				return protocolErrorf("there are bytes after the JSON value")
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func isJSONSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// protocolError is an answer that is complete and wrong, or no JSON. It is [ErrProtocol].
type protocolError struct {
	text string
	err  error
}

func protocolErrorf(format string, args ...any) error {
	return &protocolError{text: fmt.Sprintf(format, args...)}
}

func (e *protocolError) Error() string {
	switch {
	case e.err == nil:
		return e.text
	case e.text == "":
		return e.err.Error()
	}
	return e.text + ": " + e.err.Error()
}
func (e *protocolError) Unwrap() error        { return e.err }
func (e *protocolError) Is(target error) bool { return target == ErrProtocol }

// errorAnswer is an OData error under the status of a success. It is [ErrProtocol].
type errorAnswer struct{}

func (*errorAnswer) Error() string        { return "an error under the status of a success" }
func (*errorAnswer) Is(target error) bool { return target == ErrProtocol }

// brokenError is an answer that broke off. It is [ErrProtocol]: what came is not an answer.
type brokenError struct {
	offset int64
	err    error
}

func (e *brokenError) Error() string {
	return fmt.Sprintf("the answer broke off after %d bytes: %s", e.offset, e.err)
}
func (e *brokenError) Unwrap() error        { return e.err }
func (e *brokenError) Is(target error) bool { return target == ErrProtocol }
