package gen

import (
	"testing"
	"unsafe"
)

func TestCloneSharesNoMemory(t *testing.T) {
	t.Parallel()
	var m Members
	if err := m.Set("a", 1); err != nil {
		t.Fatal(err)
	}
	if c := m.Clone(); unsafe.StringData(c.held.raw) == unsafe.StringData(m.held.raw) {
		t.Error("the clone holds the memory of the original")
	}
}
