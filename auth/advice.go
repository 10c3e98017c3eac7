package auth

import "net/http"

// adviceByAADSTS says what to do about the codes of Microsoft Entra ID that
// programs meet.
//
// Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var adviceByAADSTS = map[string]string{
	// The credential.
	"AADSTS7000215": "the client secret is wrong: use the secret's Value, not its Secret ID",
	"AADSTS7000222": "the client secret has expired: add a new one to the app registration",
	"AADSTS7000216": "the request has no credential: give the application a secret, a certificate or an assertion",
	"AADSTS7000218": "the application is not a public client: use a secret or certificate, or allow public client flows for device code",
	"AADSTS700027":  "the certificate is not one of the application's, or the signature does not fit it: upload the certificate to the app registration",
	"AADSTS700024":  "the assertion is not within its time: check this machine's clock, and that the token file is kept fresh",
	"AADSTS700023":  "the assertion's audience is not this token endpoint: check the tenant and the cloud",
	"AADSTS7002381": "federation needs the assertion of another issuer than Entra itself: check what the assertion function returns",
	"AADSTS70021":   "no federated credential of the application fits the assertion: compare its issuer, subject and audience with the app registration",
	"AADSTS700211":  "no federated credential of the application has the assertion's issuer: compare it with the app registration",
	"AADSTS700212":  "no federated credential of the application has the assertion's audience: it is usually api://AzureADTokenExchange",
	"AADSTS700213":  "no federated credential of the application has the assertion's subject: compare branch, environment or service account with the app registration",
	"AADSTS50013":   "the assertion is not valid: check its signature, its time and this machine's clock",
	// The application and its tenant.
	"AADSTS700016":  "no such application in this tenant: check client id and tenant id, and that an administrator has consented",
	"AADSTS7000112": "the application is disabled in this tenant: enable its service principal",
	"AADSTS7000229": "the application has no service principal in this tenant: let an administrator consent to it there",
	"AADSTS90002":   "no such tenant: check the tenant id, and that the cloud is the tenant's",
	"AADSTS900023":  "the tenant id is neither a GUID nor a domain of a tenant: check it",
	"AADSTS900382":  "the tenant lives in another cloud: choose its cloud",
	"AADSTS90072":   "the account is not of this tenant: sign in with another, or have it invited",
	// What is asked for.
	"AADSTS500011":  "the resource is unknown in this tenant: check that the cloud is the tenant's",
	"AADSTS70011":   "the scope is not valid: an application asks for the Graph origin and /.default",
	"AADSTS1002012": "the scope is not valid: an application asks for the Graph origin and /.default",
	"AADSTS65001":   "consent is missing: let an administrator grant the application's permissions",
	"AADSTS501051":  "the application has no role on the resource: assign it to one, or drop the requirement of an assignment",
	"AADSTS50105":   "the person is not assigned to the application: assign them, or drop the requirement",
	// Policies and people.
	"AADSTS53003":  "a conditional access policy blocks the sign-in: check the policies (for applications, those for workload identities)",
	"AADSTS53000":  "a conditional access policy asks for a compliant device: device code cannot show one",
	"AADSTS50076":  "multi-factor authentication is asked for: sign in again",
	"AADSTS50079":  "multi-factor authentication must be set up: sign in with a browser first",
	"AADSTS50057":  "the account is disabled",
	"AADSTS700082": "the refresh token has expired because it was not used: sign in again",
	"AADSTS50173":  "the refresh token was revoked, by a new password perhaps: sign in again",
	"AADSTS90033":  "a passing failure of Entra: try again later",
}

// aboutTime are the codes that a wrong clock of this machine can bring about.
var aboutTime = map[string]bool{"AADSTS700024": true, "AADSTS50013": true}

// adviceByCode is for endpoints and answers without such a code (RFC 6749,
// section 5.2; RFC 8628, section 3.5).
var adviceByCode = map[string]string{
	"invalid_client":          "check client id, client secret and its expiry",
	"unauthorized_client":     "the application may not use this flow: check its registration and the tenant",
	"invalid_scope":           "check the scopes: an application asks for the Graph origin and /.default",
	"invalid_request":         "check tenant id, client id and scopes",
	"invalid_grant":           "the credential is expired or revoked: sign in again or replace it",
	"interaction_required":    "a person must sign in again",
	"temporarily_unavailable": "try again later",
	"server_error":            "try again later",
	codeExpired:               "nobody signed in while the code was good: ask for a token again to get a new one",
	"authorization_declined":  "the person declined to sign in",
	"access_denied":           "the person declined to sign in",
}

func advice(e *Error) string {
	if s := adviceByAADSTS[e.AADSTS]; s != "" {
		return s
	}
	if e.Op == opManagedIdentity {
		return identityAdvice(e)
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

// identityAdvice is for the endpoints of managed identities, which have other
// causes for the same codes.
func identityAdvice(e *Error) string {
	switch {
	case e.StatusCode == 0:
		return "there is no such endpoint where no managed identity is: check that this runs in Azure"
	case e.StatusCode == http.StatusBadRequest:
		return "no such identity is assigned to this resource: assign one, and check its id"
	case e.StatusCode == http.StatusForbidden, e.StatusCode == http.StatusUnauthorized:
		return "the endpoint refuses this program: check IDENTITY_HEADER, and that no proxy is in between"
	case e.StatusCode == http.StatusTooManyRequests:
		return "the identity endpoint is throttling: share one token source instead of making many"
	case e.StatusCode >= 500, e.StatusCode == http.StatusNotFound, e.StatusCode == http.StatusGone:
		return "the identity endpoint is in trouble or being updated: try again later"
	}
	return ""
}
