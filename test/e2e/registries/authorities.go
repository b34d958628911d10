package main

import (
	"path/filepath"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// authorities sign the sites' certificates.
type authorities struct {
	root        *pki.Authority // trusted
	issuing     *pki.Authority // below root
	unlisted    *pki.Authority // not trusted
	rotatedOld  *pki.Authority // trusted
	rotatedNew  *pki.Authority // the same name, another key: not trusted
	expiredRoot *pki.Authority // trusted, but over
}

func newAuthorities() (*authorities, error) {
	var a authorities
	var first error
	add := func(name string, parent *pki.Authority, options ...pki.Option) *pki.Authority {
		made, err := pki.NewAuthority(name, parent, options...)
		if first == nil {
			first = err
		}
		return made
	}
	a.root = add("Corp Example Root CA G1", nil)
	a.unlisted = add("Unlisted Harbor CA", nil)
	a.rotatedOld = add("Corp Example Rotating CA", nil)
	a.rotatedNew = add("Corp Example Rotating CA", nil)
	a.expiredRoot = add("Corp Example Expired Root CA", nil, pki.Expired)
	if first == nil {
		a.issuing = add("Corp Example Issuing CA 1", a.root)
	}
	return &a, first
}

// write names the files as TKG names them on nodes.
func (a *authorities) write(dir string) error {
	for path, authority := range map[string]*pki.Authority{
		"trusted/tkg-corp-root-ca.pem":         a.root,
		"trusted/tkg-corp-rotating-ca.pem":     a.rotatedOld,
		"trusted/tkg-corp-expired-root-ca.pem": a.expiredRoot,
		"untrusted/unlisted.pem":               a.unlisted,
	} {
		if err := pki.WriteFile(filepath.Join(dir, path), authority.PEM(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
