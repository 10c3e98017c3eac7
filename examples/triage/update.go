package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/client/posture"
	"github.com/seed-13c6ebcb/securescore/examples/internal/tenant"
	"github.com/seed-13c6ebcb/securescore/examples/internal/text"
)

// stateNamed is the state of that name in the service's casing. One that is not known here is left as it is: there may be
// more than Microsoft documents.
func stateNamed(name string) string {
	for _, known := range []string{client.StateDefault, client.StateIgnored, client.StateThirdParty, client.StateReviewed} {
		if strings.EqualFold(name, known) {
			return known
		}
	}
	return name
}

// apply makes the updates: one request for a single control, batches for more.
func apply(ctx context.Context, c *client.Client, o options) ([]client.ControlResult, error) {
	if len(o.ids) == 1 {
		profile, err := c.ControlProfiles.Update(ctx, o.ids[0], o.update)
		if errors.Is(err, client.ErrInvalid) {
			return nil, err
		}
		return []client.ControlResult{{ID: o.ids[0], Profile: profile, Err: err}}, err
	}
	changes := make([]client.ControlChange, len(o.ids))
	for i, id := range o.ids {
		changes[i] = client.ControlChange{ID: id, Update: o.update}
	}
	return c.ControlProfiles.UpdateMany(ctx, changes)
}

// update makes the updates and tells of each.
func update(ctx context.Context, c *client.Client, stdout, stderr io.Writer, o options) error {
	results, err := apply(ctx, c, o)
	failed := 0
	for _, r := range results {
		if r.Err != nil {
			failed++
			if len(results) == 1 {
				return r.Err
			}
			fmt.Fprintf(stderr, "triage: %s: %s\n", text.Printable(r.ID), text.Printable(r.Err.Error()))
			continue
		}
		if _, err := fmt.Fprintf(stdout, "%s: %s\n", text.Printable(r.ID), decision(r.Profile, o.update)); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d updates failed", failed, len(results))
	}
	return err
}

// decision is the last decision about a control, or the one that was sent where the service did not say.
func decision(p *client.SecureScoreControlProfile, sent client.ControlUpdate) string {
	d, ok := posture.EffectiveUpdate(p)
	if !ok {
		state, _ := sent.State.Value()
		d = client.SecureScoreControlStateUpdate{State: &state}
	}
	return tell(d)
}

// tell is a decision in one line.
func tell(d client.SecureScoreControlStateUpdate) string {
	s := text.Of(d.State)
	if d.UpdatedBy != nil && *d.UpdatedBy != "" {
		s += " by " + text.Of(d.UpdatedBy)
	}
	if d.UpdatedDateTime != nil && d.UpdatedDateTime.Year() > 1 {
		s += " on " + text.Date(d.UpdatedDateTime)
	}
	if d.AssignedTo != nil && *d.AssignedTo != "" {
		s += ", assigned to " + text.Of(d.AssignedTo)
	}
	if d.Comment != nil && *d.Comment != "" {
		s += ": " + text.Of(d.Comment)
	}
	return s
}

// dryRun shows what would be sent. It makes the updates, on a Graph in memory that has the controls and nothing else, so that
// all that is checked before sending is checked, and what is shown is what was received.
func dryRun(ctx context.Context, stdout, stderr io.Writer, o options) error {
	var graph *clienttest.Graph
	c, done, err := tenant.InMemory("securescore-triage/1.0", func(g *clienttest.Graph) error {
		graph = g
		return addControls(g, o.ids)
	})
	if err != nil {
		return err
	}
	defer done()
	if results, err := apply(ctx, c, o); err != nil {
		for _, r := range results {
			err = errors.Join(err, r.Err)
		}
		return err
	}
	for _, r := range graph.Requests() {
		if err := showRequest(stdout, r); err != nil {
			return err
		}
	}
	fmt.Fprintln(stderr, "Nothing was sent.")
	return nil
}

func addControls(g *clienttest.Graph, ids []string) error {
	seen := map[string]bool{"": true}
	for _, id := range ids {
		if seen[id] {
			continue // refused when they are updated
		}
		seen[id] = true
		profile, err := json.Marshal(client.SecureScoreControlProfile{ID: &id, AzureTenantID: new(g.TenantID())})
		if err != nil {
			return err
		}
		if err := g.AddControlProfiles(profile); err != nil {
			return err
		}
	}
	return nil
}

// showRequest shows an update, or each of a batch.
func showRequest(w io.Writer, r clienttest.Request) error {
	if r.Kind != clienttest.KindGraph {
		return nil
	}
	items := r.Items
	if len(items) == 0 {
		items = []clienttest.Request{r}
	}
	for _, i := range items {
		if _, err := fmt.Fprintf(w, "%s %s\n  %s\n", i.Method, strings.TrimPrefix(i.RequestURI, clienttest.DefaultBasePath), i.Body); err != nil {
			return err
		}
	}
	return nil
}
