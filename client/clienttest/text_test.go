package clienttest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-13c6ebcb/securescore/client/clienttest"
)

func TestNoSecretInText(t *testing.T) {
	t.Parallel()
	s := serve(t, clienttest.WithClient("app", "canary-of-this-test"))
	token := s.NewToken()
	s.token(s.form())
	s.FailNext(clienttest.Fault{Header: http.Header{"X": {"y"}}})
	if got, want := fmt.Sprintf("%+v, %x", s.Graph, s.server), "clienttest.Graph{tenant "+s.TenantID()+", root /v1.0}, clienttest.Server{"+s.server.URL()+"}"; got != want {
		t.Errorf("text %s, want %s", got, want)
	}
	for _, v := range []any{s.Graph, s.server, s.Requests(), s.server.App(), s.server.Cloud()} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			text := fmt.Sprintf(verb, v)
			for _, secret := range []string{"canary-of-this-test", token, clienttest.TokenPrefix} {
				if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) {
					t.Errorf("%s of %T shows a secret", verb, v)
				}
			}
		}
	}
}
