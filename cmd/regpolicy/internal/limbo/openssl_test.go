package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// asked runs the program over a suite and has it ask another.
func asked(t *testing.T, program string, entries ...entry) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "suite.json")
	if err := os.WriteFile(path, []byte(suiteOf(t, entries...)), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err := run([]string{"-openssl", program, path}, &out, at)
	return out.String(), err
}

func installed(t *testing.T) (program string, ok bool) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Log("openssl is not installed: it is not asked")
	}
	return program, err == nil
}

// opensslCases has cases that OpenSSL sees otherwise than Go, by what the name of
// their class begins with. The suite expects what Go says, where no class of the
// suite's own differences fits.
func opensslCases(t *testing.T) map[string]entry {
	t.Helper()
	m := certtest.New(at)
	root := m.Root("R")
	issuing := root.Intermediate("I")
	spoilt := root.Renewed(certtest.ExcludedDomains(host), certtest.Validity(at.AddDate(0, -1, 0), at.AddDate(40, 0, 0)))
	elsewhere := m.Root("D", certtest.PermittedDomains("other.example"))
	excluding := m.Root("E", certtest.ExcludedDomains("bad.corp.example"))
	narrow := m.Root("D", certtest.PermittedDomains("corp.example"))
	// Go leaves out the authority key identifier where subject and issuer are one name.
	renamed := m.Root("D").CrossSigned(narrow, certtest.Names("other.example"),
		extensionOf(false, oidAuthorityKeyID, append([]byte{0x30, 22, 0x80, 20}, narrow.Certificate.SubjectKeyId...)...))
	ofDirectory := m.Root("X", extensionOf(true, oidNameConstraints, 0x30, 0x08, 0xa0, 0x06, 0x30, 0x04, 0xa4, 0x02, 0x30, 0x00))
	noBit := m.Root("K", certtest.KeyUsage(0), extensionOf(false, oidKeyUsage, 0x03, 0x02, 0x07, 0x00))
	var names []string
	for i := range 1100 {
		names = append(names, fmt.Sprintf("n%d.corp.example", i))
	}
	many := m.Root("C", certtest.PermittedDomains(names...))
	return map[string]entry{
		"the anchor is not a root":        served("a", success, host, issuing, issuing.Leaf(host)),
		"it built one path":               served("a", success, host, root, root.Leaf(host)).with("trusted_certs", text(spoilt, root)),
		"it holds constraints on DNS":     served("a", success, "10.1.2.3", elsewhere, elsewhere.Leaf("10.1.2.3")),
		"a leaf whose key usage":          served("a", success, host, root, root.Leaf(host, certtest.KeyUsage(x509.KeyUsageCRLSign))),
		"an extended key usage that":      served("a", failure, host, root, root.Leaf(host, certtest.ExtendedKeyUsage(), extensionOf(false, oidExtendedKeyUsage, 0x30, 0x00))),
		"names times constraints":         served("a", failure, names[0], many, many.Leaf(names[0], certtest.Names(names...))),
		"the very last second":            served("a", success, host, root, root.Leaf(host, certtest.Validity(at.AddDate(0, 0, -1), at))),
		"a CA with a key usage of no bit": served("a", failure, host, noBit, noBit.Leaf(host)),
		"a wildcard with one label":       served("a", success, "h.example", root, root.Leaf("h.example", certtest.Names("*.example"))),
		"a certificate that Go cannot":    unreadableToGo(t),
		"a leaf without DNS names":        served("a", failure, host, root, root.Leaf(host, certtest.NoSAN())),
		"a star that is but a part":       served("a", failure, host, root, root.Leaf(host, certtest.Names("har*.corp.example"))),
		"an excluded domain lies":         served("a", failure, host, excluding, excluding.Leaf(host, certtest.Names(host, "*.corp.example"))),
		"a self-issued CA":                served("a", success, host, narrow, renamed.Leaf(host), renamed),
		"a critical constraint":           served("a", success, host, ofDirectory, ofDirectory.Leaf(host)),
	}
}

// unreadableToGo is a case about a certificate on a curve that Go does not know, as
// OpenSSL makes one; it is its own anchor.
func unreadableToGo(t *testing.T) entry {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime192v1", "-nodes",
		"-keyout", os.DevNull, "-days", "2", "-subj", "/CN="+host, "-addext", "subjectAltName=DNS:"+host).Output()
	if err != nil {
		t.Fatalf("making a certificate: %v %s", err, out)
	}
	m := certtest.New(at)
	return served("a", failure, host, m.Root("R"), m.SelfSigned(host)).with("validation_time", time.Now().Add(time.Hour).Format(time.RFC3339)).
		with("peer_certificate", string(out)).with("trusted_certs", []string{string(out)})
}

func TestDifferencesFromOpenSSLHaveNames(t *testing.T) {
	program, ok := installed(t)
	if !ok {
		return
	}
	for begin, c := range opensslCases(t) {
		t.Run(begin, func(t *testing.T) {
			out, err := asked(t, program, c)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			met := ""
			for line := range strings.Lines(out) {
				if _, name, found := strings.Cut(line, " by it: "); found && strings.HasPrefix(line, "     1 ") {
					met += name
				}
			}
			if !strings.HasPrefix(met, begin) || strings.Count(met, "\n") != 1 {
				t.Errorf("got %q", met)
			}
		})
	}
}

func TestAgreementWithOpenSSL(t *testing.T) {
	program, ok := installed(t)
	if !ok {
		return
	}
	m := certtest.New(at)
	root := m.Root("R")
	issuing := root.Intermediate("I")
	leaf := issuing.Leaf(host)
	out, err := asked(
		t, program,
		served("good", success, host, root, leaf, issuing),
		served("address", success, "10.1.2.3", root, issuing.Leaf("10.1.2.3"), issuing),
		served("no name", success, "", root, leaf, issuing),
		served("now", success, host, root, leaf, issuing).with("validation_time", nil),
		served("another name", failure, "other.corp.example", root, leaf, issuing),
		served("another address", failure, "10.1.2.4", root, issuing.Leaf("10.1.2.3"), issuing),
		served("expired", failure, host, root, issuing.Leaf(host, certtest.Expired()), issuing),
		served("no anchor", failure, host, root, leaf, issuing).with("trusted_certs", []string{}),
		served("unreadable", failure, host, root, leaf).with("peer_certificate", "junk"),
	)
	for _, want := range []string{"OpenSSL ", "says the same of 9 cases", "every difference has a name"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%v, without %q:\n%s", err, want, out)
		}
	}
}

// A program that says otherwise than OpenSSL would shows what a difference without a
// name does, and one that fails what an answer that is none does.
func TestFaultsOfOpenSSLFailTheRun(t *testing.T) {
	m := certtest.New(at)
	root := m.Root("R")
	good, bad := served("a", success, host, root, root.Leaf(host)), served("a", failure, host, m.Root("S"), root.Leaf(host))
	for _, c := range []struct {
		name, script, want string
		entry              entry
	}{
		{"it refuses what is good", "echo 'error 23 at 0 depth lookup: certificate revoked'; exit 2", "regpolicy says true , openssl \"23 certificate revoked\"", good},
		{"it accepts what is bad", "echo leaf.pem: OK", "a difference from OpenSSL without a name: regpolicy says false", bad},
		{"it says nothing", "exit 0", "asking openssl", good},
		{"it fails", "echo out of memory; exit 1", "out of memory", good},
		{"it cannot read a file", "echo 'Unable to load certificate'; exit 1", "a file cannot be read", good},
		{"it tells no version", "", "asking", good},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "openssl")
			script := "#!/bin/sh\n[ \"$1\" = version ] && { echo OpenSSL 3.0.0 of this test; exit; }\n" + c.script + "\n"
			if c.script == "" {
				script = "#!/bin/sh\n"
			}
			if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
			out, err := asked(t, program, c.entry)
			if err == nil || !strings.Contains(out+err.Error(), c.want) || strings.Contains(out, "every difference") {
				t.Errorf("%v, want a fault %q:\n%s", err, c.want, out)
			}
		})
	}
	if _, err := asked(t, filepath.Join(t.TempDir(), "absent"), good); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent program: %v", err)
	}
}
