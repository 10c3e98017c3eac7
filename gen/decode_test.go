package gen_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/seed-13c6ebcb/securescore/gen"
)

func TestMismatches(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"the document's placeholder": {
			`{"averageComparativeScores":[{"averageScore":"Double"}]}`,
			`secureScore: averageComparativeScores[0].averageScore: found "Double", wanted a number (Edm.Double)`,
		},
		"all of them": {
			`{"id":1,"controlScores":[{},{},{},{"score":true}],"currentScore":"inf","vendorInformation":{"vendor":[]}}`,
			`secureScore: id: found 1, wanted a string (Edm.String); controlScores[3].score: found true, wanted a number (Edm.Double); ` +
				`currentScore: found "inf", wanted a number (Edm.Double); vendorInformation.vendor: found an array, wanted a string (Edm.String)`,
		},
		"overflow of an Int32": {
			`{"activeUserCount":2147483648}`,
			`secureScore: activeUserCount: found 2147483648, wanted an integer of 32 bits (Edm.Int32)`,
		},
		"negative overflow":     {`{"activeUserCount":-2147483649}`, `secureScore: activeUserCount: found -2147483649, wanted an integer of 32 bits (Edm.Int32)`},
		"overflow as a float":   {`{"activeUserCount":3e9}`, `secureScore: activeUserCount: found 3e9, wanted an integer of 32 bits (Edm.Int32)`},
		"almost an integer":     {`{"activeUserCount":14.9999999999999999999}`, `secureScore: activeUserCount: found 14.9999999999999999999, wanted an integer of 32 bits (Edm.Int32)`},
		"almost zero":           {`{"activeUserCount":1e-400}`, `secureScore: activeUserCount: found 1e-400, wanted an integer of 32 bits (Edm.Int32)`},
		"a vast exponent":       {`{"activeUserCount":1e99999999999999999999}`, `secureScore: activeUserCount: found 1e99999999999999999999, wanted an integer of 32 bits (Edm.Int32)`},
		"underflow of a Double": {`{"currentScore":1e-400}`, `secureScore: currentScore: found 1e-400, wanted a number (Edm.Double)`},
		"a date too short":      {`{"createdDateTime":"2026-07-17"}`, `secureScore: createdDateTime: found "2026-07-17", wanted a date and time with offset (Edm.DateTimeOffset)`},
		"an hour of one digit":  {`{"createdDateTime":"2026-07-17T0:00:31Z"}`, `secureScore: createdDateTime: found "2026-07-17T0:00:31Z", wanted a date and time with offset (Edm.DateTimeOffset)`},
		"a comma in a date":     {`{"createdDateTime":"2026-07-17T00:00:31,5Z"}`, `secureScore: createdDateTime: found "2026-07-17T00:00:31,5Z", wanted a date and time with offset (Edm.DateTimeOffset)`},
		"an offset of a day":    {`{"createdDateTime":"2026-07-17T00:00:31+24:00"}`, `secureScore: createdDateTime: found "2026-07-17T00:00:31+24:00", wanted a date and time with offset (Edm.DateTimeOffset)`},
		"what steers a screen":  {"{\"currentScore\":\"\u009b31m\u202e\u2028\"}", `secureScore: currentScore: found "\u009b31m\u202e\u2028", wanted a number (Edm.Double)`},
		"fraction":              {`{"licensedUserCount":1.5}`, `secureScore: licensedUserCount: found 1.5, wanted an integer of 32 bits (Edm.Int32)`},
		"integer as text":       {`{"activeUserCount":"15"}`, `secureScore: activeUserCount: found "15", wanted an integer of 32 bits (Edm.Int32)`},
		"overflow of a Double":  {`{"currentScore":1e400}`, `secureScore: currentScore: found 1e400, wanted a number (Edm.Double)`},
		"double as text":        {`{"currentScore":"1.0"}`, `secureScore: currentScore: found "1.0", wanted a number (Edm.Double)`},
		"date without a zone":   {`{"createdDateTime":"2026-07-17T16:25:03"}`, `secureScore: createdDateTime: found "2026-07-17T16:25:03", wanted a date and time with offset (Edm.DateTimeOffset)`},
		"date as a number":      {`{"createdDateTime":0}`, `secureScore: createdDateTime: found 0, wanted a date and time with offset (Edm.DateTimeOffset)`},
		"object for an array":   {`{"controlScores":{}}`, `secureScore: controlScores: found an object, wanted an array`},
		"array for an object":   {`{"vendorInformation":[1]}`, `secureScore: vendorInformation: found an array, wanted an object (securityVendorInformation)`},
		"number in strings":     {`{"enabledServices":["a",2]}`, `secureScore: enabledServices[1]: found 2, wanted a string (Edm.String)`},
		"string among objects":  {`{"controlScores":[{},"a"]}`, `secureScore: controlScores[1]: found "a", wanted an object (controlScore)`},
		"an array on its own":   {`[]`, `secureScore: found an array, wanted an object (secureScore)`},
		"long text, cut":        {`{"currentScore":"` + strings.Repeat("é", 100) + `"}`, `secureScore: currentScore: found "` + strings.Repeat("é", 39) + `…, wanted a number (Edm.Double)`},
		"name that is a number": {`{"vendorInformation":{"0":1,"vendor":0}}`, `secureScore: vendorInformation.vendor: found 0, wanted a string (Edm.String)`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "kept"
			score := gen.SecureScore{ID: &id}
			err := json.Unmarshal([]byte(tt.text), &score)
			var mismatch *gen.TypeError
			if !errors.As(err, &mismatch) {
				t.Fatalf("got %v, want a TypeError", err)
			}
			if mismatch.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", mismatch, tt.want)
			}
			if score.ID == nil || *score.ID != "kept" {
				t.Error("a failed decoding changed the value")
			}
			if _, err := gen.Decode[gen.SecureScore](strings.NewReader(tt.text)); err == nil || err.Error() != tt.want {
				t.Errorf("Decode: got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestMismatchesAreBounded(t *testing.T) {
	t.Parallel()
	text := `{"enabledServices":[` + strings.Repeat("1,", 249) + `1]}`
	var mismatch *gen.TypeError
	if err := json.Unmarshal([]byte(text), new(gen.SecureScore)); !errors.As(err, &mismatch) {
		t.Fatalf("got %v, want a TypeError", err)
	}
	if len(mismatch.Faults) != 100 || mismatch.More != 150 || !strings.HasSuffix(mismatch.Error(), "; and 150 more") {
		t.Errorf("got %d faults and %d more: …%s", len(mismatch.Faults), mismatch.More, mismatch.Error()[len(mismatch.Error())-40:])
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		eof  bool
	}{
		"nothing":             {"", true},
		"blanks":              {" \n", true},
		"half an object":      {`{"id":"a"`, true},
		"half a string":       {`{"id":"a`, true},
		"half a number":       {`{"activeUserCount":1`, true},
		"half an array":       {`{"enabledServices":["a",`, true},
		"two values":          {`{}{}`, false},
		"rubbish behind":      {`{} x`, false},
		"rubbish":             {`<html>`, false},
		"a name twice":        {`{"id":"a","id":"b"}`, false},
		"an unknown twice":    {`{"x":1,"x":2}`, false},
		"bad UTF-8":           {"{\"id\":\"\xff\"}", false},
		"lone surrogate":      {`{"id":"\ud800"}`, false},
		"a null of its own":   {"null", false},
		"too deep":            {`{"x":` + strings.Repeat("[", 20000), false},
		"comma at the end":    {`{"id":"a",}`, false},
		"comment":             {`{/**/}`, false},
		"missing colon":       {`{"id" "a"}`, false},
		"control in a string": {"{\"id\":\"\n\"}", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := gen.Decode[gen.SecureScore](strings.NewReader(tt.text))
			if err == nil || got != nil {
				t.Fatalf("got %v, %v, want an error", got, err)
			}
			if errors.Is(err, io.ErrUnexpectedEOF) != tt.eof {
				t.Errorf("%v: is io.ErrUnexpectedEOF %v, want %v", err, !tt.eof, tt.eof)
			}
		})
	}
}

func TestDecodeKeepsTheReadersError(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	r := io.MultiReader(strings.NewReader(`{"id":`), iotest.ErrReader(broken))
	if _, err := gen.Decode[gen.SecureScore](r); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// TestDecodeOneByteAtATime holds that nothing is kept that points into the reader's buffer.
func TestDecodeOneByteAtATime(t *testing.T) {
	t.Parallel()
	var controls []string
	for i := range 500 {
		controls = append(controls, fmt.Sprintf(`{"controlName":"control-%d","score":%d.5,"undeclared-%d":"value %d"}`, i, i, i, i))
	}
	text := `{"a\u0062":1,"controlScores":[` + strings.Join(controls, ",") + `],"\u0069d":"x"}`
	score, err := gen.Decode[gen.SecureScore](iotest.OneByteReader(strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(score)
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, []byte(text))
}

func TestIntegersInOtherSpellings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int32{"3.0": 3, "3e0": 3, "-2.5e1": -25, "21474836.47e2": 2147483647, "-2147483648.0": -2147483648, "0.0": 0, "-0": 0, "0e999999999999999999999": 0, "100e-2": 1, "0.002E3": 2} {
		var score gen.SecureScore
		if err := json.Unmarshal([]byte(`{"activeUserCount":`+text+`}`), &score); err != nil {
			t.Error(err)
		} else if *score.ActiveUserCount != want {
			t.Errorf("%s: got %d, want %d", text, *score.ActiveUserCount, want)
		}
	}
}

func TestBatchHeaders(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"headers":{"a":null}}`, `{"headers":{"a":1}}`, `{"headers":[]}`} {
		var mismatch *gen.TypeError
		if err := json.Unmarshal([]byte(text), new(gen.BatchResponseItem)); !errors.As(err, &mismatch) || mismatch.Faults[0].Path != "headers" {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// TestSyntaxErrorsNameTheThing holds the texts that encoding/json would rewrite when it is built on version 2.
func TestSyntaxErrorsNameTheThing(t *testing.T) {
	t.Parallel()
	err := json.Unmarshal([]byte(`{"id":"a","id":"b"}`), new(gen.SecureScore))
	if err == nil || !strings.Contains(err.Error(), `duplicate object member name "id"`) {
		t.Errorf("got %v", err)
	}
}

func TestDecodingReplacesTheWholeValue(t *testing.T) {
	t.Parallel()
	var score gen.SecureScore
	for _, text := range []string{`{"id":"a","x":1,"maxScore":null}`, `{"currentScore":1}`} {
		if err := json.Unmarshal([]byte(text), &score); err != nil {
			t.Fatal(err)
		}
	}
	got, err := json.Marshal(score)
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, []byte(`{"currentScore":1}`))
}
