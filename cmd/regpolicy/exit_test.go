package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// judged are policies of one verdict each over documentWith.
var judged = map[string]string{ //nolint:gochecknoglobals // a table
	"passes":    `deny contains "x" if count(input.pods) > 9`,
	"fails":     `deny contains "x" if count(input.nodes) > 0`,
	"warns":     `warn contains "x" if count(input.nodes) > 0`,
	"untold":    `deny contains "x" if count(input.trust) > 9`,
	"unasked":   `deny contains "x" if count(input.machines) > 9`,
	"errs":      `deny contains "x" if to_number(input.cluster) > 9`,
	"malformed": `deny contains 7 if count(input.nodes) > 0`,
}

// documentWith is a document of which nodes and pods were had, trust was not, and
// machines were not asked for.
func documentWith(t *testing.T) string {
	t.Helper()
	b := evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	b.Ask(evidence.Nodes, evidence.Section("nodes")).Answer()
	b.Ask(evidence.Pods, evidence.Section("pods")).Answer()
	b.Ask(evidence.Trust, evidence.Section("trust")).Gap("forbidden", "may not list")
	b.Record(func(d *evidence.Document) {
		d.Cluster = "east"
		d.Nodes["wk-1"] = evidence.Node{}
	})
	encoded, err := evidence.Encode(b.Build("internal"))
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "evidence.json", string(encoded))
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExitCodes(t *testing.T) {
	document := documentWith(t)
	waivers := writeFile(t, "waivers.yaml", `waivers: [{policy: fails, subject: "*", reason: x, owner: y, expires: 2030-01-01}]`)
	tests := []struct {
		name, policies, flags string
		want                  int
	}{
		{"all pass", "passes", "", 0},
		{"a failure below the limit", "fails", "--fail-on high", 0},
		{"a failure that is waived", "fails", "--waivers " + waivers, 0},
		{"a warning", "warns", "", 0},
		{"something was not asked for beside a pass", "passes unasked", "", 0},
		{"inconclusive results are ignored beside a pass", "passes untold", "--inconclusive ignore", 0},
		{"inconclusive results warn beside a pass", "passes untold", "--inconclusive warn", 0},
		{"nothing was evaluated and may be", "unasked", "--allow-empty", 0},

		{"a failure", "fails", "", 1},
		{"a failure at the limit", "fails", "--fail-on medium", 1},
		{"a warning with --fail-on-warn", "warns", "--fail-on-warn", 1},
		{"failed before inconclusive", "fails untold", "", 1},
		{"failed before a policy's error", "fails errs", "", 1},
		{"failed before nothing else evaluated", "fails unasked", "", 1},

		{"wrong use before failed", "fails", "--fail-on worst", 2},
		{"too few policies before failed", "fails", "--min-policies 2", 2},
		{"an output that cannot be written before failed", "fails", "-o json=/dev/full", 2},
		{"a policy with a result of no shape before failed", "fails malformed", "", 2},
		{"a missing source before nothing evaluated", "unasked", "nowhere.json", 2},

		{"inconclusive", "untold", "", 3},
		{"inconclusive beside a pass", "passes untold", "", 3},
		{"a policy's error", "passes errs", "", 3},
		{"a policy's error whatever inconclusive means", "passes errs", "--inconclusive ignore", 3},
		{"required evidence that nobody asked for", "passes unasked", "--require machines", 3},
		{"inconclusive may not be emptied away", "untold", "--allow-empty", 3},

		{"nothing was evaluated", "unasked", "", 4},
		{"no policy", "", "", 4},
		{"nothing but what is ignored", "untold", "--inconclusive ignore", 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if strings.Contains(tt.flags, "/dev/full") {
				if _, err := os.Stat("/dev/full"); err != nil {
					t.Skip("there is no /dev/full here")
				}
			}
			args := []string{"eval", "--no-builtin", document}
			for name := range strings.FieldsSeq(tt.policies) {
				args = append(args, "-p", writeFile(t, name+".rego", "package "+name+"\n\n"+judged[name]+"\n"))
			}
			code, stdout, stderr := command(t, time.Now(), append(args, strings.Fields(tt.flags)...)...)
			if code != tt.want {
				t.Errorf("exit code %d, want %d\n%s%s", code, tt.want, stdout, stderr)
			}
			if code == exitUsage && stdout != "" {
				t.Errorf("wrong use wrote to standard output:\n%s", stdout)
			}
		})
	}
}

// silentRegistry accepts connections and says nothing; each accepted one is told.
func silentRegistry(t *testing.T) (address string, accepted <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan struct{}, 64)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			select {
			case told <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-ended
	})
	return listener.Addr().String(), told
}

// TestInterrupt sends the signal of ^C while a registry keeps the program
// waiting: what was gathered is written, and the exit code is 130.
func TestInterrupt(t *testing.T) {
	source, err := filepath.Abs(filepath.Join(fixturesDir, "secret-encoded-once/source"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"collect", "eval"} {
		t.Run(name, func(t *testing.T) {
			address, accepted := silentRegistry(t)
			args := []string{name, source, "--registry", address, "--probe-timeout", "1m"}
			if name == "eval" {
				args = append(args, "-o", "json")
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := exec.CommandContext(ctx, "regpolicy", args...)
			dir := t.TempDir()
			var stdout, stderr strings.Builder
			c.Dir, c.Stdout, c.Stderr = dir, &stdout, &stderr
			c.Env = []string{"HOME=" + dir}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-accepted:
			case <-ctx.Done():
				t.Fatal("the registry was never dialled")
			}
			began := time.Now()
			if err := c.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			code := exitCode(c.Wait())
			if code != exitInterrupted {
				t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, stderr.String())
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s to end", took)
			}
			if !strings.Contains(stderr.String(), "error: interrupted; ") {
				t.Errorf("stderr does not tell: %s", stderr.String())
			}
			var coverage map[string]evidence.Coverage
			if name == "collect" {
				doc, err := evidence.Decode([]byte(stdout.String()))
				if err != nil {
					t.Fatal(err)
				}
				coverage = doc.Coverage
				if len(doc.Pods) == 0 || len(doc.Nodes) == 0 {
					t.Errorf("%d pods and %d nodes were kept, want those of the source", len(doc.Pods), len(doc.Nodes))
				}
			} else {
				var rep report.Report
				if err := json.Unmarshal([]byte(stdout.String()), &rep); err != nil {
					t.Fatal(err)
				}
				coverage = rep.Coverage
			}
			gaps := coverage[evidence.Handshakes].Gaps
			if len(gaps) != 1 || gaps[0].Reason != "cancelled" {
				t.Errorf("gaps %+v, want one that says cancelled", gaps)
			}
		})
	}
}

// TestInterruptWhileReading ends a wait for standard input.
func TestInterruptWhileReading(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "regpolicy", "eval", "-", "--color", "never")
	var stderr strings.Builder
	c.Dir, c.Stderr, c.Env = t.TempDir(), &stderr, []string{}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(500*time.Millisecond, func() { c.Process.Signal(syscall.SIGINT) }) //nolint:errcheck // it may be over
	if line, err := bufio.NewReader(out).ReadString('\n'); err == nil {
		t.Errorf("it printed %q", line)
	}
	if code := exitCode(c.Wait()); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if got := stderr.String(); got != "error: interrupted\n" {
		t.Errorf("stderr is %q", got)
	}
}

// TestTimeoutWhileReading: --timeout is the time limit of all, reading included.
func TestTimeoutWhileReading(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "regpolicy", "eval", "-", "--timeout", "300ms")
	var stderr strings.Builder
	c.Dir, c.Stderr, c.Env = t.TempDir(), &stderr, []string{}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(c.Wait()); code != exitUsage {
		t.Errorf("exit code %d, want %d", code, exitUsage)
	}
	if got := stderr.String(); !strings.Contains(got, "--timeout is 300ms") || !strings.Contains(got, "hint: ") {
		t.Errorf("stderr is %q", got)
	}
}
