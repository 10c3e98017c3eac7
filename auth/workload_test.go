package auth_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-13c6ebcb/securescore/auth"
)

// canaryAssertion has the form of a JWT.
const canaryAssertion = "canary-header.canary-payload.canary-signature"

func clientAssertion(t *testing.T, a auth.App, fn func(context.Context) (string, error)) auth.TokenSource {
	t.Helper()
	src, err := auth.ClientAssertion(a, fn)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestClientAssertionRequest(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	calls := 0
	src := clientAssertion(t, app(t, base, hc), func(context.Context) (string, error) {
		calls++
		return " " + canaryAssertion + "\n", nil
	})
	ask(t, src)
	ask(t, src) // from memory
	want := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {clientID}, "scope": {"https://graph.example.com/.default"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {canaryAssertion},
	}
	if got := e.request(t, 0).form; !reflect.DeepEqual(got, want) {
		t.Errorf("the form is %v", got)
	}
	ask(t, src, "other")
	if calls != 2 || e.count() != 2 {
		t.Errorf("%d calls, %d requests, want an assertion for each request", calls, e.count())
	}
}

func TestClientAssertionThatFails(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	for _, tt := range []struct {
		jwt  string
		err  error
		want string
	}{
		{"", cause, "auth: client assertion: cause"},
		{"", nil, "auth: client assertion: the token is empty"},
		{" \n", nil, "auth: client assertion: the token is empty"},
		{canarySecret, nil, "auth: client assertion: the token is not a signed JWT"},
		{"canary.canary.", nil, "auth: client assertion: the token is not a signed JWT"},
		{"canary..canary", nil, "auth: client assertion: the token is not a signed JWT"},
		{".canary.canary", nil, "auth: client assertion: the token is not a signed JWT"},
		{"canary.canary.canary.canary.canary", nil, "auth: client assertion: the token is not a signed JWT"},
		{"canary.can ary.canary", nil, "auth: client assertion: the token is not a signed JWT"},
		{"canary.canary." + strings.Repeat("c", 64<<10), nil, "auth: client assertion: the token is larger than 65536 bytes"},
		{"", retrieveError(t), "auth: client assertion: auth: token request to login.example.com"},
	} {
		e := &endpoint{answer: numbered(3600)}
		base, hc := serve(t, e)
		src := clientAssertion(t, app(t, base, hc), func(context.Context) (string, error) { return tt.jwt, tt.err })
		err := askError(t, src)
		wantText(t, err, tt.want)
		noCanary(t, err)
		if tt.err == cause && !errors.Is(err, cause) {
			t.Error("the cause is lost")
		}
		if e.count() != 0 {
			t.Errorf("%s: %d requests, want none", tt.want, e.count())
		}
	}
}

func TestClientAssertionIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &endpoint{answer: numbered(3600)}
		src := clientAssertion(t, app(t, "http://localhost", serveInMemory(t, e)), func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})
		start := time.Now()
		err := askError(t, src)
		wantText(t, err, "auth: the client assertion did not come within 30s")
		if time.Since(start) != 30*time.Second || errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		time.Sleep(10 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := src.Token(ctx, auth.TokenRequest{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a caller who leaves: %v", err)
		}
		synctest.Wait()
		if e.count() != 0 {
			t.Errorf("%d requests, want none", e.count())
		}
	})
}

func TestClientAssertionRefuses(t *testing.T) {
	t.Parallel()
	a := auth.App{TenantID: tenantID, ClientID: clientID}
	_, err := auth.ClientAssertion(a, nil)
	wantText(t, err, "auth: client assertion: the function is nil")
	_, err = auth.ClientAssertion(auth.App{}, func(context.Context) (string, error) { return "", nil })
	wantText(t, err, "auth: tenant id is empty")
	_, err = auth.WorkloadIdentity(a, "")
	wantText(t, err, "auth: workload identity: the token file has no name")
	_, err = auth.WorkloadIdentity(auth.App{}, "f")
	wantText(t, err, "auth: tenant id is empty")
}

// Kubernetes replaces the file, through links, while the program runs.
func TestWorkloadIdentityReadsTheFileAgain(t *testing.T) {
	t.Parallel()
	e := &endpoint{answer: numbered(3600)}
	base, hc := serve(t, e)
	dir := t.TempDir()
	name := filepath.Join(dir, "token")
	if err := os.Symlink(filepath.Join(dir, "data"), name); err != nil {
		t.Skip("no symbolic links here")
	}
	src, err := auth.WorkloadIdentity(app(t, base, hc), name) // the file need not be there yet
	if err != nil {
		t.Fatal(err)
	}
	for i, jwt := range []string{"a.b.c", "d.e.f"} {
		write(t, filepath.Join(dir, "data"), jwt+"\n")
		ask(t, src, "scope"+jwt[:1])
		if got := e.request(t, i).form.Get("client_assertion"); got != jwt {
			t.Errorf("sent %q, want %q", got, jwt)
		}
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWorkloadIdentityBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		name = filepath.Join(dir, name)
		write(t, name, content)
		return name
	}
	unreadable := file("unreadable", "a.b.c")
	if err := os.Chmod(unreadable, 0); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, want string }{
		{filepath.Join(dir, "absent"), "no such file"},
		{dir, "is not a regular file"},
		{file("empty", " \n"), "the token is empty"},
		{file("secret", canarySecret), "the token is not a signed JWT"},
		{file("large", strings.Repeat("c", 64<<10+1)), "large is larger than 65536 bytes"},
		{unreadable, "permission denied"},
	} {
		e := &endpoint{answer: numbered(3600)}
		base, hc := serve(t, e)
		src, err := auth.WorkloadIdentity(app(t, base, hc), tt.name)
		if err != nil {
			t.Fatal(err)
		}
		if tt.name == unreadable && os.Getuid() == 0 {
			continue // root reads anything
		}
		err = askError(t, src)
		wantText(t, err, "auth: client assertion: file", tt.name, tt.want)
		noCanary(t, err)
		if e.count() != 0 {
			t.Errorf("%s: %d requests, want none", tt.name, e.count())
		}
	}
}
