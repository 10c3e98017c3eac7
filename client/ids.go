package client

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkID refuses an id that would make another operation of the call: "" and "." name the collection, ".." what is above
// it, and "$count" a function.
func checkID(op, id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%s: %w: the id is empty", op, ErrInvalid)
	case id == ".", id == "..", strings.HasPrefix(id, "$"):
		return fmt.Errorf("%s: %w: the id %q would be another operation", op, ErrInvalid, clean(id, maxIDText))
	case !utf8.ValidString(id), strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Errorf("%s: %w: the id %q has a control character or is not UTF-8", op, ErrInvalid, clean(id, maxIDText))
	}
	return nil
}
