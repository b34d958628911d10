package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/demo"
)

const canaryNode = "test-gc-e2e-demo-workers-8s2kd-7f9c6"

func archived(t *testing.T, dir string) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	packed := tar.NewWriter(zipped)
	if err := packed.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.Closer{packed, zipped} {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return writeFile(t, "capture.tar.gz", out.String())
}

// TestNoSecretGetsOutByAnySource reads the same canaries from every kind of source.
func TestNoSecretGetsOutByAnySource(t *testing.T) {
	c := newCanaries(t)
	dir := c.capture(t)
	env := []string{"HTTPS_PROXY=http://robot:" + c.password + "@127.0.0.1:1", "GITHUB_STEP_SUMMARY=" + filepath.Join(t.TempDir(), "summary.md")}
	t.Run("archive", func(t *testing.T) { c.checkRun(t, env, archived(t, dir)) })
	t.Run("manifests", func(t *testing.T) {
		c.checkRun(t, env, filepath.Join(dir, "objects", "canary.yaml"), filepath.Join(dir, "objects", "machines.yaml"))
	})
	t.Run("node's root", func(t *testing.T) {
		c.checkRun(t, env, "--host-root", canaryNode+"="+filepath.Join(dir, "nodes", canaryNode), filepath.Join(dir, "objects", "canary.yaml"))
	})
	t.Run("standard input", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(dir, "objects", "canary.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range []string{"text", "json", "html"} { // the others follow from the JSON report
			got := process{args: []string{"eval", "-o", format, "-"}, stdin: string(text), env: env}.run(t)
			got.checkCalm(t)
			c.check(t, format, got.stdout+got.stderr)
			if len(got.stdout) < 20 {
				t.Errorf("%s is too short to tell anything: %s", format, got.stderr)
			}
		}
	})
	t.Run("live API and SSH", func(t *testing.T) {
		stories := t.TempDir()
		if err := os.CopyFS(filepath.Join(stories, "live", "source"), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		cluster, err := demo.Start(t.Context(), os.DirFS(stories), &demo.Story{Name: "live", SSH: true, At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(cluster.Stop)
		report := c.checkRun(t, nil, "--no-probe", "--server", cluster.APIServer, "--ssh-user", demo.User, "--ssh-key", cluster.KeyFile,
			"--ssh-known-hosts", cluster.KnownHosts, "--node", canaryNode+"="+cluster.Nodes[canaryNode])
		text, err := os.ReadFile(report)
		if err != nil {
			t.Fatal(err)
		}
		for _, read := range []string{canaryNode, "canary"} {
			if !strings.Contains(string(text), read) {
				t.Errorf("nothing was read of %q", read)
			}
		}
	})
}

// TestNoSecretGetsOutByAnyCommand works on with what was collected and judged.
func TestNoSecretGetsOutByAnyCommand(t *testing.T) {
	c := newCanaries(t)
	dir := c.capture(t)
	report := c.checkRun(t, nil, dir)
	document := filepath.Join(filepath.Dir(report), "evidence.json")
	judged := c.checkRun(t, nil, document)
	commands := [][]string{
		{"verify-report", judged, document},
		{"diff", report, c.checkRun(t, nil, copyStory(t, "secret-encoded-once"))},
		{"eval", "--baseline", report, "--fail-on-new", dir},
		{"fix", dir},
		{"fix", "-o", "patch", dir},
		{"fix", filepath.Join(dir, "objects", "canary.yaml"), filepath.Join(dir, "objects", "machines.yaml")},
	}
	for _, format := range formatNames() {
		commands = append(commands, []string{"convert", report, "-o", format})
	}
	for _, args := range commands {
		t.Run(args[0]+" "+args[len(args)-1], func(t *testing.T) {
			got := process{args: args}.run(t)
			got.checkCalm(t)
			c.check(t, args[0]+"'s output", got.stdout+got.stderr)
			if got.code == exitUsage || got.stdout+got.stderr == "" {
				t.Errorf("exit code %d: %s", got.code, got.stderr)
			}
		})
	}
	t.Run("watch", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var out, errs bytes.Buffer
		rounds := 0
		run(ctx, &environment{
			name: "regpolicy", args: []string{"eval", "--watch=1m", dir}, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
			getenv: func(string) string { return "" }, now: time.Now,
			after: func(time.Duration) <-chan time.Time {
				if rounds++; rounds > 1 {
					cancel()
				} else {
					place(t, dir, "objects/another.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: late}\nstringData: {token: ["+c.token+"\n")
				}
				done := make(chan time.Time, 1)
				done <- time.Time{}
				return done
			},
		})
		c.check(t, "what the watch wrote", out.String()+errs.String())
		if rounds < 2 || out.Len() == 0 {
			t.Errorf("%d rounds:\n%s%s", rounds, out.String(), errs.String())
		}
	})
}
