package nodecerts_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// verifyVariable makes the test binary print which of the certificates in the
// file that it names the system's pool holds.
const verifyVariable = "NODECERTS_TEST_VERIFY"

func verifyChild(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		_, err = c.Verify(x509.VerifyOptions{
			Roots: pool, CurrentTime: c.NotBefore.Add(time.Hour), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		if err == nil {
			fmt.Println(fingerprint(c.Raw))
		}
	}
	return 0
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// What a process on the node loads, by Go itself: the store that is recorded
// must hold the same certificates.
func TestTrustStoreIsWhatGoLoads(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	corp, other, web := string(p.corp.PEM()), string(p.other.PEM()), string(p.web.PEM())
	link := func(to string) string { return linkTo + "../../.." + to } // good on this machine, too
	base := files{"/etc/ssl/certs/ca-certificates.crt": join(p.public[:3]...)}
	override := func(environment string) files {
		return base.with(files{
			"/etc/ssl/certs/corp.pem":                              corp,
			"/opt/ssl/own.pem":                                     web,
			"/opt/ssl/dir/other.pem":                               other,
			"/etc/systemd/system/containerd.service.d/10-ssl.conf": "[Service]\nEnvironment=" + environment + "\n",
		})
	}
	for name, test := range map[string]struct {
		files    files
		file     string // SSL_CERT_FILE, if not the bundle
		dirs     string // SSL_CERT_DIR, if not Go's own
		wantsOwn int    // how many of corp, other and web
	}{
		"bundle only":         {files: base},
		"loose file":          {files: base.with(files{"/etc/ssl/certs/tkg-corp.pem": corp}), wantsOwn: 1},
		"hidden file":         {files: base.with(files{"/etc/ssl/certs/.tkg-corp.pem.swp": corp}), wantsOwn: 1},
		"any suffix":          {files: base.with(files{"/etc/ssl/certs/README": corp}), wantsOwn: 1},
		"second folder":       {files: base.with(files{"/etc/pki/tls/certs/corp.pem": corp}), wantsOwn: 1},
		"two in a file":       {files: base.with(files{"/etc/ssl/certs/two.pem": corp + other}), wantsOwn: 2},
		"leaf":                {files: base.with(files{"/etc/ssl/certs/web.pem": web}), wantsOwn: 1},
		"glued":               {files: base.with(files{"/etc/ssl/certs/glued.pem": strings.TrimSuffix(corp, "\n") + other})},
		"base64":              {files: base.with(files{"/etc/ssl/certs/tkg-corp.pem": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="})},
		"crlf":                {files: base.with(files{"/etc/ssl/certs/tkg-corp.pem": strings.ReplaceAll(corp, "\n", "\r\n")}), wantsOwn: 1},
		"trusted certificate": {files: base.with(files{"/etc/ssl/certs/tkg-corp.pem": strings.ReplaceAll(corp, " CERT", " TRUSTED CERT")})},
		"byte order mark":     {files: base.with(files{"/etc/ssl/certs/tkg-corp.pem": "\xef\xbb\xbf" + corp})},
		"indented":            {files: base.with(files{"/etc/ssl/certs/tkg-corp.pem": " " + strings.ReplaceAll(corp, "\n", "\n ")})},
		"key beside it":       {files: base.with(files{"/etc/ssl/certs/tkg-corp.pem": string(p.corp.KeyPEM()) + corp}), wantsOwn: 1},
		"link within the folder": {files: base.with(files{
			"/etc/ssl/certs/one.pem": linkTo + "two.pem", "/etc/ssl/certs/two.pem": corp,
		}), wantsOwn: 1},
		"link into a hidden place": {files: base.with(files{
			"/etc/ssl/certs/one.pem": link("/opt/two.pem"), "/opt/two.pem": corp,
		}), wantsOwn: 1},
		"hash link out of the folder": {files: base.with(files{
			"/etc/ssl/certs/0123abcd.0": link("/opt/two.pem"), "/opt/two.pem": corp,
		}), wantsOwn: 1},
		"hash link within the folder": {files: base.with(files{"/etc/ssl/certs/0123abcd.0": linkTo + "nothing.pem"})},
		"folder that is a link": {files: files{
			"/etc/ssl/certs": linkTo + "../pki/tls/certs", "/etc/pki/tls/certs/ca-bundle.crt": join(p.public[0]), "/etc/pki/tls/certs/x.pem": corp,
		}, file: "/etc/pki/tls/certs/ca-bundle.crt", wantsOwn: 1},
		"damaged block in the bundle": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": string(p.public[0]) + "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n" + corp,
		}, wantsOwn: 1},
		"no bundle": {files: files{"/etc/ssl/certs/tkg-corp.pem": corp}, wantsOwn: 1},
		"openssl's text": {files: files{
			"/etc/ssl/certs/ca-certificates.crt": join(verbose(p.public[0]), verbose(p.corp.PEM())), "/etc/ssl/certs/0123abcd.pem": join(verbose(p.public[0])),
		}, wantsOwn: 1},
		"SSL_CERT_FILE":                   {files: override("SSL_CERT_FILE=/opt/ssl/own.pem"), file: "/opt/ssl/own.pem", wantsOwn: 2},
		"SSL_CERT_DIR":                    {files: override("SSL_CERT_DIR=/opt/ssl/dir"), dirs: "/opt/ssl/dir", wantsOwn: 1},
		"both":                            {files: override(`"SSL_CERT_DIR=/opt/ssl/dir:/none" 'SSL_CERT_FILE=/opt/ssl/own.pem'`), dirs: "/opt/ssl/dir", file: "/opt/ssl/own.pem", wantsOwn: 2},
		"SSL_CERT_FILE that is not there": {files: override("SSL_CERT_FILE=/opt/ssl/gone.pem"), file: "/opt/ssl/gone.pem", wantsOwn: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := test.files.build(t)
			doc := recordTree(t, root)
			got := doc.TrustStores[doc.Nodes["wk-1"].TrustStore].Anchors
			want := loadedByGo(t, p, root, test.file, test.dirs)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Go (-), recorded (+):\n%s", diff)
			}
			own := 0
			for _, pair := range []string{p.corp.Fingerprint(), p.other.Fingerprint(), p.web.Fingerprint()} {
				if slices.Contains(got, pair) {
					own++
				}
			}
			if own != test.wantsOwn {
				t.Errorf("%d of our own are in it, want %d", own, test.wantsOwn)
			}
		})
	}
}

// loadedByGo asks a new process, since Go loads roots once.
func loadedByGo(t *testing.T, p pki, root, file, dirs string) []string {
	t.Helper()
	if file == "" {
		file = "/etc/ssl/certs/ca-certificates.crt"
	}
	if dirs == "" {
		dirs = "/etc/ssl/certs:/etc/pki/tls/certs"
	}
	candidates := filepath.Join(t.TempDir(), "candidates.pem")
	if err := os.WriteFile(candidates, []byte(join(append(p.public, p.corp.PEM(), p.other.PEM(), p.web.PEM())...)), 0o600); err != nil {
		t.Fatal(err)
	}
	var below []string
	for dir := range strings.SplitSeq(dirs, ":") {
		below = append(below, root+dir)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), verifyVariable+"="+candidates, "SSL_CERT_FILE="+root+file, "SSL_CERT_DIR="+strings.Join(below, ":"))
	out, err := child.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := strings.Fields(string(out))
	slices.Sort(found)
	return found
}
