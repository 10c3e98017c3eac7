// Drift says what changed between two days. Its exit code is 3 where the tenant is worse off, for a scheduled job.
//
//	drift [-from date | -days n] [-to date]
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/posture"
	"github.com/seed-13c6ebcb/securescore/examples/internal/cli"
	"github.com/seed-13c6ebcb/securescore/examples/internal/demo"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenant"
	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

const usage = `usage: drift [-from date | -days n] [-to date]

Shows what changed from one day to another: the score, the controls that lost or gained points, that are new or gone, and
what was decided meanwhile.

  -days n       from that many days before the other day (default 7)
  -from date    from that day, such as 2026-07-10
  -to date      to that day (default the newest)

A day without a score stands for the last one before it that has one. Exit code 3 means that the tenant is worse off: a
control lost points, or the score fell for no reason of Microsoft's. A partial score is not compared: exit code 1.

`

// regressed is the exit code where the tenant is worse off.
const regressed = 3

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, getenv func(string) string, _ io.Reader, stdout, stderr io.Writer) int {
	worse, err := drift(ctx, args, getenv, stdout, stderr)
	if err == nil && worse {
		return regressed
	}
	return cli.Exit("drift", usage+tenant.Help, err, stdout, stderr)
}

func drift(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (worse bool, err error) {
	p, err := parse(args)
	if err != nil {
		return false, err
	}
	var warnings bytes.Buffer // of a partial answer the error tells
	c, done, err := tenant.Connect("securescore-drift/1.0", getenv, stderr, demo.Seed(time.Now()), client.WithStrictWarnings(), tenant.Warnings(&warnings))
	if err != nil {
		return false, err
	}
	defer done()
	r, err := read(ctx, c, p)
	if err != nil {
		return false, err
	}
	if _, err := warnings.WriteTo(stderr); err != nil {
		return false, err
	}
	// An alert must not depend on titles.
	if r.profiles, err = c.ControlProfiles.All(ctx, nil); err != nil {
		fmt.Fprintf(stderr, "drift: not all titles and decisions: %s\n", text.Printable(err.Error()))
	}
	screen := terminal.On(stdout, getenv)
	r.show(screen)
	return r.comparison.Regressed(), screen.Flush()
}

// period is what was asked for. A zero day is not given.
type period struct {
	days     int
	from, to time.Time
}

func parse(args []string) (period, error) {
	var p period
	flags := cli.Flags("drift")
	flags.IntVar(&p.days, "days", 7, "")
	flags.Func("from", "", day(&p.from))
	flags.Func("to", "", day(&p.to))
	rest, err := cli.Parse(flags, args)
	if err != nil {
		return p, err
	}
	days := false
	flags.Visit(func(f *flag.Flag) { days = days || f.Name == "days" })
	switch {
	case len(rest) > 0:
		return p, cli.Misuse("%q is no flag", rest[0])
	case days && !p.from.IsZero():
		return p, cli.Misuse("-days and -from exclude each other")
	case p.days < 1 || p.days > 10_000:
		return p, cli.Misuse("-days is %d, want 1 to 10000", p.days)
	case !p.from.IsZero() && !p.to.IsZero() && !p.from.Before(p.to):
		return p, cli.Misuse("-from is %s, want a day before %s", p.from.Format(time.DateOnly), p.to.Format(time.DateOnly))
	}
	return p, nil
}

// day returns the parser of a flag.
func day(t *time.Time) func(string) error {
	return func(s string) (err error) {
		if *t, err = time.Parse(time.DateOnly, s); err != nil {
			return fmt.Errorf("want a date such as 2026-07-10")
		}
		return nil
	}
}

// read finds the two days in the list, without the controls, which are most of each score, and then compares the whole
// scores of both.
func read(ctx context.Context, c *client.Client, p period) (*report, error) {
	days, err := c.SecureScores.All(ctx, &client.ListOptions{Select: []string{"id", "createdDateTime"}})
	if err != nil {
		return nil, err
	}
	to, err := lastOn(days, p.to)
	if err != nil {
		return nil, err
	}
	r := &report{to: dayOf(to)}
	if p.from.IsZero() {
		p.from = r.to.AddDate(0, 0, -p.days)
	}
	from, err := lastOn(days, p.from)
	if err != nil {
		return nil, err
	}
	r.from = dayOf(from)
	if !r.from.Before(r.to) {
		return nil, fmt.Errorf("the last score of both days is that of %s: nothing to compare", text.Date(&r.to))
	}
	older, err := whole(ctx, c, from)
	if err != nil {
		return nil, err
	}
	newer, err := whole(ctx, c, to)
	if err != nil {
		return nil, err
	}
	r.comparison = posture.Compare(older, newer)
	return r, nil
}

// whole reads a score of the list with its controls. Half of them would pass for controls that are gone.
func whole(ctx context.Context, c *client.Client, listed *client.SecureScore) (*client.SecureScore, error) {
	score, err := c.SecureScores.Get(ctx, *listed.ID)
	if errors.Is(err, client.ErrPartial) {
		err = fmt.Errorf("the score of %s is partial: not compared: %w", text.Date(listed.CreatedDateTime), err)
	}
	return score, err
}

// lastOn is the last score of a day or before it; of the zero day the newest. The order of the list is not relied on.
func lastOn(scores []client.SecureScore, day time.Time) (*client.SecureScore, error) {
	var last, first *client.SecureScore
	for i := range scores {
		s := &scores[i]
		if s.ID == nil || s.CreatedDateTime == nil {
			continue
		}
		if first == nil || s.CreatedDateTime.Before(*first.CreatedDateTime) {
			first = s
		}
		if (day.IsZero() || !dayOf(s).After(day)) && (last == nil || s.CreatedDateTime.After(*last.CreatedDateTime)) {
			last = s
		}
	}
	switch {
	case first == nil:
		return nil, client.ErrNoScore
	case last == nil:
		return nil, fmt.Errorf("there is no score of %s or before it: the oldest is of %s", day.Format(time.DateOnly), text.Date(first.CreatedDateTime))
	}
	return last, nil
}

// dayOf is midnight of the score's day, in UTC.
func dayOf(s *client.SecureScore) time.Time {
	return s.CreatedDateTime.UTC().Truncate(24 * time.Hour)
}
