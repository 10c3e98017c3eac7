// Package cli is what the example programs have in common as commands: how they begin, end, and tell what is wrong.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// Program is a program with all that it touches given to it. It returns the exit code.
type Program func(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int

// Main runs a program and ends the process. An interrupt ends the program's context, and a second one the process.
func Main(run Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// errUsage marks an error as bad usage.
var errUsage = errors.New("bad usage")

// Misuse is an error for which the exit code is 2.
func Misuse(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUsage, fmt.Errorf(format, args...))
}

// Flags returns a set of flags that is silent: Exit tells what is wrong.
func Flags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	return flags
}

// Parse parses flags wherever they stand, so that one behind an argument is not taken for an argument. It returns the
// arguments; all behind "--" are some.
func Parse(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, Misuse("%w", err)
		}
		read := len(args) - flags.NArg()
		if read > 0 && args[read-1] == "--" {
			return append(rest, flags.Args()...), nil
		}
		if args = flags.Args(); len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	return rest, nil
}

// Exit tells an error in one line on stderr and returns the exit code: 0 for nil, 1 for a failure, 2 for bad usage. Help
// that was asked for goes to stdout, and is 0.
func Exit(name, help string, err error, stdout, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, help)
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "%s: %s; %s -h explains\n", name, text.Printable(err.Error()), name)
		return 2
	}
	fmt.Fprintf(stderr, "%s: %s\n", name, text.Printable(err.Error()))
	return 1
}
