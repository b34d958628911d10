// Package collectors gathers one evidence document: it plans which collector
// works on which source, runs them side by side, and ends with every planned
// thing answered, skipped or named as a gap.
package collectors

import (
	"cmp"
	"context"
	"io/fs"
	"net"
	"net/url"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/podevents"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

// Config says what to gather, and from where. Only what is set is touched.
type Config struct {
	Tool evidence.Tool
	// Now is the clock.
	Now func() time.Time

	// Input is what was read from files.
	Input *source.Input
	// Cluster is the live cluster whose pods, events and nodes are read.
	Cluster *kube.Cluster
	// NoCluster says why a live cluster that was asked for cannot be read: all that
	// it would have told is a gap.
	NoCluster *Unavailable
	// ClusterTimeout bounds reading Cluster; zero leaves that to the context.
	ClusterTimeout time.Duration
	// ClusterName names the cluster in the document.
	ClusterName string
	// Supervisor is where TKG's trust configuration lives, if it is another
	// cluster than Cluster.
	Supervisor Supervisor
	// OnlyCluster, "name" or "namespace/name", leaves other clusters' trust configuration out.
	OnlyCluster string

	// SSH, when set, reads nodes: those of Nodes, or all that the API names.
	SSH *remote.Pool
	// NoSSH says why SSH that was asked for cannot be used.
	NoSSH    *Unavailable
	SSHInfo  evidence.Access
	Nodes    []Node
	AllNodes bool
	// Agent, when set, reads the same nodes through pods, instead of SSH.
	Agent *AgentSource
	// HostRoots are nodes whose roots are mounted where this program runs.
	HostRoots []HostRoot

	// Registries are probed whatever images name; Probe adds those that images
	// name.
	Registries []handshake.Target
	Probe      bool
	// FromCollector and FromNodes are the vantage points.
	FromCollector, FromNodes bool
	ConnectTo                map[string]string
	// Proxy is the collector's own proxy for host:port.
	Proxy func(hostport string) (*url.URL, error)
	// ProbeTimeout bounds one handshake.
	ProbeTimeout time.Duration

	// NoPEM leaves the certificates' PEM out of the document.
	NoPEM bool
	// Progress is told how far a stage is: "pods", "nodes", "registries".
	Progress func(stage string, done, total int)
}

// Supervisor is what is asked of one. *kube.Cluster answers it.
type Supervisor interface {
	Server() string
	Served(ctx context.Context) (map[schema.GroupVersionResource]bool, error)
	List(ctx context.Context, group, version, resource string, each func(source.Object) error) error
	Lookup() source.Lookup
}

// Unavailable is why something that was asked for cannot be had: one of
// evidence.Reasons, and a line for people.
type Unavailable struct{ Reason, Detail string }

// Node is a node that the user names.
type Node struct{ Name, Address string }

// HostRoot is a node's root as it is mounted here, and its /proc where that is
// the node's own.
type HostRoot struct {
	Name, Path string
	FS, Proc   fs.FS
}

// Run gathers a document. It always returns one: what could not be had is in its
// coverage, and a cancelled context leaves gaps, not an error.
func Run(ctx context.Context, cfg Config) *evidence.Document {
	if cfg.Progress == nil {
		cfg.Progress = func(string, int, int) {}
	}
	r := &run{cfg: cfg, b: evidence.NewBuilder(cfg.Tool, cfg.collectedAt()), images: map[string][]corev1.ContainerImage{}}
	r.pods = podevents.New(r.b)
	r.b.Record(func(d *evidence.Document) { d.Cluster = cfg.ClusterName })

	var objects []source.Object
	if cfg.Input != nil {
		objects = r.offline(cfg.Input)
	}
	live, cancel := r.clusterContext(ctx)
	defer cancel()
	if cfg.Cluster != nil {
		r.liveWorkloads(live, cfg.Cluster)
	}
	r.missing()
	r.pods.Finish()
	r.trust(ctx, live, objects)
	r.pullSecrets(live)
	r.nodes(ctx)
	r.registries(ctx)
	certificate.Settle(r.b)
	r.hints()

	open := "internal"
	if ctx.Err() != nil {
		open = "cancelled"
	}
	doc := r.b.Build(open)
	if cfg.NoPEM {
		for fp, c := range doc.Certificates {
			c.PEM = ""
			doc.Certificates[fp] = c
		}
	}
	return doc
}

// run is one gathering.
type run struct {
	cfg  Config
	b    *evidence.Builder
	pods *podevents.Collector
	// images are what nodes say they have, where that is wanted.
	images map[string][]corev1.ContainerImage
	// unreachable are the errors of nodes that SSH did not reach, by address.
	unreachable sync.Map
}

// clusterContext bounds what the cluster is asked, so that a slow one costs itself
// and not what the Supervisor and its nodes tell.
func (r *run) clusterContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.cfg.ClusterTimeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, r.cfg.ClusterTimeout)
}

// missing tells what a cluster or nodes that cannot be read at all would have told.
func (r *run) missing() {
	lost := func(why *Unavailable, sections map[string]string) {
		for collector, section := range sections {
			r.b.Ask(collector, evidence.Section(section)).Gap(why.Reason, why.Detail)
		}
	}
	if why := r.cfg.NoCluster; why != nil {
		lost(why, map[string]string{evidence.Pods: "pods", evidence.Images: "images", evidence.Events: "events"})
		if r.cfg.AllNodes {
			lost(why, map[string]string{evidence.Nodes: "nodes"})
		}
		if r.cfg.Probe { // nobody knows which registries its images name
			lost(why, map[string]string{evidence.Handshakes: "endpoints"})
		}
	} else if why := r.cfg.NoSSH; why != nil {
		lost(why, map[string]string{evidence.Nodes: "nodes"})
	}
}

// hints says of each kind of evidence that nobody asked for how to ask.
func (r *run) hints() {
	cluster := "read a live cluster with --context, or a capture that holds them"
	special := r.bundleHints()
	for name, hint := range map[string]string{
		evidence.Pods:       cluster,
		evidence.Events:     cluster,
		evidence.Images:     cluster,
		evidence.Nodes:      "read nodes with --ssh, through an agent with --agent, or a capture with nodes/<node>/",
		evidence.Handshakes: "probe registries with --registry HOST or --probe",
		evidence.Trust:      "read a Supervisor with --supervisor-context, or its manifests",
		evidence.Secrets:    "read a Supervisor with --supervisor-context, or its manifests",
		evidence.Machines:   "read a Supervisor with --supervisor-context",
	} {
		r.b.NotAsked(name, cmp.Or(special[name], hint))
	}
}

// registries probes what is asked for from each vantage point, and reads saved
// transcripts.
func (r *run) registries(ctx context.Context) {
	if r.cfg.Input != nil {
		for _, t := range r.cfg.Input.Transcripts {
			handshake.Transcript(r.b, t.HostPort, []byte(t.Text), t.Provenance)
		}
	}
	targets := r.targets()
	if len(targets) == 0 {
		if r.cfg.Probe {
			r.b.Request(evidence.Handshakes)
		}
		return
	}
	var vantages []handshake.Vantage
	if r.cfg.FromCollector {
		vantages = append(vantages, handshake.Vantage{
			Name: "collector", Dial: (&net.Dialer{}).DialContext, Proxy: r.cfg.Proxy, Versions: true,
		})
	}
	if why := r.cfg.NoSSH; why != nil && r.cfg.FromNodes {
		r.lostVantages(targets, why)
	}
	if r.cfg.FromNodes && r.cfg.SSH != nil {
		nodes, closeAll := r.nodeVantages(ctx, targets)
		defer closeAll()
		vantages = append(vantages, nodes...)
	}
	r.b.Record(func(d *evidence.Document) {
		d.Sources["probe"] = evidence.Source{Kind: evidence.SourceProbe, URI: "handshakes"}
	})
	handshake.Collect(ctx, r.b, targets, vantages, handshake.Options{
		Timeout: r.cfg.ProbeTimeout, ConnectTo: r.cfg.ConnectTo, Now: r.cfg.Now, Source: "probe", FollowRealm: true,
		Progress: func(done, total int) { r.cfg.Progress("registries", done, total) },
	})
}

// targets are the registries to be probed.
func (r *run) targets() []handshake.Target {
	if r.cfg.Probe {
		return append(r.namedRegistries(), r.cfg.Registries...)
	}
	return r.cfg.Registries
}

func (r *run) namedRegistries() []handshake.Target {
	var targets []handshake.Target
	r.b.View(func(d *evidence.Document) {
		for _, reg := range d.Registries {
			host := reg.Host
			if host == "docker.io" {
				host = "registry-1.docker.io" // where runtimes go for it
			}
			targets = append(targets, handshake.Target{Host: host, Port: cmp.Or(reg.Port, 443), Roles: []string{handshake.RoleRegistry}})
		}
	})
	return targets
}
