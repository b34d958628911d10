package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// openssl asks a program `openssl verify` for its verdicts.
type openssl struct {
	path string
	dir  string // for the files that it reads
}

// answer is what OpenSSL says of a chain.
type answer struct {
	// number is that of its first error, 0 for a chain that it accepts.
	number int
	// text is its own words, on one line.
	text string
}

// Numbers of errors of OpenSSL's, as openssl-verification-options(1) has them.
// unread is none of them: it could not read a file.
const unread = -1

var (
	opensslError = regexp.MustCompile(`(?m)^error (\d+) at \d+ depth lookup: (.*)$`)
	unreadable   = regexp.MustCompile(`(?i)unable to load|error loading|could not (read|find|open)`)
)

// version is what the program says of itself.
func (o openssl) version(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, o.path, "version").Output() //nolint:gosec // the user names it
	if err != nil {
		return "", fmt.Errorf("asking %q for its version: %w", o.path, err)
	}
	words := strings.Fields(string(out))
	if len(words) < 2 {
		return "", fmt.Errorf("asking %q for its version: it says %.60q", o.path, out)
	}
	return strings.Join(words[:2], " "), nil
}

// verify asks about a case at a moment as a TLS client of the node would: a chain for
// a server at security level 1, which is that of OpenSSL itself, with the checks that
// are on without -x509_strict and no store but the case's own.
func (o openssl) verify(ctx context.Context, c testcase, at time.Time, options ...string) (answer, error) {
	args := []string{"verify", "-purpose", "sslserver", "-auth_level", "1", "-no-CApath", "-no-CAstore", "-attime", strconv.FormatInt(at.Unix(), 10)}
	for _, file := range []struct {
		option, absent string
		certificates   []string
	}{
		{"-CAfile", "-no-CAfile", c.Trusted},
		{"-untrusted", "", c.Intermediates},
		{"", "", []string{c.Peer}},
	} {
		name := filepath.Join(o.dir, "certificates"+file.option+".pem")
		if err := os.WriteFile(name, []byte(strings.Join(file.certificates, "\n")), 0o600); err != nil {
			return answer{}, err
		}
		switch {
		case file.option == "":
			args = append(append(args, nameOptions(c.host())...), options...)
			args = append(args, name)
		case len(file.certificates) > 0:
			args = append(args, file.option, name)
		case file.absent != "":
			args = append(args, file.absent)
		}
	}
	out, err := exec.CommandContext(ctx, o.path, args...).CombinedOutput() //nolint:gosec // as above
	return reading(string(out), err)
}

func nameOptions(host string) []string {
	switch {
	case host == "":
		return nil
	case net.ParseIP(host) != nil:
		return []string{"-verify_ip", host}
	}
	return []string{"-verify_hostname", host}
}

// reading tells what an output means.
func reading(out string, err error) (answer, error) {
	exit := (*exec.ExitError)(nil)
	if match := opensslError.FindStringSubmatch(out); match != nil {
		number, err := strconv.Atoi(match[1])
		return answer{number, match[1] + " " + match[2]}, err
	}
	switch {
	case err == nil && strings.HasSuffix(strings.TrimSpace(out), ": OK"):
		return answer{}, nil
	case errors.As(err, &exit) && exit.Exited() && unreadable.MatchString(out):
		return answer{unread, "a file cannot be read"}, nil
	}
	if err == nil {
		err = errors.New("it says neither OK nor an error")
	}
	return answer{}, fmt.Errorf("asking openssl, which says %.300q: %w", out, err)
}
