package nodecerts_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// What OpenSSL finds in the same files, by OpenSSL itself.
func TestOpenSSLStoreIsWhatOpenSSLFinds(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	p := newPKI(t)
	corp, other := string(p.corp.PEM()), string(p.other.PEM())
	hash, otherHash := subjectHash(t, p.corp.PEM()), subjectHash(t, p.other.PEM())
	base := files{"/etc/ssl/certs/ca-certificates.crt": join(p.public[:3]...)}
	damaged := "-----BEGIN CERTIFICATE-----\nMII!\n-----END CERTIFICATE-----\n"
	for name, test := range map[string]struct {
		files    files
		wantsOwn int
	}{
		"loose file without a link":  {files: base.with(files{"/etc/ssl/certs/corp.pem": corp, "/etc/ssl/certs/00000000.0": linkTo + "nothing"})},
		"hash link":                  {files: base.with(files{"/etc/ssl/certs/corp.pem": corp, "/etc/ssl/certs/" + hash + ".0": linkTo + "corp.pem"}), wantsOwn: 1},
		"file named by the hash":     {files: base.with(files{"/etc/ssl/certs/" + hash + ".0": corp}), wantsOwn: 1},
		"link out of the folder":     {files: base.with(files{"/opt/corp.pem": corp, "/etc/ssl/certs/" + hash + ".0": linkTo + "../../../opt/corp.pem"}), wantsOwn: 1},
		"stale link":                 {files: base.with(files{"/etc/ssl/certs/corp.pem": other, "/etc/ssl/certs/" + hash + ".0": linkTo + "corp.pem"})},
		"number one and no zero":     {files: base.with(files{"/etc/ssl/certs/corp.pem": corp, "/etc/ssl/certs/" + hash + ".1": linkTo + "corp.pem"})},
		"number one behind another":  {files: base.with(files{"/etc/ssl/certs/" + hash + ".0": other, "/etc/ssl/certs/" + hash + ".1": corp}), wantsOwn: 1},
		"number one behind nothing":  {files: base.with(files{"/etc/ssl/certs/" + hash + ".0": "x", "/etc/ssl/certs/" + hash + ".1": corp})},
		"two in a file, both linked": {files: base.with(files{"/etc/ssl/certs/two.pem": corp + other, "/etc/ssl/certs/" + hash + ".0": linkTo + "two.pem", "/etc/ssl/certs/" + otherHash + ".0": linkTo + "two.pem"}), wantsOwn: 2},
		"two in a file, one linked":  {files: base.with(files{"/etc/ssl/certs/two.pem": corp + other, "/etc/ssl/certs/" + otherHash + ".0": linkTo + "two.pem"}), wantsOwn: 1},
		"in the bundle": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": join(p.public[0]) + corp, "/etc/ssl/certs/00000000.0": linkTo + "nothing",
		}, wantsOwn: 1},
		"bundle with text between": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": "# a comment\nTFMwdExTMUNS\n" + corp, "/etc/ssl/certs/00000000.0": linkTo + "nothing",
		}, wantsOwn: 1},
		"bundle with a damaged block": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": join(p.public[0]) + damaged + corp, "/etc/ssl/certs/" + otherHash + ".0": other,
		}, wantsOwn: 1},
		"bundle with a glued block": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": strings.TrimSuffix(corp, "\n") + other + string(p.public[0]), "/etc/ssl/certs/00000000.0": linkTo + "nothing",
		}},
		"bundle that ends early": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": corp + string(p.public[0][:200]), "/etc/ssl/certs/00000000.0": linkTo + "nothing",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := test.files.build(t)
			doc := recordTree(t, root)
			got := doc.TrustStores[doc.Nodes["wk-1"].OpenSSLStore].Anchors
			want := foundByOpenSSL(t, p, root)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("OpenSSL (-), recorded (+):\n%s", diff)
			}
			own := slices.DeleteFunc(slices.Clone(got), func(fp string) bool { return fp != p.corp.Fingerprint() && fp != p.other.Fingerprint() })
			if len(own) != test.wantsOwn {
				t.Errorf("%d of our own are in it, want %d", len(own), test.wantsOwn)
			}
		})
	}
}

func foundByOpenSSL(t *testing.T, p pki, root string) []string {
	t.Helper()
	var found []string
	for i, certificate := range append(slices.Clone(p.public[:3]), p.corp.PEM(), p.other.PEM()) {
		file := filepath.Join(t.TempDir(), strconv.Itoa(i)+".pem")
		if err := os.WriteFile(file, certificate, 0o600); err != nil {
			t.Fatal(err)
		}
		if openSSLVerifies(t, root, "-CAfile", "/etc/ssl/certs/ca-certificates.crt", file) || openSSLVerifies(t, root, "-CApath", "/etc/ssl/certs", file) {
			block, _ := pem.Decode(certificate)
			found = append(found, fingerprint(block.Bytes))
		}
	}
	slices.Sort(found)
	return found
}

// openSSLVerifies asks with one source at a time: with a -CAfile that it cannot
// read the command does nothing at all, while programs go on without it.
func openSSLVerifies(t *testing.T, root, option, source, file string) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	arguments := []string{"verify", "-no-CAstore", "-no-CAfile", "-no-CApath", "-no_check_time", option, root + source, file}
	arguments = slices.DeleteFunc(arguments, func(a string) bool { return a == "-no"+option })
	return exec.CommandContext(ctx, "openssl", arguments...).Run() == nil
}

func TestSubjectHashIsOpenSSLs(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed")
	}
	all := publicRoots(t, 40)
	m := certtest.New(testTime)
	for _, name := range []string{"  blanks   within  and around ", "UPPER lower ÄÖÜ ß", "tab\tand more", "日本語", "a+b=c,d"} {
		all = append(all, m.Root(name).PEM())
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, certificate := range all {
		block, _ := pem.Decode(certificate)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(ctx, "openssl", "x509", "-noout", "-hash")
		cmd.Stdin = strings.NewReader(string(certificate))
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, want := subjectHash(t, certificate), strings.TrimSpace(string(out)); got != want {
			t.Errorf("the hash of %q is %s, OpenSSL says %s", c.Subject, got, want)
		}
	}
}
