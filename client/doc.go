// Package client is a client of Microsoft Graph's secure score.
//
// Calls go through one pipeline, in this order: the generated client, ids and headers, the retry loop, an http.Client
// that follows no redirect and keeps no cookie, the attempt with its timers (in which the answer is read, judged and
// decoded), the bearer token, which is added for the one configured origin only, the write guard, and the caller's
// transport.
//
// # What is repeated
//
// A read (GET) is repeated when the answer is 408, 429, 500, 502, 503, 504 or 509, when the connection fails or
// stalls, and when the answer is cut short or is no JSON.
//
// A write (POST, PATCH, DELETE) is repeated only where it was provably not processed:
//
//   - no connection came about, because it was refused or name resolution failed for the moment;
//   - the answer is 429;
//   - the HTTP/2 server refused the stream (REFUSED_STREAM, or GOAWAY with a last stream below it);
//   - the answer is a 503 with Retry-After, and [RetryPolicy.TrustRetryAfterOn503] is set.
//
// What else can happen to a write:
//
//   - It was not sent, and the error says why: another failure to connect, or no token. It did not happen.
//   - The service refused it and said so: 400, 401, 403, 404, 405, 409, 411, 412, 413, 415, 422, 423, any other 4xx
//     but 408 and 499, 501, and the redirects other than 303, which ask for the request to be made elsewhere and are
//     not followed. It did not happen.
//   - Anything else is [ErrOutcomeUnknown]: the connection broke after the request was sent, or a timer or the
//     context ended the wait; the answer was 303, 408, 499, 500, 502, 503, 504, 509 or another 5xx; or it was a 2xx
//     that is cut short, is no JSON, is empty, or is not what the operation answers. The write may or may not have
//     happened, and is never repeated by this client. [Error.Key] is what to look it up by.
//
// Never repeated, for reads and writes: certificates that do not verify, TLS alerts, answers that are not TLS, names
// that do not exist, a proxy's 407, redirects, a token source that fails, and answers that are complete and wrong (of
// another content type, empty, null, of the wrong shape, too large).
//
// A 401 is answered by asking the token source for another token and sending the request once more, whatever the
// policy; a second 401 is the error.
//
// Each update of [ControlProfilesService.UpdateMany] is a write of its own under these rules.
//
// # How it is repeated
//
// There are four attempts in all. Before each repeat the client waits as long as Retry-After says, never less, and up
// to 10 % more; seconds, seconds with a fraction, and HTTP dates measured from the answer's own Date are understood,
// and of several values the longest counts. Where it says more than 120 s, or more than the context's deadline
// leaves, the call fails at once. Without Retry-After the wait is anything (full jitter) below 0.5 s, or 1 s after a
// 429, doubled with each repeat up to 30 s. [RetryPolicy] changes these numbers. After a 503 the repeat goes over a
// new connection, as Microsoft asks.
//
// All calls of a client share a retry quota of 500 tokens: a repeat costs 14, or 5 after a 429. A call that succeeds
// gives back what it paid, and at least 1. When the service is down, 1,000 calls make at most 1,035 requests. On
// reads net/http may add one repeat of its own to an attempt, where a pooled connection turns out dead.
//
// # Connections of writes
//
// net/http repeats some requests by itself. Each write therefore goes over a new connection that is used for nothing
// else, and is sent once. This takes an [http.Transport]. With a round tripper of another type (see [WithHTTPClient])
// whatever goes wrong in it is ErrOutcomeUnknown for a write. [RetryPolicy.ReuseConnectionsForWrites] trades
// certainty for speed.
//
// # Limits
//
// An attempt ends when the service sends no headers for 60 s, no byte of the body for 30 s, or after 100 s
// ([Timeouts]); the time that a token takes is not counted. A body may have 64 MiB when decompressed, an error 1 MiB;
// beyond that the error is [ErrTooLarge].
//
// # Errors
//
// An operation's error is an [*Error], or holds [ErrInvalid] where the call was refused before a request was made.
// Sentinels such as [ErrNotFound] are found with [errors.Is], the cause below too. When the context ends during a
// wait, both its error and the service's last answer are found.
package client
