package handshake

import (
	"strings"
	"testing"
)

func TestParseTarget(t *testing.T) {
	for _, test := range []struct{ name, text, key, problem string }{
		{"a name", "harbor.corp.example", "harbor.corp.example:443", ""},
		{"a name and a port", "harbor.corp.example:5000", "harbor.corp.example:5000", ""},
		{"capitals and a final dot", "Harbor.Corp.Example.:443", "harbor.corp.example:443", ""},
		{"a single label", "registry:5000", "registry:5000", ""},
		{"an underscore", "my_registry.lab", "my_registry.lab:443", ""},
		{"an IPv4 address", "10.0.0.5:5000", "10.0.0.5:5000", ""},
		{"an IPv6 address in brackets and a port", "[::1]:5000", "[::1]:5000", ""},
		{"an IPv6 address in brackets", "[2001:DB8::1]", "[2001:db8::1]:443", ""},
		{"a bare IPv6 address", "2001:db8::1", "[2001:db8::1]:443", ""},
		{"an IPv4 address in IPv6 clothes", "[::ffff:10.0.0.5]:443", "10.0.0.5:443", ""},
		{"nothing", "", "", "it is empty"},
		{"a URL", "https://harbor.corp.example", "", "leave the scheme out"},
		{"a path", "harbor.corp.example/project", "", "leave the path out"},
		{"port 0", "harbor.corp.example:0", "", "1 to 65535"},
		{"a port beyond", "harbor.corp.example:65536", "", "1 to 65535"},
		{"a port that is none", "harbor.corp.example:https", "", "1 to 65535"},
		{"no port behind the colon", "harbor.corp.example:", "", "1 to 65535"},
		{"no host before the colon", ":443", "", "no host name"},
		{"two colons", "a:1:2", "", "more than one colon"},
		{"a space", "harbor corp", "", "no host name"},
		{"a wildcard", "*.corp.example", "", "no host name"},
		{"an empty label", "a..b", "", "no host name"},
		{"a zone", "[fe80::1%eth0]:443", "", "no host name"},
		{"a name beyond 253 bytes", strings.Repeat("a.", 130) + "b", "", "no host name"},
		{"a label beyond 63 bytes", strings.Repeat("a", 64) + ".example", "", "no host name"},
		{"an umlaut", "registrü.example", "", "no host name"},
		{"brackets around a name", "[harbor]:443", "harbor:443", ""},
		{"a user and a password", "admin:hunter2@harbor.corp.example", "", "without user and password"},
	} {
		t.Run(test.name, func(t *testing.T) {
			target, err := ParseTarget(test.text)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "hunter2") {
					t.Fatalf("error = %v, want one that says %q", err, test.problem)
				}
				return
			}
			if err != nil || target.Key() != test.key {
				t.Errorf("key = %q, error %v, want %q", target.Key(), err, test.key)
			}
		})
	}
}

func FuzzParseTarget(f *testing.F) {
	for _, seed := range []string{"harbor.corp.example:5000", "[::1]:5000", "::1", "a@b", "x:", "https://a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target, err := ParseTarget(text)
		if err != nil {
			return
		}
		again, err := ParseTarget(target.Key())
		if err != nil || again.Key() != target.Key() {
			t.Errorf("%q gives key %q, and that %q, %v", text, target.Key(), again.Key(), err)
		}
	})
}
