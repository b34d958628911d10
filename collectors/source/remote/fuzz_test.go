package remote

import (
	"crypto/ed25519"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func FuzzSSHConfig(f *testing.F) {
	f.Add("Host a b*\n  HostName = \"x\"\nMatch exec true\nInclude c d\nIdentityFile ~/%h\n")
	f.Add("Host\nMatch\nInclude\n=\n#\nUser \"\nHost \"\" !\n")
	f.Fuzz(func(t *testing.T, text string) {
		lines, _, _ := normalise([]byte(text))
		parsed, err := parseConfig(lines)
		if err != nil {
			if strings.Contains(err.Error(), "cannot be parsed") {
				t.Errorf("the parser panics: %v\n%q", err, lines)
			}
			return
		}
		c := &sshConfig{root: &configFile{parsed: parsed}}
		h := c.forHost("wk-1")
		for _, file := range h.keyFiles("/home/u", "wk-1", "me") {
			if !filepath.IsAbs(file) {
				t.Errorf("key file %q", file)
			}
		}
	})
}

// FuzzHeldKey: a key from somewhere else is one, or an error that does not quote it.
func FuzzHeldKey(f *testing.F) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pem.EncodeToMemory(block))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"))
	f.Add([]byte("PuTTY-User-Key-File-3: ssh-ed25519\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		signer, err := parseHeld(data)
		if err == nil && signer.PublicKey() == nil {
			t.Error("a key without its public half")
		}
		if err != nil && evidence.Scan([]byte(err.Error())) != nil {
			t.Errorf("it tells the key: %v", err)
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"a:1", "[::1]:22", "u@h:2,v@w", "::1", "fe80::1%e:22", "a@b@c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hops, err := parseJump(text)
		if err != nil {
			return
		}
		for _, h := range hops {
			if strings.ContainsAny(h.host, " ,*!?\n\t|#@/") || h.host == "" {
				t.Errorf("host %q of %q", h.host, text)
			}
		}
	})
}

func FuzzForeignText(f *testing.F) {
	f.Add("https://u:p@h/ \x1b[0m\u202e -----BEGIN PRIVATE KEY-----\nabc")
	f.Fuzz(func(t *testing.T, text string) {
		got := clean(text)
		if len(got) > maxForeign+4 {
			t.Errorf("%d bytes", len(got))
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Errorf("%q in %q", r, got)
			}
		}
		if strings.Contains(got, "PRIVATE KEY-----") && strings.Contains(got, "-----BEGIN") && evidence.Scan([]byte(got)) != nil {
			t.Errorf("a key remains: %q", got)
		}
	})
}

func FuzzKnownHosts(f *testing.F) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBJvtJ0bKvsJvFy0yzcXdUAq7lDWLJ6EyR3XkyZ4MxYk"
	f.Add("[127.0.0.1]:2222 " + key + "\n@cert-authority * " + key + "\n@revoked * " + key)
	f.Add("|1|c2FsdA==|aGFzaA== " + key + "\n# c\n\n,!,* x y\n")
	shown, _, _, _, err := ssh.ParseAuthorizedKey([]byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGzrB1DLLAYLVXzc/yrzdL8VbGKqNUhLSBr6vGBWyhVQ"))
	if err != nil {
		f.Fatal(err)
	}
	file := filepath.Join(f.TempDir(), "known_hosts")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := loadHostKeys(PolicyStrict, []string{file})
		if err != nil {
			return
		}
		if len(h.algorithms("127.0.0.1:2222")) == 0 {
			t.Error("no algorithms")
		}
		verified, err := h.check("127.0.0.1:2222", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2222}, shown)
		if verified != (err == nil) {
			t.Errorf("verified %t, %v", verified, err)
		}
	})
}

func FuzzExit(f *testing.F) {
	f.Add("exit-status", []byte{0, 0, 0, 1})
	f.Add("exit-signal", ssh.Marshal(struct {
		Name       string
		CoreDumped bool
		Message    string
		Language   string
	}{"KILL", false, "", ""}))
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		if result := parseExit(kind, payload); result != nil && strings.ContainsAny(result.Error(), "\n\x1b") {
			t.Errorf("%q", result)
		}
	})
}
