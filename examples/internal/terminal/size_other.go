//go:build !linux && !darwin && !freebsd && !netbsd && !dragonfly

package terminal

import "os"

// size returns no columns, and whether f looks like a terminal.
func size(f *os.File) (columns int, ok bool) {
	info, err := f.Stat()
	return 0, err == nil && info.Mode()&os.ModeCharDevice != 0
}
