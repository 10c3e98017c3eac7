package gen

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with a value.
type Fault struct {
	Path   string // where, for example controlScores[3].score; "" is the value itself
	Found  string // what is there, shortened
	Wanted string // what should be there
}

func (f Fault) String() string {
	if f.Path == "" {
		return "found " + f.Found + ", wanted " + f.Wanted
	}
	return f.Path + ": found " + f.Found + ", wanted " + f.Wanted
}

// maxFaults bounds what one error keeps, so that a page of garbage does not cost more memory than a page of data.
const maxFaults = 100

// TypeError says which members of a well-formed JSON value are not of their property's type, or which fields of a Go
// value cannot be written as JSON.
type TypeError struct {
	Type   string // the type's name in the metadata, for example secureScore
	Faults []Fault
	More   int // number of further faults, beyond the 100 that are kept
}

// Error names every fault, in one line.
func (e *TypeError) Error() string {
	return e.Type + ": " + JoinFaults(e.Faults, e.More)
}

// JoinFaults writes faults in one line.
func JoinFaults(faults []Fault, more int) string {
	texts := make([]string, len(faults), len(faults)+1)
	for i, f := range faults {
		texts[i] = f.String()
	}
	if more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// Faults collects the faults of one value, 100 of them.
type Faults struct {
	Kept []Fault
	More int // number of further faults
}

// Add adds one.
func (f *Faults) Add(path, found, wanted string) {
	if len(f.Kept) == maxFaults {
		f.More++
		return
	}
	f.Kept = append(f.Kept, Fault{path, found, wanted})
}

func (f *Faults) err(info *typeInfo) error {
	if len(f.Kept) == 0 {
		return nil
	}
	return &TypeError{info.name, f.Kept, f.More}
}
