// Package client is a client of Microsoft Graph's secure score.
package client
