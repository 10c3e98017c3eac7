package auth

import "net/http"

// adviceByAADSTS says what to do about the codes of Microsoft Entra ID that an
// application with a secret meets.
//
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var adviceByAADSTS = map[string]string{
	"AADSTS7000215": "the client secret is wrong: use the secret's Value, not its Secret ID",
	"AADSTS7000222": "the client secret has expired: add a new one to the app registration",
	"AADSTS7000218": "the request reached the endpoint without a credential: check proxies that rewrite forms",
	"AADSTS7000112": "the application is disabled in this tenant: enable its service principal",
	"AADSTS700016":  "no such application in this tenant: check client id and tenant id, and that an administrator has consented",
	"AADSTS90002":   "no such tenant: check the tenant id, and that the cloud is the tenant's",
	"AADSTS900023":  "the tenant id is neither a GUID nor a domain of a tenant: check it",
	"AADSTS900382":  "the tenant lives in another cloud: choose its cloud",
	"AADSTS500011":  "the resource is unknown in this tenant: check that the cloud is the tenant's",
	"AADSTS70011":   "the scope is not valid: an application asks for the Graph origin and /.default",
	"AADSTS1002012": "the scope is not valid: an application asks for the Graph origin and /.default",
	"AADSTS65001":   "consent is missing: let an administrator grant the application's permissions",
	"AADSTS53003":   "a conditional access policy blocks the application: check the policies for workload identities",
}

// adviceByCode is for endpoints and answers without such a code (RFC 6749,
// section 5.2).
var adviceByCode = map[string]string{
	"invalid_client":          "check client id, client secret and its expiry",
	"unauthorized_client":     "the application may not use this flow: check its registration and the tenant",
	"invalid_scope":           "check the scopes: an application asks for the Graph origin and /.default",
	"invalid_request":         "check tenant id, client id and scopes",
	"invalid_grant":           "the credential is expired or revoked: sign in again or replace it",
	"temporarily_unavailable": "try again later",
	"server_error":            "try again later",
}

func advice(e *Error) string {
	if s := adviceByAADSTS[e.AADSTS]; s != "" {
		return s
	}
	switch {
	case e.StatusCode == http.StatusTooManyRequests:
		return "the token endpoint is throttling: share one token source instead of making many"
	case e.Code != "":
		return adviceByCode[e.Code]
	case e.StatusCode >= 500:
		return "the token endpoint is in trouble: try again later"
	case e.StatusCode == http.StatusNotFound:
		return "check the login URL of the cloud"
	}
	return ""
}
