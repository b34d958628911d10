package nodecerts_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// Whatever a node sends: no panic, a document that can be written, coverage that
// adds up, and a listing that is written and read again unchanged.
func FuzzParseStream(f *testing.F) {
	whole := written(f, aListing(f))
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(stream("file ok -rw-r--r-- 0 0 5 Nov 20 04:18\n/etc/ssl/certs/tkg-x.pem", "link\n../y", "real\n/y", "in 1 2", "data 3\nabc", "bundle 0\n/b\n", "end 1\n")))
	f.Add([]byte(stream("file large\n/etc/ssl/certs/ca-certificates.crt", "proc\nbtime 7\n1 (kubelet) S 1", "cut", "end 1\n")))
	f.Add([]byte(stream("file ok\n/etc/containerd/config.toml", "data 12\nversion = 2\n", "file directory\n/etc/containerd/certs.d/h_1_", "end 1\n")))
	f.Fuzz(func(t *testing.T, stream []byte) {
		l, err := nodecerts.ParseStream(bytes.NewReader(stream), 0)
		if err != nil && !errors.Is(err, nodecerts.ErrTruncated) {
			return
		}
		doc := recordListing(t, l, nil)
		if c := doc.Coverage[evidence.Nodes]; c.Asked != c.Answered+len(c.Gaps)+c.Skipped {
			t.Errorf("coverage %+v", c)
		}
		for name := range doc.Nodes["wk-1"].TrustFiles {
			if !utf8.ValidString(name) || !strings.HasPrefix(name, "/") {
				t.Errorf("trust file %q", name)
			}
		}
		if l.Truncated {
			return
		}
		again, err := nodecerts.ParseStream(bytes.NewReader(written(t, l)), 64<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Files) != len(l.Files) || !bytes.Equal(again.BundleData, l.BundleData) {
			t.Errorf("written and read again (+):\n%s", cmp.Diff(l, again))
		}
	})
}

func FuzzConfigTOML(f *testing.F) {
	f.Add([]byte(containerdV2))
	f.Add([]byte("version = 3\nimports = ['/etc/containerd/conf.d/*.toml']\n[plugins.'io.containerd.cri.v1.images'.registry.configs.'h'.tls]\nca_file = '/x'\n"))
	f.Add([]byte("[plugins.cri.registry]\nmirrors = 7\nconfigs = {a = {tls = []}}\n"))
	f.Add([]byte("plugins" + strings.Repeat(".a", 1000) + " = 1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		err := nodecerts.ParseConfig(text)
		if err != nil && strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("error of several lines %q", err)
		}
		l := &nodecerts.Listing{Files: map[string]*nodecerts.File{
			"/etc/containerd":             {Status: nodecerts.StatusDirectory},
			"/etc/containerd/config.toml": {Status: nodecerts.StatusOK, Content: text},
		}}
		c := recordListing(t, l, nil).Nodes["wk-1"].RegistryConfig
		if c == nil || (c.ParseError != "") != (err != nil) {
			t.Errorf("configuration %+v, error %v", c, err)
		}
	})
}

func FuzzHostsTOML(f *testing.F) {
	f.Add([]byte("server = \"https://h\"\n[host.\"https://m\"]\ncapabilities = [\"pull\"]\nca = [\"a\", \"b\"]\nclient = [[\"a\", \"b\"]]\nskip_verify = true\n[host.\"https://m\".header]\nx = [\"y\"]\n"))
	f.Add([]byte("[host]\n"))
	f.Add([]byte("host.\"x\".ca = 1\n"))
	f.Add([]byte("[host.\"%zz\"]\n[host.\"\"]\n[host.\"https://user:pw@h:1/p\"]\n"))
	f.Add([]byte("[[host.\"a\"]]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		endpoints, err := nodecerts.ParseHosts(text)
		if err == nil && endpoints == 0 {
			t.Error("no error, and not even the registry itself is asked")
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n\r") {
			t.Errorf("error of several lines %q", err)
		}
		l := &nodecerts.Listing{Files: map[string]*nodecerts.File{
			"/etc/containerd":                      {Status: nodecerts.StatusDirectory},
			"/etc/containerd/config.toml":          {Status: nodecerts.StatusOK, Content: []byte(containerdV2)},
			"/etc/containerd/certs.d":              {Status: nodecerts.StatusDirectory},
			"/etc/containerd/certs.d/h":            {Status: nodecerts.StatusDirectory},
			"/etc/containerd/certs.d/h/hosts.toml": {Status: nodecerts.StatusOK, Content: text},
		}}
		h := recordListing(t, l, nil).Nodes["wk-1"].RegistryConfig.Hosts["h"]
		if err == nil && len(text) > 0 && (len(h.Endpoints) != endpoints || h.ParseError != "") {
			t.Errorf("%d endpoints in %+v", endpoints, h)
		}
	})
}

func FuzzUnit(f *testing.F) {
	f.Add([]byte("[Service]\nEnvironment=\"HTTPS_PROXY=http://u:p@h:1\" 'A=b c'\nEnvironmentFile=-/x\n"))
	f.Add([]byte("[Service]\nEnvironment=A=\\\n# c\n b \\"))
	f.Add([]byte("A=\"b\nC=d\\x\n;e\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		nodecerts.ParseUnit(text)
		l := &nodecerts.Listing{Files: map[string]*nodecerts.File{
			"/etc/systemd/system/containerd.service.d":            {Status: nodecerts.StatusDirectory},
			"/etc/systemd/system/containerd.service.d/proxy.conf": {Status: nodecerts.StatusOK, Content: text},
		}}
		doc := recordListing(t, l, nil)
		for _, p := range doc.Proxies {
			if strings.Contains(p.HTTP+p.HTTPS, "@") {
				t.Errorf("proxy %+v", p)
			}
		}
	})
}

func FuzzOSRelease(f *testing.F) {
	f.Add([]byte("ID=photon\nPRETTY_NAME=\"VMware Photon OS/Linux\"\n"))
	f.Add([]byte("A='\nB=\\"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if name := nodecerts.ParseOSRelease(text); strings.ContainsAny(name, "\n\r\x00") || !utf8.ValidString(name) || len(name) > 300 {
			t.Errorf("name %q", name)
		}
	})
}

// The programs that the script runs as sed: equal on any text, see the shells'
// own tests for the script's side.
func FuzzTexts(f *testing.F) {
	p := newPKI(f)
	f.Add(join(p.corp.PEM(), p.corp.KeyPEM()))
	f.Add("ca = [\n\"/a\",\n'/b']\nEnvironment=SSL_CERT_FILE=/x SSL_CERT_DIR=/y:/z\nimports = [\"*.toml\"]")
	f.Add("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range nodecerts.NamedPaths("/etc/containerd/config.toml", []byte(text)) {
			if !strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\n\"'$`\\") {
				t.Errorf("named path %q", name)
			}
		}
		for _, key := range nodecerts.BlockKeys([]byte(text)) {
			if strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != "" || key == "k" {
				t.Errorf("key %q is no name of a variable", key)
			}
		}
		without, _ := nodecerts.WithoutKeys([]byte(text))
		for block, rest := pem.Decode(without); block != nil; block, rest = pem.Decode(rest) {
			if strings.Contains(block.Type, "PRIVATE KEY") && len(block.Bytes) > 0 {
				t.Errorf("a key of %d bytes is left", len(block.Bytes))
			}
		}
	})
}
