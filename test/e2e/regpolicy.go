package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// document is what is checked of an evidence document (regpolicy.evidence/v1). It
// is read as any other program would read it, without regpolicy's own types.
type document struct {
	Pods         map[string]struct{}    `json:"pods"`
	PullFailures map[string]pullFailure `json:"pull_failures"`
	Certificates map[string]struct {
		NotBefore time.Time `json:"not_before"`
		NotAfter  time.Time `json:"not_after"`
	} `json:"certificates"`
	Nodes     map[string]node     `json:"nodes"`
	Endpoints map[string]endpoint `json:"endpoints"`
	Coverage  map[string]coverage `json:"coverage"`
}

type pullFailure struct{ Cause, Stage, Host, Message string }

type node struct {
	Read       bool
	OSFamily   string `json:"os_family"`
	TrustStore string `json:"trust_store"`
	TrustFiles map[string]struct {
		Entry, Form, Status string
		ModifiedAt          time.Time `json:"modified_at"`
	} `json:"trust_files"`
	Runtime struct {
		Name, Version string
		StartedAt     time.Time `json:"started_at"`
	}
	RegistryConfig struct {
		Hosts map[string]struct {
			CAFiles    []string `json:"ca_files"`
			SkipVerify bool     `json:"skip_verify"`
		}
	} `json:"registry_config"`
	Access struct {
		User            string
		HostKeyPolicy   string `json:"host_key_policy"`
		HostKeyVerified bool   `json:"host_key_verified"`
	}
}

type endpoint struct {
	Probes map[string]struct {
		Failure *struct{ Cause string }
		Chain   string
		V2      *struct{ Status int }
	}
	Chains map[string]struct {
		Certificates []string
		Name         struct{ OK bool }
		Verdicts     map[string]struct {
			OK    bool
			Paths [][]string
		}
	}
}

type coverage struct {
	Requested                bool
	Asked, Answered, Skipped int
	Gaps                     []gap
}

type gap struct {
	Subject               map[string]string
	Field, Reason, Detail string
}

// report is what is checked of a report (regpolicy.report/v1).
type report struct {
	Coverage  map[string]coverage
	Diagnosis []struct{ ID, Remediation string }
	Results   []struct {
		ID, Verdict, Message string
		Subject              map[string]string
		Missing              []struct{ Reason string }
	}
}

// verdict is a policy's verdict on the one subject that has these fields, "none"
// where there is none.
func (r *report) verdict(id string, subject map[string]string) string {
	verdict := "none"
	for _, result := range r.Results {
		fits := result.ID == id
		for key, value := range subject {
			fits = fits && result.Subject[key] == value
		}
		switch {
		case !fits || result.Verdict == verdict:
		case verdict == "none":
			verdict = result.Verdict
		default:
			verdict += "," + result.Verdict
		}
	}
	return verdict
}

// failing are the names for which a policy fails, once each, registries without the
// zone and port that all of them have.
func (r *report) failing(id string) []string {
	names := map[string]bool{}
	for _, result := range r.Results {
		if result.ID == id && result.Verdict == "fail" {
			names[strings.TrimSuffix(result.Subject["name"], ".corp.example:443")] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// result is a run of regpolicy.
type result struct {
	exit   int
	stderr string
	took   time.Duration
}

// regpolicy runs the program as somebody with an empty home folder.
func (l *lab) regpolicy(ctx context.Context, args ...string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	const home = "/run/e2e/home"
	if err := os.MkdirAll(home, 0o755); err != nil {
		return result{}, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(l.bin, "regpolicy"), args...)
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	cmd.Dir = home
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	started := time.Now()
	err := cmd.Run()
	r := result{exit: cmd.ProcessState.ExitCode(), stderr: strings.TrimSpace(stderr.String()), took: time.Since(started)}
	l.log(args, stderr.Bytes(), stdout.Bytes())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return r, fmt.Errorf("running regpolicy: %w", err)
	}
	if strings.Contains(r.stderr, "goroutine ") {
		return r, fmt.Errorf("regpolicy %s panicked: %s", args[0], r.stderr)
	}
	return r, nil
}

func (l *lab) log(args []string, outputs ...[]byte) {
	l.logTo("regpolicy.log", append([]string{"regpolicy"}, args...), outputs...)
}

func (l *lab) logTo(name string, command []string, outputs ...[]byte) {
	log, err := os.OpenFile(filepath.Join(l.logs, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return // the log is for people only
	}
	defer log.Close()
	fmt.Fprintf(log, "\n$ %s\n%s\n", strings.Join(command, " "), bytes.Join(outputs, nil))
}

// collect runs `regpolicy collect` and reads its document, whose path is
// returned, too.
func (l *lab) collect(ctx context.Context, name string, args ...string) (*document, string, error) {
	path := filepath.Join(l.logs, name+"-document.json")
	r, err := l.regpolicy(ctx, append([]string{"collect", "-o", path}, args...)...)
	if err != nil {
		return nil, path, err
	}
	l.tally.check(name+": exit code of collect", r.exit, 0, r.stderr)
	var d document
	return &d, path, readJSON(path, &d)
}

// eval runs `regpolicy eval` and reads its report.
func (l *lab) eval(ctx context.Context, name string, exit int, args ...string) (*report, error) {
	path := filepath.Join(l.logs, name+"-report.json")
	r, err := l.regpolicy(ctx, append([]string{"eval", "-o", "text", "-o", "json=" + path}, args...)...)
	if err != nil {
		return nil, err
	}
	l.tally.check(name+": exit code of eval", r.exit, exit, r.stderr)
	var rep report
	return &rep, readJSON(path, &rep)
}

// checkSecrecy looks for the token in all that regpolicy wrote.
func (l *lab) checkSecrecy(context.Context) error {
	files, err := filepath.Glob(filepath.Join(l.logs, "*.json"))
	if err != nil {
		return err
	}
	files = append(files, filepath.Join(l.logs, "regpolicy.log"))
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if bytes.Contains(text, []byte(l.token)) {
			found = append(found, filepath.Base(file))
		}
	}
	l.tally.check("documents, reports and outputs searched", len(files) > 12, true)
	l.tally.check("those that hold the token", orNone(found), "none")
	return nil
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("reading %q: %w", path, err)
	}
	return nil
}
