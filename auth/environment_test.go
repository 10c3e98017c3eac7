package auth_test

import (
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/auth"
)

type env map[string]string

func (e env) get(name string) string { return e[name] }

func (e env) with(more env) env {
	all := env{}
	for _, m := range []env{e, more} {
		for name, value := range m {
			all[name] = value
		}
	}
	return all
}

var appEnv = env{"AZURE_TENANT_ID": tenantID, "AZURE_CLIENT_ID": clientID}

func certificateFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "cert.pem")
	write(t, name, string(join(block("CERTIFICATE", certificateOf(t, rsaKey()).Certificate[0]), block("PRIVATE KEY", pkcs8(t, rsaKey())))))
	return name
}

func TestFromEnvironmentPicks(t *testing.T) {
	t.Parallel()
	file, tokenFile := certificateFile(t), filepath.Join(t.TempDir(), "token")
	write(t, tokenFile, canaryAssertion)
	secret := env{"AZURE_CLIENT_SECRET": canarySecret}
	certificate := env{"AZURE_CLIENT_CERTIFICATE_PATH": file}
	workload := env{"AZURE_FEDERATED_TOKEN_FILE": tokenFile}
	appService := env{"IDENTITY_ENDPOINT": "http://169.254.129.2:8081/msi/token", "IDENTITY_HEADER": canaryHeader}
	only := func(name string) env { return env{"AZURE_TOKEN_CREDENTIALS": name} }
	for _, tt := range []struct {
		name, picked string
		env          env
		passedOver   string // a part of it
	}{
		{"secret", "client secret (AZURE_CLIENT_SECRET)", appEnv.with(secret), "; passed over: client certificate (AZURE_CLIENT_CERTIFICATE_PATH is not set)"},
		{"all", "client secret (AZURE_CLIENT_SECRET)", appEnv.with(secret).with(certificate).with(workload).with(appService), "client certificate (an earlier one was picked)"},
		{"secret without client id", "managed identity of App Service (IDENTITY_ENDPOINT)", secret.with(appService), "client secret (AZURE_TENANT_ID and AZURE_CLIENT_ID are not set)"},
		{"certificate", "client certificate (AZURE_CLIENT_CERTIFICATE_PATH)", appEnv.with(certificate).with(workload), "client secret (AZURE_CLIENT_SECRET is not set)"},
		{"password", "client certificate (AZURE_CLIENT_CERTIFICATE_PATH)", appEnv.with(certificate), "user name and password (AZURE_USERNAME is not set)"},
		{"workload", "workload identity (AZURE_FEDERATED_TOKEN_FILE)", appEnv.with(workload).with(appService).with(env{"AZURE_USERNAME": "x"}), "user name and password (this library has no such way"},
		{"App Service", "managed identity of App Service (IDENTITY_ENDPOINT)", appService, "client secret (AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set)"},
		{"App Service, not a machine", "managed identity of App Service (IDENTITY_ENDPOINT)", appService, "managed identity of a virtual machine (no variable tells of one"},
		{"restricted to identities", "managed identity of App Service (IDENTITY_ENDPOINT)", appEnv.with(secret).with(appService).with(only("ManagedIdentityCredential")), "client secret (AZURE_TOKEN_CREDENTIALS is ManagedIdentityCredential)"},
		{"restricted to a workload", "workload identity (AZURE_FEDERATED_TOKEN_FILE)", appEnv.with(secret).with(workload).with(only("workloadidentitycredential")), "client secret (AZURE_TOKEN_CREDENTIALS is workloadidentitycredential)"},
		{"restricted to the environment", "client secret (AZURE_CLIENT_SECRET)", appEnv.with(secret).with(only("EnvironmentCredential")), "managed identity of a virtual machine (no variable tells of one"},
		{"machine", "managed identity of a virtual machine (AZURE_TOKEN_CREDENTIALS)", only("ManagedIdentityCredential"), "managed identity of App Service (IDENTITY_ENDPOINT and IDENTITY_HEADER are not set)"},
		{"production", "managed identity of a virtual machine (AZURE_TOKEN_CREDENTIALS)", only("prod"), "workload identity (AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE are not set)"},
		{"production with a secret", "client secret (AZURE_CLIENT_SECRET)", appEnv.with(secret).with(only("prod")), "a virtual machine (an earlier one was picked)"},
		{"Service Fabric", "managed identity of a virtual machine (AZURE_TOKEN_CREDENTIALS)", only("prod").with(appService).with(env{"IDENTITY_SERVER_THUMBPRINT": "x"}), "IDENTITY_SERVER_THUMBPRINT tells of Service Fabric"},
		{"Arc", "managed identity of a virtual machine (AZURE_TOKEN_CREDENTIALS)", only("prod").with(env{"IDENTITY_ENDPOINT": "http://localhost", "IMDS_ENDPOINT": "x"}), "IMDS_ENDPOINT tells of Azure Arc"},
		{"Cloud Shell", "managed identity of a virtual machine (AZURE_TOKEN_CREDENTIALS)", only("prod").with(env{"MSI_ENDPOINT": "x"}), "MSI_ENDPOINT alone tells of Cloud Shell"},
	} {
		got, err := auth.FromEnvironment(tt.env.get, auth.EnvironmentOptions{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got.Picked != tt.picked || got.Source == nil || got.Cloud != auth.Global || len(got.PassedOver) != 5 {
			t.Errorf("%s: picked %s, passed over %d", tt.name, got.Picked, len(got.PassedOver))
		}
		if text := got.String(); !strings.HasPrefix(text, tt.picked+"; passed over: ") || !strings.Contains(text, tt.passedOver) || strings.ContainsAny(text, "\r\n") {
			t.Errorf("%s: %s", tt.name, text)
		}
		noCanary(t, got)
		noCanary(t, *got)
	}
}

// What is picked is made of what the environment says.
func TestFromEnvironmentSources(t *testing.T) {
	t.Parallel()
	tokenFile := filepath.Join(t.TempDir(), "token")
	write(t, tokenFile, canaryAssertion)
	e := &identities{endpoint: endpoint{answer: numbered(3600)}}
	base, hc := serve(t, e)
	private := appEnv.with(env{"AZURE_AUTHORITY_HOST": base + "/", "GRAPH_ROOT": "https://graph.example.com/v1.0/"})
	for i, tt := range []struct {
		env   env
		check func(r received) bool
	}{
		{private.with(env{"AZURE_CLIENT_SECRET": canarySecret}), func(r received) bool { return r.form.Get("client_secret") == canarySecret }},
		{private.with(env{"AZURE_FEDERATED_TOKEN_FILE": tokenFile}), func(r received) bool { return r.form.Get("client_assertion") == canaryAssertion }},
		{private.with(env{"AZURE_CLIENT_CERTIFICATE_PATH": certificateFile(t)}), func(r received) bool {
			return !strings.Contains(header(t, r.form.Get("client_assertion")), "x5c")
		}},
		{private.with(env{"AZURE_CLIENT_CERTIFICATE_PATH": certificateFile(t), "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "True"}), func(r received) bool {
			return strings.Contains(header(t, r.form.Get("client_assertion")), `"x5c":["`)
		}},
		{env{"AZURE_CLIENT_ID": clientID, "IDENTITY_ENDPOINT": base, "IDENTITY_HEADER": canaryHeader}, func(r received) bool {
			_, query := e.asked(4)
			return r.header.Get("X-Identity-Header") == canaryHeader && query.Get("client_id") == clientID
		}},
	} {
		got, err := auth.FromEnvironment(tt.env.get, auth.EnvironmentOptions{HTTPClient: hc})
		if err != nil {
			t.Fatal(err)
		}
		ask(t, got.Source)
		r := e.request(t, i)
		if !tt.check(r) {
			t.Errorf("%s: not what the environment says", got.Picked)
		}
		if r.method == "POST" && (r.form.Get("client_id") != clientID || !strings.HasPrefix(r.path, "/"+tenantID+"/") || got.Cloud.GraphRoot() != "https://graph.example.com/v1.0") {
			t.Errorf("%s: %s for %s", got.Picked, r.path, got.Cloud)
		}
	}
}

func header(t *testing.T, jwt string) string {
	t.Helper()
	first, _, _ := strings.Cut(jwt, ".")
	return decode(t, first)
}

func TestFromEnvironmentFindsNothing(t *testing.T) {
	t.Parallel()
	got, err := auth.FromEnvironment(env{"PATH": "/bin", "AZURE_CLOUD": "usgov"}.get, auth.EnvironmentOptions{})
	if got != nil || !errors.Is(err, auth.ErrNoCredentials) {
		t.Errorf("got %v", err)
	}
	wantText(t, err, "auth: the environment names no way to sign in; passed over: client secret (AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set); client certificate (",
		"managed identity of a virtual machine (no variable tells of one")
	for _, half := range []env{
		{"AZURE_TENANT_ID": tenantID},
		{"AZURE_CLIENT_SECRET": canarySecret},
		appEnv.with(env{"AZURE_CLIENT_CERTIFICATE_PASSWORD": canarySecret}),
		{"IDENTITY_HEADER": canaryHeader},
		{"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"},
	} {
		_, err := auth.FromEnvironment(half.get, auth.EnvironmentOptions{})
		if errors.Is(err, auth.ErrNoCredentials) {
			t.Errorf("%v passes for nothing", err)
		}
		wantText(t, err, "auth: the environment names no way to sign in in full; passed over: client secret (")
		noCanary(t, err)
	}
}

// A way that was picked and is broken is not replaced by the next.
func TestFromEnvironmentBrokenPicks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.pem")
	write(t, bad, canarySecret)
	ec := filepath.Join(dir, "ec.pem")
	write(t, ec, string(join(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificateOf(t, ecKey()).Certificate[0]}), block("PRIVATE KEY", pkcs8(t, ecKey())))))
	identity := env{"IDENTITY_ENDPOINT": "http://localhost", "IDENTITY_HEADER": canaryHeader}
	for _, tt := range []struct {
		env  env
		want string
	}{
		{appEnv.with(env{"AZURE_CLIENT_SECRET": canarySecret + "\n"}), "auth: environment: client secret: auth: client secret begins or ends with white space"},
		{appEnv.with(env{"AZURE_CLIENT_CERTIFICATE_PATH": filepath.Join(dir, "absent")}), "auth: environment: client certificate: file: stat " + dir},
		{appEnv.with(env{"AZURE_CLIENT_CERTIFICATE_PATH": bad}), "auth: environment: client certificate: file " + bad + ": auth: PEM: no block was found"},
		{appEnv.with(env{"AZURE_CLIENT_CERTIFICATE_PATH": ec}), "file " + ec + ": auth: client certificate: its key is ECDSA, and Entra takes RSA only"},
		{env{"AZURE_TENANT_ID": "a b", "AZURE_CLIENT_ID": "c", "AZURE_FEDERATED_TOKEN_FILE": "f"}, "auth: environment: workload identity: auth: tenant id"},
		{env{"IDENTITY_ENDPOINT": "http://example.com", "IDENTITY_HEADER": canaryHeader}, "auth: environment: managed identity of App Service: auth: identity endpoint: URL must be https"},
		{env{"AZURE_TOKEN_CREDENTIALS": "dev"}, `auth: environment: AZURE_TOKEN_CREDENTIALS is "dev", want prod, EnvironmentCredential`},
	} {
		got, err := auth.FromEnvironment(identity.with(tt.env).get, auth.EnvironmentOptions{})
		wantText(t, err, tt.want)
		noCanary(t, err)
		if got != nil {
			t.Errorf("%s: something beside the error", tt.want)
		}
	}
}

func TestFromEnvironmentClouds(t *testing.T) {
	t.Parallel()
	private, err := auth.NewCloud("https://login.example.com", "https://graph.example.com/v1.0")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		host, root, name string
		want             auth.Cloud
		err              string
	}{
		{"", "", "", auth.Global, ""},
		{"", "", "global", auth.Global, ""},
		{"", "", "USGov", auth.USGov, ""},
		{"", "", "usgovdod", auth.USGovDoD, ""},
		{"", "", "china", auth.Cloud{}, `auth: environment: AZURE_CLOUD is "china", want global, usgov or usgovdod`},
		{"https://login.microsoftonline.com/", "", "", auth.Global, ""}, // as Kubernetes sets it
		{"login.microsoftonline.com", "", "", auth.Global, ""},
		{"https://login.microsoftonline.com", "", "global", auth.Global, ""},
		{"https://login.microsoftonline.us", "", "usgov", auth.USGov, ""},
		{"https://login.microsoftonline.us", "", "usgovdod", auth.USGovDoD, ""},
		{"https://login.microsoftonline.us", "", "", auth.Cloud{}, "which two clouds have: set AZURE_CLOUD to usgov or usgovdod"},
		{"https://login.microsoftonline.us", "", "global", auth.Cloud{}, "AZURE_CLOUD is global, which has another login host"},
		{"https://login.microsoftonline.com", "", "usgov", auth.Cloud{}, "AZURE_CLOUD is usgov, which has another login host"},
		{"https://login.chinacloudapi.cn", "", "", auth.Cloud{}, "no cloud's that has secure scores: a private cloud needs GRAPH_ROOT as well"},
		{"http://login.example.com", "", "", auth.Cloud{}, "auth: environment: AZURE_AUTHORITY_HOST: auth: origin: URL must be https"},
		{"https://login.example.com", "https://graph.example.com/v1.0", "", private, ""},
		{"https://login.microsoftonline.us", "https://graph.microsoft.us/v1.0", "", auth.USGov, ""},
		{"https://login.microsoftonline.us", "https://graph.microsoft.com/v1.0", "", auth.Cloud{}, "belong to different clouds"},
		{"https://login.example.com", "graph", "", auth.Cloud{}, "auth: environment: AZURE_AUTHORITY_HOST and GRAPH_ROOT: auth: cloud: graph root URL has no scheme"},
		{"", "https://graph.example.com/v1.0", "", auth.Cloud{}, "GRAPH_ROOT is set and AZURE_AUTHORITY_HOST is not"},
		{"https://login.example.com", "https://graph.example.com/v1.0", "usgov", auth.Cloud{}, "GRAPH_ROOT and AZURE_CLOUD are both set"},
	} {
		e := appEnv.with(env{"AZURE_CLIENT_SECRET": canarySecret, "AZURE_AUTHORITY_HOST": tt.host, "GRAPH_ROOT": tt.root, "AZURE_CLOUD": tt.name})
		got, err := auth.FromEnvironment(e.get, auth.EnvironmentOptions{})
		if tt.err != "" {
			wantText(t, err, tt.err)
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", tt, err)
			continue
		}
		k, ok := got.Source.(interface{ Cloud() auth.Cloud })
		if !ok || k.Cloud() != tt.want || got.Cloud != tt.want {
			t.Errorf("%+v: got %s", tt, got.Cloud)
		}
	}
}

func TestFromEnvironmentReadsTheProcess(t *testing.T) {
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"} {
		t.Setenv(name, "a")
	}
	for _, name := range []string{"AZURE_CLOUD", "AZURE_AUTHORITY_HOST", "GRAPH_ROOT", "AZURE_TOKEN_CREDENTIALS"} {
		t.Setenv(name, "")
	}
	got, err := auth.FromEnvironment(nil, auth.EnvironmentOptions{})
	if err != nil || !strings.HasPrefix(got.Picked, "client secret") {
		t.Errorf("got %v, %v", got, err)
	}
}

// Only FromEnvironment looks at the environment of the process.
func TestNothingElseReadsTheEnvironment(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") || name == "environment.go" {
			continue
		}
		for _, call := range []string{"os.Getenv", "os.LookupEnv", "os.Environ", "syscall.Getenv"} {
			if strings.Contains(string(b), call) {
				t.Errorf("%s calls %s", name, call)
			}
		}
	}
}
