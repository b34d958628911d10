package certtest_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

var at = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func TestSameCallsGiveTheSameBytes(t *testing.T) {
	story := func() []byte {
		m := certtest.New(at)
		root := m.Root("Corp Root CA")
		issuing := root.Intermediate("Corp Issuing CA", certtest.PathLength(0))
		leaf := issuing.Leaf("harbor.corp.example")
		return append(certtest.Bundle(leaf, issuing, root, root.Rekeyed(), root.Renewed(), issuing.CrossSigned(root)), leaf.KeyPEM()...)
	}
	if !bytes.Equal(story(), story()) {
		t.Error("two runs differ")
	}
	if bytes.Equal(certtest.New(at).Root("A").Certificate.Raw, certtest.Seeded(at, "other").Root("A").Certificate.Raw) {
		t.Error("another seed gave the same certificate")
	}
}

func TestServerConfigServesAVerifiableChain(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA")
	issuing := root.Intermediate("Corp Issuing CA")
	leaf := issuing.Leaf("harbor.corp.example")

	client, server := net.Pipe()
	defer client.Close()
	done := make(chan error, 1)
	go func() {
		done <- tls.Server(server, leaf.ServerConfig(issuing)).Handshake()
		server.Close()
	}()
	roots := x509.NewCertPool()
	roots.AddCert(root.Certificate)
	conn := tls.Client(client, &tls.Config{
		RootCAs: roots, ServerName: "harbor.corp.example", MinVersion: tls.VersionTLS12,
		Time: func() time.Time { return at },
	})
	if err := conn.Handshake(); err != nil {
		t.Fatalf("handshaking: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("serving: %v", err)
	}
}

func TestOptionsReachTheCertificate(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("Corp Root CA", certtest.NoKeyIDs())
	if len(root.Certificate.SubjectKeyId) != 0 || !root.Certificate.IsCA || !root.Certificate.BasicConstraintsValid {
		t.Errorf("a root without key ids is %+v", root.Certificate)
	}
	leaf := root.Leaf("10.0.0.5", certtest.NoKeyIDs(), certtest.Expired(), certtest.Serial(7))
	if len(leaf.Certificate.AuthorityKeyId) != 0 || len(leaf.Certificate.IPAddresses) != 1 || leaf.Certificate.NotAfter.After(at) || leaf.Certificate.SerialNumber.Int64() != 7 {
		t.Errorf("the leaf is %+v", leaf.Certificate)
	}
	for name, c := range map[string]*x509.Certificate{
		"SHA-1":  root.Leaf("a.example", certtest.SHA1()).Certificate,
		"RSA":    root.Leaf("a.example", certtest.RSA(2048)).Certificate,
		"EdDSA":  root.Leaf("a.example", certtest.Ed25519([32]byte{1})).Certificate,
		"not CA": root.Intermediate("I", certtest.NotCA()).Certificate,
	} {
		if err := root.Certificate.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c := root.Intermediate("I", certtest.NotCA()).Certificate; c.IsCA || !c.BasicConstraintsValid {
		t.Error("NotCA made a CA")
	}
}
