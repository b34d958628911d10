// Package pki makes certificates: sound ones, and ones with a single fault.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const day = 24 * time.Hour

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// request is a certificate that is about to be signed.
type request struct {
	template *x509.Certificate
	chain    []*Authority
}

// Option changes a certificate before it is signed.
type Option func(*request)

// Expired ends the validity five weeks ago.
func Expired(r *request) {
	r.template.NotBefore, r.template.NotAfter = time.Now().Add(-400*day), time.Now().Add(-35*day)
}

// NotYetValid begins the validity in a month.
func NotYetValid(r *request) {
	r.template.NotBefore, r.template.NotAfter = time.Now().Add(30*day), time.Now().Add(395*day)
}

// NoSAN leaves the host's name in the common name alone.
func NoSAN(r *request) { r.template.DNSNames = nil }

// ForClients makes it good for clients instead of servers.
func ForClients(r *request) {
	r.template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}

// Groups sets the organisations, which an API server reads as groups.
func Groups(names ...string) Option {
	return func(r *request) { r.template.Subject.Organization = names }
}

// Addresses adds IP addresses to the names.
func Addresses(ips ...net.IP) Option {
	return func(r *request) { r.template.IPAddresses = ips }
}

// Sends makes the server send these authorities after its own certificate.
func Sends(chain ...*Authority) Option {
	return func(r *request) { r.chain = chain }
}

// NewAuthority makes an authority, below parent or, where that is nil, a root.
func NewAuthority(name string, parent *Authority, options ...Option) (*Authority, error) {
	r := &request{template: &x509.Certificate{
		Subject:   pkix.Name{CommonName: name, Organization: []string{"Corp Example"}},
		NotBefore: time.Now().Add(-2 * day), NotAfter: time.Now().Add(3650 * day),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}}
	for _, o := range options {
		o(r)
	}
	certificate, key, err := sign(r.template, parent)
	if err != nil {
		return nil, fmt.Errorf("making authority %q: %w", name, err)
	}
	return &Authority{certificate, key}, nil
}

// Renewed is the authority with a certificate that is valid now, for the same key.
func (a *Authority) Renewed() (*Authority, error) {
	template := *a.certificate
	template.NotBefore, template.NotAfter = time.Now().Add(-2*day), time.Now().Add(3650*day)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, fmt.Errorf("renewing authority %q: %w", template.Subject.CommonName, err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, a.key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("renewing authority %q: %w", template.Subject.CommonName, err)
	}
	certificate, err := x509.ParseCertificate(der)
	return &Authority{certificate, a.key}, err
}

// Leaf makes a server's certificate for a host. A nil authority makes it sign
// itself.
func (a *Authority) Leaf(host string, options ...Option) (*tls.Certificate, error) {
	r := &request{template: &x509.Certificate{
		Subject:   pkix.Name{CommonName: host, Organization: []string{"Corp Example"}},
		NotBefore: time.Now().Add(-day), NotAfter: time.Now().Add(365 * day),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{host},
	}}
	for _, o := range options {
		o(r)
	}
	certificate, key, err := sign(r.template, a)
	if err != nil {
		return nil, fmt.Errorf("making the certificate of %q: %w", host, err)
	}
	leaf := &tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key, Leaf: certificate}
	for _, above := range r.chain {
		leaf.Certificate = append(leaf.Certificate, above.certificate.Raw)
	}
	return leaf, nil
}

// PEM is the authority's certificate.
func (a *Authority) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// sign makes a key and signs its certificate with the issuer's key or, without
// one, with the new key itself. ECDSA keys: RSA would take seconds in all.
func sign(template *x509.Certificate, issuer *Authority) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return nil, nil, err
	}
	if issuer == nil {
		issuer = &Authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.certificate, key.Public(), issuer.key)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

// Write writes a certificate and its key as PATH.crt and PATH.key.
func Write(path string, leaf *tls.Certificate) error {
	der, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		return fmt.Errorf("encoding the key of %q: %w", path, err)
	}
	var chain []byte
	for _, c := range leaf.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c})...)
	}
	if err := WriteFile(path+".crt", chain, 0o644); err != nil {
		return err
	}
	return WriteFile(path+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// WriteFile writes a file and the folders above it.
func WriteFile(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, mode)
}
