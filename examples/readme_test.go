// Package examples_test holds README.md to its word: its Go blocks stand in functions that are run here, and its shell
// blocks are commands that are known to work.
package examples_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
	"github.com/seed-13c6ebcb/securescore/client"
	"github.com/seed-13c6ebcb/securescore/client/clienttest"
	"github.com/seed-13c6ebcb/securescore/client/posture"
)

func newClient(tenantID, clientID, secret string) error {
	src, err := auth.ClientSecret(auth.App{TenantID: tenantID, ClientID: clientID}, secret)
	if err != nil {
		return err
	}
	c, err := client.New(src)
	if err != nil {
		return err
	}
	_ = c
	return nil
}

func create(ctx context.Context, c *client.Client, tenantID string) error {
	created, err := c.SecureScores.Create(ctx, client.SecureScore{
		AzureTenantID:            &tenantID,
		ActiveUserCount:          new(int32(412)),
		LicensedUserCount:        new(int32(450)),
		CurrentScore:             new(61.4),
		MaxScore:                 new(84.0),
		EnabledServices:          []string{"HasAADP2"},
		AverageComparativeScores: []client.AverageComparativeScore{},
		ControlScores:            []client.ControlScore{{ControlName: new("AdminMFAV2"), Score: new(10.0)}},
		VendorInformation:        &client.SecurityVendorInformation{Provider: new("SecureScore"), Vendor: new("Microsoft")},
	})
	if err != nil {
		return err
	}
	fmt.Println(*created.ID, created.CreatedDateTime)
	return nil
}

func read(ctx context.Context, c *client.Client) error {
	latest, err := c.SecureScores.Latest(ctx) // one request, which follows no link
	if err != nil {
		return err
	}
	fmt.Println(*latest.ID) // never nil; any other field may be

	lastMonth := client.Gt("createdDateTime", time.Now().AddDate(0, -1, 0))
	for score, err := range c.SecureScores.List(ctx, &client.ListOptions{Limit: 30, Filter: lastMonth}) {
		if err != nil {
			return err
		}
		if percent, ok := posture.Percent(score.CurrentScore, score.MaxScore); ok {
			fmt.Printf("%s %.1f%%\n", *score.ID, percent)
		}
	}
	return nil
}

func decide(ctx context.Context, c *client.Client) error {
	profile, err := c.ControlProfiles.Update(ctx, "AdminMFAV2", client.ControlUpdate{
		State:      client.Set(client.StateIgnored),
		Comment:    client.Set("until Q3"),
		AssignedTo: client.Clear(),
	})
	if err != nil {
		return err
	}
	fmt.Println(*profile.ID, posture.EffectiveState(profile))

	results, err := c.ControlProfiles.UpdateMany(ctx, []client.ControlChange{
		{ID: "OneAdmin", Update: client.ControlUpdate{State: client.Set(client.StateReviewed)}},
		{ID: "MFARegistrationV2", Update: client.ControlUpdate{State: client.Set(client.StateThirdParty)}},
	})
	for _, result := range results {
		fmt.Println(result.ID, result.Err)
	}
	if err != nil {
		return err
	}
	return nil
}

func next(ctx context.Context, c *client.Client) error {
	score, err := c.SecureScores.Latest(ctx)
	if err != nil {
		return err
	}
	profiles, err := c.ControlProfiles.All(ctx, nil)
	if err != nil {
		return err
	}
	gaps, _ := posture.Gaps(posture.Join(score, profiles), posture.GapOptions{})
	for _, gap := range gaps {
		fmt.Printf("%5.1f points  %s\n", gap.Points, gap.Control.Title())
	}
	return nil
}

func wentWrong(err error) {
	switch {
	case errors.Is(err, client.ErrOutcomeUnknown):
		// It may be stored or not: look it up by Key before you create it again.
		e, _ := errors.AsType[*client.Error](err)
		log.Printf("look for %s", e.Key)
	case errors.Is(err, client.ErrConflict):
		// A score with this id exists.
	case err != nil:
		log.Print(err) // one line: operation, status, code, message, request-id, what to do
	}
}

func undeclared(created *client.SecureScore) {
	for _, control := range created.ControlScores {
		percent, ok := control.Extra.Float64("scoreInPercentage")
		fmt.Println(percent, ok)
	}
}

func answer(ctx context.Context, c *client.Client, score client.SecureScore) error {
	var response client.Response
	created, err := c.SecureScores.Create(ctx, score, client.WithResponse(&response), client.WithHeader("X-Trace", "42"))
	if err != nil {
		return err
	}
	fmt.Println(*created.ID, response.StatusCode, response.RequestID, response.Attempts)
	return nil
}

func ownTest(ctx context.Context, score client.SecureScore) error {
	graph := clienttest.NewGraph()
	server, err := clienttest.Start(graph)
	if err != nil {
		return err
	}
	defer server.Close()
	src, err := auth.ClientSecret(server.App(), server.Secret())
	if err != nil {
		return err
	}
	c, err := client.New(src, client.WithCloud(server.Cloud()))
	if err != nil {
		return err
	}
	graph.FailNext(clienttest.Fault{Method: "POST", Status: 503})
	_, err = c.SecureScores.Create(ctx, score)
	fmt.Println(errors.Is(err, client.ErrOutcomeUnknown), len(graph.Requests()))
	return nil
}

// Example_readme runs the functions above.
func Example_readme() {
	ctx := context.Background()
	server, err := clienttest.Start(clienttest.NewGraph())
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	src, err := auth.ClientSecret(server.App(), server.Secret())
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.New(src, client.WithCloud(server.Cloud()))
	if err != nil {
		log.Fatal(err)
	}

	score := client.SecureScore{
		ID: new("a"), AzureTenantID: new("t"), ActiveUserCount: new(int32(1)), LicensedUserCount: new(int32(1)),
		CurrentScore: new(1.0), MaxScore: new(2.0), EnabledServices: []string{}, VendorInformation: &client.SecurityVendorInformation{},
		AverageComparativeScores: []client.AverageComparativeScore{}, ControlScores: []client.ControlScore{{ControlName: new("OneAdmin")}},
	}
	if err := score.ControlScores[0].Extra.Set("scoreInPercentage", 66.67); err != nil {
		log.Fatal(err)
	}
	var response client.Response
	created, err := c.SecureScores.Create(ctx, score, client.WithResponse(&response))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.StatusCode == http.StatusCreated)
	undeclared(created)
	if err := ownTest(ctx, score); err != nil {
		log.Fatal(err)
	}

	older := []byte(`{"id":"older","currentScore":40,"createdDateTime":"2026-07-16T00:00:00Z"}`)
	newer := []byte(`{"id":"newer","currentScore":42,"maxScore":80,"createdDateTime":"2126-07-17T00:00:00Z","controlScores":[{"controlName":"OneAdmin","score":1}]}`)
	if err := server.Graph().AddSecureScores(older, newer); err != nil {
		log.Fatal(err)
	}
	for _, id := range []string{"AdminMFAV2", "OneAdmin", "MFARegistrationV2"} {
		profile := fmt.Sprintf(`{"id":%q,"title":"About %s","maxScore":5}`, id, id)
		if err := server.Graph().AddControlProfiles([]byte(profile)); err != nil {
			log.Fatal(err)
		}
	}
	if err := errors.Join(next(ctx, c), decide(ctx, c)); err != nil {
		log.Fatal(err)
	}
	if err := c.SecureScores.Delete(ctx, "a"); err != nil {
		log.Fatal(err)
	}
	if err := read(ctx, c); err != nil {
		log.Fatal(err)
	}
	// Output:
	// true
	// 66.67 true
	// true 2
	//   4.0 points  About OneAdmin
	// AdminMFAV2 Ignored
	// OneAdmin <nil>
	// MFARegistrationV2 <nil>
	// newer
	// newer 52.5%
}

// TestReadmeFunctions runs the functions whose output is not the same each time.
func TestReadmeFunctions(t *testing.T) {
	t.Parallel()
	if err := newClient("contoso.example", "app", "secret"); err != nil {
		t.Error(err)
	}
	graph := clienttest.NewGraph()
	server, err := clienttest.Start(graph)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	src, err := auth.ClientSecret(server.App(), server.Secret())
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(src, client.WithCloud(server.Cloud()))
	if err != nil {
		t.Fatal(err)
	}
	if err := create(t.Context(), c, graph.TenantID()); err != nil {
		t.Error(err)
	}
	err = answer(t.Context(), c, client.SecureScore{})
	if !errors.Is(err, client.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	wentWrong(err)
}

var blocks = regexp.MustCompile("(?s)```(\\w+)\n(.*?)```")

func TestReadmeBlocksStandHere(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.ReadFile("readme_test.go")
	if err != nil {
		t.Fatal(err)
	}
	found := blocks.FindAllStringSubmatch(string(readme), -1)
	if len(found) < 8 {
		t.Fatalf("found %d blocks only", len(found))
	}
	for _, block := range found {
		switch language, text := block[1], strings.TrimSpace(block[2]); language {
		case "go":
			indented := "\t" + strings.ReplaceAll(text, "\n", "\n\t")
			if !strings.Contains(string(here), strings.ReplaceAll(indented, "\n\t\n", "\n\n")) {
				t.Errorf("README has a block that stands in no function here:\n%s", text)
			}
		case "sh":
			for line := range strings.Lines(text) {
				if _, ok := commands[strings.TrimSpace(line)]; !ok {
					t.Errorf("README has a command that is not known here: %s", line)
				}
			}
		default:
			t.Errorf("README has a block of %s", language)
		}
	}
}

// commands are README's, with what is run in their place here: nil where running it would be running this test.
var commands = map[string][]string{
	"go run ./examples/create":        {"go", "run", "./examples/create"},
	"go run ./examples/list":          {"go", "run", "./examples/list"},
	"go run ./examples/triage -top 3": {"go", "run", "./examples/triage", "-top", "3"},
	`go run ./examples/triage -set Ignored -comment "until Q3" -dry-run OneAdmin`: {"go", "run", "./examples/triage", "-set", "Ignored", "-comment", "until Q3", "-dry-run", "OneAdmin"},
	"go test ./...": nil,
	"go run ./examples/create -json score.json": {"go", "run", "./examples/create", "-json", "examples/create/sample.json"},
	"go test ./gen -run '^$' -bench . -count 5": {"go", "test", "./gen", "-run", "^$", "-bench", ".", "-benchtime", "1x"},
}

func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	for line, command := range commands {
		if command == nil {
			continue
		}
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Dir = ".."
			cmd.Env = append(os.Environ(), "AZURE_TENANT_ID=", "AZURE_CLIENT_ID=", "AZURE_CLIENT_SECRET=", "AZURE_CLOUD=", "AZURE_AUTHORITY_HOST=", "GRAPH_ROOT=")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
