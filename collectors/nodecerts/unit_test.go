package nodecerts_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func TestUnitEnvironment(t *testing.T) {
	t.Parallel()
	const etc, lib = "/etc/systemd/system/containerd.service", "/usr/lib/systemd/system/containerd.service"
	service := func(lines ...string) string {
		return "[Unit]\nEnvironment=HTTP_PROXY=http://no:1\n[Service]\n" + strings.Join(lines, "\n") + "\n"
	}
	for name, test := range map[string]struct {
		files files
		want  evidence.Proxy
		env   map[string]string
	}{
		"quoted words": {
			files: files{etc + ".d/http-proxy.conf": service(`Environment="HTTP_PROXY=http://p.example:3128" 'HTTPS_PROXY=http://q.example:3128' NO_PROXY=localhost,127.0.0.1,.svc`)},
			want:  evidence.Proxy{HTTP: "http://p.example:3128", HTTPS: "http://q.example:3128", NoProxy: []string{"localhost", "127.0.0.1", ".svc"}},
		},
		"lower case, upper case wins": {
			files: files{etc + ".d/a.conf": service("Environment=http_proxy=http://lower:1 https_proxy=lower:2", "Environment=HTTP_PROXY=http://upper:1")},
			want:  evidence.Proxy{HTTP: "http://upper:1", HTTPS: "http://lower:2"},
		},
		"later drop-in wins": {
			files: files{etc + ".d/10.conf": service("Environment=HTTP_PROXY=http://first:1"), lib + ".d/20.conf": service("Environment=HTTP_PROXY=http://second:1")},
			want:  evidence.Proxy{HTTP: "http://second:1"},
		},
		"of one name, /etc wins": {
			files: files{etc + ".d/10.conf": service("Environment=HTTP_PROXY=http://etc:1"), lib + ".d/10.conf": service("Environment=HTTP_PROXY=http://lib:1", "Environment=HTTPS_PROXY=http://lib:1")},
			want:  evidence.Proxy{HTTP: "http://etc:1"},
		},
		"masked drop-in": {
			files: files{etc + ".d/10.conf": linkTo + "/dev/null", lib + ".d/10.conf": service("Environment=HTTP_PROXY=http://lib:1")},
		},
		"empty assignment forgets": {
			files: files{lib: service("Environment=HTTP_PROXY=http://unit:1"), etc + ".d/10.conf": service("Environment=", "Environment=HTTPS_PROXY=http://later:1")},
			want:  evidence.Proxy{HTTPS: "http://later:1"},
		},
		"the unit in /etc hides the other": {
			files: files{etc: service("Environment=HTTPS_PROXY=http://etc:1"), lib: service("Environment=HTTP_PROXY=http://lib:1")},
			want:  evidence.Proxy{HTTPS: "http://etc:1"},
		},
		"file wins over setting": {
			files: files{etc + ".d/10.conf": service("EnvironmentFile=-/etc/proxy.env", "Environment=HTTP_PROXY=http://set:1"), "/etc/proxy.env": "# comment\n\nHTTP_PROXY=\"http://filed:1\"\nNO_PROXY = a.example\n"},
			want:  evidence.Proxy{HTTP: "http://filed:1", NoProxy: []string{"a.example"}},
		},
		"continued line": {
			files: files{etc + ".d/10.conf": service(`Environment=HTTP_PROXY=http://p:1 \`, "  # a comment within", `  HTTPS_PROXY=http://q:1`)},
			want:  evidence.Proxy{HTTP: "http://p:1", HTTPS: "http://q:1"},
		},
		"credentials": {
			files: files{etc + ".d/10.conf": service(`Environment="HTTPS_PROXY=http://user:p%%40ss@w@proxy.example:3128/path?token=x"`)},
			want:  evidence.Proxy{HTTPS: "http://proxy.example:3128", HasCredentials: true},
		},
		"credentials that spoil the host": {
			files: files{etc + ".d/10.conf": service(`Environment="HTTPS_PROXY=http://user:pass@ho st:3128"`)},
			want:  evidence.Proxy{HasCredentials: true},
		},
		"no scheme":      {files: files{etc + ".d/10.conf": service("Environment=HTTPS_PROXY=proxy.example:3128")}, want: evidence.Proxy{HTTPS: "http://proxy.example:3128"}},
		"unknown scheme": {files: files{etc + ".d/10.conf": service("Environment=HTTPS_PROXY=gopher://proxy.example")}},
		"SSL_CERT_FILE": {
			files: files{etc + ".d/10.conf": service("Environment=SSL_CERT_FILE=/opt/x.pem OTHER=y")},
			env:   map[string]string{"SSL_CERT_FILE": "/opt/x.pem"},
		},
		"CRLF": {
			files: files{etc + ".d/10.conf": strings.ReplaceAll(service("Environment=HTTP_PROXY=http://p:1"), "\n", "\r\n")},
			want:  evidence.Proxy{HTTP: "http://p:1"},
		},
		"not .conf": {files: files{etc + ".d/10.conf.bak": service("Environment=HTTP_PROXY=http://p:1")}},
		"nothing":   {files: files{lib: service("ExecStart=/usr/bin/containerd")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := recordTree(t, test.files.build(t))
			n := doc.Nodes["wk-1"]
			got := doc.Proxies[n.Proxy]
			if (n.Proxy == "") != (len(doc.Proxies) == 0) || n.Proxy != "" && got.Scope != "node/wk-1" {
				t.Errorf("proxy key %q of %d", n.Proxy, len(doc.Proxies))
			}
			got.Scope, got.Provenance = "", evidence.Provenance{}
			if diff := cmp.Diff(test.want, got, cmp.FilterValues(bothEmpty, cmp.Ignore())); diff != "" {
				t.Errorf("proxy, want (-), got (+):\n%s", diff)
			}
			if !maps.Equal(n.Environment, test.env) {
				t.Errorf("environment %v, want %v", n.Environment, test.env)
			}
			encoded, err := evidence.Encode(doc)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"p%", "p@ss", "user", "pass@"} {
				if strings.Contains(string(encoded), secret) {
					t.Errorf("the document holds %q", secret)
				}
			}
		})
	}
}

func TestOSRelease(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"ID=photon\nPRETTY_NAME=\"VMware Photon OS/Linux\"\n":                         {"VMware Photon OS/Linux", "photon"},
		"NAME=Ubuntu\nVERSION='22.04 LTS'\nID=ubuntu\nID_LIKE=debian\n":               {"Ubuntu 22.04 LTS", "debian"},
		"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nPRETTY_NAME=\"Rocky Linux 9\"": {"Rocky Linux 9", "rhel"},
		"ID=mariner\nID_LIKE=fedora\n":                                                {"", "rhel"},
		"ID=flatcar\nPRETTY_NAME=\"Flatcar \\\"Linux\\\"\"\n":                         {`Flatcar "Linux"`, "other"},
		"# nothing\n\n=\nID\n":                                                        {"", ""},
		"PRETTY_NAME=\"two\\nlines\x01\"\r\nID=debian\r\n":                            {"two lines ", "debian"},
	} {
		doc := recordTree(t, files{"/etc/os-release": text}.build(t))
		if got := []string{doc.Nodes["wk-1"].OS, doc.Nodes["wk-1"].OSFamily}; !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
