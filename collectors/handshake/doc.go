// Package handshake looks at TLS endpoints: what a registry presents to a
// client, from here, through a proxy, or from a node. It records what it saw
// and trusts nothing: whether a chain verifies is decided later, per trust
// store, by package certificate.
//
// A failure that is a fact about the endpoint (refused, plain HTTP, an old TLS
// version, an alert, a reset, an unknown name) is an answer: a Probe with a
// Failure. What could not be found out (a deadline, a cancelled run, forwarding
// that a node does not allow) is a gap and leaves no Probe, so that no policy
// can read a verdict from it.
//
// Not probed: SSL 2 and 3, which crypto/tls does not speak, and HTTP/2, which
// GET /v2/ does not need.
package handshake
