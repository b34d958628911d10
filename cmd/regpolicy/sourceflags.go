package main

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

// sourceFlags say where evidence comes from; eval and collect share them.
type sourceFlags struct {
	kubeconfig    string
	overrides     clientcmd.ConfigOverrides
	allNamespaces bool
	// kubectl are its own flags among these, which name a cluster and a user.
	kubectl, flags *pflag.FlagSet
	// publishes tells that the report goes into the live cluster.
	publishes bool
	// judges is what judges the documents, if nothing else is done with them.
	judges *engine.Library

	supervisorContext, supervisorNamespace, cluster string
	// called is what the document calls the cluster, if not after its context.
	called         string
	allClusters    bool
	clusterTimeout time.Duration

	ssh, sshFromSupervisor          bool
	hostRoots                       []string
	nodes, sshKeys, sshKnownHosts   []string
	sshUser, sshJump, hostKeyPolicy string
	sshPort                         int

	agent agentSourceFlags

	registries, connectTo []string
	vantage               string
	probe, noProbe        bool
	timeout, probeTimeout time.Duration
	noPEM                 bool
	require               []string
	jobs                  int
}

func (f *sourceFlags) bind(flags *pflag.FlagSet) {
	f.flags = flags
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "path to the kubeconfig file")
	kube := clientcmd.RecommendedConfigOverrideFlags("")
	// --cluster is the TKG cluster's name here, as design has it; kubectl's own,
	// an entry of the kubeconfig, is reached through --context.
	kube.ContextOverrideFlags.ClusterName.LongName = ""
	kube.CurrentContext.Description = "the kubeconfig context to read"
	f.kubectl = pflag.NewFlagSet("kubectl", pflag.ContinueOnError)
	clientcmd.BindOverrideFlags(&f.overrides, f.kubectl, kube)
	flags.AddFlagSet(f.kubectl)
	flags.BoolVarP(&f.allNamespaces, "all-namespaces", "A", false, "read all namespaces (the default)")

	flags.StringVar(&f.supervisorContext, "supervisor-context", "", "context of the Supervisor, where TKG's trust configuration lives")
	flags.StringVar(&f.supervisorNamespace, "supervisor-namespace", "", "vSphere Namespace of the cluster on the Supervisor; with --all-clusters, only the clusters there")
	flags.StringVar(&f.cluster, "cluster", "", "only the trust configuration of this TKG cluster")
	flags.BoolVar(&f.allClusters, "all-clusters", false, "read every cluster of the Supervisor, with the kubeconfigs that it holds for them")
	flags.DurationVar(&f.clusterTimeout, "cluster-timeout", 0, "with --all-clusters, time limit of reading one cluster's API (default: 2m)")

	flags.BoolVar(&f.ssh, "ssh", false, "read all nodes over SSH, by InternalIP")
	flags.BoolVar(&f.sshFromSupervisor, "ssh-from-supervisor", false, "with --all-clusters, read all nodes over SSH, with the keys that the Supervisor holds for them")
	flags.StringArrayVar(&f.nodes, "node", nil, "read this node over SSH: NAME[=ADDRESS]; with an agent, only this one (repeatable)")
	flags.StringArrayVar(&f.hostRoots, "host-root", nil, "read the node whose root is mounted here: NAME=PATH (repeatable)")
	flags.StringVar(&f.sshUser, "ssh-user", "", "login name on the nodes (default: vmware-system-user)")
	flags.StringArrayVar(&f.sshKeys, "ssh-key", nil, "private key file (repeatable; default: the agent and ~/.ssh)")
	flags.StringVar(&f.sshJump, "ssh-jump", "", "jump host, USER@HOST[:PORT]; several with commas")
	flags.StringArrayVar(&f.sshKnownHosts, "ssh-known-hosts", nil, "known_hosts file (repeatable; default: ~/.ssh/known_hosts)")
	flags.StringVar(&f.hostKeyPolicy, "host-key-policy", remote.PolicyStrict, "strict, accept-new or insecure")
	flags.IntVar(&f.sshPort, "ssh-port", 0, "SSH port of the nodes (default: 22)")

	f.agent.bind(flags)

	flags.StringArrayVar(&f.registries, "registry", nil, "probe this registry, HOST[:PORT] (repeatable)")
	flags.StringArrayVar(&f.connectTo, "connect-to", nil, "HOST:PORT:HOST:PORT: keep the first as name and SNI, dial the second (repeatable)")
	flags.StringVar(&f.vantage, "vantage", "", "probe from: collector, nodes or both (default: both where nodes are read, else collector)")
	flags.BoolVar(&f.probe, "probe", false, "probe the registries that images name (the default for a live cluster)")
	flags.BoolVar(&f.noProbe, "no-probe", false, "probe only the registries that --registry names")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Minute, "time limit of gathering, and as much again of judging: policies not done by then are errors")
	flags.DurationVar(&f.probeTimeout, "probe-timeout", 10*time.Second, "time limit of one handshake")
	flags.BoolVar(&f.noPEM, "no-pem", false, "leave the certificates' PEM out of the document")
	flags.StringSliceVar(&f.require, "require", nil, "evidence that must be there: "+strings.Join(evidence.Collectors, ", "))
	flags.IntVar(&f.jobs, "jobs", 0, "policies evaluated at once (default: all cores), nodes read through an agent (32), and with --all-clusters clusters read at once (8)")
}

// check refuses values that could not work, before anything is contacted.
func (f *sourceFlags) check() error {
	if err := checkOneOf("host-key-policy", f.hostKeyPolicy, remote.PolicyStrict, remote.PolicyAcceptNew, remote.PolicyInsecure); err != nil {
		return err
	}
	if f.vantage != "" {
		if err := checkOneOf("vantage", f.vantage, "collector", "nodes", "both"); err != nil {
			return err
		}
	}
	for _, name := range f.require {
		if err := checkOneOf("require", name, evidence.Collectors...); err != nil {
			return err
		}
	}
	if f.probe && f.noProbe {
		return usage("give one of the two", "--probe and --no-probe exclude each other")
	}
	if err := f.agent.check(f); err != nil {
		return err
	}
	if f.vantage == "nodes" && !f.asksForSSH() && !f.agent.asked() {
		return usage("add --ssh, --node NAME=ADDRESS or --agent", "--vantage nodes has no way to any node")
	}
	if slices.ContainsFunc(append([]string{f.sshJump}, f.nodes...), holdsPassword) {
		// Not quoted: what stands between : and @ is a secret.
		return usage("log in with a key or the agent, see --ssh-key", "--ssh-jump or --node holds a password, which is not taken there")
	}
	if err := cmp.Or(f.checkNumbers(), f.checkSupervisor(), f.checkAllClusters()); err != nil {
		return err
	}
	return f.checkAddresses()
}

func (f *sourceFlags) checkSupervisor() error {
	if f.supervisorNamespace != "" && f.supervisorContext == "" {
		return usage("name the Supervisor with --supervisor-context", "--supervisor-namespace %q is of no Supervisor", f.supervisorNamespace)
	}
	return nil
}

// asksForSSH tells whether any node is to be logged in to.
func (f *sourceFlags) asksForSSH() bool { return f.ssh || f.sshFromSupervisor || len(f.nodes) > 0 }

// checkAddresses reads what will be read again where it is used: with saved
// documents alone it is not used.
func (f *sourceFlags) checkAddresses() error {
	_, registries := f.targets()
	_, connections := f.connections()
	_, nodes := f.nodeTargets()
	return cmp.Or(registries, connections, nodes)
}

func (f *sourceFlags) checkNumbers() error {
	if f.timeout <= 0 {
		return usage("a duration such as 5m or 90s", "--timeout %s is no time", f.timeout)
	}
	if f.probeTimeout <= 0 {
		return usage("a duration such as 10s", "--probe-timeout %s is no time", f.probeTimeout)
	}
	if f.clusterTimeout < 0 || f.clusterTimeout == 0 && f.flags.Changed("cluster-timeout") {
		return usage("a duration such as 2m or 90s", "--cluster-timeout %s is no time", f.clusterTimeout)
	}
	if f.jobs < 0 {
		return usage("0 means all cores", "--jobs %d is no number of jobs", f.jobs)
	}
	if f.sshPort < 0 || f.sshPort > 65535 {
		return usage("a port is between 1 and 65535", "--ssh-port %d is no port", f.sshPort)
	}
	return nil
}

// holdsPassword tells of USER:PASSWORD@HOST.
func holdsPassword(address string) bool {
	at := strings.LastIndex(address, "@")
	return at >= 0 && strings.Contains(address[:at], ":")
}

// namesCluster tells whether a live cluster was asked for by name.
func (f *sourceFlags) namesCluster() bool {
	return f.agent.asked() || f.kubeconfig != "" || f.overrides.CurrentContext != "" || f.overrides.ClusterInfo.Server != ""
}

// asksForMore tells whether saved documents are not all that is to be judged.
func (f *sourceFlags) asksForMore() bool {
	return f.namesCluster() || f.supervisorContext != "" || len(f.registries) > 0 || f.ssh || len(f.nodes) > 0 || len(f.hostRoots) > 0
}

func (f *sourceFlags) targets() ([]handshake.Target, error) {
	var targets []handshake.Target
	for _, text := range f.registries {
		t, err := handshake.ParseTarget(text)
		if err != nil {
			return nil, &exitError{code: exitUsage, err: err}
		}
		t.Roles = []string{"requested"}
		targets = append(targets, t)
	}
	return targets, nil
}

// connections reads --connect-to, which is curl's: HOST1:PORT1:HOST2:PORT2.
func (f *sourceFlags) connections() (map[string]string, error) {
	out := map[string]string{}
	for _, text := range f.connectTo {
		parts := splitOutsideBrackets(text)
		if len(parts) != 4 || slices.Contains(parts, "") {
			return nil, usage("HOST:PORT:HOST:PORT, an IPv6 address in brackets", "--connect-to %q does not name two hosts and ports", text)
		}
		from, err := handshake.ParseTarget(parts[0] + ":" + parts[1])
		if err == nil {
			var to handshake.Target
			if to, err = handshake.ParseTarget(parts[2] + ":" + parts[3]); err == nil {
				out[from.Key()] = to.Key()
				continue
			}
		}
		return nil, usage("HOST:PORT:HOST:PORT", "--connect-to %q: %w", text, err)
	}
	return out, nil
}

func splitOutsideBrackets(text string) []string {
	var parts []string
	depth, start := 0, 0
	for i, c := range text {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ':':
			if depth == 0 {
				parts = append(parts, text[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, text[start:])
}

// nodeTargets reads --node NAME[=ADDRESS].
func (f *sourceFlags) nodeTargets() ([]collectors.Node, error) {
	var nodes []collectors.Node
	for _, text := range f.nodes {
		name, address, _ := strings.Cut(text, "=")
		if name == "" {
			return nil, usage("NAME, or NAME=ADDRESS where the API does not know it", "--node %q names no node", text)
		}
		nodes = append(nodes, collectors.Node{Name: name, Address: address})
	}
	return nodes, nil
}

// mountedRoots reads --host-root NAME=PATH.
func (f *sourceFlags) mountedRoots() ([]collectors.HostRoot, error) {
	var roots []collectors.HostRoot
	for _, text := range f.hostRoots {
		name, path, _ := strings.Cut(text, "=")
		if name == "" || path == "" {
			return nil, usage("NAME=PATH, for example wk-1=/host", "--host-root %q does not name a node and a folder", text)
		}
		root, err := mountedRoot(name, path)
		if err != nil {
			return nil, usage("mount the node's root there, read-only", "--host-root %q: %w", text, err)
		}
		roots = append(roots, root)
	}
	return roots, nil
}

// mountedRoot is a node whose root is mounted at path.
func mountedRoot(name, path string) (collectors.HostRoot, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return collectors.HostRoot{}, fmt.Errorf("%q is no folder", path)
	}
	root := collectors.HostRoot{Name: name, Path: path, FS: os.DirFS(path)}
	// The node's own /proc is there when the mount brings its sub-mounts along.
	if _, err := os.Stat(filepath.Join(path, "proc/1/stat")); err == nil {
		root.Proc = os.DirFS(filepath.Join(path, "proc"))
	}
	return root, nil
}

// proxyOf is the collector's own proxy for host:port.
func proxyOf(find func(*url.URL) (*url.URL, error)) func(string) (*url.URL, error) {
	return func(hostport string) (*url.URL, error) {
		return find(&url.URL{Scheme: "https", Host: hostport})
	}
}
