package collectors

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

const (
	clusterSource    = "cluster"
	supervisorSource = "supervisor"
)

// liveWorkloads lists pods, events and nodes of a cluster, page by page.
func (r *run) liveWorkloads(ctx context.Context, c *kube.Cluster) {
	r.b.Record(func(d *evidence.Document) {
		d.Sources[clusterSource] = evidence.Source{Kind: evidence.SourceCluster, URI: c.Server()}
	})
	from := func(version string) evidence.Provenance {
		return evidence.Provenance{Source: clusterSource, Method: "list", ResourceVersion: version}
	}
	if r.cfg.Input == nil {
		r.pods.PodsComeOnce()
	}
	var lists sync.WaitGroup
	var adding sync.Mutex // the three lists feed one collector
	lists.Go(func() {
		tasks := []*evidence.Task{r.b.Ask(evidence.Pods, evidence.Section("pods")), r.b.Ask(evidence.Images, evidence.Section("images"))}
		n := 0
		err := c.Pods(ctx, func(items []corev1.Pod, version string) error {
			adding.Lock()
			defer adding.Unlock()
			for i := range items {
				r.pods.AddPod(&items[i], from(version))
			}
			n += len(items)
			r.cfg.Progress("pods", n, 0)
			return nil
		})
		endAll(err, tasks...)
	})
	lists.Go(func() {
		task := r.b.Ask(evidence.Events, evidence.Section("events"))
		endAll(c.Events(ctx, func(items []corev1.Event, version string) error {
			adding.Lock()
			defer adding.Unlock()
			for i := range items {
				r.pods.AddEvent(&items[i], from(version))
			}
			return nil
		}), task)
	})
	lists.Go(func() {
		err := c.Nodes(ctx, func(items []corev1.Node, version string) error {
			adding.Lock()
			defer adding.Unlock()
			for i := range items {
				r.pods.AddNode(&items[i], from(version))
				if r.cfg.Agent != nil {
					r.images[items[i].Name] = items[i].Status.Images
				}
			}
			return nil
		})
		if err != nil && (r.cfg.AllNodes || r.cfg.FromNodes) {
			endAll(err, r.b.Ask(evidence.Nodes, evidence.Section("nodes")))
		}
	})
	lists.Wait()
}

func endAll(err error, tasks ...*evidence.Task) {
	for _, t := range tasks {
		if err == nil {
			t.Answer()
			continue
		}
		reason, detail := kube.Reason(err)
		t.Gap(reason, detail)
	}
}

// trust gathers trust configuration from files, from the cluster where it serves
// TKG's kinds, and from the Supervisor. live bounds what the cluster is asked.
func (r *run) trust(ctx, live context.Context, objects []source.Object) {
	if len(objects) > 0 {
		secrets.Collect(ctx, r.b, objects, r.cfg.Input.Lookup(), secrets.Options{Cluster: r.cfg.OnlyCluster, Position: r.cfg.Input.Position})
	}
	if r.cfg.Cluster != nil {
		r.liveTrust(live, r.cfg.Cluster, clusterSource, r.hasVSpherePods())
	}
	if r.cfg.Supervisor != nil {
		r.b.Record(func(d *evidence.Document) {
			d.Sources[supervisorSource] = evidence.Source{Kind: evidence.SourceSupervisor, URI: r.cfg.Supervisor.Server()}
		})
		r.liveTrust(ctx, r.cfg.Supervisor, supervisorSource, true)
	}
}

// hasVSpherePods tells whether the cluster is a Supervisor that runs pods itself:
// then its image fetcher's trust is of interest.
func (r *run) hasVSpherePods() bool {
	found := false
	r.b.View(func(d *evidence.Document) {
		for _, p := range d.Pods {
			found = found || p.Platform == evidence.PlatformVSpherePod
		}
	})
	return found
}

// liveTrust lists TKG's and Cluster API's kinds. A workload cluster that serves
// none of them was not asked for trust; a Supervisor was.
func (r *run) liveTrust(ctx context.Context, c Supervisor, from string, supervisor bool) {
	served, err := c.Served(ctx)
	if err != nil {
		// Who may not even ask what a plain cluster serves has no trust there to see.
		if reason, _ := kube.Reason(err); supervisor || reason != "forbidden" {
			endAll(err, r.b.Ask(evidence.Trust, evidence.Section("trust")))
		}
		return
	}
	var objects []source.Object
	listed := map[string]bool{}
	for _, kind := range secrets.LiveKinds() {
		gvr := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: kind.Resource}
		if !served[gvr] || listed[kind.Group+kind.Resource] {
			continue
		}
		listed[kind.Group+kind.Resource] = true
		collector := evidence.Trust
		if kind.Resource == "machines" {
			collector = evidence.Machines
		}
		task := r.b.Ask(collector, evidence.Section(kind.Resource))
		err := c.List(ctx, kind.Group, kind.Version, kind.Resource, func(o source.Object) error {
			o.Provenance.Source = from
			objects = append(objects, o)
			return nil
		})
		if errors.Is(err, kube.ErrNotServed) {
			err = nil
		}
		endAll(err, task)
	}
	if len(objects) == 0 && !supervisor {
		return
	}
	if supervisor {
		r.b.Request(evidence.Trust)
	}
	secrets.Collect(ctx, r.b, objects, c.Lookup(), secrets.Options{Cluster: r.cfg.OnlyCluster, Source: from, Supervisor: supervisor})
}

// pullSecrets reads the shapes of the pull secrets that pods in trouble name.
func (r *run) pullSecrets(ctx context.Context) {
	lookup, from := r.pullSecretLookup()
	if lookup == nil {
		return
	}
	var refs []secrets.Ref
	r.b.View(func(d *evidence.Document) {
		for _, f := range d.PullFailures {
			if !slices.Contains([]string{"unauthorized", "forbidden", "pull_secret_missing", "pull_secret_invalid"}, f.Cause) {
				continue
			}
			pod, ok := d.Pods[f.Namespace+"/"+f.Pod]
			if !ok {
				continue
			}
			for _, name := range pod.PullSecrets {
				refs = append(refs, secrets.Ref{Namespace: f.Namespace, Name: name})
			}
		}
	})
	slices.SortFunc(refs, func(a, b secrets.Ref) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	if refs = slices.Compact(refs); len(refs) > 0 {
		secrets.PullSecrets(ctx, r.b, refs, lookup, from)
	}
}

func (r *run) pullSecretLookup() (source.Lookup, string) {
	switch {
	case r.cfg.Cluster != nil:
		return r.cfg.Cluster.Lookup(), clusterSource
	case r.cfg.Input != nil:
		return r.cfg.Input.Lookup(), ""
	default:
		return nil, ""
	}
}
