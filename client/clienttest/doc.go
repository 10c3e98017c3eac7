// Package clienttest is Microsoft Graph's secure score in memory, for tests and
// demonstrations that need no tenant.
//
// A [Graph] is an [net/http.Handler] that holds secure scores and control
// profiles, issues tokens at Entra's path and checks them, and answers with the
// headers, paging and error bodies of the real service. [Start] serves it on a
// loopback socket, [StartTLS] with https and a certificate of its own making. A
// [Listener] serves it in memory, which is what testing/synctest needs: a bubble
// with real sockets hangs.
//
// [Graph.FailNext] makes the next requests fail in a chosen way, and
// [Graph.Requests] tells what arrived.
//
// The package imports no testing package, so a program may embed it.
package clienttest
