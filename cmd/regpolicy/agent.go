package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/agent"
)

func newAgent(e *environment) *cobra.Command {
	c := &cobra.Command{
		Use: "agent", Short: "Read the node that this runs on: what the pods of deploy/agent do",
		Long: "agent runs in a pod on a node, opens no port and writes nothing but its own log, where `regpolicy collect\n" +
			"--agent` finds what it read. docs/agent.md shows how it is deployed.",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Sprintf("`%s --help` lists the commands", c.CommandPath()), "there is no command %q", "agent "+args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newAgentNode(e))
	return c
}

// agentFlags say what an agent reads, and how often.
type agentFlags struct {
	root, node string
	once       bool
	interval   time.Duration
	timeout    time.Duration
	src        sourceFlags
}

func newAgentNode(e *environment) *cobra.Command {
	var f agentFlags
	c := &cobra.Command{
		Use: "node", Short: "Write what a node trusts to standard output, as one frame, and wait",
		Long: "node reads the node whose root is mounted at --root, as a login over SSH would, makes a handshake with each\n" +
			"--registry, and writes one frame to standard output. Then it waits for a signal, so that a DaemonSet is\n" +
			"content; with --interval it looks again, with --once it ends.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return runAgentNode(c.Context(), e, &f)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.root, "root", "/host", "where the node's root is mounted, read-only")
	flags.StringVar(&f.node, "node", "", "the node's name, as the API has it (default: $NODE_NAME)")
	flags.BoolVar(&f.once, "once", false, "end after one frame, as a Job must")
	flags.DurationVar(&f.interval, "interval", 0, "look again after this time, and write another frame (default: never)")
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "time limit of one look")
	flags.StringArrayVar(&f.src.registries, "registry", nil, "probe this registry from the node, HOST[:PORT] (repeatable)")
	flags.StringArrayVar(&f.src.connectTo, "connect-to", nil, "HOST:PORT:HOST:PORT: keep the first as name and SNI, dial the second (repeatable)")
	flags.DurationVar(&f.src.probeTimeout, "probe-timeout", 10*time.Second, "time limit of one handshake")
	return c
}

func runAgentNode(ctx context.Context, e *environment, f *agentFlags) error {
	cfg, err := f.config(e)
	if err != nil {
		return err
	}
	for {
		if err := writeFrame(ctx, e, cfg, f.timeout); err != nil {
			return err
		}
		if f.once {
			return nil
		}
		var again <-chan time.Time // never
		if f.interval > 0 {
			again = e.after(f.interval)
		}
		select {
		case <-ctx.Done(): // how it is told to end
			return nil
		case <-again:
		}
	}
}

func writeFrame(ctx context.Context, e *environment, cfg collectors.AgentConfig, limit time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	frame, err := collectors.ReadOwnNode(limited, cfg)
	if err != nil {
		if ctx.Err() == nil && limited.Err() != nil {
			return usage("give more with --timeout", "%w; --timeout is %s", err, limit)
		}
		return err
	}
	return agent.Write(e.stdout, frame)
}

func (f *agentFlags) config(e *environment) (collectors.AgentConfig, error) {
	cfg := collectors.AgentConfig{
		Tool: evidence.Tool{Name: "regpolicy", Version: toolVersion()}, Now: e.now, ProbeTimeout: f.src.probeTimeout,
	}
	node := cmp.Or(f.node, e.getenv("NODE_NAME"))
	switch {
	case node == "":
		return cfg, usage("set NODE_NAME from the field spec.nodeName, or give --node", "the node's name is not known")
	case len(validation.IsDNS1123Subdomain(node)) > 0:
		return cfg, usage("the name that `kubectl get nodes` shows: lower-case letters, digits, - and .", "the node's name %q is no name of a node", node)
	case f.timeout <= 0:
		return cfg, usage("a duration such as 1m", "--timeout %s is no time", f.timeout)
	case f.src.probeTimeout <= 0:
		return cfg, usage("a duration such as 10s", "--probe-timeout %s is no time", f.src.probeTimeout)
	case f.interval < 0, f.interval > 0 && f.interval < time.Second:
		return cfg, usage("a second or more, such as 15m", "--interval %s is too short", f.interval)
	case f.once && f.interval > 0:
		return cfg, usage("give one of the two", "--once and --interval exclude each other")
	}
	root, err := mountedRoot(node, f.root)
	if err != nil {
		return cfg, usage("mount the node's root there, read-only", "--root %q: %w", f.root, err)
	}
	// Of a part of the root, what lies outside of it would look as if it were not there.
	for _, folder := range []string{"etc", "proc", "usr", "var"} {
		if _, err := fs.Stat(root.FS, folder); err != nil {
			return cfg, usage("mount the node's root there as a whole, read-only", "--root %q is no node's root: it has no folder %q", f.root, folder)
		}
	}
	cfg.Root = root
	if cfg.Registries, err = f.src.targets(); err != nil {
		return cfg, err
	}
	cfg.ConnectTo, err = f.src.connections()
	return cfg, err
}
