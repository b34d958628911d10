package nodecerts_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

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
