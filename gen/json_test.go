package gen_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// sameJSON fails the test where two JSON texts are not the same value: members in any order, strings by code point, and
// numbers digit for digit or, where the text differs, as the same float64.
func sameJSON(t testing.TB, got, want []byte) {
	t.Helper()
	// A decoded map hides a name that stands twice.
	if _, err := jsontext.NewDecoder(bytes.NewReader(got)).ReadValue(); err != nil {
		t.Errorf("%v in %s", err, got)
	}
	if diff := diffJSON("$", parse(t, got), parse(t, want)); diff != "" {
		t.Errorf("not the same JSON value: %s\n got %s\nwant %s", diff, got, want)
	}
}

func parse(t testing.TB, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

func diffJSON(path string, got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok || len(got) != len(want) {
			return fmt.Sprintf("%s: got %v, want %v", path, keys(got), keys(want))
		}
		for k := range want {
			g, ok := got[k]
			if !ok {
				return path + "." + k + ": lost"
			}
			if diff := diffJSON(path+"."+k, g, want[k]); diff != "" {
				return diff
			}
		}
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return fmt.Sprintf("%s: got %v, want %v", path, got, want)
		}
		for i := range want {
			if diff := diffJSON(fmt.Sprintf("%s[%d]", path, i), got[i], want[i]); diff != "" {
				return diff
			}
		}
	case json.Number:
		got, ok := got.(json.Number)
		g, errG := strconv.ParseFloat(got.String(), 64)
		w, errW := strconv.ParseFloat(want.String(), 64)
		if !ok || got != want && (g != w || errG != nil || errW != nil) {
			return fmt.Sprintf("%s: got %v, want %v", path, got, want)
		}
	default:
		if got != want {
			return fmt.Sprintf("%s: got %v, want %v", path, got, want)
		}
	}
	return ""
}

func keys(m map[string]any) []string {
	var names []string
	for k := range m {
		names = append(names, k)
	}
	sort.Strings(names)
	return names
}
