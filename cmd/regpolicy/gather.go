package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

// gather reads saved documents and collects a new one from all other sources.
func gather(ctx context.Context, e *environment, f *sourceFlags, args []string) ([]engine.Input, error) {
	if f.allClusters {
		limited, cancel := context.WithTimeout(ctx, f.timeout)
		defer cancel()
		return gatherClusters(limited, e, f, args)
	}
	got, err := gatherOne(ctx, e, f, args)
	if err != nil || got.doc == nil {
		return got.saved, err
	}
	giveBack()
	encoded, err := evidence.Encode(got.doc)
	if err != nil {
		return nil, ourFault(err)
	}
	return append(got.saved, engine.Input{URI: got.uri, Bytes: encoded, Document: got.doc}), nil
}

func ourFault(err error) error {
	return &exitError{code: exitUsage, err: err, hint: "this is a fault of regpolicy: please report what kind of source it was"}
}

// gathered is what the sources hold: saved documents, and what was collected where
// there is more than those.
type gathered struct {
	saved []engine.Input
	doc   *evidence.Document
	uri   string // what doc was made from
}

func gatherOne(ctx context.Context, e *environment, f *sourceFlags, args []string) (gathered, error) {
	limited, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	var none gathered
	var in *source.Input
	if len(args) > 0 {
		var err error
		if in, err = f.open(limited, e, args); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return none, usage("give more with --timeout, or name less", "%w; --timeout is %s", err, f.timeout)
			}
			return none, err
		}
		defer in.Close() //nolint:errcheck // read only
		tellProblems(e, in.Problems)
		tellNotices(e, in.Notices)
		if err := f.checkNarrowing(in); err != nil {
			return none, err
		}
	}
	inputs, err := saved(in)
	if err != nil {
		return none, err
	}
	if keepsLittle(inputs) {
		e.heap.judgeLittle()
	}
	if in != nil && !in.HasCapture && !in.HasManifests && !f.asksForMore() {
		return gathered{saved: inputs}, nil
	}
	doc, err := collect(limited, e, f, in, len(args) > 0)
	if err != nil {
		return none, err
	}
	if err := checkCluster(f, doc); err != nil {
		return none, err
	}
	tellTimes(e, doc)
	if len(inputs) > 0 {
		tellNotices(e, []string{fmt.Sprintf("saved documents are judged as they are, each by itself: what is gathered now makes a document of its own and is not joined with %q", inputs[0].URI)})
	}
	return gathered{inputs, doc, origin(in)}, nil
}

// open opens files. What is only judged is not held as text where no policy reads it.
func (f *sourceFlags) open(ctx context.Context, e *environment, args []string) (*source.Input, error) {
	if f.judges == nil {
		return source.Open(ctx, args, e.stdin, source.DefaultLimits())
	}
	return source.OpenToJudge(ctx, args, e.stdin, source.DefaultLimits(), f.judges.Unread())
}

// origin names what a collected document was made from: the files, else "live".
func origin(in *source.Input) string {
	var uris []string
	if in != nil {
		for _, s := range in.Sources {
			uris = append(uris, s.URI)
		}
	}
	slices.Sort(uris)
	return cmp.Or(strings.Join(slices.Compact(uris), ", "), "live")
}

func saved(in *source.Input) ([]engine.Input, error) {
	if in == nil {
		return nil, nil
	}
	var inputs []engine.Input
	for _, d := range in.Documents {
		if d.Read != nil {
			inputs = append(inputs, engine.Input{URI: d.Name, Text: d.Text, Document: d.Read})
			continue
		}
		doc, err := evidence.Decode(d.Bytes)
		if err != nil {
			return nil, usage("write it anew with `regpolicy collect`", "%q: %w", d.Name, err)
		}
		// What regpolicy wrote holds no secret; what was changed since may, and a
		// report quotes its document.
		if err := evidence.Scan(d.Bytes); err != nil {
			return nil, usage("take it out, or write the document anew with `regpolicy collect`", "reading %q: %w", d.Name, secretIn(err))
		}
		inputs = append(inputs, engine.Input{URI: d.Name, Bytes: d.Bytes, Document: doc})
	}
	return inputs, nil
}

// keepsLittle tells whether less than half of large documents is kept for policies.
func keepsLittle(inputs []engine.Input) bool {
	whole, kept := 0, 0
	for i := range inputs {
		if text := inputs[i].Text; text != nil {
			whole += text.Size
			kept += text.Kept()
		}
	}
	return 2*kept < whole
}

// secretIn says where a document that is read, not written, holds a secret.
func secretIn(err error) error {
	if secret, ok := errors.AsType[*evidence.SecretError](err); ok {
		return errors.New(secret.Found())
	}
	return err
}

// collect runs the collectors over everything but saved documents.
func collect(ctx context.Context, e *environment, f *sourceFlags, in *source.Input, fromFiles bool) (*evidence.Document, error) {
	cfg, err := f.config(e)
	if err != nil {
		return nil, err
	}
	cfg.Input, cfg.OnlyCluster, cfg.ClusterName = in, f.cluster, cmp.Or(f.called, f.cluster)
	// With files nothing on the network is contacted unless asked for.
	cfg.Probe = f.probe || !fromFiles && !f.noProbe
	if err := f.connectClusters(e, &cfg, fromFiles); err != nil {
		return nil, err
	}
	disconnect, err := f.connectNodes(e, &cfg)
	if err != nil {
		return nil, err
	}
	defer disconnect()
	progress := newProgress(e)
	defer progress.close()
	cfg.Progress = progress.update
	return collectors.Run(ctx, cfg), nil
}

// config is what the flags tell the collectors, but for clusters and logins.
func (f *sourceFlags) config(e *environment) (collectors.Config, error) {
	cfg := collectors.Config{
		Tool: evidence.Tool{Name: "regpolicy", Version: toolVersion()},
		Now:  e.now, NoPEM: f.noPEM, ProbeTimeout: f.probeTimeout,
		AllNodes: f.ssh || f.sshFromSupervisor || f.agent.asked() && len(f.nodes) == 0,
		SSHInfo:  evidence.Access{Method: "ssh", HostKeyPolicy: f.hostKeyPolicy, Jump: f.sshJump},
		Proxy:    proxyOf(httpproxy.FromEnvironment().ProxyFunc()),
	}
	var err error
	if cfg.Registries, err = f.targets(); err != nil {
		return cfg, err
	}
	if cfg.ConnectTo, err = f.connections(); err != nil {
		return cfg, err
	}
	if cfg.Nodes, err = f.nodeTargets(); err != nil {
		return cfg, err
	}
	if cfg.HostRoots, err = f.mountedRoots(); err != nil {
		return cfg, err
	}
	vantage := cmp.Or(f.vantage, "collector")
	if f.vantage == "" && (f.asksForSSH() || f.agent.asked()) {
		vantage = "both"
	}
	cfg.FromCollector = vantage != "nodes"
	cfg.FromNodes = vantage != "collector"
	return cfg, nil
}

// connectNodes prepares the way to the nodes that the flags ask for: through an
// agent, or over SSH.
func (f *sourceFlags) connectNodes(e *environment, cfg *collectors.Config) (disconnect func(), err error) {
	if f.agent.asked() {
		cfg.Agent = f.agent.source(e, f, cfg.Cluster)
		return func() {}, nil
	}
	if !f.asksForSSH() {
		return func() {}, nil
	}
	pool, err := f.sshPool(e)
	if err != nil {
		return nil, err
	}
	cfg.SSH = pool
	return pool.Close, nil
}

// connectClusters connects to the live cluster and the Supervisor that the flags
// ask for. Without files and flags that is the current context.
func (f *sourceFlags) connectClusters(e *environment, cfg *collectors.Config, fromFiles bool) error {
	if !fromFiles || f.namesCluster() {
		// Named registries, nodes or roots can be looked at without any cluster.
		without := !f.namesCluster() && len(f.registries)+len(f.nodes)+len(f.hostRoots) > 0 && !f.hasKubeconfig(e)
		if !without {
			namespace := f.overrides.Context.Namespace
			if f.allNamespaces {
				namespace = ""
			}
			c, name, err := f.connect(f.overrides, namespace, clusterSourceName)
			if err != nil {
				return err
			}
			cfg.Cluster = c
			cfg.ClusterName = cmp.Or(f.called, f.cluster, name)
		}
	}
	if f.supervisorContext == "" {
		return nil
	}
	c, err := f.connectSupervisor()
	if err != nil {
		return err
	}
	cfg.Supervisor = c
	return nil
}

func (f *sourceFlags) connectSupervisor() (*kube.Cluster, error) {
	overrides := clientcmd.ConfigOverrides{CurrentContext: f.supervisorContext, Timeout: f.overrides.Timeout}
	c, _, err := f.connect(overrides, f.supervisorNamespace, "supervisor")
	return c, err
}

const clusterSourceName = "cluster"

func (f *sourceFlags) connect(overrides clientcmd.ConfigOverrides, namespace, name string) (*kube.Cluster, string, error) {
	cfg, _, contextName, err := kube.Load(f.loadingRules(), &overrides)
	if err != nil {
		hint := ""
		if !f.namesCluster() {
			hint = "name a capture, manifests or an evidence document, or a cluster with --kubeconfig or --context; `regpolicy demo` shows it all without any"
		}
		if f.called != "" && overrides.CurrentContext != f.supervisorContext {
			return nil, "", usage("write kubeconfig=FILE behind its name, or context=NAME where it is called otherwise; else the kubeconfig of KUBECONFIG is used", "the cluster %q of the list: %w", f.called, err)
		}
		return nil, "", usage(cmp.Or(hint, hintOf(err)), "%w", err)
	}
	c, err := kube.Connect(cfg, kube.Options{Namespace: namespace, Source: name})
	if err != nil {
		return nil, "", &exitError{code: exitUsage, err: err}
	}
	return c, contextName, nil
}

func (f *sourceFlags) loadingRules() *clientcmd.ClientConfigLoadingRules {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	return rules
}

// clusterConfig is how to talk to the live cluster that is read.
func (f *sourceFlags) clusterConfig() (*rest.Config, error) {
	overrides := f.overrides
	cfg, _, _, err := kube.Load(f.loadingRules(), &overrides)
	if err != nil {
		return nil, err
	}
	return kube.Settle(cfg)
}

// hasKubeconfig tells whether there is any cluster to read by default.
func (f *sourceFlags) hasKubeconfig(e *environment) bool {
	if e.getenv("KUBECONFIG") != "" || e.getenv("KUBERNETES_SERVICE_HOST") != "" {
		return true
	}
	_, err := os.Stat(filepath.Join(e.home, ".kube", "config"))
	return err == nil
}

// sshPool reads what logging in needs, and tells what it could not honour.
func (f *sourceFlags) sshPool(e *environment) (*remote.Pool, error) {
	pool, err := remote.NewPool(f.sshConfig(e))
	if err != nil {
		return nil, &exitError{code: exitUsage, err: err, hint: remote.Hint(err)}
	}
	for _, warning := range pool.Warnings() {
		e.warn(warning, "")
	}
	return pool, nil
}

func (f *sourceFlags) sshConfig(e *environment) remote.Config {
	known := f.sshKnownHosts
	if len(known) == 0 && e.home != "" {
		known = []string{filepath.Join(e.home, ".ssh", "known_hosts")}
	}
	cfg := remote.Config{
		User: f.sshUser, DefaultUser: "vmware-system-user", Port: f.sshPort, KeyFiles: f.sshKeys,
		UseAgent: e.getenv("SSH_AUTH_SOCK") != "", AgentSocket: e.getenv("SSH_AUTH_SOCK"),
		KnownHosts: known, HostKeyPolicy: f.hostKeyPolicy, Jump: f.sshJump, Home: e.home,
	}
	if e.home != "" {
		cfg.ConfigFile = filepath.Join(e.home, ".ssh", "config")
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			cfg.DefaultKeyFiles = append(cfg.DefaultKeyFiles, filepath.Join(e.home, ".ssh", name))
		}
	}
	return cfg
}
