package tenanttest

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/seed-13c6ebcb/securescore/examples/internal/cli"
)

// RunOnTerminal is Run with a terminal of that many columns for standard output.
func RunOnTerminal(t testing.TB, columns uint16, program cli.Program, env map[string]string, args ...string) Result {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer control.Close()
	ioctl := func(request uintptr, argument unsafe.Pointer) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, control.Fd(), request, uintptr(argument)); errno != 0 {
			t.Skip(errno)
		}
	}
	var unlocked, number int32
	size := [4]uint16{50, columns}
	ioctl(syscall.TIOCSPTLCK, unsafe.Pointer(&unlocked))
	ioctl(syscall.TIOCGPTN, unsafe.Pointer(&number))
	ioctl(syscall.TIOCSWINSZ, unsafe.Pointer(&size))
	screen, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	// A terminal holds some kB only: what is written must be read meanwhile, until the last to write closes it.
	read := make(chan string)
	go func() {
		var out bytes.Buffer
		_, _ = out.ReadFrom(control) // it ends with EIO
		read <- out.String()
	}()
	var stderr bytes.Buffer
	code := program(t.Context(), args, func(name string) string { return env[name] }, nil, screen, &stderr)
	screen.Close()
	return Result{code, <-read, stderr.String()}
}
