package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/demo"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

var update = flag.Bool("update", false, "rewrite the expected documents and reports")

const fixturesDir = "../../fixtures"

// command runs the program in this process.
func command(t *testing.T, at time.Time, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	e := &environment{
		name: "regpolicy", args: args, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		getenv: func(string) string { return "" }, now: func() time.Time { return at },
	}
	code = run(t.Context(), e)
	return code, out.String(), errs.String()
}

// serve presents a story's chain on a real listener and answers nothing else.
func serve(t *testing.T, file string) (address string) {
	t.Helper()
	pem, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(pem, pem)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				if conn.(*tls.Conn).HandshakeContext(ctx) == nil {
					buf := make([]byte, 4096)
					conn.Read(buf)
					conn.Write([]byte("HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"))
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// TestStories judges every fixture story against real TLS listeners: the right
// policies fail, and no other.
func TestStories(t *testing.T) {
	stories, err := demo.List(os.DirFS(fixturesDir))
	if err != nil {
		t.Fatal(err)
	}
	if len(stories) < 18 {
		t.Fatalf("%d stories, want all", len(stories))
	}
	for _, s := range stories {
		t.Run(s.Name, func(t *testing.T) {
			dir := filepath.Join(fixturesDir, s.Name)
			args := []string{filepath.Join(dir, "source")}
			for _, r := range s.Registries {
				address := serve(t, filepath.Join(dir, r.File))
				host := net.JoinHostPort(r.Host, "443")
				args = append(args, "--registry", host, "--connect-to", host+":"+address)
			}
			code, stdout, stderr := command(t, s.At, append([]string{"eval", "-o", "json"}, args...)...)
			if code != s.Expect.Exit {
				t.Errorf("exit code %d, want %d\n%s", code, s.Expect.Exit, stderr)
			}
			var rep report.Report
			if err := json.Unmarshal([]byte(stdout), &rep); err != nil {
				t.Fatalf("reading report: %v\n%s", err, stderr)
			}
			var failed []string
			for _, r := range rep.Results {
				if r.Verdict == report.Fail {
					failed = append(failed, r.ID)
				}
			}
			slices.Sort(failed)
			if diff := cmp.Diff(s.Expect.Fail, slices.Compact(failed)); diff != "" && len(failed)+len(s.Expect.Fail) > 0 {
				t.Errorf("failed policies (-want +got):\n%s", diff)
			}
			golden(t, filepath.Join(dir, "report.json"), steady(brief(t, &rep)))
			_, document, _ := command(t, s.At, append([]string{"collect"}, args...)...)
			golden(t, filepath.Join(dir, "document.json"), steady(document))
		})
	}
}

// brief is a report without what is the same in every story: parameters, skipped
// policies, and of a pass all but who passed.
func brief(t *testing.T, rep *report.Report) string {
	t.Helper()
	short := *rep
	short.Run.Params = map[string]map[string]any{}
	short.Rules = nil
	short.Results = []report.Result{}
	for _, r := range rep.Results {
		switch r.Verdict {
		case report.Skip:
			continue
		case report.Pass:
			r = report.Result{ID: r.ID, Policy: r.Policy, Verdict: r.Verdict, Severity: r.Severity, Subject: r.Subject, NextChange: r.NextChange}
		default:
		}
		short.Results = append(short.Results, r)
	}
	var out bytes.Buffer
	if err := report.JSON(&out, &short); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var (
	loopback = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)
	digests  = regexp.MustCompile(`("(?:sha256|digest)": ")(?:sha256:)?[0-9a-f]{64}`)
	modified = regexp.MustCompile(`(modified_at(?:": "|: (?:\\")?))[0-9T:Z-]+`)
)

// steady takes out what the test's own listeners bring in: the ports they got,
// and the digest of the document that holds those. The digest over all policies
// would change every story whenever one comment changes.
func steady(text string) string {
	text = loopback.ReplaceAllString(text, "127.0.0.1:0")
	// Git gives files the time of the checkout.
	text = modified.ReplaceAllString(text, "${1}2026-11-23T06:30:00Z")
	if strings.Contains(text, report.SchemaVersion) {
		text = digests.ReplaceAllString(text, "${1}")
	}
	return strings.ReplaceAll(text, fixturesDir, "fixtures")
}

// golden compares with a committed file; -update rewrites it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./cmd/regpolicy -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%.4000s", path, diff)
	}
}

// TestDemo tells the embedded stories over the real protocols.
func TestDemo(t *testing.T) {
	for _, name := range []string{"secret-encoded-once", "secret-encoded-once-repaired", "vsphere-pod", "vsphere-pod-repaired"} {
		t.Run(name, func(t *testing.T) {
			s, err := demo.Load(os.DirFS(fixturesDir), name)
			if err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := command(t, time.Now(), "demo", name)
			if code != s.Expect.Exit {
				t.Errorf("exit code %d, want %d\n%s%s", code, s.Expect.Exit, stdout, stderr)
			}
			for _, id := range s.Expect.Fail {
				if !strings.Contains(stdout, id) {
					t.Errorf("the report does not name %s\n%s", id, stdout)
				}
			}
		})
	}
}
