package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// repository is the folder in which docs and deploy are.
func (l *lab) repository() string { return filepath.Dir(filepath.Dir(l.rbac)) }

// shell runs a script in a folder as the cluster's administrator, with kubectl.
func (l *lab) shell(ctx context.Context, dir, script string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 6*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=/run/e2e/admin", "PATH=" + l.bin + ":" + os.Getenv("PATH"), "KUBECONFIG=" + filepath.Join(clusterDir, "admin.conf")}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	l.log([]string{"(shell)", script}, stderr.Bytes(), stdout.Bytes())
	if err != nil {
		return stdout.String(), fmt.Errorf("running %q: %w: %s", script, err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// kubectlApply applies objects, as another writer than regpolicy.
func (l *lab) kubectlApply(ctx context.Context, more string, objects ...object) error {
	list, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		return err
	}
	_, err = l.shell(ctx, "/", "kubectl apply "+more+" -f - <<'END'\n"+string(list)+"\nEND\n")
	return err
}

// followPage does what a page says, word for word: writes the files behind
// <!-- file NAME -->, and runs the blocks behind <!-- run -->.
func (l *lab) followPage(ctx context.Context, page, dir string) (printed string, err error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return "", err
	}
	ran := 0
	var out strings.Builder
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		directive, ok := strings.CutPrefix(lines[i], "<!-- ")
		if !ok {
			continue
		}
		var block []string
		for i += 2; i < len(lines) && lines[i] != "```"; i++ {
			block = append(block, lines[i])
		}
		content := strings.Join(block, "\n") + "\n"
		verb, name, _ := strings.Cut(strings.TrimSuffix(directive, " -->"), " ")
		switch verb {
		case "file":
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return "", err
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				return "", err
			}
		case "run":
			said, err := l.shell(ctx, dir, content)
			if err != nil {
				return "", err
			}
			out.WriteString(said)
			ran++
		}
	}
	l.tally.check("blocks of "+filepath.Base(page)+" that were run", ran > 0, true)
	return out.String(), nil
}
