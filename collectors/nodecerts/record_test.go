package nodecerts_test

import (
	"archive/tar"
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// gapsOf are a document's gaps about nodes as "field: reason", sorted.
func gapsOf(doc *evidence.Document) []string {
	gaps := []string{}
	for _, g := range doc.Coverage[evidence.Nodes].Gaps {
		gaps = append(gaps, g.Field+": "+g.Reason)
	}
	slices.Sort(gaps)
	return gaps
}

func TestLayoutsAreRead(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	for name, test := range map[string]struct {
		files    files
		os       string
		family   string
		bundle   string
		blocks   int
		paths    []string // of trust files
		entry    string   // the path of entry "corp"
		hashes   int
		goRoots  int
		ssl      int // -1: not known
		wantGaps []string
	}{
		"photon": {
			files: p.photon(t), os: "VMware Photon OS/Linux", family: "photon", bundle: "/etc/pki/tls/certs/ca-bundle.crt", blocks: 6,
			paths: []string{"/etc/ssl/certs/tkg-corp.pem"}, entry: "/etc/ssl/certs/tkg-corp.pem", goRoots: 7, ssl: 6,
		},
		"ubuntu": {
			files: p.ubuntu(t), os: "Ubuntu 22.04.5 LTS", family: "debian", bundle: "/etc/ssl/certs/ca-certificates.crt", blocks: 7,
			paths: []string{
				"/etc/ssl/certs/.hidden.pem", "/etc/ssl/certs/gone-away.pem", "/etc/ssl/certs/tkg-corp.pem", debianPlace + "/tkg-corp.crt",
			},
			entry: debianPlace + "/tkg-corp.crt", hashes: 2, goRoots: 8, ssl: 7,
		},
		"rhel": {
			files: p.rhel(), os: "Red Hat Enterprise Linux 9.4 (Plow)", family: "rhel", bundle: "/etc/pki/tls/certs/ca-bundle.crt", blocks: 7,
			paths: []string{anchors + "/tkg-corp.crt"}, entry: anchors + "/tkg-corp.crt", goRoots: 7, ssl: 7,
		},
		"copy of the TKG files alone": {
			files: files{"/etc/ssl/certs/tkg-corp.pem": string(p.corp.PEM())},
			paths: []string{"/etc/ssl/certs/tkg-corp.pem"}, entry: "/etc/ssl/certs/tkg-corp.pem", goRoots: 1, ssl: -1,
		},
		"copy of the anchors alone": {
			files: files{anchors + "/tkg-corp.crt": string(p.corp.PEM())},
			paths: []string{anchors + "/tkg-corp.crt"}, entry: anchors + "/tkg-corp.crt", goRoots: -1, ssl: -1,
		},
		"links without what they lead to": {
			files: files{
				"/etc/ssl/certs/Public.pem":          linkTo + "/usr/share/ca-certificates/mozilla/Public.crt",
				"/etc/ssl/certs/tkg-corp.pem":        linkTo + debianPlace + "/tkg-corp.crt",
				"/etc/ssl/certs/ca-certificates.crt": join(p.public...),
			},
			bundle: "/etc/ssl/certs/ca-certificates.crt", blocks: 6, paths: []string{"/etc/ssl/certs/tkg-corp.pem"},
			entry: "/etc/ssl/certs/tkg-corp.pem", goRoots: 6, ssl: -1,
			wantGaps: []string{"trust_files: not_in_source", "trust_store: not_in_source"},
		},
		"a folder that the environment names was not copied": {
			files: files{
				"/etc/ssl/certs/ca-certificates.crt":                   join(p.public...),
				"/etc/systemd/system/containerd.service.d/10-ssl.conf": "[Service]\nEnvironment=SSL_CERT_DIR=/opt/ssl/certs\n",
			},
			bundle: "/etc/ssl/certs/ca-certificates.crt", blocks: 6, goRoots: 6, ssl: -1,
			wantGaps: []string{"trust_store: not_in_source"},
		},
		"empty": {files: files{}, goRoots: -1, ssl: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := recordTree(t, test.files.build(t))
			n := doc.Nodes["wk-1"]
			if !n.Read || n.OS != test.os || n.OSFamily != test.family {
				t.Errorf("read %v, OS %q (%s)", n.Read, n.OS, n.OSFamily)
			}
			if got := slices.Sorted(maps.Keys(n.TrustFiles)); !slices.Equal(got, test.paths) {
				t.Errorf("trust files %q, want %q", got, test.paths)
			}
			if test.entry != "" && n.TrustFiles[test.entry].Entry != "corp" {
				t.Errorf("entry of %s is %q", test.entry, n.TrustFiles[test.entry].Entry)
			}
			if test.bundle == "" && n.Bundle != nil || test.bundle != "" && (n.Bundle == nil || n.Bundle.Path != test.bundle || n.Bundle.Certificates != test.blocks) {
				t.Errorf("bundle %+v, want %s with %d", n.Bundle, test.bundle, test.blocks)
			}
			if len(n.HashLinks) != test.hashes {
				t.Errorf("hash links %v, want %d", n.HashLinks, test.hashes)
			}
			store := func(key string) int {
				if key == "" {
					return -1
				}
				return len(doc.TrustStores[key].Anchors)
			}
			if got, ssl := store(n.TrustStore), store(n.OpenSSLStore); got != test.goRoots || ssl != test.ssl {
				t.Errorf("stores hold %d and %d, want %d and %d", got, ssl, test.goRoots, test.ssl)
			}
			if got := gapsOf(doc); !slices.Equal(got, test.wantGaps) {
				t.Errorf("gaps %q, want %q", got, test.wantGaps)
			}
			for _, fp := range doc.TrustStores[n.TrustStore].Anchors {
				if _, recorded := doc.Certificates[fp]; recorded == certificate.IsPublicRoot(fp) {
					t.Errorf("certificate %s: recorded %v", fp, recorded)
				}
			}
			if n.Runtime != nil && n.Runtime.StartedAt != nil {
				t.Error("a copied tree tells when the runtime started")
			}
			if n.Clock != nil {
				t.Error("a copied tree has a clock")
			}
		})
	}
}

func TestOddFilesAreDescribed(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	root := p.odd().with(files{"/usr/bin/": "", "/etc/containerd/config.toml": containerdV2}).build(t)
	doc := recordTree(t, root)
	n := doc.Nodes["wk-1"]
	type fact struct {
		Status, Form string
		Certificates int
		Key          bool
	}
	certs := "/etc/ssl/certs/"
	for name, want := range map[string]fact{
		certs + "tkg-base64.pem":             {"ok", evidence.FormBase64OfPEM, 1, false},
		certs + "tkg-glued.pem":              {"ok", evidence.FormBroken, 0, false},
		certs + "tkg-no newline.pem":         {"ok", evidence.FormPEM, 1, false},
		certs + "tkg-crlf.pem":               {"ok", evidence.FormPEM, 1, false},
		certs + "tkg-der.pem":                {"ok", evidence.FormDER, 1, false},
		certs + "tkg-nul.pem":                {"ok", evidence.FormOther, 0, false},
		certs + "tkg-empty.pem":              {"ok", evidence.FormEmpty, 0, false},
		certs + "tkg-dir.pem":                {"directory", evidence.FormUnreadable, 0, false},
		certs + "tkg-dangling.pem":           {"dangling", evidence.FormUnreadable, 0, false},
		certs + "tkg-loop.pem":               {"loop", evidence.FormUnreadable, 0, false},
		certs + "tkg-up.pem":                 {"ok", evidence.FormBroken, 0, false},
		certs + "new\nline.pem":              {"ok", evidence.FormPEM, 1, false},
		certs + "quote'\"\\n$(x)`y`.pem":     {"ok", evidence.FormPEM, 1, false},
		certs + "key.pem":                    {"ok", evidence.FormPEM, 1, true},
		certs + "oneline-key.pem":            {"ok", evidence.FormPrivateKey, 0, true},
		certs + "public and damaged.pem":     {"ok", evidence.FormPEM, 1, false},
		"/etc/containerd/harbor.example.crt": {"ok", evidence.FormPEM, 1, false},
	} {
		f, ok := n.TrustFiles[name]
		if got := (fact{f.Status, f.Form, len(f.Certificates), f.HasPrivateKey}); !ok || got != want {
			t.Errorf("%q is %+v (%v), want %+v", name, got, ok, want)
		}
	}
	for _, name := range []string{
		certs + "public twice.pem", certs + "public unended.pem", certs + "0123abcd.0", // the distribution's own; another's name
		dockerPlace + "/h.example:5000/c.cert", dockerPlace + "/h.example:5000/c.key", dockerPlace + "/h.example:5000/raw.key", // what a client shows is no trust
		certs + "..data", certs + "..2026",
	} {
		if _, ok := n.TrustFiles[name]; ok {
			t.Errorf("%q is among the trust files", name)
		}
	}
	if gaps := gapsOf(doc); len(gaps) > 0 {
		t.Errorf("gaps %q", gaps)
	}
	encoded, err := evidence.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	if key := strings.Split(string(p.corp.KeyPEM()), "\n")[1]; bytes.Contains(encoded, []byte(key)) {
		t.Error("a private key is in the document")
	}
}

// No key leaves the place where it lies, whatever the file that holds it.
func TestListingsHoldNoPrivateKey(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	l, err := nodecerts.ReadTree(t.Context(), os.DirFS(p.odd().build(t)))
	if err != nil {
		t.Fatal(err)
	}
	var stream bytes.Buffer
	if err := nodecerts.WriteStream(&stream, l); err != nil {
		t.Fatal(err)
	}
	for _, key := range [][]byte{p.corp.KeyPEM(), p.web.KeyPEM()} {
		for line := range bytes.Lines(key) {
			if !bytes.HasPrefix(line, []byte("---")) && bytes.Contains(stream.Bytes(), bytes.TrimSpace(line)) {
				t.Errorf("the listing holds %q", line)
			}
		}
	}
	if bytes.Contains(stream.Bytes(), []byte("and yet a key")) {
		t.Error("the listing holds a *.key file")
	}
}

func TestModeAndOwnerComeFromTheNodeOnly(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	root := files{"/etc/ssl/certs/tkg-corp.pem": string(p.corp.PEM())}.build(t)
	name := filepath.Join(root, "etc/ssl/certs/tkg-corp.pem")
	if err := os.Chmod(name, 0o664); err != nil {
		t.Fatal(err)
	}
	file := func(l *nodecerts.Listing) evidence.TrustFile {
		t.Helper()
		return recordListing(t, l, nil).Nodes["wk-1"].TrustFiles["/etc/ssl/certs/tkg-corp.pem"]
	}
	copied, err := nodecerts.ReadTree(t.Context(), os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if f := file(copied); f.Mode != "" || f.Owner != nil || f.Group != nil || f.ModifiedAt == nil || !f.ModifiedAt.Equal(testTime.Add(-time.Hour)) {
		t.Errorf("copied folder: %+v", f)
	}
	mounted, err := nodecerts.ReadHostRoot(t.Context(), os.DirFS(root), nil, testTime)
	if err != nil {
		t.Fatal(err)
	}
	if f := file(mounted); f.Mode != "0664" || f.Owner == nil || *f.Owner != os.Geteuid() || *f.Group != os.Getegid() {
		t.Errorf("mounted root: %+v", f)
	}
	archived, err := nodecerts.ReadTree(t.Context(), fstest.MapFS{"etc/ssl/certs/tkg-corp.pem": {
		Data: p.corp.PEM(), Mode: 0o600, ModTime: testTime, Sys: &tar.Header{Uid: 7, Gid: 8},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if f := file(archived); f.Mode != "0600" || f.Owner == nil || *f.Owner != 7 || *f.Group != 8 {
		t.Errorf("archive: %+v", f)
	}
}

func TestLinksOutOfACopyAreToldApart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		link  string
		other files
		want  nodecerts.Status
	}{
		"target missing":                 {link: "/etc/ssl/certs/gone.pem", want: nodecerts.StatusDangling},
		"target missing beside it":       {link: "gone.pem", want: nodecerts.StatusDangling},
		"its folder was not copied":      {link: debianPlace + "/x.crt", want: nodecerts.StatusEscapes},
		"its folder was, and has it not": {link: debianPlace + "/x.crt", other: files{debianPlace + "/": ""}, want: nodecerts.StatusDangling},
		"folder missing on a whole root": {link: debianPlace + "/x.crt", other: files{"/bin/": ""}, want: nodecerts.StatusDangling},
		"above the root":                 {link: "../../../../secret.pem", want: nodecerts.StatusEscapes},
		"above the root and back":        {link: "../../../../etc/real.pem", other: files{"/etc/real.pem": "x"}, want: nodecerts.StatusOK},
		"absolute":                       {link: "/etc/real.pem", other: files{"/etc/real.pem": "x"}, want: nodecerts.StatusOK},
		"through an absolute folder":     {link: "/srv/d/real.pem", other: files{"/srv/d": linkTo + "/etc", "/etc/real.pem": "x"}, want: nodecerts.StatusOK},
		"itself":                         {link: "tkg-x.pem", want: nodecerts.StatusLoop},
		"in a circle":                    {link: "/etc/a", other: files{"/etc/a": linkTo + "/etc/b", "/etc/b": linkTo + "ssl/certs/tkg-x.pem"}, want: nodecerts.StatusLoop},
		"a folder":                       {link: "/etc", want: nodecerts.StatusDirectory},
		"this machine's own file":        {link: "/proc/self/environ", want: nodecerts.StatusEscapes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outside := files{"/secret.pem": "what lies outside"}.build(t)
			root := filepath.Join(outside, "capture")
			test.other.with(files{"/etc/ssl/certs/tkg-x.pem": linkTo + test.link}).buildIn(t, root)
			l, err := nodecerts.ReadTree(t.Context(), os.DirFS(root))
			if err != nil {
				t.Fatal(err)
			}
			f := l.Files["/etc/ssl/certs/tkg-x.pem"]
			if f.Status != test.want || f.Link != test.link {
				t.Errorf("status %q of %q, want %q", f.Status, f.Link, test.want)
			}
			if bytes.Contains(f.Content, []byte("outside")) {
				t.Error("a link was followed out of the tree")
			}
		})
	}
}

func TestUnreadableFilesAreGaps(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	unreadable := &nodecerts.File{Status: nodecerts.StatusUnreadable}
	for name, test := range map[string]struct {
		path string
		file *nodecerts.File
		want []string
	}{
		"trust file":          {path: "/etc/ssl/certs/tkg-x.pem", want: []string{"trust_files: permission_denied", "trust_store: permission_denied"}},
		"anchor":              {path: anchors + "/tkg-x.crt", want: []string{"trust_files: permission_denied"}},
		"folder of anchors":   {path: debianPlace + "/more", want: []string{"trust_files: permission_denied"}},
		"proxy drop-in":       {path: "/etc/systemd/system/containerd.service.d/http-proxy.conf", want: []string{"environment: permission_denied", "proxy: permission_denied"}},
		"kubelet's drop-in":   {path: "/usr/lib/systemd/system/kubelet.service.d/http-proxy.conf", want: []string{}},
		"config.toml":         {path: "/etc/containerd/config.toml", want: []string{"registry_config: permission_denied"}},
		"containerd's folder": {path: "/etc/containerd", want: []string{"registry_config: permission_denied"}},
		"system bundle":       {path: "/etc/ssl/certs/ca-certificates.crt", want: []string{"bundle: permission_denied", "trust_store: permission_denied"}},
		"large trust file":    {path: "/etc/ssl/certs/tkg-x.pem", file: &nodecerts.File{Status: nodecerts.StatusLarge}, want: []string{"trust_files: truncated", "trust_store: truncated"}},
		"dangling link":       {path: "/etc/ssl/certs/tkg-x.pem", file: &nodecerts.File{Status: nodecerts.StatusDangling, Link: "y"}, want: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := test.file
			if file == nil {
				file = unreadable
			}
			l := &nodecerts.Listing{Files: map[string]*nodecerts.File{
				"/etc/ssl/certs":              {Status: nodecerts.StatusDirectory},
				"/etc/containerd":             {Status: nodecerts.StatusDirectory},
				"/etc/ssl/certs/tkg-good.pem": {Status: nodecerts.StatusOK, Content: p.corp.PEM()},
			}}
			l.Files[test.path] = file
			doc := recordListing(t, l, nil)
			if got := gapsOf(doc); !slices.Equal(got, test.want) {
				t.Errorf("gaps %q, want %q", got, test.want)
			}
			if !doc.Nodes["wk-1"].Read || len(doc.Nodes["wk-1"].TrustFiles["/etc/ssl/certs/tkg-good.pem"].Certificates) != 1 {
				t.Error("what could be read is not there")
			}
		})
	}
}
