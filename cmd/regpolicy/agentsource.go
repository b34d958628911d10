package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/pflag"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/settings"
	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/source/agent"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

// agentSourceFlags say how nodes are read through pods on them.
type agentSourceFlags struct {
	deployed            bool
	image, fromNode     string
	namespace, selector string
	timeout             time.Duration
	flags               *pflag.FlagSet
}

func (f *agentSourceFlags) bind(flags *pflag.FlagSet) {
	f.flags = flags
	flags.BoolVar(&f.deployed, "agent", false, "read all nodes by the logs of the agent that deploy/agent has put there")
	flags.StringVar(&f.image, "agent-image", "", "read all nodes by a pod on each, made of this image of regpolicy and deleted afterwards")
	flags.StringVar(&f.fromNode, "image-from-node", "", "the same with a script, in an image that has sh and that each node has already; * stands for anything")
	flags.StringVar(&f.namespace, "agent-namespace", agent.DefaultNamespace, "namespace of the agent's pods")
	flags.StringVar(&f.selector, "agent-selector", agent.DefaultSelector, "labels of the pods that --agent reads")
	flags.DurationVar(&f.timeout, "agent-timeout", agent.DefaultTimeout, "time limit of one node's pod")
}

// asked tells whether nodes are read through pods.
func (f *agentSourceFlags) asked() bool { return f.deployed || f.image != "" || f.fromNode != "" }

func (f *agentSourceFlags) check(src *sourceFlags) error {
	ways := 0
	for _, asked := range []bool{f.deployed, f.image != "", f.fromNode != "", src.ssh || src.sshFromSupervisor} {
		if asked {
			ways++
		}
	}
	switch {
	case ways > 1:
		return usage("nodes are read in one way", "--ssh, --agent, --agent-image and --image-from-node exclude each other")
	case f.asked() && src.allClusters:
		return usage("name one cluster with --context", "nodes of --all-clusters cannot be read through an agent")
	case f.timeout <= 0:
		return usage("a duration such as 1m", "--agent-timeout %s is no time", f.timeout)
	}
	if err := f.checkNeeded(); err != nil {
		return err
	}
	for _, flag := range []struct {
		name, value, hint string
		check             func(string) error
	}{
		{"agent-namespace", f.namespace, "deploy/agent has " + agent.DefaultNamespace, agent.CheckNamespace},
		{"agent-selector", f.selector, "KEY=VALUE, several with commas", agent.CheckSelector},
		{"agent-image", cmp.Or(f.image, "none"), "HOST/REPOSITORY:TAG", agent.CheckImage},
		{"image-from-node", cmp.Or(f.fromNode, "none"), "HOST/REPOSITORY:TAG, or a part of it such as '*busybox*'", agent.CheckPattern},
	} {
		if err := flag.check(flag.value); err != nil {
			return usage(flag.hint, "--%s: %w", flag.name, err)
		}
	}
	return nil
}

// checkNeeded refuses what says how to reach an agent where none is asked for: the
// nodes would not be read, and nobody would learn why.
func (f *agentSourceFlags) checkNeeded() error {
	if f.asked() {
		return nil
	}
	for _, name := range []string{"agent-namespace", "agent-selector", "agent-timeout"} {
		if settings.IsGiven(f.flags.Lookup(name)) {
			return usage("add --agent, --agent-image or --image-from-node", "--%s has no effect: no node is read through an agent", name)
		}
	}
	return nil
}

// source is what the collectors want to know. Only a live cluster has pods.
func (f *agentSourceFlags) source(e *environment, src *sourceFlags, c *kube.Cluster) *collectors.AgentSource {
	return &collectors.AgentSource{
		Cluster: c, Image: f.image, FromNode: f.fromNode, WantProbes: src.vantage == "nodes" || src.vantage == "both",
		Options: agent.Options{
			Namespace: f.namespace, Selector: f.selector, Jobs: src.jobs, Timeout: f.timeout, Now: e.now, Sleep: sleepFor(e),
			Warn: e.warn,
		},
	}
}

// sleepFor waits by the program's clock, until the context ends.
func sleepFor(e *environment) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		select {
		case <-e.after(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
