package main

import (
	"crypto/tls"
	"net/http"
	"path/filepath"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// statesDir holds the CAs' certificates of the stage states, below the state folder.
const statesDir = "states"

// states makes the sites of the stage states, one or two for each broken state, so
// that none waits for another's repair.
type states struct {
	*authorities
	images http.Handler
	made   map[string]*pki.Authority // files to write, by name
	err    error
}

// stateSites also writes the CAs that the node holds or is to get.
func stateSites(a *authorities, images http.Handler, dir string) ([]site, error) {
	s := &states{authorities: a, images: images, made: map[string]*pki.Authority{}}
	zoo := append(append(s.trust(), s.certificates()...), s.answers()...)
	for name, authority := range s.made {
		if s.err == nil {
			s.err = pki.WriteFile(filepath.Join(dir, statesDir, name+".pem"), authority.PEM(), 0o644)
		}
	}
	return zoo, s.err
}

// ca is an authority of its own, in the file of that name.
func (s *states) ca(file, name string, options ...pki.Option) *pki.Authority {
	made, err := pki.NewAuthority(name, nil, options...)
	if s.err == nil {
		s.err = err
	}
	s.made[file] = made
	return made
}

// renewal is a new certificate for the key of an authority.
func (s *states) renewal(file string, former *pki.Authority) *pki.Authority {
	if former == nil {
		return nil
	}
	made, err := former.Renewed()
	if s.err == nil {
		s.err = err
	}
	s.made[file] = made
	return made
}

func (s *states) leaf(by *pki.Authority, name string, options ...pki.Option) *tls.Certificate {
	if by == nil {
		return nil // what made it failed
	}
	made, err := by.Leaf(name+domain, options...)
	if s.err == nil {
		s.err = err
	}
	return made
}

// below is a site whose certificate the authority signed.
func (s *states) below(by *pki.Authority, name string) site {
	return site{name: name, cert: s.leaf(by, name), handler: s.images}
}

// trust are registries without fault that the node does not trust.
func (s *states) trust() []site {
	s.ca("ca-wrong-other", "Corp Example Build CA")
	expired := s.ca("ca-expired-old", "Corp Example Yearly CA", pki.Expired)
	renewed := s.renewal("ca-expired", expired)
	s.ca("ca-rekeyed-old", "Corp Example Registry CA")
	return []site{
		s.below(s.ca("ca-missing", "Corp Example Harbor CA"), "ca-missing"),
		s.below(s.ca("ca-wrong", "Corp Example Artifacts CA"), "ca-wrong"),
		s.below(s.ca("ca-rekeyed", "Corp Example Registry CA"), "ca-rekeyed"),
		s.below(renewed, "ca-expired"),
		s.below(s.ca("ca-base64", "Corp Example Encoded CA"), "ca-base64"),
		s.below(s.ca("secret-once", "Corp Example Secret CA"), "secret-once"),
		s.below(s.ca("runtime-older", "Corp Example Late CA"), "runtime-older"),
		s.below(s.ca("hosts-file", "Corp Example Team CA"), "hosts-file"),
		s.below(s.ca("mirror-ca", "Corp Example Mirror CA"), "mirror-ca-mirror"),
		{name: "mirror-ca", cert: s.leaf(s.root, "mirror-ca"), handler: withoutImages(s.images)},
		{name: "token-ca", cert: s.leaf(s.root, "token-ca"), handler: bearerAuth("https://token-ca-auth"+domain+"/service/token", s.images)},
		{name: "token-ca-auth", cert: s.leaf(s.ca("token-ca", "Corp Example Login CA"), "token-ca-auth"), handler: http.HandlerFunc(giveToken)},
		{name: "blob-ca", cert: s.leaf(s.root, "blob-ca"), handler: redirectBlobs("https://blob-ca-store"+domain, s.images)},
		s.below(s.ca("blob-ca", "Corp Example Storage CA"), "blob-ca-store"),
	}
}

// certificates are registries whose certificate is at fault until they are repaired.
func (s *states) certificates() []site {
	var zoo []site
	for _, fault := range []struct {
		name string
		cert *tls.Certificate
	}{
		{"certificate-expired", s.leaf(s.root, "certificate-expired", pki.Expired)},
		{"certificate-early", s.leaf(s.root, "certificate-early", pki.NotYetValid)},
		{"name-other", s.leaf(s.root, "name-old")},
		{"name-in-cn", s.leaf(s.root, "name-in-cn", pki.NoSAN)},
		{"usage-other", s.leaf(s.root, "usage-other", pki.ForClients)},
		{"http", nil},
	} {
		broken, repaired := s.below(s.root, fault.name), s.below(s.root, fault.name)
		broken.cert, broken.repaired = fault.cert, &repaired
		zoo = append(zoo, broken)
	}
	incomplete, whole := s.below(s.issuing, "intermediate-missing"), s.below(s.issuing, "intermediate-missing")
	whole.cert = s.leaf(s.issuing, whole.name, pki.Sends(s.issuing))
	incomplete.repaired = &whole
	return append(zoo, incomplete)
}

// answers are registries whose answer is the fault, and the proxy.
func (s *states) answers() []site {
	account := func(name string) site {
		private := s.below(s.root, name)
		private.handler = basicAuth(user, password, s.images)
		return private
	}
	limited := s.below(s.root, "rate-limited")
	limited.handler = limitAnonymous("https://rate-limited"+domain+"/service/token", s.images)
	proxy := newInterceptor("proxied"+domain+":443", s.leaf(s.ca("proxied", "Corp Example Proxy CA"), "proxied"), s.images)
	return []site{
		account("secret-missing"), account("secret-unnamed"), limited,
		s.below(s.root, "proxied"),
		{name: "proxy", port: "3128", raw: proxy.answer},
	}
}
