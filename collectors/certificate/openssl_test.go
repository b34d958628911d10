package certificate_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

var opensslError = regexp.MustCompile(`error (\d+) at`)

// openssl asks the installed OpenSSL for its verdict on a chain, without time
// and with a TLS client's security level: the error's number, "" for none. It
// returns ok false where there is no openssl.
func openssl(t *testing.T, chain, anchors []*certtest.Pair) (number string, ok bool) {
	t.Helper()
	return opensslWith(t, chain, anchors, "-no_check_time")
}

// opensslWith is openssl with an option about time.
func opensslWith(t *testing.T, chain, anchors []*certtest.Pair, options ...string) (number string, ok bool) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Log("openssl is not installed: its verdict is not compared")
		return "", false
	}
	dir := t.TempDir()
	file := func(name string, pairs []*certtest.Pair) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, certtest.Bundle(pairs...), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	args := append([]string{"verify", "-purpose", "sslserver", "-auth_level", "1", "-no-CApath", "-no-CAstore"}, options...)
	if len(anchors) > 0 {
		args = append(args, "-CAfile", file("anchors.pem", anchors))
	} else {
		args = append(args, "-no-CAfile")
	}
	if len(chain) > 1 {
		args = append(args, "-untrusted", file("sent.pem", chain[1:]))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, append(args, file("leaf.pem", chain[:1]))...).CombinedOutput()
	match := opensslError.FindSubmatch(out)
	switch {
	case match != nil:
		return string(match[1]), true
	case err == nil && strings.HasSuffix(strings.TrimSpace(string(out)), ": OK"):
		return "", true
	default:
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
		return "", false
	}
}
