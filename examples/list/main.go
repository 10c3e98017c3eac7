// List shows the scores of the last days.
//
//	list [-json | -csv] [-days n]
package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"iter"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/examples/internal/cli"
	"github.com/seed-13c6ebcb/securescore/examples/internal/demo"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenant"
	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
)

const usage = `usage: list [-json | -csv] [-days n]

Shows the tenant's scores of the last days, the newest first. The service keeps about 90.

  -days n    how many (default 30)
  -json      whole scores, with all that the service sent, one to a line of a JSON array
  -csv       the table as CSV, in which a number that is not known is empty

`

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, getenv func(string) string, _ io.Reader, stdout, stderr io.Writer) int {
	err := list(ctx, args, getenv, stdout, stderr)
	return cli.Exit("list", usage+tenant.Help, err, stdout, stderr)
}

func list(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	flags := cli.Flags("list")
	asJSON := flags.Bool("json", false, "")
	asCSV := flags.Bool("csv", false, "")
	days := flags.Int("days", 30, "")
	rest, err := cli.Parse(flags, args)
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return cli.Misuse("%q is no flag", rest[0])
	case *days < 1 || *days > 10_000:
		return cli.Misuse("-days is %d, want 1 to 10000", *days)
	case *asJSON && *asCSV:
		return cli.Misuse("-json and -csv exclude each other")
	}

	c, done, err := tenant.Connect("securescore-list/1.0", getenv, stderr, demo.Seed(time.Now()))
	if err != nil {
		return err
	}
	defer done()
	if *asJSON {
		return writeJSON(stdout, c.SecureScores.List(ctx, &client.ListOptions{Limit: *days, PageSize: 30}))
	}
	// One more than is shown: the change of the oldest is the difference to it. The controls are most of a score, and not needed.
	scores, err := c.SecureScores.All(ctx, &client.ListOptions{Limit: *days + 1, Select: []string{
		"id", "createdDateTime", "currentScore", "maxScore", "activeUserCount", "licensedUserCount", "averageComparativeScores",
	}})
	switch {
	case err != nil:
		return err
	case len(scores) == 0:
		return client.ErrNoScore
	case *asCSV:
		w := csv.NewWriter(stdout)
		return w.WriteAll(records(scores, *days))
	}
	screen := terminal.On(stdout, getenv)
	show(screen, scores, *days)
	return screen.Flush()
}

// writeJSON writes each score as it comes, so that it holds one page at a time.
func writeJSON(w io.Writer, scores iter.Seq2[*client.SecureScore, error]) error {
	out := bufio.NewWriter(w)
	separator := "[\n"
	for score, err := range scores {
		if err != nil {
			out.Flush() // what came is worth having, and an array that does not end shows that it is not all
			return err
		}
		text, err := score.MarshalJSON() // unlike json.Marshal it escapes nothing that came without
		if err != nil {
			return err
		}
		out.WriteString(separator)
		out.Write(text)
		separator = ",\n"
	}
	if separator == "[\n" {
		out.WriteString("[")
	}
	out.WriteString("\n]\n")
	return out.Flush()
}
