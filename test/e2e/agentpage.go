package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// followAgentPage does what docs/agent.md says, in its order: `regpolicy` as it stands
// there, `kubectl apply -k` and `rollout status` by the API.
func (l *lab) followAgentPage(ctx context.Context) error {
	page, err := os.ReadFile(filepath.Join(filepath.Dir(l.rbac), "agent.md"))
	if err != nil {
		return err
	}
	home := "/run/e2e/home"
	ran := 0
	for _, part := range strings.Split(string(page), "```sh\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		if before, _, _ := strings.Cut(string(page), block); strings.HasSuffix(before, "-->\n```sh\n") {
			continue // it says why it is not run
		}
		for line := range strings.Lines(block) {
			line = strings.TrimSpace(line)
			switch line {
			case "kubectl apply -f docs/rbac.yaml": // is done for all stages
			case "kubectl apply -k deploy/agent":
				err = l.apply(ctx, "agent.yaml", imageOnNode)
			case "kubectl apply -k deploy/agent/once":
				err = l.apply(ctx, "agent-once.yaml", nil)
			case "kubectl -n regpolicy-agent rollout status daemonset/regpolicy-agent":
				_, err = l.awaitAgent(ctx)
			default:
				want := 0
				if strings.HasPrefix(line, "regpolicy eval") {
					want = 1
				}
				command := strings.ReplaceAll(line, "registry-that-works.example/regpolicy:1.0", agentImage)
				cmd := exec.CommandContext(ctx, "sh", "-c", command)
				cmd.Dir = home
				cmd.Env = []string{"HOME=" + home, "PATH=" + l.bin + ":" + os.Getenv("PATH"), "KUBECONFIG=" + l.reader}
				out, runErr := cmd.CombinedOutput()
				if exit := new(exec.ExitError); runErr != nil && !errors.As(runErr, &exit) {
					return runErr
				}
				l.log([]string{"(docs/agent.md)", line}, out)
				l.tally.check("docs/agent.md: "+line, cmd.ProcessState.ExitCode(), want, string(out[max(0, len(out)-1000):]))
				ran++
			}
			if err != nil {
				return err
			}
		}
	}
	l.tally.check("commands of docs/agent.md", ran, 4)
	return l.checkNoPods(ctx, "docs/agent.md")
}
