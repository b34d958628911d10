package handshake

import (
	"strings"
	"testing"
)

func TestChallenge(t *testing.T) {
	for _, test := range []struct {
		name, scheme, realm string
		values              []string
	}{
		{"none", "", "", nil},
		{"basic", "basic", "", []string{`Basic realm="Harbor"`}},
		{"Docker Hub's", "bearer", "auth.docker.io:443", []string{`Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`}},
		{"a port", "bearer", "auth.corp.example:8443", []string{`Bearer realm="https://auth.corp.example:8443/token"`}},
		{"a token service over plain HTTP", "bearer", "auth.corp.example:80", []string{`Bearer realm="http://auth.corp.example/token"`}},
		{"an IPv6 address", "bearer", "[2001:db8::1]:443", []string{`Bearer realm="https://[2001:db8::1]/token"`}},
		{"credentials in the realm", "bearer", "auth.corp.example:443", []string{`Bearer realm="https://u:p@auth.corp.example/"`}},
		{"lower case and spaces", "bearer", "a.example:443", []string{`bearer   service="x" , realm = "https://a.example/"`}},
		{"an unquoted realm", "bearer", "a.example:443", []string{`Bearer realm=https://a.example/token,service=x`}},
		{"bearer behind basic in one field", "bearer", "a.example:443", []string{`Basic realm="x", Bearer realm="https://a.example/"`}},
		{"bearer before basic in two fields", "bearer", "a.example:443", []string{`Bearer realm="https://a.example/"`, `Basic realm="https://b.example/"`}},
		{"a comma and a scheme in a quoted string", "basic", "", []string{`Basic realm="a, Bearer realm=https://evil.example/"`}},
		{"escaped quotes", "bearer", "a.example:443", []string{`Bearer service="a\"b", realm="https:\/\/a.example/"`}},
		{"a realm that is no URL", "bearer", "", []string{`Bearer realm="token service"`}},
		{"a realm of another scheme", "bearer", "", []string{`Bearer realm="ftp://a.example/"`}},
		{"a realm with a port beyond", "bearer", "", []string{`Bearer realm="https://a.example:99999/"`}},
		{"two realms", "bearer", "a.example:443", []string{`Bearer realm="https://a.example/",realm="https://b.example/"`}},
		{"a scheme nobody knows", "", "", []string{`Negotiate abc==`}},
		{"no closing quote", "bearer", "a.example:443", []string{`Bearer realm="https://a.example/`}},
		{"parameters without a scheme", "", "", []string{`="x", realm="https://a.example/"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			scheme, realm := challenge(test.values)
			if scheme != test.scheme || realm != test.realm {
				t.Errorf("challenge = %q, %q, want %q, %q", scheme, realm, test.scheme, test.realm)
			}
		})
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`)
	f.Add(`Basic realm="a\"b", Bearer realm = x, =,"`)
	f.Add("\x80Bearer\t=\"")
	f.Fuzz(func(t *testing.T, value string) {
		scheme, realm := challenge([]string{value})
		if scheme != "" && scheme != "basic" && scheme != "bearer" {
			t.Errorf("scheme = %q", scheme)
		}
		if realm == "" {
			return
		}
		if target, err := ParseTarget(realm); err != nil || target.Key() != realm || strings.Contains(realm, "@") {
			t.Errorf("realm = %q, %v", realm, err)
		}
	})
}
