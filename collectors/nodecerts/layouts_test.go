package nodecerts_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// publicRoots are the first n of Mozilla's roots that anchor without a date.
func publicRoots(t testing.TB, n int) [][]byte {
	t.Helper()
	var out [][]byte
	for root := range bundle.Roots() {
		if root.Constraint == nil && len(out) < n {
			out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return out
}

// subjectHash is what OpenSSL calls a certificate's subject.
func subjectHash(t testing.TB, certificate []byte) string {
	t.Helper()
	block, _ := pem.Decode(certificate)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return nodecerts.SubjectHash(c.RawSubject)
}

// verbose is a certificate as `openssl x509 -text -fingerprint` prints it.
func verbose(certificate []byte) []byte {
	text := "Certificate:\n    Data:\n        Version: 3 (0x2)\n        Signature Algorithm: ecdsa-with-SHA256\n" +
		"            X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n" +
		strings.Repeat("         52:8f:10:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88\n", 20) + "SHA1 Fingerprint=AA:BB\n"
	return []byte(text + string(certificate) + "\n\n")
}

const containerdV2 = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "harbor.corp.example/apps/pause:3.10"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`

// photon is Photon's layout: each root a file named by its hash with openssl's
// text before it, the bundle all of them, no command run after the node's own CA
// was written.
func (p pki) photon(t testing.TB) files {
	f := files{
		"/etc/os-release":             "NAME=\"VMware Photon OS\"\nVERSION=\"5.0\"\nID=photon\nPRETTY_NAME=\"VMware Photon OS/Linux\"\n",
		"/etc/ssl/certs/tkg-corp.pem": string(p.corp.PEM()),
		"/etc/containerd/config.toml": containerdV2,
		"/etc/containerd/certs.d/":    "",
	}
	var all []byte
	for _, root := range p.public {
		hash := subjectHash(t, root)
		f["/etc/ssl/certs/"+hash+".pem"] = string(verbose(root))
		f["/etc/ssl/certs/"+hash+".0"] = linkTo + hash + ".pem"
		all = append(all, verbose(root)...)
	}
	f["/etc/pki/tls/certs/ca-bundle.crt"] = string(all)
	return f
}

// ubuntu is Ubuntu's layout after TKG's commands: the CA was moved, and
// update-ca-certificates has made its links and the bundle.
func (p pki) ubuntu(t testing.TB) files {
	f := files{
		"/etc/os-release":                linkTo + "../usr/lib/os-release",
		"/usr/lib/os-release":            "PRETTY_NAME=\"Ubuntu 22.04.5 LTS\"\nID=ubuntu\nID_LIKE=debian\n",
		"/etc/containerd/config.toml":    containerdV2,
		"/etc/containerd/certs.d/":       "",
		debianPlace + "/tkg-corp.crt":    string(p.corp.PEM()),
		debianPlace + "/notes/README":    "put certificates here\n",
		"/etc/ssl/certs/tkg-corp.pem":    linkTo + debianPlace + "/tkg-corp.crt",
		"/etc/ssl/certs/unrelated.txt":   "this is no certificate\n",
		"/etc/ssl/certs/java/cacerts":    "\xfe\xed\xfe\xed",
		"/etc/ssl/certs/.hidden.pem":     string(p.other.PEM()),
		"/etc/ssl/certs/gone-away.pem":   linkTo + debianPlace + "/gone-away.crt",
		"/etc/ssl/certs/" + "deadbeef.0": linkTo + "gone-away.pem",
	}
	var all []byte
	for i, root := range p.public {
		name := fmt.Sprintf("Public_Root_%d", i)
		f["/usr/share/ca-certificates/mozilla/"+name+".crt"] = string(root)
		f["/etc/ssl/certs/"+name+".pem"] = linkTo + "/usr/share/ca-certificates/mozilla/" + name + ".crt"
		f["/etc/ssl/certs/"+subjectHash(t, root)+".0"] = linkTo + name + ".pem"
		all = append(all, root...)
	}
	f["/etc/ssl/certs/"+subjectHash(t, p.corp.PEM())+".0"] = linkTo + "tkg-corp.pem"
	f["/etc/ssl/certs/ca-certificates.crt"] = string(append(all, p.corp.PEM()...))
	return f
}

const (
	debianPlace = "/usr/local/share/ca-certificates"
	anchors     = "/etc/pki/ca-trust/source/anchors"
)

// rhel is RHEL's layout: the CA among the anchors, all bundles extracted, the
// folders of certificates one by a link.
func (p pki) rhel() files {
	all := join(append(append([][]byte{}, p.public...), p.corp.PEM())...)
	return files{
		"/etc/os-release":                                         "PRETTY_NAME='Red Hat Enterprise Linux 9.4 (Plow)'\nID=\"rhel\"\n",
		"/etc/containerd/config.toml":                             containerdV2,
		"/etc/containerd/certs.d/":                                "",
		anchors + "/tkg-corp.crt":                                 string(p.corp.PEM()),
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem":       all,
		"/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt": strings.ReplaceAll(all, "BEGIN CERT", "BEGIN TRUSTED CERT"),
		"/etc/pki/tls/certs/ca-bundle.crt":                        linkTo + "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/pki/tls/certs/ca-bundle.trust.crt":                  linkTo + "/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt",
		"/etc/pki/tls/cert.pem":                                   linkTo + "/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/certs":                                          linkTo + "../pki/tls/certs",
	}
}

// odd holds what files may be besides what they should be.
func (p pki) odd() files {
	corp := string(p.corp.PEM())
	glued := strings.TrimSuffix(corp, "\n") + string(p.other.PEM())
	block, _ := pem.Decode(p.corp.PEM())
	f := files{
		"/etc/ssl/certs/ca-certificates.crt":    join(p.public...),
		"/etc/ssl/certs/tkg-base64.pem":         base64.StdEncoding.EncodeToString([]byte(corp)),
		"/etc/ssl/certs/tkg-glued.pem":          glued,
		"/etc/ssl/certs/tkg-no newline.pem":     strings.TrimSuffix(corp, "\n"),
		"/etc/ssl/certs/tkg-crlf.pem":           strings.ReplaceAll(corp, "\n", "\r\n"),
		"/etc/ssl/certs/tkg-der.pem":            string(block.Bytes),
		"/etc/ssl/certs/tkg-nul.pem":            "a\x00b\n\x00\x00c",
		"/etc/ssl/certs/tkg-empty.pem":          "",
		"/etc/ssl/certs/tkg-newlines.pem":       "\n\n\n",
		"/etc/ssl/certs/tkg-dir.pem/":           "",
		"/etc/ssl/certs/tkg-dangling.pem":       linkTo + "nowhere.pem",
		"/etc/ssl/certs/tkg-loop.pem":           linkTo + "tkg-loop2.pem",
		"/etc/ssl/certs/tkg-loop2.pem":          linkTo + "/etc/ssl/certs/tkg-loop.pem",
		"/etc/ssl/certs/tkg-up.pem":             linkTo + "../../../../../../etc/ssl/certs/tkg-glued.pem",
		"/etc/ssl/certs/tkg-through-file.pem":   linkTo + "tkg-glued.pem/below",
		"/etc/ssl/certs/a name with blanks.pem": corp,
		"/etc/ssl/certs/new\nline.pem":          corp,
		"/etc/ssl/certs/=1.1= file ok\n/x.pem":  corp,
		"/etc/ssl/certs/quote'\"\\n$(x)`y`.pem": corp,
		"/etc/ssl/certs/*.pem":                  corp,
		"/etc/ssl/certs/..data":                 linkTo + "java",
		"/etc/ssl/certs/..2026":                 "two dots\n",
		"/etc/ssl/certs/key.pem":                corp + string(p.corp.KeyPEM()),
		"/etc/ssl/certs/oneline-key.pem":        strings.ReplaceAll(string(p.corp.KeyPEM()), "\n", ""),
		"/etc/ssl/certs/public and damaged.pem": string(p.public[0]) + "-----BEGIN CERTIFICATE-----\nMII\n",
		"/etc/ssl/certs/public twice.pem":       string(p.public[0]) + "# again\n" + string(p.public[0]),
		"/etc/ssl/certs/public unended.pem":     strings.TrimSuffix(string(p.public[1]), "\n"),
		"/etc/ssl/certs/public and spaced.pem":  strings.Replace(string(p.public[2]), "\n", "\n ", 3),
		"/etc/ssl/certs/0123abcd.0":             linkTo + "../certs/tkg-crlf.pem",
		debianPlace + "/deep/deeper/deepest/x":  corp,
		debianPlace + "/deep/deeper/y.crt":      corp,
		debianPlace + "/self":                   linkTo + ".",
		dockerPlace + "/h.example:5000/ca.crt":  corp,
		dockerPlace + "/h.example:5000/c.cert":  string(p.web.PEM()),
		dockerPlace + "/h.example:5000/c.key":   string(p.web.KeyPEM()),
		dockerPlace + "/h.example:5000/raw.key": "not PEM, and yet a key",
		dockerPlace + "/stray.crt":              corp,
		"/etc/containerd/harbor.example.crt":    corp,
	}
	return f
}

const dockerPlace = "/etc/docker/certs.d"

// configured holds configurations that name files elsewhere.
func (p pki) configured() files {
	return files{
		"/etc/containerd/config.toml": `version = 2
imports = ["/etc/containerd/conf.d/*.toml", "/opt/containerd/more.toml",
  "beside.toml"]
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d:/opt/certs.d/"
[plugins."io.containerd.grpc.v1.cri".registry.configs."old.example".tls]
  ca_file = "/opt/old/ca.pem"
`,
		"/etc/containerd/beside.toml":                  "version = 2\n",
		"/etc/containerd/conf.d/20-x.toml":             "version = 2\n# nothing here\n",
		"/etc/containerd/conf.d/skipped.conf":          "not read",
		"/opt/containerd/more.toml":                    "version = 2\n[plugins.x]\n  ca_file = '/opt/more/ca file.pem'\n",
		"/opt/old/ca.pem":                              string(p.other.PEM()),
		"/etc/containerd/certs.d/a.example/hosts.toml": "server = \"https://a.example\"\n[host.\"https://a.example\"]\n  ca = [\n    \"/opt/a/one.crt\",\n    'two.crt'\n  ]\n",
		"/etc/containerd/certs.d/a.example/two.crt":    string(p.corp.PEM()),
		"/opt/a/one.crt":                               string(p.other.PEM()),
		"/etc/containerd/certs.d/b.example":            linkTo + "/opt/shared/b",
		"/opt/shared/b/hosts.toml":                     "[host.\"https://b.example\"]\n  ca = \"/opt/missing/ca.crt\"\n",
		"/opt/certs.d/c.example_5000_/hosts.toml":      "ca = \"/opt/certs.d/c.example_5000_/ca.crt\"\n",
		"/opt/certs.d/c.example_5000_/ca.crt":          string(p.corp.PEM()),
		"/opt/certs.d/c.example_5000_/client.key":      string(p.web.KeyPEM()),
		"/opt/certs.d/c.example_5000_/notes.txt":       "not looked at",
		"/opt/certs.d/empty.example/":                  "",
		"/etc/systemd/system/containerd.service.d/10-proxy.conf": "[Service]\nEnvironment=\"HTTPS_PROXY=http://user:pass@proxy.corp.example:3128\" \"NO_PROXY=10.0.0.0/8,.corp.example\"\n" +
			"Environment=SSL_CERT_FILE=/opt/ssl/own.pem SSL_CERT_DIR=/etc/ssl/certs:/opt/ssl/dir\nEnvironmentFile=-/opt/env/containerd\n",
		"/usr/lib/systemd/system/containerd.service":            "[Service]\nExecStart=/usr/bin/containerd\n",
		"/etc/systemd/system/kubelet.service.d/http-proxy.conf": "[Service]\nEnvironment=HTTP_PROXY=http://other.example:8080\n",
		"/opt/env/containerd":                                   "HTTP_PROXY=http://filed.example:8080\n",
		"/opt/ssl/own.pem":                                      string(p.corp.PEM()),
		"/opt/ssl/dir/x.pem":                                    string(p.other.PEM()),
		"/opt/ssl/dir/not-a-cert":                               "x",
		"/opt/ssl/dir/abcdef01.0":                               linkTo + "x.pem",
		"/etc/ssl/certs/known.pem":                              string(p.web.PEM()),
	}
}

func kernelFiles() files {
	return files{
		"/proc/stat":                 "cpu  1 2 3\nbtime 1795400000\nprocesses 4\n",
		"/proc/1/stat":               "1 (systemd) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0\n",
		"/proc/412/stat":             "412 (containerd) S 1 412 412 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 9 0 360050 0 0\n",
		"/proc/413/stat":             "413 (containerd-shim) S 1 412 412 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 9 0 370000 0 0\n",
		"/proc/7000/stat":            "7000 (a) (kubelet) S 1 412 412 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 9 0 370000 0 0\n",
		"/proc/sys/kernel/osrelease": "6.1.0-ph5\n",
		"/proc/uptime":               "1 2\n",
	}
}

// labTree is what the lab's real containerds were configured with.
func labTree(t testing.TB, config string) files {
	t.Helper()
	f := files{}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata/lab", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	f["/etc/containerd/config.toml"] = read(config)
	for _, host := range []string{"hosts-toml-ca", "missing-ca-file", "skip-verify"} {
		name := "/certs.d/" + host + ".corp.example/hosts.toml"
		f["/etc/containerd"+name] = read(name)
	}
	f["/etc/kubernetes/pki/ca/unlisted.pem"] = read("tkg-corp-root-ca.pem")
	for _, name := range []string{"tkg-corp-expired-root-ca.pem", "tkg-corp-root-ca.pem", "tkg-corp-rotating-ca.pem"} {
		f["/etc/ssl/certs/"+name] = read(name)
	}
	return f
}
