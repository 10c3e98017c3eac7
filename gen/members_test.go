package gen_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/gen"
)

func decodeControl(t *testing.T, text string) gen.ControlScore {
	t.Helper()
	var control gen.ControlScore
	if err := json.Unmarshal([]byte(text), &control); err != nil {
		t.Fatal(err)
	}
	return control
}

func TestMembersRead(t *testing.T) {
	t.Parallel()
	m := decodeControl(t, `{"score":null,"z":1.50,"a\"b":"t\u0065xt","big":9007199254740993,"inf":"INF","yes":true,"no":false,"gone":null,
		"when":"2026-07-15T13:04:06Z","list":[1, {"x":"]"}],"third":0.5}`).Extra

	if want := []string{"z", `a"b`, "big", "inf", "yes", "no", "gone", "when", "list", "third"}; !slices.Equal(m.Names(), want) || m.Len() != len(want) {
		t.Errorf("names %q (%d), want %q", m.Names(), m.Len(), want)
	}
	if raw, ok := m.Get("z"); !ok || string(raw) != "1.50" {
		t.Errorf("z: %s, %v", raw, ok)
	}
	if raw, ok := m.Get("list"); !ok || string(raw) != `[1, {"x":"]"}]` {
		t.Errorf("list: %s, %v", raw, ok)
	}
	for _, name := range []string{"Z", "score", "nowhere"} {
		if raw, ok := m.Get(name); ok {
			t.Errorf("%s: got %s, want nothing", name, raw)
		}
	}
	if s, ok := m.Text(`a"b`); !ok || s != "text" {
		t.Errorf("text: %q, %v", s, ok)
	}
	if i, ok := m.Int64("big"); !ok || i != 9007199254740993 {
		t.Errorf("big: %d, %v", i, ok)
	}
	if f, ok := m.Float64("z"); !ok || f != 1.5 {
		t.Errorf("z: %v, %v", f, ok)
	}
	if f, ok := m.Float64("inf"); !ok || !math.IsInf(f, 1) {
		t.Errorf("inf: %v, %v", f, ok)
	}
	if b, ok := m.Bool("yes"); !ok || !b {
		t.Errorf("yes: %v, %v", b, ok)
	}
	if b, ok := m.Bool("no"); !ok || b {
		t.Errorf("no: %v, %v", b, ok)
	}
	if when, ok := m.Time("when"); !ok || !when.Equal(time.Date(2026, 7, 15, 13, 4, 6, 0, time.UTC)) {
		t.Errorf("when: %v, %v", when, ok)
	}
	for name, want := range map[string]bool{"score": true, "gone": true, "description": false, "z": false, "nowhere": false} {
		if m.Null(name) != want {
			t.Errorf("%s: null %v, want %v", name, !want, want)
		}
	}
}

func TestMembersOfAnotherType(t *testing.T) {
	t.Parallel()
	m := decodeControl(t, `{"s":"1","n":1,"f":0.5,"huge":1e400,"large":9007199254740993.0,"null":null,"list":[],"object":{},"yes":true}`).Extra
	tests := map[string]struct {
		ok   func(string) bool
		have string
	}{
		"Text":    {func(n string) bool { _, ok := m.Text(n); return ok }, "s"},
		"Float64": {func(n string) bool { _, ok := m.Float64(n); return ok }, "n f large"},
		"Int64":   {func(n string) bool { _, ok := m.Int64(n); return ok }, "n large"},
		"Bool":    {func(n string) bool { _, ok := m.Bool(n); return ok }, "yes"},
		"Time":    {func(n string) bool { _, ok := m.Time(n); return ok }, ""},
	}
	for accessor, tt := range tests {
		for _, name := range append(m.Names(), "nowhere") {
			if want := slices.Contains(strings.Fields(tt.have), name); tt.ok(name) != want {
				t.Errorf("%s(%s): ok %v, want %v", accessor, name, !want, want)
			}
		}
	}
}

func TestMembersChange(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*gen.Members) error
		want   string
	}{
		"replace in place":     {func(m *gen.Members) error { return m.Set("b", []int{1, 2}) }, `{"a":1,"b":[1,2],"c":"x,:"}`},
		"append":               {func(m *gen.Members) error { return m.Set("d", "<é>") }, `{"a":1,"b":2.0,"c":"x,:","d":"<é>"}`},
		"a raw text":           {func(m *gen.Members) error { return m.Set("a", json.RawMessage(" 123456789012345678901.0 ")) }, `{"a":123456789012345678901.0,"b":2.0,"c":"x,:"}`},
		"a quoted name":        {func(m *gen.Members) error { return m.Set("\"\n", 1) }, `{"a":1,"b":2.0,"c":"x,:","\"\n":1}`},
		"delete the first":     {func(m *gen.Members) error { m.Delete("a"); return nil }, `{"b":2.0,"c":"x,:"}`},
		"delete the last":      {func(m *gen.Members) error { m.Delete("c"); return nil }, `{"a":1,"b":2.0}`},
		"delete nothing":       {func(m *gen.Members) error { m.Delete("d"); return nil }, `{"a":1,"b":2.0,"c":"x,:"}`},
		"a declared null":      {func(m *gen.Members) error { return m.Set("score", nil) }, `{"a":1,"b":2.0,"c":"x,:","score":null}`},
		"forget a null":        {func(m *gen.Members) error { m.Delete("description"); return nil }, `{"a":1,"b":2.0,"c":"x,:"}`},
		"an undeclared null":   {func(m *gen.Members) error { return m.Set("a", nil) }, `{"a":null,"b":2.0,"c":"x,:"}`},
		"many, in their order": {func(m *gen.Members) error { m.Delete("b"); _ = m.Set("a", 0); return m.Set("b", 0) }, `{"a":0,"c":"x,:","b":0}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			control := decodeControl(t, `{"a":1,"b":2.0,"c":"x,:"}`)
			if name == "forget a null" {
				control = decodeControl(t, `{"a":1,"b":2.0,"c":"x,:","description":null}`)
			}
			before, _ := json.Marshal(control)
			alias := control
			if err := tt.change(&control.Extra); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(control)
			if err != nil {
				t.Fatal(err)
			}
			sameJSON(t, got, []byte(tt.want))
			if after, _ := json.Marshal(alias); string(after) != string(before) {
				t.Errorf("the change reached a copy: %s, was %s", after, before)
			}
		})
	}
}

func TestMembersOfNothing(t *testing.T) {
	t.Parallel()
	var control gen.ControlScore
	if control.Extra.Len() != 0 || control.Extra.Names() != nil || control.Extra.Null("score") {
		t.Error("the zero value is not empty")
	}
	if b, err := json.Marshal(control.Extra); err != nil || string(b) != "{}" {
		t.Errorf("got %s, %v", b, err)
	}
	if err := control.Extra.Set("description", nil); err != nil {
		t.Fatal(err)
	}
	if !control.Extra.Null("description") {
		t.Error("a null that was set is not seen")
	}
	got, err := json.Marshal(control)
	if err != nil || string(got) != `{"description":null}` {
		t.Errorf("got %s, %v", got, err)
	}
	control.Description = new("text")
	if got, err = json.Marshal(control); err != nil || string(got) != `{"description":"text"}` {
		t.Errorf("the field does not replace the null: %s, %v", got, err)
	}
}

func TestMembersRefuse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		name  string
		value any
		want  string
	}{
		"no JSON":       {"a", json.RawMessage(`{"b":`), `member "a": "{\"b\":" is not JSON`},
		"two values":    {"a", json.RawMessage(`1,"b":2`), `member "a": "1,\"b\":2" is not JSON`},
		"not encodable": {"a", func() {}, `member "a": json: unsupported type: func()`},
		"two names":     {"a", json.RawMessage(`{"b":1,"b":2}`), `member "a": "{\"b\":1,\"b\":2}" is not JSON`},
		"bad UTF-8":     {"a", json.RawMessage("\"\xff\""), `member "a": "\"\xff\"" is not JSON`},
		"a surrogate":   {"a", []json.RawMessage{json.RawMessage(`"\ud800"`)}, `member "a": "[\"\\ud800\"]`},
		"nothing":       {"a", json.RawMessage(" "), `member "a": " " is not JSON`},
		"bad name":      {"\xff", 1, `name of member "\xff": `},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var m gen.Members
			if err := m.Set(tt.name, tt.value); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s…", err, tt.want)
			}
			if m.Len() != 0 {
				t.Errorf("a refused value was kept: %q", m.Names())
			}
		})
	}
}

func TestMembersKeepWhatIsSet(t *testing.T) {
	t.Parallel()
	var m gen.Members
	for _, text := range []string{`"<&>"`, `123456789012345678901.0`, `{"b": [1]}`} {
		if err := m.Set("a", json.RawMessage(text)); err != nil {
			t.Fatal(err)
		}
		if got, _ := m.Get("a"); string(got) != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
	if err := m.Set("a", "<&>"); err != nil {
		t.Fatal(err)
	}
	if got, _ := m.Get("a"); string(got) != `"<&>"` || m.Len() != 1 {
		t.Errorf("got %s among %d", got, m.Len())
	}
}

func TestMembersDecode(t *testing.T) {
	t.Parallel()
	var m gen.Members
	if err := json.Unmarshal([]byte(`{"a":1.0,"b":null}`), &m); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(m)
	if err != nil || string(got) != `{"a":1.0,"b":null}` || m.Len() != 2 {
		t.Errorf("got %s, %v", got, err)
	}
	for _, text := range []string{`[]`, `{"a":1,"a":2}`, `1`} {
		if err := m.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("took %s", text)
		}
	}
	if m.Len() != 2 {
		t.Error("a failed decoding changed the members")
	}
}

// TestMembersOfAnotherObject holds that what was remembered of one type's members is not taken for another's.
func TestMembersOfAnotherObject(t *testing.T) {
	t.Parallel()
	var average gen.AverageComparativeScore
	if err := json.Unmarshal([]byte(`{"averageScore":null,"x":7}`), &average); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(gen.ControlScore{Extra: average.Extra})
	if err != nil || string(got) != `{"x":7}` {
		t.Errorf("got %s, %v", got, err)
	}
	if err := json.Unmarshal([]byte(`{"description":"theirs"}`), &average); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(gen.ControlScore{Description: new("mine"), Extra: average.Extra}); err == nil {
		t.Errorf("a name stands twice: %s", got)
	}
	score := gen.SecureScore{ControlScores: []gen.ControlScore{{}}}
	if err := json.Unmarshal([]byte(`[null]`), &score.ControlScores); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(gen.SecureScore{Extra: score.ControlScores[0].Extra}); err != nil || string(got) != `{}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestMembersIsNull(t *testing.T) {
	t.Parallel()
	var score gen.SecureScore
	if err := json.Unmarshal([]byte(`{"controlScores":[null,{},{"score":null}]}`), &score); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, false} {
		if got := score.ControlScores[i].Extra.IsNull(); got != want {
			t.Errorf("%d: got %v, want %v", i, got, want)
		}
	}
	if err := score.ControlScores[0].Extra.Set("x", 1); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(score.ControlScores[0]); err != nil || string(got) != `{"x":1}` || score.ControlScores[0].Extra.IsNull() {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestMembersClone(t *testing.T) {
	t.Parallel()
	control := decodeControl(t, `{"a":1,"score":null}`)
	clone := gen.ControlScore{Extra: control.Extra.Clone()}
	if err := clone.Extra.Set("b", 2); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(clone)
	if err != nil {
		t.Fatal(err)
	}
	sameJSON(t, got, []byte(`{"a":1,"score":null,"b":2}`))
	if control.Extra.Len() != 1 {
		t.Error("a change of the clone reached the original")
	}
}
