// Create stores a secureScore and prints what the service made of it.
//
//	create [-json] [file]
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/examples/internal/cli"
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

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	err := create(ctx, args, getenv, stdin, stdout, stderr)
	return cli.Exit("create", usage+tenant.Help, err, stdout, stderr)
}

func create(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := cli.Flags("create")
	asJSON := flags.Bool("json", false, "")
	files, err := cli.Parse(flags, args)
	if err != nil {
		return err
	}
	if len(files) > 1 {
		return cli.Misuse("%d files, want at most one", len(files))
	}

	name, text := "sample", sample
	if len(files) > 0 {
		if name, text, err = content(files[0], stdin); err != nil {
			return err
		}
	}
	score, err := parse(name, text)
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

// parse reads and checks a score, so that a bad one is refused before anything is connected to.
func parse(name string, text []byte) (client.SecureScore, error) {
	var score client.SecureScore
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

// content reads the named file, and returns a readable name for it.
func content(name string, stdin io.Reader) (string, []byte, error) {
	r := stdin
	if name == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(name)
		if err != nil {
			return name, nil, err
		}
		defer f.Close()
		r = f
	}
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return name, nil, err
	}
	if len(text) > maxFile {
		return name, nil, fmt.Errorf("%s: more than %d MiB, too much for a secureScore", name, maxFile>>20)
	}
	return name, text, nil
}
