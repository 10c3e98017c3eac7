// Runs oauth2-mock-server as the token endpoint of one tenant and checks what
// it lets through: the client id and secret, or the assertion, by node's own
// crypto. Arguments: tenant, client id, client secret, file of the certificate.
// It prints its URL, and ends when its standard input does.
import { constants, createHash, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { OAuth2Server } from "oauth2-mock-server";

const [tenant, clientId, clientSecret, certificateFile] = process.argv.slice(2);
const certificate = new X509Certificate(readFileSync(certificateFile));
const path = `/${tenant}/oauth2/v2.0/token`;
const server = new OAuth2Server(undefined, undefined, { endpoints: { token: path } });

const seen = new Set();

// wrong says what is wrong with a request's proof of who sends it.
function wrong(form) {
  if (form.client_id !== clientId) return "client_id";
  if (form.client_secret !== undefined) return form.client_secret === clientSecret ? "" : "client_secret";
  if (form.client_assertion_type !== "urn:ietf:params:oauth:client-assertion-type:jwt-bearer") return "client_assertion_type";
  const [head, payload, signature] = form.client_assertion.split(".");
  const header = JSON.parse(Buffer.from(head, "base64url"));
  const claims = JSON.parse(Buffer.from(payload, "base64url"));
  const now = Date.now() / 1000;
  const key = { key: certificate.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  if (header.alg !== "PS256") return "alg";
  if (header["x5t#S256"] !== createHash("sha256").update(certificate.raw).digest("base64url")) return "x5t#S256";
  if (header.x5c !== undefined && header.x5c[0] !== certificate.raw.toString("base64")) return "x5c";
  if (!verify("sha256", Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, "base64url"))) return "signature";
  if (claims.aud !== server.issuer.url + path) return "aud";
  if (claims.iss !== clientId || claims.sub !== clientId) return "iss or sub";
  if (claims.nbf > now + 5 || claims.exp < now || claims.exp - claims.nbf > 600) return "time";
  if (seen.has(claims.jti)) return "jti";
  seen.add(claims.jti);
  return "";
}

server.service.on("beforeResponse", (response, request) => {
  const what = wrong(request.body);
  if (what === "") return;
  response.statusCode = 401;
  response.body = { error: "invalid_client", error_description: `AADSTS7000215: the ${what} is wrong` };
});

await server.issuer.keys.generate("RS256");
await server.start(0, "127.0.0.1");
server.issuer.url = `http://127.0.0.1:${server.address().port}`;
console.log(server.issuer.url);
process.stdin.on("end", () => process.exit(0)).resume();
