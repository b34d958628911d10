package nodecerts_test

import (
	"maps"
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

func TestHostsAreLookedUpAsContainerdDoes(t *testing.T) {
	t.Parallel()
	path := func(roots ...string) string {
		return "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"" + strings.Join(roots, ":") + "\"\n"
	}
	const one, two = "/etc/containerd/certs.d", "/opt/certs.d"
	toml := "server = \"https://x.example\"\n"
	for name, test := range map[string]struct {
		files   files
		version string
		want    map[string]string
		path    string
		gaps    []string
	}{
		"two roots, the first wins": {
			files: files{"/etc/containerd/config.toml": path(one, two+"/"), one + "/h.example/hosts.toml": toml, two + "/h.example/hosts.toml": toml, two + "/i.example/hosts.toml": toml},
			path:  one + ":" + two + "/", want: map[string]string{"h.example": one + "/h.example/hosts.toml", "i.example": two + "/i.example/hosts.toml"},
		},
		"_default hides the roots behind it": {
			files: files{"/etc/containerd/config.toml": path(one, two), one + "/_default/hosts.toml": toml, two + "/h.example/hosts.toml": toml},
			path:  one + ":" + two, want: map[string]string{"_default": one + "/_default/hosts.toml"},
		},
		"host_port_ before host:port": {
			files: files{"/etc/containerd/config.toml": path(one), one + "/h.example_5000_/hosts.toml": toml, one + "/h.example:5000/hosts.toml": toml},
			path:  one, want: map[string]string{"h.example:5000": one + "/h.example_5000_/hosts.toml"},
		},
		"unset, containerd 2": {
			files: files{"/etc/containerd/config.toml": "version = 2\n", one + "/h.example/hosts.toml": toml, dockerPlace + "/i.example/ca.crt": "x"}, version: "v2.1.4",
			path: one + ":" + dockerPlace, want: map[string]string{"h.example": one + "/h.example/hosts.toml", "i.example": dockerPlace + "/i.example"},
		},
		"unset, containerd 2 by the format": {
			files: files{"/etc/containerd/config.toml": "version = 3\n", one + "/h.example/hosts.toml": toml},
			path:  one + ":" + dockerPlace, want: map[string]string{"h.example": one + "/h.example/hosts.toml"},
		},
		"unset, containerd 2, but mirrors": {
			files: files{"/etc/containerd/config.toml": "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"h.example\"]\nendpoint = [\"http://h.example\"]\n", one + "/i.example/hosts.toml": toml}, version: "2.1.4",
			want: map[string]string{"h.example": "/etc/containerd/config.toml"},
		},
		"unset, containerd 1": {
			files: files{"/etc/containerd/config.toml": "version = 2\n", one + "/h.example/hosts.toml": toml}, version: "1.7.22", want: map[string]string{},
		},
		"unset, version unknown": {
			files: files{"/etc/containerd/config.toml": "version = 2\n", one + "/h.example/hosts.toml": toml}, want: map[string]string{}, gaps: []string{"registry_config: not_in_source"},
		},
		"config.toml not copied": {
			files: files{one + "/h.example/hosts.toml": toml}, path: one + ":" + dockerPlace,
			want: map[string]string{"h.example": one + "/h.example/hosts.toml"}, gaps: []string{"registry_config: not_in_source"},
		},
		"nothing to look up": {files: files{"/etc/containerd/config.toml": "version = 2\n"}, want: map[string]string{}},
		"root that is not there": {
			files: files{"/etc/containerd/config.toml": path("/nowhere", one), one + "/h.example/hosts.toml": toml},
			path:  "/nowhere:" + one, want: map[string]string{"h.example": one + "/h.example/hosts.toml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, doc := registryOf(t, test.files, test.version)
			got := map[string]string{}
			for host, h := range config.Hosts {
				got[host] = h.Origin
			}
			if diff := cmp.Diff(test.want, got); diff != "" || config.ConfigPath != test.path {
				t.Errorf("config path %q, hosts, want (-), got (+):\n%s", config.ConfigPath, diff)
			}
			if gaps := gapsOf(doc); !slices.Equal(gaps, test.gaps) {
				t.Errorf("gaps %q, want %q", gaps, test.gaps)
			}
		})
	}
}

func TestConfigTOML(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	const v2 = `[plugins."io.containerd.grpc.v1.cri".registry`
	tls := v2 + `.configs."h.example:5000".tls]
  ca_file = "/opt/ca.pem"
  insecure_skip_verify = true
  cert_file = "/opt/c.pem"
  key_file = "/opt/c.key"
` + v2 + `.configs."h.example:5000".auth]
  username = "robot"
  password = "s3cret-canary"
` + v2 + `.mirrors."docker.io"]
  endpoint = ["https://h.example:5000", "http://plain.example", "https://registry-1.docker.io"]
` + v2 + `.mirrors."*"]
  endpoint = ["https://all.example"]
`
	base := files{"/opt/ca.pem": string(p.corp.PEM()), "/etc/ssl/certs/ca-certificates.crt": join(p.public[:2]...)}
	for name, test := range map[string]struct {
		files   files
		version string
		check   func(t *testing.T, c *evidence.RegistryConfig)
	}{
		"settings of 1.x": {
			files: files{"/etc/containerd/config.toml": "version = 2\n" + tls}, version: "1.7.22",
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				h := c.Hosts["h.example:5000"]
				if h.Form != "config_toml" || h.Origin != "/etc/containerd/config.toml" || !slices.Equal(h.CAFiles, []string{"/opt/ca.pem"}) || !h.SkipVerify || !h.ClientCertificate || h.TrustStore == "" {
					t.Errorf("h.example:5000: %+v", h)
				}
				if m := c.Hosts["docker.io"]; !slices.Equal(m.Mirrors, []string{"h.example:5000", "plain.example"}) || !m.PlainHTTP {
					t.Errorf("docker.io: %+v", m)
				}
				if m := c.Hosts["_default"]; !slices.Equal(m.Mirrors, []string{"all.example"}) {
					t.Errorf("_default: %+v", m)
				}
			},
		},
		"2.x does not read them": {
			files: files{"/etc/containerd/config.toml": "version = 2\n" + tls}, version: "2.0.0",
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if h := c.Hosts["h.example:5000"]; h.Form != "config_toml" || len(h.CAFiles) != 1 || !h.SkipVerify || h.TrustStore != "" {
					t.Errorf("h.example:5000: %+v", h)
				}
			},
		},
		"config_path hides them": {
			files: files{"/etc/containerd/config.toml": "version = 2\n" + strings.Split(tls, v2+".mirrors")[0] + v2 + "]\nconfig_path = \"/etc/containerd/certs.d\"\n"}, version: "1.7.22",
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if h := c.Hosts["h.example:5000"]; h.Form != "config_toml" || h.TrustStore != "" {
					t.Errorf("h.example:5000: %+v", h)
				}
			},
		},
		"format 1": {
			files: files{"/etc/containerd/config.toml": "[plugins.cri]\nsandbox_image = \"k8s.example/pause:3.1\"\n[plugins.cri.registry.mirrors.\"h.example\"]\nendpoint = [\"https://h.example\"]\n"},
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if c.Version != 1 || c.SandboxImage != "k8s.example/pause:3.1" || len(c.Hosts) != 1 || len(c.Hosts["h.example"].Mirrors) != 0 {
					t.Errorf("%+v", c)
				}
			},
		},
		"format 3 does not read the section of format 2": {
			files: files{"/etc/containerd/config.toml": "version = 3\n" + v2 + "]\nconfig_path = \"/elsewhere\"\n[plugins.'io.containerd.cri.v1.images'.pinned_images]\nsandbox = 'pause:3.10'\n"},
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if c.Version != 3 || c.SandboxImage != "pause:3.10" || c.ConfigPath != "/etc/containerd/certs.d:/etc/docker/certs.d" {
					t.Errorf("%+v", c)
				}
			},
		},
		"an import replaces a section in 1.x": {
			files: files{
				"/etc/containerd/config.toml":      "version = 2\nimports = [\"conf.d/*.toml\"]\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"pause:main\"\n",
				"/etc/containerd/conf.d/10-r.toml": "version = 2\n" + v2 + "]\nconfig_path = \"/etc/containerd/certs.d\"\n",
			}, version: "1.7.22",
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if c.SandboxImage != "" || c.ConfigPath != "/etc/containerd/certs.d" {
					t.Errorf("%+v", c)
				}
			},
		},
		"and is merged in 2.x": {
			files: files{
				"/etc/containerd/config.toml":      "version = 2\nimports = [\"conf.d/*.toml\"]\n[plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"pause:main\"\n",
				"/etc/containerd/conf.d/10-r.toml": "version = 2\n" + v2 + "]\nconfig_path = \"/etc/containerd/certs.d\"\n",
			}, version: "2.1.0",
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if c.SandboxImage != "pause:main" || c.ConfigPath != "/etc/containerd/certs.d" {
					t.Errorf("%+v", c)
				}
			},
		},
		"imports in a circle": {
			files: files{
				"/etc/containerd/config.toml": "version = 2\nimports = [\"/opt/more.toml\"]\n",
				"/opt/more.toml":              "version = 2\nimports = [\"/etc/containerd/config.toml\", \"/opt/more.toml\"]\n" + v2 + "]\nconfig_path = \"/opt/certs.d\"\n",
			}, version: "2.1.0",
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if c.ConfigPath != "/opt/certs.d" {
					t.Errorf("%+v", c)
				}
			},
		},
		"no TOML": {
			files: files{"/etc/containerd/config.toml": "version = 2\n[plugins\n"},
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if !strings.HasPrefix(c.ParseError, "/etc/containerd/config.toml: line 2, column") || c.ConfigPath != "" {
					t.Errorf("%+v", c)
				}
			},
		},
		"empty file": {
			files: files{"/etc/containerd/config.toml": ""}, version: "2.0.0",
			check: func(t *testing.T, c *evidence.RegistryConfig) {
				if c.Version != 1 || c.ConfigPath == "" || c.ParseError != "" {
					t.Errorf("%+v", c)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, doc := registryOf(t, base.with(test.files), test.version)
			test.check(t, config)
			if gaps := gapsOf(doc); len(gaps) > 0 {
				t.Errorf("gaps %q", gaps)
			}
			encoded, err := evidence.Encode(doc)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(encoded), "s3cret-canary") {
				t.Error("a password is in the document")
			}
		})
	}
}

func TestConfigurationsThatNameFilesElsewhere(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	config, doc := registryOf(t, p.configured(), "1.7.22")
	hosts := slices.Sorted(maps.Keys(config.Hosts))
	if want := []string{"a.example", "b.example", "c.example:5000", "empty.example", "old.example"}; !slices.Equal(hosts, want) {
		t.Errorf("hosts %q, want %q", hosts, want)
	}
	n := doc.Nodes["wk-1"]
	for name, want := range map[string]string{
		"/opt/a/one.crt":                            "ok",
		"/opt/old/ca.pem":                           "ok",
		"/opt/missing/ca.crt":                       "absent",
		"/etc/containerd/certs.d/a.example/two.crt": "ok",
		"/opt/certs.d/c.example_5000_/ca.crt":       "ok",
		"/opt/ssl/own.pem":                          "ok",
		"/opt/ssl/dir/x.pem":                        "ok",
	} {
		if got := n.TrustFiles[name].Status; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, ok := n.TrustFiles["/opt/certs.d/c.example_5000_/client.key"]; ok {
		t.Error("a client's key is among the trust files")
	}
	if want := (map[string]string{"SSL_CERT_FILE": "/opt/ssl/own.pem", "SSL_CERT_DIR": "/etc/ssl/certs:/opt/ssl/dir"}); !maps.Equal(n.Environment, want) {
		t.Errorf("environment %v", n.Environment)
	}
	want := evidence.Proxy{
		HTTP: "http://filed.example:8080", HTTPS: "http://proxy.corp.example:3128", NoProxy: []string{"10.0.0.0/8", ".corp.example"},
		HasCredentials: true, Scope: "node/wk-1", Provenance: evidence.Provenance{Source: "capture"},
	}
	if diff := cmp.Diff(want, doc.Proxies[n.Proxy]); diff != "" {
		t.Errorf("proxy, want (-), got (+):\n%s", diff)
	}
	if p := doc.Proxies["node/wk-1/kubelet"]; p.HTTP != "http://other.example:8080" {
		t.Errorf("the kubelet's proxy is %+v", p)
	}
}

func registryHosts(c *evidence.RegistryConfig) map[string]evidence.RegistryHost {
	if c == nil {
		return nil
	}
	return c.Hosts
}
