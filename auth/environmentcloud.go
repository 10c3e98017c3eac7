package auth

import (
	"errors"
	"fmt"
	"strings"
)

// cloud finds the cloud that the environment names.
func (v variables) cloud() (Cloud, error) {
	host, root, name := v("AZURE_AUTHORITY_HOST"), v("GRAPH_ROOT"), v("AZURE_CLOUD")
	switch {
	case root != "" && host == "":
		return Cloud{}, errors.New("auth: environment: GRAPH_ROOT is set and AZURE_AUTHORITY_HOST is not: a private cloud needs both")
	case root != "" && name != "":
		return Cloud{}, errors.New("auth: environment: GRAPH_ROOT and AZURE_CLOUD are both set: one says where Graph is")
	case root != "":
		c, err := NewCloud(host, root)
		if err != nil {
			return Cloud{}, fmt.Errorf("auth: environment: AZURE_AUTHORITY_HOST and GRAPH_ROOT: %w", err)
		}
		return c, nil
	}
	named, err := cloudByName(name)
	if err != nil || host == "" {
		return named, err
	}
	return cloudByHost(host, name, named)
}

func cloudByName(name string) (Cloud, error) {
	switch strings.ToLower(name) {
	case "", "global":
		return Global, nil
	case "usgov":
		return USGov, nil
	case "usgovdod":
		return USGovDoD, nil
	}
	return Cloud{}, fmt.Errorf("auth: environment: AZURE_CLOUD is %q, want global, usgov or usgovdod", cleanText(name, 64))
}

// cloudByHost takes the login host alone, as Kubernetes sets it without being
// asked. named is the cloud of AZURE_CLOUD.
func cloudByHost(host, name string, named Cloud) (Cloud, error) {
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	o, err := ParseOrigin(host)
	if err != nil {
		return Cloud{}, fmt.Errorf("auth: environment: AZURE_AUTHORITY_HOST: %w", err)
	}
	var found []Cloud
	for _, c := range []Cloud{Global, USGov, USGovDoD} {
		if o.String() == c.LoginURL() {
			found = append(found, c)
			if name != "" && c == named {
				return c, nil
			}
		}
	}
	switch {
	case name != "":
		return Cloud{}, fmt.Errorf("auth: environment: AZURE_AUTHORITY_HOST is %s, and AZURE_CLOUD is %s, which has another login host", o, cleanText(name, 64))
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return Cloud{}, fmt.Errorf("auth: environment: AZURE_AUTHORITY_HOST is %s, which two clouds have: set AZURE_CLOUD to usgov or usgovdod", o)
	}
	return Cloud{}, fmt.Errorf("auth: environment: AZURE_AUTHORITY_HOST is %s, no cloud's that has secure scores: a private cloud needs GRAPH_ROOT as well", o)
}
