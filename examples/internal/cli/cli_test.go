package cli_test

import (
	"bytes"
	"errors"
	"flag"
	"slices"
	"testing"

	"github.com/seed-13c6ebcb/securescore/examples/internal/cli"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args   []string
		rest   []string
		set    string
		dryRun bool
	}{
		"none":                  {},
		"flags first":           {[]string{"-set", "a", "-n", "x", "y"}, []string{"x", "y"}, "a", true},
		"flags last":            {[]string{"x", "y", "-set", "a", "-n"}, []string{"x", "y"}, "a", true},
		"flags between":         {[]string{"-set=a", "x", "-n", "y"}, []string{"x", "y"}, "a", true},
		"the end of flags":      {[]string{"x", "--", "-n", "--"}, []string{"x", "-n", "--"}, "", false},
		"standard input's name": {[]string{"-n", "-"}, []string{"-"}, "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := cli.Flags("x")
			set, dryRun := flags.String("set", "", ""), flags.Bool("n", false, "")
			rest, err := cli.Parse(flags, tt.args)
			if err != nil || !slices.Equal(rest, tt.rest) || *set != tt.set || *dryRun != tt.dryRun {
				t.Errorf("got %q, -set %q, -n %t, %v", rest, *set, *dryRun, err)
			}
		})
	}
}

func TestExit(t *testing.T) {
	t.Parallel()
	_, misparsed := cli.Parse(cli.Flags("x"), []string{"a", "-y"})
	_, help := cli.Parse(cli.Flags("x"), []string{"a", "-h"})
	tests := map[string]struct {
		err            error
		code           int
		stdout, stderr string
	}{
		"success":      {nil, 0, "", ""},
		"help":         {help, 0, "the help\n", ""},
		"a failure":    {errors.New("it failed"), 1, "", "x: it failed\n"},
		"two lines":    {errors.Join(errors.New("a"), errors.New("b\x1b")), 1, "", "x: a b\uFFFD\n"},
		"misuse":       {cli.Misuse("%d files", 2), 2, "", "x: bad usage: 2 files; x -h explains\n"},
		"unknown flag": {misparsed, 2, "", "x: bad usage: flag provided but not defined: -y; x -h explains\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := cli.Exit("x", "the help\n", tt.err, &stdout, &stderr)
			if code != tt.code || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
				t.Errorf("exit code %d, %q, %q", code, &stdout, &stderr)
			}
		})
	}
	if !errors.Is(help, flag.ErrHelp) {
		t.Errorf("got %v", help)
	}
}
