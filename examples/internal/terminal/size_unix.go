//go:build linux || darwin || freebsd || netbsd || dragonfly

package terminal

import (
	"os"
	"syscall"
	"unsafe"
)

// winsize is struct winsize of <sys/ioctl.h>.
type winsize struct {
	rows, columns, width, height uint16
}

// size returns the columns of a terminal, 0 where it does not say, and whether f is one.
func size(f *os.File) (columns int, ok bool) {
	var w winsize
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&w)))
	return int(w.columns), errno == 0
}
