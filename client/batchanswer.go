package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// batchAnswer is one answer out of those of a batch. What is wrong with it is wrong with it alone: the others count.
type batchAnswer struct {
	status int
	header http.Header
	body   []byte // JSON; nil for none
	fault  string // why it answers nothing; "" where it does
}

// batchAnswers are the answers of a batch by the id of what they answer.
type batchAnswers map[string]*batchAnswer

// decodeBatchAnswers reads the answers of a batch. What is no JSON is an error, and so is an object without
// "responses".
func decodeBatchAnswers(r io.Reader) (batchAnswers, error) {
	dec := jsontext.NewDecoder(r)
	if kind := dec.PeekKind(); kind != '{' && kind != 0 {
		return nil, protocolErrorf("the batch's answer is no object")
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	var answers batchAnswers
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		responses := name.String() == "responses"
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		if responses {
			if answers, err = readBatchAnswers(value); err != nil {
				return nil, err
			}
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	if answers == nil {
		return nil, protocolErrorf("the batch's answer has no responses")
	}
	switch _, err := dec.ReadToken(); {
	case err == nil:
		return nil, protocolErrorf("the batch's answer is more than one JSON value")
	case err != io.EOF:
		return nil, err
	}
	return answers, nil
}

func readBatchAnswers(value []byte) (batchAnswers, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(value, &items); err != nil || items == nil {
		return nil, protocolErrorf("the responses of the batch's answer are no array")
	}
	answers := batchAnswers{}
	for _, item := range items {
		id, a := readBatchAnswer(item)
		if answers[id] != nil {
			a = &batchAnswer{fault: "the batch answers this update more than once"}
		}
		answers[id] = a
	}
	return answers, nil
}

// readBatchAnswer reads one answer; an id that is none is "", which nothing has.
func readBatchAnswer(item []byte) (id string, a *batchAnswer) {
	a = &batchAnswer{header: http.Header{}}
	var m map[string]json.RawMessage
	_ = json.Unmarshal(item, &m) // what is no object has no id
	if err := json.Unmarshal(m["status"], &a.status); err != nil || a.status < 100 || a.status > 999 {
		a.fault = fmt.Sprintf("the batch's answer to this update has the status %s", clean(string(m["status"]), maxCodeText))
	}
	var headers map[string]json.RawMessage
	_ = json.Unmarshal(m["headers"], &headers) // they say more about an answer, and are not the answer
	for name, value := range headers {
		if s := text(value); s != "" {
			a.header.Add(name, s)
		}
	}
	if body := bytes.TrimSpace(m["body"]); string(body) != "null" {
		a.body = body
	}
	return text(m["id"]), a
}

// outcome judges the answer as that of the operation alone. outer is the outcome of the batch as a whole: a success.
func (a *batchAnswer) outcome(op *operation, outer *outcome, trust503 bool) outcome {
	if a == nil {
		a = &batchAnswer{fault: "the batch has no answer to this update"}
	}
	if a.fault != "" {
		return outcome{class: invalid, status: outer.status, header: outer.header, err: protocolErrorf("%s", a.fault)}
	}
	if a.header.Get("Date") == "" {
		a.header.Set("Date", outer.header.Get("Date"))
	}
	o := outcome{status: a.status, header: a.header, retryAfter: retryAfter(a.header, time.Now())}
	switch {
	case op.accepts(a.status):
		o.class, o.err = a.success(op)
		if is[*errorAnswer](o.err) {
			o.body = a.body
		}
	case a.status >= 200 && a.status <= 299:
		o.class, o.err = invalid, protocolErrorf("this operation has no such status")
	default:
		o.class, o.body = statusClass(a.status, op.write), a.body
		if trust503 && a.status == http.StatusServiceUnavailable && o.retryAfter > 0 {
			o.class = trusted503
		}
	}
	return o
}

func (a *batchAnswer) success(op *operation) (class, error) {
	if a.status == http.StatusNoContent {
		return done, nil
	}
	err := checkHead(a.body[:min(len(a.body), peekSize)], len(a.body) <= peekSize, mediaJSON)
	if err == nil {
		err = op.decode(bytes.NewReader(a.body))
	}
	if err == nil {
		return done, nil
	}
	return invalid, &protocolError{"", err}
}
