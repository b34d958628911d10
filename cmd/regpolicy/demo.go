package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/demo"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/fixtures"
)

func newDemo(e *environment) *cobra.Command {
	var list bool
	var verdict verdictFlags
	c := &cobra.Command{
		Use:   "demo [STORY]",
		Short: "Do the whole job on an embedded cluster",
		Long: "demo starts a story's cluster inside the program, on loopback: an API server, an SSH server per node and\n" +
			"the registries. The real collectors then work over the real protocols, and the report is printed.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("`regpolicy demo --list` names the stories", "demo tells one story, got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			if list {
				return listStories(e)
			}
			return runDemo(c.Context(), e, &verdict, append(args, demo.Default)[0])
		},
	}
	c.Flags().BoolVar(&list, "list", false, "name the stories")
	verdict.bind(c)
	return c
}

func listStories(e *environment) error {
	stories, err := demo.List(fixtures.FS)
	if err != nil {
		return err
	}
	width := 0
	for _, s := range stories {
		width = max(width, len(s.Name))
	}
	var out strings.Builder
	for _, s := range stories {
		fmt.Fprintf(&out, "%-*s  %s\n", width, s.Name, s.Title)
	}
	return deliver(e, "", []byte(out.String()))
}

func runDemo(ctx context.Context, e *environment, verdict *verdictFlags, name string) error {
	outputs, err := verdict.check()
	if err != nil {
		return err
	}
	speech, err := verdict.speech.open(e)
	if err != nil {
		return err
	}
	story, err := demo.Load(fixtures.FS, name)
	if err != nil {
		return usage("`regpolicy demo --list` names the stories", "no story is called %q", name)
	}
	library, err := (&policyFlags{}).load(ctx)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	doc, err := tell(limited, e, story)
	if err != nil {
		return err
	}
	encoded, err := evidence.Encode(doc)
	if err != nil {
		return err
	}
	rep, err := library.Judge(limited, []engine.Input{{URI: "demo/" + story.Name, Bytes: encoded, Document: doc}}, engine.Options{ToolVersion: toolVersion()})
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "story %s: %s\n", story.Name, oneLine(story.Happened))
	if err := write(e, outputs, rep, verdict.text(e), speech); err != nil {
		return err
	}
	return verdict.exit(rep)
}

// tell collects from a story's embedded cluster.
func tell(ctx context.Context, e *environment, story *demo.Story) (*evidence.Document, error) {
	cluster, err := demo.Start(ctx, fixtures.FS, story)
	if err != nil {
		return nil, err
	}
	defer cluster.Stop()
	api, err := kube.Connect(&rest.Config{Host: cluster.APIServer}, kube.Options{Source: clusterSourceName})
	if err != nil {
		return nil, err
	}
	defer api.Close()
	progress := newProgress(e)
	defer progress.close()
	cfg := collectors.Config{
		Tool: evidence.Tool{Name: "regpolicy", Version: toolVersion()},
		// The story's clock, so that every run tells the same.
		Now:     func() time.Time { return story.At },
		Cluster: api, ClusterName: cluster.Name, Probe: true, FromCollector: true, FromNodes: story.SSH,
		ConnectTo: cluster.ConnectTo, ProbeTimeout: 10 * time.Second, Progress: progress.update,
	}
	if story.SSH {
		pool, err := remote.NewPool(remote.Config{
			User: demo.User, KeyFiles: []string{cluster.KeyFile}, KnownHosts: []string{cluster.KnownHosts},
		})
		if err != nil {
			return nil, err
		}
		defer pool.Close()
		cfg.SSH = pool
		cfg.SSHInfo = evidence.Access{Method: "ssh", HostKeyPolicy: remote.PolicyStrict}
		for _, name := range slices.Sorted(maps.Keys(cluster.Nodes)) {
			cfg.Nodes = append(cfg.Nodes, collectors.Node{Name: name, Address: cluster.Nodes[name]})
		}
	}
	return collectors.Run(ctx, cfg), nil
}
