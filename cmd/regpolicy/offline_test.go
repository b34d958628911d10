package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// bundlesDir holds bundles that the real tools made, see the README there.
const bundlesDir = "../../collectors/source/testdata/bundles"

func bundlePath(t *testing.T, name string) string {
	t.Helper()
	full, err := filepath.Abs(filepath.Join(bundlesDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return full
}

// TestBundlesAreJudged holds what comes of each: the failures, and what is not
// judged for want of evidence.
func TestBundlesAreJudged(t *testing.T) {
	pulls := []string{"RT-EVT-001", "RT-EVT-002", "RT-EVT-009", "RT-EVT-010"}
	nodes := []string{"RT-NOD-002", "RT-NOD-003", "RT-NOD-006", "RT-XEV-001"}
	for _, test := range []struct {
		name         string
		code         int
		fail         []string
		inconclusive []string // areas
		skipped      []string // areas of which nothing is judged
	}{
		{"troubleshoot.tar.gz", exitFailed, slices.Concat([]string{"RT-CFG-001"}, pulls), nil, []string{"NOD", "TLS"}},
		{"troubleshoot-limited.tar.gz", exitFailed, []string{"RT-EVT-001", "RT-EVT-002", "RT-EVT-008", "RT-EVT-010"}, []string{"CFG", "EVT"}, []string{"NOD", "TLS"}},
		{"must-gather.tar.gz", exitFailed, pulls, nil, []string{"NOD", "TLS"}},
		{"must-gather-healthy.tar.gz", exitOK, nil, nil, []string{"NOD", "TLS"}},
		{"cluster-info-dump.tar.gz", exitFailed, pulls, nil, []string{"NOD", "TLS"}},
		{"cluster-info-dump-yaml.tar.gz", exitFailed, pulls, nil, []string{"NOD", "TLS"}},
		{"dump.txt.gz", exitFailed, pulls, nil, []string{"NOD", "TLS"}},
		{"dump-default.txt.gz", exitOK, nil, nil, []string{"NOD", "TLS"}},
		{"crash-diagnostics.tar.gz", exitFailed, slices.Concat([]string{"RT-CFG-001"}, pulls, nodes), []string{"CFG", "NOD", "XEV"}, []string{"TLS"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := regpolicy(t, "eval", bundlePath(t, test.name), "-o", "json")
			e.checkCalm(t)
			if e.code != test.code {
				t.Errorf("exit code %d, want %d\n%s", e.code, test.code, e.stderr)
			}
			var got report.Report
			if err := json.Unmarshal([]byte(e.stdout), &got); err != nil {
				t.Fatal(err)
			}
			failed, areas, judged := map[string]bool{}, map[string]bool{}, map[string]bool{}
			for _, r := range got.Results {
				area := strings.Split(r.ID, "-")[1]
				switch r.Verdict {
				case report.Fail:
					failed[r.ID] = true
				case report.Inconclusive:
					areas[area] = true
				}
				if r.Verdict != report.Skip {
					judged[area] = true
				}
			}
			if diff := cmp.Diff(test.fail, slices.Sorted(maps.Keys(failed))); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.inconclusive, slices.Sorted(maps.Keys(areas))); diff != "" {
				t.Errorf("inconclusive areas (-want +got):\n%s", diff)
			}
			for _, area := range test.skipped {
				if judged[area] {
					t.Errorf("something of %s is judged", area)
				}
			}
		})
	}
}

// TestTheTableOfBundlesIsTrue holds the last row of the how-to's table.
func TestTheTableOfBundlesIsTrue(t *testing.T) {
	row := "| failures, policies judged (of %d) |"
	policies := 0
	for _, name := range []string{"troubleshoot", "must-gather", "cluster-info-dump", "crash-diagnostics"} {
		e := regpolicy(t, "eval", bundlePath(t, name+".tar.gz"), "-o", "json")
		var got report.Report
		if err := json.Unmarshal([]byte(e.stdout), &got); err != nil {
			t.Fatal(err)
		}
		policies = got.Run.Policies.Count
		failures, judged := 0, map[string]bool{}
		for _, r := range got.Results {
			switch r.Verdict {
			case report.Fail:
				failures++
				judged[r.ID] = true
			case report.Pass, report.Warn, report.Waived:
				judged[r.ID] = true
			}
		}
		row += fmt.Sprintf(" %d, %d |", failures, len(judged))
	}
	page, err := os.ReadFile("../../docs/offline.md")
	if err != nil {
		t.Fatal(err)
	}
	if row = fmt.Sprintf(row, policies); !strings.Contains(string(page), row) {
		t.Errorf("docs/offline.md lacks the row\n%s", row)
	}
}

func TestNothingSecretComesOutOfBundles(t *testing.T) {
	for _, name := range []string{"troubleshoot.tar.gz", "must-gather.tar.gz", "crash-diagnostics.tar.gz"} {
		e := regpolicy(t, "collect", bundlePath(t, name))
		if e.code != exitOK || evidence.Scan([]byte(e.stdout)) != nil || strings.Contains(e.stdout, "bytes long") {
			t.Errorf("%s: exit code %d\n%s", name, e.code, e.stderr)
		}
	}
}

func TestFlagsThatNarrowNothingAreRefused(t *testing.T) {
	document := documentWith(t)
	regpolicy(t, "eval", bundlePath(t, "must-gather.tar.gz"), "-n", "shop").checkComplaint(t, exitUsage, "--namespace narrows a live cluster")
	regpolicy(t, "eval", document, "--namespace", "shop").checkComplaint(t, exitUsage, "--namespace narrows a live cluster")
	regpolicy(t, "eval", document, "--cluster", "prod").checkComplaint(t, exitUsage, "--cluster has no effect on the saved document", document)
	e := regpolicy(t, "eval", fixturesDir+"/manifests-only/source", "--cluster", "test-gc-e2e-demo")
	if strings.Contains(e.stderr, "has no effect") {
		t.Errorf("manifests are narrowed by --cluster: %s", e.stderr)
	}
}

func TestWhatIsNotJoinedOrNotKnownIsTold(t *testing.T) {
	document := documentWith(t)
	e := regpolicy(t, "eval", document, "--registry", "127.0.0.1:1", "--probe-timeout", "1s", "--inconclusive", "ignore")
	if !strings.Contains(e.stderr, "is not joined with") || !strings.Contains(e.stderr, document) {
		t.Errorf("stderr: %s", e.stderr)
	}
	e = regpolicy(t, "eval", bundlePath(t, "cluster-info-dump.tar.gz"))
	if !strings.Contains(e.stderr, `does not say when it was made: by the times of its files that was 2026-11-26T00:32:47Z`) {
		t.Errorf("stderr: %s", e.stderr)
	}
	e = regpolicy(t, "eval", bundlePath(t, "dump-default.txt.gz"))
	if !strings.Contains(e.stderr, "--all-namespaces") {
		t.Errorf("stderr: %s", e.stderr)
	}
}
