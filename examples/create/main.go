// Create stores a secureScore and prints what the service made of it.
//
//	create [-json] [file]
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenant"
)

//go:embed sample.json
var sample []byte

// maxFile bounds what is read, in bytes: the score of a large tenant has about 140 kB.
const maxFile = 4 << 20

const usage = `usage: create [-json] [file]

Stores the secureScore in file ("-" is standard input; with no file, a sample that the program brings along) and prints
what the service answered.

  -json    print the answer as JSON

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}

// errUsage is bad usage that has been told already.
var errUsage = errors.New("bad usage")

// run returns the exit code: 0, 1 for a failure, 2 for bad usage.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	switch err := create(ctx, args, getenv, stdin, stdout, stderr); {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage+tenant.Help)
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintf(stderr, "create: %v; create -h explains\n", err)
		return 2
	default:
		fmt.Fprintf(stderr, "create: %v\n", err)
		return 1
	}
}

func create(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("create", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	asJSON := flags.Bool("json", false, "")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if flags.NArg() > 1 {
		return fmt.Errorf("%w: %d files, want at most one", errUsage, flags.NArg())
	}

	score, err := read(flags.Arg(0), stdin)
	if err != nil {
		return err
	}
	c, done, err := tenant.Connect("securescore-create/1.0", getenv, stderr, nil)
	if err != nil {
		return err
	}
	defer done()
	created, err := c.SecureScores.Create(ctx, score)
	if err != nil {
		return err
	}
	if *asJSON {
		out := json.NewEncoder(stdout)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(created)
	}
	return show(stdout, created)
}

// read reads and checks the score in the named file, so that a bad one is refused before anything is connected to.
func read(name string, stdin io.Reader) (client.SecureScore, error) {
	var score client.SecureScore
	text, err := content(&name, stdin)
	if err != nil {
		return score, err
	}
	if len(text) == 0 {
		return score, fmt.Errorf("%s: empty, want a secureScore as JSON", name)
	}
	if err := json.Unmarshal(text, &score); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			return score, fmt.Errorf("%s: not JSON: %w, at byte %d", name, err, syntax.Offset)
		}
		return score, fmt.Errorf("%s: %w", name, err)
	}
	if err := client.Validate(score); err != nil {
		return score, fmt.Errorf("%s: %w", name, err)
	}
	return score, nil
}

// content reads the named file and puts a readable name in place of a special one.
func content(name *string, stdin io.Reader) ([]byte, error) {
	switch *name {
	case "":
		*name = "sample"
		return sample, nil
	case "-":
		*name = "standard input"
	default:
		f, err := os.Open(*name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		stdin = f
	}
	text, err := io.ReadAll(io.LimitReader(stdin, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: more than %d MiB, too much for a secureScore", *name, maxFile>>20)
	}
	return text, nil
}
