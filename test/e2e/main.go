// Command e2e runs regpolicy against a real cluster of one node, its registries
// and its SSH servers, and holds what it says against cases.txt. The script run
// starts it, in namespaces of its own that the script inside has prepared.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Where things are in the namespaces that inside prepared.
const (
	stateDir    = "/etc/kubernetes/e2e" // certificates, keys and kubeconfigs
	nodeName    = "worker-a"
	nodeAddress = "10.99.0.10"
)

// lab is the running cluster and what is known of it.
type lab struct {
	bin, logs, cgroup, rbac string

	admin      *client
	containerd *process
	knownHosts string // path of the known_hosts file
	loginKey   string // path of the private key that may log in to the nodes
	reader     string // kubeconfig that may do what docs/rbac.yaml grants
	noEvents   string // kubeconfig that may do all of that but list events
	token      string // what the reader logs in with, and nobody is to see

	trust trustConfig // what the state of the trust secret configures

	only  []string // names of the stages that are wanted; none is all
	cases []testCase
	tally *tally
}

func main() {
	var l lab
	flag.StringVar(&l.bin, "bin", "", "folder with kube, registries, hello and regpolicy")
	flag.StringVar(&l.logs, "logs", "", "folder for the parts' logs")
	flag.StringVar(&l.cgroup, "cgroup", "", "cgroup for the pods")
	flag.StringVar(&l.rbac, "rbac", "", "the manifests that say what regpolicy may do")
	flag.Parse()
	l.only = flag.Args()
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Minute)
	defer cancel()
	l.tally = newTally(os.Stdout, time.Now())
	if err := l.run(ctx); err != nil {
		l.tally.fail(err)
	}
	if l.tally.failed > 0 {
		l.showLogs()
	}
	l.tally.end()
	if l.tally.failed > 0 {
		os.Exit(1)
	}
}

func (l *lab) run(ctx context.Context) error {
	var err error
	if l.cases, err = readCases(); err != nil {
		return err
	}
	if err := os.MkdirAll(l.logs, 0o755); err != nil {
		return err
	}
	stages, err := l.stages(l.only)
	if err != nil {
		return err
	}
	for _, s := range stages {
		l.tally.heading(s.title)
		if err := s.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
	}
	return nil
}

// showLogs prints the end of every log, for a machine that nobody can look into.
func (l *lab) showLogs() {
	files, _ := filepath.Glob(filepath.Join(l.logs, "*.log")) // the pattern is sound
	if len(files) == 0 {
		return
	}
	out, err := exec.Command("tail", append([]string{"-n", "8"}, files...)...).Output()
	if err == nil {
		fmt.Printf("\n%s\n", out)
	}
}
