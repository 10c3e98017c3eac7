package client

import (
	"encoding/json"
	"strings"
	"time"
)

// odataError is what could be made out of an error answer's body. Microsoft's gateways send many shapes: every part
// is best effort.
type odataError struct {
	code, message, target, innerCode string
	requestID, clientRequestID       string
	date                             time.Time
}

// maxInnerErrors bounds the walk into nested inner errors.
const maxInnerErrors = 16

// parseODataError reads {"error":{"code","message","target","innerError":{…}}}, and what has been seen in its place:
// innererror, inner errors with a code of their own, an empty code, a date with no zone, an "error" that is a string
// (with "error_description"), HTML, nothing.
func parseODataError(body []byte) odataError {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return odataError{}
	}
	var e odataError
	raw := member(top, "error")
	var obj map[string]json.RawMessage
	if json.Unmarshal(raw, &obj) != nil {
		e.code = clean(text(raw), maxCodeText)
		e.message = clean(firstText(top, "error_description", "message"), maxMessageText)
		return e
	}
	e.code = clean(text(member(obj, "code")), maxCodeText)
	e.message = clean(messageText(member(obj, "message")), maxMessageText)
	e.target = clean(text(member(obj, "target")), maxCodeText)
	inner := obj
	for range maxInnerErrors {
		next := member(inner, "innerError")
		inner = nil
		if next == nil || json.Unmarshal(next, &inner) != nil || inner == nil {
			break
		}
		e.addInner(inner)
	}
	return e
}

// addInner takes over what an inner error says. The innermost code is the most specific; of ids and date the
// outermost is the request's own.
func (e *odataError) addInner(inner map[string]json.RawMessage) {
	if code := text(member(inner, "code")); code != "" {
		e.innerCode = clean(code, maxCodeText)
	}
	if e.message == "" {
		e.message = clean(messageText(member(inner, "message")), maxMessageText)
	}
	if e.requestID == "" {
		e.requestID = clean(text(member(inner, "request-id")), maxIDText)
	}
	if e.clientRequestID == "" {
		e.clientRequestID = clean(text(member(inner, "client-request-id")), maxIDText)
	}
	if e.date.IsZero() {
		e.date = lenientTime(text(member(inner, "date")))
	}
}

// member finds a member by its exact name, or else by its name in any case ("innererror").
func member(obj map[string]json.RawMessage, name string) json.RawMessage {
	if raw, ok := obj[name]; ok {
		return raw
	}
	for key, raw := range obj {
		if strings.EqualFold(key, name) {
			return raw
		}
	}
	return nil
}

func firstText(obj map[string]json.RawMessage, names ...string) string {
	for _, name := range names {
		if s := text(member(obj, name)); s != "" {
			return s
		}
	}
	return ""
}

// text is a JSON string's value, or a number's text; "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// messageText also takes OData 2's {"lang":"en","value":"…"}.
func messageText(raw json.RawMessage) string {
	if s := text(raw); s != "" {
		return s
	}
	var obj map[string]json.RawMessage
	if json.Unmarshal(raw, &obj) == nil {
		return text(member(obj, "value"))
	}
	return ""
}

// lenientTime reads RFC 3339, and the same with no zone (taken as UTC, as the service means it); zero for anything
// else.
func lenientTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
