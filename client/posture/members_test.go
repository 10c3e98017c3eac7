package posture_test

import (
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

func details(t *testing.T, text string) posture.ControlDetails {
	t.Helper()
	return posture.Details(parse[client.ControlScore](t, text))
}

func TestDetailsOfSample(t *testing.T) {
	t.Parallel()
	controls := map[string]posture.ControlDetails{}
	for _, c := range sample[client.SecureScore](t, "secureScore-entity").ControlScores {
		controls[*c.ControlName] = posture.Details(c)
	}

	d := controls["scid_2016"]
	percent, ok := d.ScoreInPercentage()
	wantFloat(t, "scoreInPercentage", percent, ok, 92.6, true)
	if n, ok := d.Count(); n != 12 || !ok {
		t.Errorf("count %d, %v", n, ok)
	}
	if n, ok := d.Total(); n != 13 || !ok {
		t.Errorf("total %d, %v", n, ok)
	}
	if is, ok := d.IsApplicable(); !is || !ok {
		t.Errorf("IsApplicable %v, %v", is, ok)
	}
	if s, ok := d.Source(); s != "MDATP" || !ok {
		t.Errorf("source %q, %v", s, ok)
	}
	if s, ok := d.ImplementationStatus(); s != "" || !ok {
		t.Errorf("implementationStatus %q, %v, want the empty one that came", s, ok)
	}
	if when, ok := d.LastSynced(); !ok || !when.Equal(time.Date(2026, 7, 15, 13, 4, 6, 0, time.UTC)) {
		t.Errorf("lastSynced %v, %v", when, ok)
	}
	if on, ok := d.On(); on || ok {
		t.Errorf("on %v, %v, want none", on, ok)
	}
	if on, ok := controls["IntegratedApps"].On(); !on || !ok {
		t.Errorf("on %v, %v", on, ok)
	}
	if on, ok := controls["meeting_restrictanonymousjoin_v1"].On(); on || !ok {
		t.Errorf("off %v, %v", on, ok)
	}
}

func TestDetailsNumbers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value string // of scoreInPercentage
		want  float64
		ok    bool
	}{
		"number":          {`92.6`, 92.6, true},
		"zero":            {`0.0`, 0, true},
		"string":          {`"92.6"`, 92.6, true},
		"exponent":        {`"9.26e1"`, 92.6, true},
		"null":            {`null`, 0, false},
		"-1":              {`-1`, 0, false},
		"string -1":       {`"-1"`, 0, false},
		"NaN":             {`"NaN"`, 0, false},
		"INF":             {`"INF"`, 0, false},
		"Go's infinity":   {`"Infinity"`, 0, false},
		"Go's nan":        {`"nan"`, 0, false},
		"hexadecimal":     {`"0x1p4"`, 0, false},
		"decimal comma":   {`"92,6"`, 0, false},
		"percent sign":    {`"92.6%"`, 0, false},
		"blank":           {`" 92.6"`, 0, false},
		"empty":           {`""`, 0, false},
		"no digits":       {`"-"`, 0, false},
		"truth value":     {`true`, 0, false},
		"list":            {`[92.6]`, 0, false},
		"too large":       {`1e999`, 0, false},
		"too large, text": {`"1e999"`, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := details(t, `{"scoreInPercentage":`+tt.value+`}`).ScoreInPercentage()
			wantFloat(t, "scoreInPercentage", got, ok, tt.want, tt.ok)
		})
	}
	got, ok := posture.Details(client.ControlScore{}).ScoreInPercentage()
	wantFloat(t, "absent", got, ok, 0, false)
}

func TestDetailsCounts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value string
		want  int64
		ok    bool
	}{
		"string":            {`"4"`, 4, true},
		"number":            {`4`, 4, true},
		"number with .0":    {`4.0`, 4, true},
		"string with .0":    {`"4.0"`, 4, true},
		"zero":              {`"0"`, 0, true},
		"beyond 2^53":       {`"9007199254740993"`, 9007199254740993, true},
		"beyond 2^53 in .0": {`"9007199254740993.0"`, 0, false},
		"beyond an int64":   {`"9223372036854775808"`, 0, false},
		"fraction":          {`"4.5"`, 0, false},
		"negative":          {`"-1"`, 0, false},
		"negative number":   {`-1`, 0, false},
		"null":              {`null`, 0, false},
		"words":             {`"four"`, 0, false},
		"truth value":       {`true`, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := details(t, `{"count":`+tt.value+`,"total":`+tt.value+`}`)
			if n, ok := d.Count(); n != tt.want || ok != tt.ok {
				t.Errorf("count %d, %v, want %d, %v", n, ok, tt.want, tt.ok)
			}
			if n, ok := d.Total(); n != tt.want || ok != tt.ok {
				t.Errorf("total %d, %v, want %d, %v", n, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestDetailsTruth(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		value    string
		want, ok bool
	}{
		"string":       {`"true"`, true, true},
		"string false": {`"false"`, false, true},
		"capital":      {`"True"`, true, true},
		"value":        {`true`, true, true},
		"value false":  {`false`, false, true},
		"null":         {`null`, false, false},
		"number":       {`1`, false, false},
		"words":        {`"on"`, false, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := details(t, `{"on":`+tt.value+`,"IsApplicable":`+tt.value+`}`)
			if got, ok := d.On(); got != tt.want || ok != tt.ok {
				t.Errorf("on %v, %v, want %v, %v", got, ok, tt.want, tt.ok)
			}
			if got, ok := d.IsApplicable(); got != tt.want || ok != tt.ok {
				t.Errorf("IsApplicable %v, %v, want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func TestDetailsTexts(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"absent": `{}`, "null": `{"implementationStatus":null,"source":null,"lastSynced":null}`,
		"of another type": `{"implementationStatus":1,"source":true,"lastSynced":20260715}`,
	} {
		d := details(t, text)
		if s, ok := d.ImplementationStatus(); s != "" || ok {
			t.Errorf("%s: implementationStatus %q, %v", name, s, ok)
		}
		if s, ok := d.Source(); s != "" || ok {
			t.Errorf("%s: source %q, %v", name, s, ok)
		}
		if when, ok := d.LastSynced(); ok {
			t.Errorf("%s: lastSynced %v", name, when)
		}
	}
	for _, text := range []string{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00+03:00", "7/13/2018", ""} {
		if when, ok := details(t, `{"lastSynced":"`+text+`"}`).LastSynced(); ok || !when.IsZero() {
			t.Errorf("lastSynced %q: %v, %v", text, when, ok)
		}
	}
}

func TestDetailsCasing(t *testing.T) {
	t.Parallel()
	d := details(t, `{"SCOREINPERCENTAGE":1,"Count":"2","Total":"3","On":"true","isApplicable":"false","Source":"s",
		"LastSynced":"2026-07-15T13:04:06Z","ImplementationStatus":"i"}`)
	percent, ok := d.ScoreInPercentage()
	wantFloat(t, "scoreInPercentage", percent, ok, 1, true)
	if n, ok := d.Count(); n != 2 || !ok {
		t.Errorf("count %d, %v", n, ok)
	}
	if n, ok := d.Total(); n != 3 || !ok {
		t.Errorf("total %d, %v", n, ok)
	}
	if on, ok := d.On(); !on || !ok {
		t.Errorf("on %v, %v", on, ok)
	}
	if is, ok := d.IsApplicable(); is || !ok {
		t.Errorf("IsApplicable %v, %v", is, ok)
	}
	if s, ok := d.Source(); s != "s" || !ok {
		t.Errorf("source %q, %v", s, ok)
	}
	if s, ok := d.ImplementationStatus(); s != "i" || !ok {
		t.Errorf("implementationStatus %q, %v", s, ok)
	}
	if when, ok := d.LastSynced(); !ok || when.Year() != 2026 {
		t.Errorf("lastSynced %v, %v", when, ok)
	}
	if n, ok := details(t, `{"Count":"2","count":"4"}`).Count(); n != 4 || !ok {
		t.Errorf("count %d, %v, want that of today's casing", n, ok)
	}
}
