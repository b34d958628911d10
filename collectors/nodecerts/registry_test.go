package nodecerts_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// registryOf records a tree whose containerd has a version, and returns the
// node's registry configuration.
func registryOf(t *testing.T, f files, version string) (*evidence.RegistryConfig, *evidence.Document) {
	t.Helper()
	l, err := nodecerts.ReadTree(t.Context(), os.DirFS(f.with(files{"/bin/": ""}).build(t)))
	if err != nil {
		t.Fatal(err)
	}
	doc := recordListing(t, l, func(d *evidence.Document) {
		if version != "" {
			d.Nodes["wk-1"] = evidence.Node{Runtime: &evidence.Runtime{Name: "containerd", Version: version}}
		}
	})
	config := doc.Nodes["wk-1"].RegistryConfig
	if config == nil {
		t.Fatalf("no registry configuration; gaps %q", gapsOf(doc))
	}
	return config, doc
}

func TestLabConfigurations(t *testing.T) {
	t.Parallel()
	for config, version := range map[string]int{"config-v2.toml": 2, "config-v3.toml": 3} {
		t.Run(config, func(t *testing.T) {
			t.Parallel()
			got, doc := registryOf(t, labTree(t, config), "")
			node := doc.Nodes["wk-1"]
			hosts := got.Hosts
			caHost := "hosts-toml-ca.corp.example"
			if got.Version != version || got.ConfigPath != "/etc/containerd/certs.d" || got.SandboxImage != "harbor.corp.example/apps/pause:3.10" || got.ParseError != "" || len(hosts) != 3 {
				t.Errorf("configuration %+v", got)
			}
			if gaps := gapsOf(doc); len(gaps) > 0 {
				t.Errorf("gaps %q", gaps)
			}
			if h := hosts[caHost]; h.Form != "hosts_toml" || !h.HasHostTree || h.Server != "https://"+caHost ||
				!slices.Equal(h.CAFiles, []string{"/etc/kubernetes/pki/ca/unlisted.pem"}) || len(h.Mirrors) != 0 || h.SkipVerify {
				t.Errorf("%s: %+v", caHost, h)
			}
			// The CA is on the node already, as tkg-corp-root-ca.pem: it adds nothing.
			if hosts[caHost].TrustStore != "" {
				t.Error("a CA that the node trusts anyway makes another store")
			}
			if f := node.TrustFiles["/etc/kubernetes/pki/ca/unlisted.pem"]; f.Place != "containerd" || f.Form != "pem" {
				t.Errorf("the CA file is %+v", f)
			}
			missing := "/etc/containerd/certs.d/missing-ca-file.corp.example/ca.crt"
			if f := node.TrustFiles[missing]; f.Status != "absent" || !slices.Equal(hosts["missing-ca-file.corp.example"].CAFiles, []string{missing}) {
				t.Errorf("the CA file that is not there is %+v", f)
			}
			if h := hosts["skip-verify.corp.example"]; !h.SkipVerify || h.TrustStore != "" {
				t.Errorf("skip-verify: %+v", h)
			}
		})
	}
}

// host wraps a hosts.toml in a tree with two CAs beside it.
func (p pki) host(name, text string) files {
	dir := "/etc/containerd/certs.d/" + name
	f := files{
		"/etc/containerd/config.toml":        containerdV2,
		"/etc/ssl/certs/ca-certificates.crt": join(p.public[:2]...),
		dir + "/ca.crt":                      string(p.corp.PEM()),
		dir + "/sub/other.pem":               string(p.other.PEM()),
		dir + "/bad.crt":                     "no certificate",
	}
	if text != "" {
		f[dir+"/hosts.toml"] = text
	}
	return f
}

func TestHostsTOML(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	const dir = "/etc/containerd/certs.d/h.example/"
	for name, test := range map[string]struct {
		text   string
		want   evidence.RegistryHost
		adds   []string // fingerprints that the registry's own store has more
		first  []string // and that of the first endpoint
		parse  string   // part of the parse error
		images int
	}{
		"server and one host": {
			text: "server = \"https://h.example\"\n[host.\"https://h.example\"]\ncapabilities = [\"pull\", \"Resolve\"]\nca = \"ca.crt\"\n",
			want: evidence.RegistryHost{HasHostTree: true, Server: "https://h.example", CAFiles: []string{dir + "ca.crt"}, Endpoints: []evidence.RegistryEndpoint{
				{URL: "https://h.example", Capabilities: []string{"pull", "resolve"}, CAFiles: []string{dir + "ca.crt"}}, {URL: "https://h.example"},
			}},
			adds: []string{p.corp.Fingerprint()}, first: []string{p.corp.Fingerprint()},
		},
		"list of CAs": {
			text: "[host.\"https://h.example\"]\nca = [\"ca.crt\", \"" + dir + "sub/other.pem\"]\n",
			want: evidence.RegistryHost{HasHostTree: true, CAFiles: []string{dir + "ca.crt", dir + "sub/other.pem"}, Endpoints: []evidence.RegistryEndpoint{
				{URL: "https://h.example", CAFiles: []string{dir + "ca.crt", dir + "sub/other.pem"}}, {},
			}},
			adds: []string{p.corp.Fingerprint(), p.other.Fingerprint()}, first: []string{p.corp.Fingerprint(), p.other.Fingerprint()},
		},
		"a mirror's CA does not count for the registry": {
			text: "server = \"https://h.example\"\n[host.\"https://mirror.example:5000\"]\nca = \"ca.crt\"\nskip_verify = true\noverride_path = true\n",
			want: evidence.RegistryHost{HasHostTree: true, Server: "https://h.example", Mirrors: []string{"mirror.example:5000"}, CAFiles: []string{dir + "ca.crt"}, SkipVerify: true, Endpoints: []evidence.RegistryEndpoint{
				{URL: "https://mirror.example:5000", CAFiles: []string{dir + "ca.crt"}, SkipVerify: true, OverridePath: true}, {URL: "https://h.example"},
			}},
			first: []string{p.corp.Fingerprint()},
		},
		"settings at the head are the registry's": {
			text: "server = \"https://h.example:443\"\nca = \"ca.crt\"\nclient = [[\"c.cert\", \"c.key\"]]\n[host.\"http://plain.example\"]\n",
			want: evidence.RegistryHost{HasHostTree: true, Server: "https://h.example:443", Mirrors: []string{"plain.example"}, CAFiles: []string{dir + "ca.crt"}, PlainHTTP: true, ClientCertificate: true, Endpoints: []evidence.RegistryEndpoint{
				{URL: "http://plain.example", PlainHTTP: true}, {URL: "https://h.example:443", CAFiles: []string{dir + "ca.crt"}, ClientCertificate: true},
			}},
			adds: []string{p.corp.Fingerprint()},
		},
		"hosts in the file's order": {
			text: "[host.\"https://b.example\"]\n[host.\"https://b.example\".header]\nx = \"y\"\n[host.'https://a.example']\n[host.\"c.example\"]\n",
			want: evidence.RegistryHost{HasHostTree: true, Mirrors: []string{"b.example", "a.example", "c.example"}, Endpoints: []evidence.RegistryEndpoint{
				{URL: "https://b.example"}, {URL: "https://a.example"}, {URL: "c.example"}, {},
			}},
		},
		"no host tree": {
			text: "server = \"https://h.example\"\nskip_verify = true\n",
			want: evidence.RegistryHost{Server: "https://h.example", SkipVerify: true, Endpoints: []evidence.RegistryEndpoint{{URL: "https://h.example", SkipVerify: true}}},
		},
		"CA that is no certificate": {
			text: "[host.\"https://h.example\"]\nca = \"bad.crt\"\n",
			want: evidence.RegistryHost{HasHostTree: true, CAFiles: []string{dir + "bad.crt"}, Endpoints: []evidence.RegistryEndpoint{{URL: "https://h.example", CAFiles: []string{dir + "bad.crt"}}, {}}},
		},
		"user and password": {
			text: "[host.\"https://user:secret@mirror.example\"]\n",
			want: evidence.RegistryHost{HasHostTree: true, Mirrors: []string{"mirror.example"}, Endpoints: []evidence.RegistryEndpoint{{URL: "https://mirror.example"}, {}}},
		},
		"no TOML": {
			text: "server = \n[host.\n", parse: "line 1",
			want: evidence.RegistryHost{CAFiles: []string{dir + "bad.crt", dir + "ca.crt"}}, adds: []string{p.corp.Fingerprint()},
		},
		"unknown capability": {
			text: "[host.\"https://h.example\"]\ncapabilities = [\"fly\"]\n", parse: `unknown capability "fly"`,
			want: evidence.RegistryHost{HasHostTree: true, CAFiles: []string{dir + "bad.crt", dir + "ca.crt"}}, adds: []string{p.corp.Fingerprint()},
		},
		"CA of a wrong type": {
			text: "[host.\"https://h.example\"]\nca = 7\n", parse: "ca is neither",
			want: evidence.RegistryHost{HasHostTree: true, CAFiles: []string{dir + "bad.crt", dir + "ca.crt"}}, adds: []string{p.corp.Fingerprint()},
		},
		"skip_verify as text": {
			text: "[host.\"https://h.example\"]\nskip_verify = \"yes\"\n", parse: "line 2",
			want: evidence.RegistryHost{HasHostTree: true, CAFiles: []string{dir + "bad.crt", dir + "ca.crt"}}, adds: []string{p.corp.Fingerprint()},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, doc := registryOf(t, p.host("h.example", test.text), "2.1.4")
			got := config.Hosts["h.example"]
			node := doc.TrustStores[doc.Nodes["wk-1"].TrustStore].Anchors
			if diff := cmp.Diff(test.adds, added(doc, node, got.TrustStore)); diff != "" {
				t.Errorf("the registry's store adds, want (-), got (+):\n%s", diff)
			}
			if len(got.Endpoints) > 0 {
				if diff := cmp.Diff(test.first, added(doc, node, got.Endpoints[0].TrustStore)); diff != "" {
					t.Errorf("the first endpoint's store adds, want (-), got (+):\n%s", diff)
				}
			}
			if !strings.Contains(got.ParseError, test.parse) || (test.parse == "") != (got.ParseError == "") {
				t.Errorf("parse error %q, want %q", got.ParseError, test.parse)
			}
			test.want.Origin, test.want.Form = dir+"hosts.toml", "hosts_toml"
			got.ParseError, got.TrustStore = "", ""
			for i := range got.Endpoints {
				got.Endpoints[i].TrustStore = ""
			}
			if diff := cmp.Diff(test.want, got, cmp.FilterValues(bothEmpty, cmp.Ignore())); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// bothEmpty: nil and empty slices mean the same.
func bothEmpty(a, b any) bool {
	empty := func(v any) bool {
		switch s := v.(type) {
		case []string:
			return len(s) == 0
		case []evidence.RegistryEndpoint:
			return len(s) == 0
		default:
			return false
		}
	}
	return empty(a) && empty(b)
}

// added are the anchors of a store that another does not have.
func added(doc *evidence.Document, node []string, key string) []string {
	var more []string
	for _, fp := range doc.TrustStores[key].Anchors {
		if !slices.Contains(node, fp) {
			more = append(more, fp)
		}
	}
	slices.Sort(more)
	return more
}

func TestDockerFolders(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	text := string(p.corp.PEM())
	for name, test := range map[string]struct {
		files   files
		version string
		want    map[string]string // host: origin
	}{
		"containerd without hosts.toml": {
			files:   files{"/etc/containerd/config.toml": containerdV2, "/etc/containerd/certs.d/h.example/ca.crt": text},
			version: "1.7.35", want: map[string]string{"h.example": "/etc/containerd/certs.d/h.example"},
		},
		"empty hosts.toml": {
			files:   files{"/etc/containerd/config.toml": containerdV2, "/etc/containerd/certs.d/h.example/ca.crt": text, "/etc/containerd/certs.d/h.example/hosts.toml": ""},
			version: "1.7.35", want: map[string]string{"h.example": "/etc/containerd/certs.d/h.example"},
		},
		"docker": {
			files: files{dockerPlace + "/h.example:5000/ca.crt": text, dockerPlace + "/h.example:5000/c.cert": text, "/usr/lib/systemd/system/docker.service": "[Service]\n"},
			want:  map[string]string{"h.example:5000": dockerPlace + "/h.example:5000"},
		},
		"CRI-O": {
			files: files{dockerPlace + "/h.example/ca.crt": text, "/usr/lib/systemd/system/crio.service": "[Service]\n"},
			want:  map[string]string{"h.example": dockerPlace + "/h.example"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, doc := registryOf(t, test.files.with(files{"/etc/ssl/certs/ca-certificates.crt": join(p.public...)}), test.version)
			got := map[string]string{}
			for host, h := range config.Hosts {
				got[host] = h.Origin
				if h.Form != "docker_certs_d" || len(h.CAFiles) != 1 || h.TrustStore == "" {
					t.Errorf("%s: %+v", host, h)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			if gaps := gapsOf(doc); len(gaps) > 0 {
				t.Errorf("gaps %q", gaps)
			}
		})
	}
}
