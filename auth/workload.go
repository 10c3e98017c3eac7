package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
)

// ClientAssertion is a source for an application that proves itself with a
// token of another identity provider (workload identity federation: Kubernetes,
// GitHub Actions, another cloud): as [ClientSecret], but assertion is called
// for each token request and returns that token, a JWT. It is given at most 30
// s together with the request that follows; its context ends when nobody waits
// any more. An error of it is remembered for 5 s. White space around the token
// is cut.
func ClientAssertion(app App, assertion func(ctx context.Context) (string, error)) (TokenSource, error) {
	if err := checkApp(app); err != nil {
		return nil, err
	}
	if assertion == nil {
		return nil, errors.New("auth: client assertion: the function is nil")
	}
	return newApplication(app, func(ctx context.Context) (url.Values, error) {
		jwt, err := assertion(ctx)
		if err == nil {
			jwt = strings.TrimSpace(jwt)
			err = checkAssertion(jwt)
		}
		if err != nil {
			return nil, fmt.Errorf("auth: client assertion: %w", convert(err))
		}
		return assertionParams(jwt), nil
	})
}

// WorkloadIdentity is [ClientAssertion] with the token in a file, which is read
// again for each token request: Kubernetes and others replace it before it
// expires. The file must be a regular one (or a link to one) of at most 64 KiB.
// It need not be there yet when the source is made. Errors name the file and
// hold nothing of what is in it.
func WorkloadIdentity(app App, tokenFile string) (TokenSource, error) {
	if tokenFile == "" {
		return nil, errors.New("auth: workload identity: the token file has no name")
	}
	return ClientAssertion(app, func(context.Context) (string, error) {
		return readTokenFile(tokenFile)
	})
}

// maxAssertion bounds an assertion of others, in bytes. They have 1 to 2 KiB.
const maxAssertion = 64 << 10

func readTokenFile(name string) (string, error) {
	b, err := readSmallFile(name, maxAssertion)
	if err != nil {
		return "", err
	}
	jwt := strings.TrimSpace(string(b))
	if err := checkAssertion(jwt); err != nil {
		return "", fmt.Errorf("file %s: %w", name, err)
	}
	return jwt, nil
}

// readSmallFile refuses what would never end or block.
func readSmallFile(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err) // it names the file
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("file %s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("file: %w", err)
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("file %s is larger than %d bytes", name, limit)
	}
	return b, nil
}

// checkAssertion refuses what is no JWT, for Entra would only say that it is
// malformed. Its errors say nothing of the text.
func checkAssertion(jwt string) error {
	switch {
	case jwt == "":
		return errors.New("the token is empty")
	case len(jwt) > maxAssertion:
		return fmt.Errorf("the token is larger than %d bytes", maxAssertion)
	}
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" || strings.ContainsFunc(jwt, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) {
		return errors.New("the token is not a signed JWT")
	}
	return nil
}
