// Triage says what to do next, and records what was decided.
//
//	triage [-top n] [-json] [id ...]
//	triage -set state [-comment text] [-assign name] [-dry-run] id ...
package main

import (
	"context"
	"flag"
	"io"
	"time"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/examples/internal/cli"
	"github.com/seed-13c6ebcb/securescore/examples/internal/demo"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenant"
	"github.com/seed-13c6ebcb/securescore/examples/internal/terminal"
)

const usage = `usage: triage [-top n] [-json] [id ...]
       triage -set state [-comment text] [-assign name] [-dry-run] id ...

The first form shows the controls that can still earn most, or the named ones, each with what to do, what it costs and
whom it bothers. Controls that are deprecated, do not apply to the tenant, are Ignored or left to a ThirdParty are not
work that is left.

  -top n           how many (default 5)
  -json            as JSON, with remediations as text

The second form records a decision about controls. The score follows after one to seven days.

  -set state       Default, Ignored, ThirdParty or Reviewed, or another that the service knows
  -comment text    why; "" clears it
  -assign name     who sees to it; "" clears it
  -dry-run         show what would be sent, and send nothing

Exit code 1 means that one of the updates failed at least.

`

func main() { cli.Main(run) }

func run(ctx context.Context, args []string, getenv func(string) string, _ io.Reader, stdout, stderr io.Writer) int {
	err := triage(ctx, args, getenv, stdout, stderr)
	return cli.Exit("triage", usage+tenant.Help, err, stdout, stderr)
}

// options are what was asked for.
type options struct {
	top    int
	asJSON bool
	ids    []string
	set    bool // the second form
	update client.ControlUpdate
	dryRun bool
}

func triage(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.dryRun {
		return dryRun(ctx, stdout, stderr, o)
	}
	c, done, err := tenant.Connect("securescore-triage/1.0", getenv, stderr, demo.Seed(time.Now()))
	if err != nil {
		return err
	}
	defer done()
	if o.set {
		return update(ctx, c, stdout, stderr, o)
	}
	work, err := read(ctx, c, o)
	if err != nil {
		return err
	}
	if o.asJSON {
		return work.writeJSON(stdout)
	}
	screen := terminal.On(stdout, getenv)
	work.show(screen)
	return screen.Flush()
}

func parse(args []string) (options, error) {
	var o options
	flags := cli.Flags("triage")
	flags.IntVar(&o.top, "top", 5, "")
	flags.BoolVar(&o.asJSON, "json", false, "")
	flags.BoolVar(&o.dryRun, "dry-run", false, "")
	state := flags.String("set", "", "")
	comment := flags.String("comment", "", "")
	assign := flags.String("assign", "", "")
	ids, err := cli.Parse(flags, args)
	if err != nil {
		return o, err
	}
	o.ids = ids
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	o.set = given["set"]
	switch {
	case o.top < 1:
		return o, cli.Misuse("-top is %d, want 1 or more", o.top)
	case !o.set && (given["comment"] || given["assign"] || given["dry-run"]):
		return o, cli.Misuse("-comment, -assign and -dry-run go with -set")
	case o.set && (given["top"] || given["json"]):
		return o, cli.Misuse("-top and -json do not go with -set")
	case o.set && *state == "":
		return o, cli.Misuse("-set wants a state; Default takes a decision back")
	case o.set && len(ids) == 0:
		return o, cli.Misuse("-set wants the ids of controls")
	}
	if o.set {
		o.update.State = client.Set(stateNamed(*state))
	}
	if given["comment"] {
		o.update.Comment = client.Set(*comment)
	}
	if given["assign"] {
		o.update.AssignedTo = client.Set(*assign)
	}
	return o, nil
}
