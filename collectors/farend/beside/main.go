//go:build linux

// Beside runs `regpolicy collect` beside what people type instead, against servers
// inside this process, and prints what each costs: `kubectl get -o json`, an ssh loop
// and an openssl s_client loop. test/peers/collect builds what it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/regpolicy/regpolicy/collectors/farend"
)

// settings are what is run, and how large.
type settings struct {
	regpolicy, kubectl string
	cluster            farend.Sizes
	nodes, registries  int
	roundTrip, limit   time.Duration
	only               string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, time.Now) //nolint:forbidigo // this is a main
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "beside:", err)
		os.Exit(1) //nolint:forbidigo // as above
	}
}

func run(ctx context.Context, args []string, out io.Writer, clock func() time.Time) error {
	var s settings
	flags := flag.NewFlagSet("beside", flag.ContinueOnError)
	flags.StringVar(&s.regpolicy, "regpolicy", "bin/regpolicy", "the program")
	flags.StringVar(&s.kubectl, "kubectl", "kubectl", "the program that it is compared with for clusters")
	flags.IntVar(&s.cluster.Pods, "pods", 10_000, "pods of the cluster; events and nodes are in proportion")
	flags.IntVar(&s.nodes, "nodes", 200, "nodes read over SSH")
	flags.IntVar(&s.registries, "registries", 100, "registries probed")
	flags.DurationVar(&s.roundTrip, "round-trip", 50*time.Millisecond, "how far nodes and registries are away")
	flags.DurationVar(&s.limit, "limit", 10*time.Minute, "time limit of one command")
	flags.StringVar(&s.only, "only", "", "cluster, nodes or registries: that part alone")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s.cluster.Events, s.cluster.Nodes = s.cluster.Pods*2/5, max(s.cluster.Pods/30, 1)
	work, err := os.MkdirTemp("", "beside")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b := &bench{settings: s, work: work, out: out, clock: clock}
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{{"cluster", b.clusterPart}, {"nodes", b.nodesPart}, {"registries", b.registriesPart}} {
		if s.only != "" && s.only != part.name {
			continue
		}
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("comparing %s: %w", part.name, err)
		}
	}
	return nil
}
