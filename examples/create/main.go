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

	name := ""
	if len(files) > 0 {
		name = files[0]
	}
	score, err := read(name, stdin)
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
