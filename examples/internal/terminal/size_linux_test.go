package terminal_test

import (
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
)

// TestTerminal asks a real terminal: the master side of a new one answers for both.
func TestTerminal(t *testing.T) {
	t.Parallel()
	pty, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer pty.Close()
	resize := func(columns uint16) {
		size := [4]uint16{24, columns}
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, pty.Fd(), syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&size))); errno != 0 {
			t.Fatal(errno)
		}
	}
	tests := []struct {
		columns uint16
		env     map[string]string
		width   int
		color   bool
	}{
		{120, nil, 120, true},
		{0, nil, 80, true},
		{120, map[string]string{"COLUMNS": "60"}, 60, true},
		{120, map[string]string{"NO_COLOR": "1"}, 120, false},
		{120, map[string]string{"NO_COLOR": ""}, 120, true},
		{120, map[string]string{"TERM": "dumb"}, 120, false},
	}
	for _, tt := range tests {
		resize(tt.columns)
		s := terminal.On(pty, environment(tt.env))
		if s.Width != tt.width || s.Color != tt.color {
			t.Errorf("%d columns, %v: width %d, colour %t", tt.columns, tt.env, s.Width, s.Color)
		}
	}
}
