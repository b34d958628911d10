package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/supervisor"
)

// checkAllClusters refuses what names one cluster beside --all-clusters, and what
// does nothing without it.
func (f *sourceFlags) checkAllClusters() error {
	if !f.allClusters {
		switch {
		case f.sshFromSupervisor:
			return usage("add --all-clusters, or give the key with --ssh-key", "--ssh-from-supervisor is for --all-clusters")
		case f.clusterTimeout > 0:
			return usage("--timeout bounds the whole run", "--cluster-timeout is for --all-clusters")
		}
		return nil
	}
	if f.supervisorContext == "" {
		return usage("name its context with --supervisor-context", "--all-clusters needs a Supervisor, which names them")
	}
	one := f.namesOne(func(flag *pflag.Flag) bool { return flag.Changed }, "namespace", "request-timeout")
	switch {
	case f.agent.deployed:
		one = "agent"
	case f.agent.image != "":
		one = "agent-image"
	case f.agent.fromNode != "":
		one = "image-from-node"
	}
	if one != "" {
		return usage("give one of the two", "--all-clusters and --%s exclude each other: that one is about a single cluster", one)
	}
	return nil
}

// namesOne is a flag that is about a single cluster and is set; those of kubectl that
// may hold for several are let pass.
func (f *sourceFlags) namesOne(isSet func(*pflag.Flag) bool, several ...string) string {
	var one string
	look := func(flag *pflag.Flag) {
		if isSet(flag) && !slices.Contains(several, flag.Name) {
			one = flag.Name
		}
	}
	f.kubectl.VisitAll(look)
	for _, name := range []string{"cluster", "node", "host-root"} {
		look(f.flags.Lookup(name))
	}
	return one
}

// eachCluster gathers the documents of a Supervisor's clusters. take gets each as it
// is complete.
func eachCluster(ctx context.Context, e *environment, f *sourceFlags, args []string, take func(engine.Input) error) error {
	if len(args) > 0 {
		return usage("evaluate saved documents in a run of their own", "--all-clusters reads live clusters, not %q", args[0])
	}
	each, err := f.config(e)
	if err != nil {
		return err
	}
	each.Probe = !f.noProbe
	api, err := f.connectSupervisor()
	if err != nil {
		return err
	}
	defer api.Close()
	timeout, err := clientcmd.ParseTimeout(f.overrides.Timeout)
	if err != nil {
		return usage("a duration such as 30s", "--request-timeout: %w", err)
	}
	progress := newProgress(e)
	defer progress.close()
	cfg := supervisor.Config{
		Each: each, API: api, Name: f.supervisorContext, Jobs: f.jobs, Timeout: f.clusterTimeout,
		Clusters: kube.Options{Namespace: f.overrides.Context.Namespace, Timeout: timeout, Source: clusterSourceName},
		Progress: func(done, total int) { progress.update("clusters", done, total) },
	}
	if f.allNamespaces {
		cfg.Clusters.Namespace = ""
	}
	if f.asksForSSH() {
		// Also where the keys come from the Supervisor: known_hosts and all that the
		// flags name is wrong now or never.
		pool, err := f.sshPool(e)
		if err != nil {
			return err
		}
		defer pool.Close()
		cfg.Each.SSH = pool
	}
	if f.sshFromSupervisor {
		cfg.Login = func(key remote.Key) (*remote.Pool, error) {
			with := f.sshConfig(e)
			with.Keys = []remote.Key{key}
			return remote.NewPool(with)
		}
	}
	return supervisor.Run(ctx, cfg, func(doc *evidence.Document) error {
		f.tellSilent(e, doc)
		encoded, err := evidence.Encode(doc)
		if err != nil {
			return &exitError{code: exitUsage, err: fmt.Errorf("cluster %q: %w", doc.Cluster, err), hint: "this is a fault of regpolicy: please report what kind of cluster it was"}
		}
		return take(engine.Input{URI: "live/" + doc.Cluster, Bytes: encoded, Document: doc})
	})
}

// tellSilent says that the Supervisor did not tell its clusters: there is one document
// then, which is called after it.
func (f *sourceFlags) tellSilent(e *environment, doc *evidence.Document) {
	gaps := doc.Coverage[evidence.Pods].Gaps
	if doc.Cluster != f.supervisorContext || len(gaps) == 0 {
		return
	}
	hint := "is there a way to its API server from here, and is the context's address right?"
	switch gaps[0].Reason {
	case "auth_failed":
		hint = "log in again, for example with `kubectl vsphere login`"
	case "forbidden":
		hint = "name a namespace whose clusters you may list with --supervisor-namespace; docs/rbac.yaml has the rights"
	}
	e.warn(fmt.Sprintf("the Supervisor %q does not tell its clusters: %s: %s", f.supervisorContext, gaps[0].Reason, gaps[0].Detail), hint)
}

// gatherClusters are the documents of all clusters, sorted by their names. There may
// be none.
func gatherClusters(ctx context.Context, e *environment, f *sourceFlags, args []string) ([]engine.Input, error) {
	var inputs []engine.Input
	err := eachCluster(ctx, e, f, args, func(in engine.Input) error {
		inputs = append(inputs, in)
		return nil
	})
	if errors.Is(err, supervisor.ErrNone) {
		e.warn(noCluster(f), "")
		return nil, nil
	}
	slices.SortFunc(inputs, func(a, b engine.Input) int { return strings.Compare(a.URI, b.URI) })
	return inputs, err
}

func noCluster(f *sourceFlags) string {
	where := ""
	if f.supervisorNamespace != "" {
		where = fmt.Sprintf(" in namespace %q", f.supervisorNamespace)
	}
	return fmt.Sprintf("the Supervisor %q has no Cluster and no TanzuKubernetesCluster%s", f.supervisorContext, where)
}

// collectClusters writes a document for each cluster into a folder.
func collectClusters(ctx context.Context, e *environment, f *sourceFlags, dir string, args []string) error {
	if !isFolder(dir) && !strings.HasSuffix(dir, "/") {
		return usage("-o DIR/ takes them", "--all-clusters writes a document for each cluster, and --output %q is no folder", dir)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return usage("name a folder that can be made", "making the folder %q: %w", dir, pathless(err))
	}
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	written := 0
	err := eachCluster(limited, e, f, args, func(in engine.Input) error {
		nameGaps(e, in.Document, in.Document.Cluster+": ")
		written++
		return deliver(e, filepath.Join(dir, documentFile(in.Document.Cluster)), in.Bytes)
	})
	if errors.Is(err, supervisor.ErrNone) {
		return &exitError{code: exitNothing, err: errors.New(noCluster(f)), hint: "is this the Supervisor's context, and the right namespace?"}
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stderr, oneLine(fmt.Sprintf("documents written to %s: %d", dir, written)))
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted, err: errors.New("interrupted; the documents hold what was gathered so far")}
	}
	return nil
}

// documentFile is the name of a cluster's document: NAMESPACE_NAME.json. Neither
// part has a `_`, so that no two are the same.
func documentFile(cluster string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", r) {
			return r
		}
		return '_'
	}, cluster) + ".json"
}
