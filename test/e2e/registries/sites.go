package main

import (
	"cmp"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// A site is one host. With neither handler nor raw nothing listens there and
// connections are refused.
type site struct {
	name    string            // without the domain
	address string            // set where nobody is to answer
	port    string            // 443 where empty
	cert    *tls.Certificate  // nil means plain HTTP
	tune    func(*tls.Config) // changes the TLS settings, may be nil
	handler http.Handler
	raw     func(net.Conn) // instead of handler, for what is not HTTP

	// repaired is how the site answers once its fault has been repaired (switch.go).
	repaired *site
}

// sites are all of them. A new case is a line here and one in ../cases.txt.
func sites(a *authorities, images http.Handler) ([]site, error) {
	var first error
	leaf := func(by *pki.Authority, name string, options ...pki.Option) *tls.Certificate {
		made, err := by.Leaf(name+domain, options...)
		if first == nil {
			first = err
		}
		return made
	}
	sound := func(name string) *tls.Certificate { return leaf(a.root, name) }
	zoo := []site{
		// Without fault.
		{name: "harbor", cert: sound("harbor"), handler: images},
		{name: "full-chain", cert: leaf(a.issuing, "full-chain", pki.Sends(a.issuing)), handler: images},

		// Sound, but signed by an authority that the node does not know.
		{name: "unknown-ca", cert: leaf(a.unlisted, "unknown-ca", pki.Sends(a.unlisted)), handler: images},
		{name: "late-ca", cert: leaf(a.unlisted, "late-ca"), handler: images},
		{name: "hosts-toml-ca", cert: leaf(a.unlisted, "hosts-toml-ca"), handler: images},
		{name: "missing-ca-file", cert: leaf(a.unlisted, "missing-ca-file"), handler: images},
		{name: "skip-verify", cert: leaf(a.unlisted, "skip-verify"), handler: images},
		{name: "self-signed", cert: leaf(nil, "self-signed"), handler: images},
		{name: "rotated-ca", cert: leaf(a.rotatedNew, "rotated-ca"), handler: images},
		{name: "no-intermediate", cert: leaf(a.issuing, "no-intermediate"), handler: images},

		// Signed by a known authority, but not valid.
		{name: "expired", cert: leaf(a.root, "expired", pki.Expired), handler: images},
		{name: "not-yet-valid", cert: leaf(a.root, "not-yet-valid", pki.NotYetValid), handler: images},
		{name: "expired-root", cert: leaf(a.expiredRoot, "expired-root"), handler: images},
		{name: "wrong-host", cert: leaf(a.root, "harbor-old"), handler: images},
		{name: "cn-only", cert: leaf(a.root, "cn-only", pki.NoSAN), handler: images},
		{name: "wrong-eku", cert: leaf(a.root, "wrong-eku", pki.ForClients), handler: images},

		// No TLS, or none that a runtime accepts.
		{name: "plain-http", handler: images},
		{name: "refused"},
		{name: "blackhole", address: "10.50.0.9"}, // behind the gateway that is not there
		{name: "silent", raw: silence},
		{name: "mtls", cert: sound("mtls"), tune: wantClientCertificate, handler: images},
		{name: "tls11", cert: sound("tls11"), tune: oldVersions, handler: images},

		// TLS is fine, the answer is not.
		{name: "basic-auth", cert: sound("basic-auth"), handler: basicAuth(user, password, images)},
		{name: "bearer-ca", cert: sound("bearer-ca"), handler: bearerAuth("https://token-unknown-ca"+domain+"/service/token", images)},
		{name: "token-unknown-ca", cert: leaf(a.unlisted, "token-unknown-ca"), handler: http.HandlerFunc(giveToken)},
		{name: "denied-403", cert: sound("denied-403"), handler: always(http.StatusForbidden, "DENIED", "requested access to the resource is denied")},
		{name: "toomany-429", cert: sound("toomany-429"), handler: always(http.StatusTooManyRequests, "TOOMANYREQUESTS", "You have reached your pull rate limit.")},
		{name: "err-503", cert: sound("err-503"), handler: always(http.StatusServiceUnavailable, "UNAVAILABLE", "service unavailable")},
		{name: "blob-redirect-ca", cert: sound("blob-redirect-ca"), handler: redirectBlobs("https://s3-unknown-ca"+domain, images)},
		{name: "s3-unknown-ca", cert: leaf(a.unlisted, "s3-unknown-ca"), handler: images},
	}
	return zoo, first
}

// start listens; serve runs what must not end. dir is the state folder.
func (s site) start(dir string, serve func(string, func() error)) error {
	if s.handler == nil && s.raw == nil {
		return nil
	}
	listener, err := net.Listen("tcp", s.address+":"+cmp.Or(s.port, "443"))
	if err != nil {
		return err
	}
	if s.repaired != nil {
		s.startSwitched(dir, listener, serve)
		return nil
	}
	if s.raw != nil {
		serve(s.name, func() error {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return err
				}
				go s.raw(conn)
			}
		})
		return nil
	}
	server := &http.Server{Handler: s.handler, ErrorLog: log.New(io.Discard, "", 0)}
	if s.cert == nil {
		serve(s.name, func() error { return server.Serve(listener) })
		return nil
	}
	server.TLSConfig = s.settings()
	serve(s.name, func() error { return server.ServeTLS(listener, "", "") })
	return nil
}

func (s site) settings() *tls.Config {
	c := &tls.Config{Certificates: []tls.Certificate{*s.cert}}
	if s.tune != nil {
		s.tune(c)
	}
	return c
}
