// Package supervisor gathers one evidence document for each cluster that a
// Supervisor (or another management cluster of Cluster API) names: the cluster's
// trust configuration from the Supervisor, and all else from the cluster itself, by
// the kubeconfig that the Supervisor holds for it.
//
// Kubeconfigs and SSH keys are read one cluster at a time, stay in memory and are
// never recorded.
package supervisor

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

const (
	// DefaultJobs is how many clusters are read at once: each one's reading is
	// mostly waiting.
	DefaultJobs = 8
	// DefaultTimeout bounds reading one cluster's API.
	DefaultTimeout = 2 * time.Minute
)

// Config says what to gather of each cluster, and how.
type Config struct {
	// Each holds for every cluster. Its Cluster, Supervisor and names are set here.
	Each collectors.Config
	// API is the Supervisor, Name its name for people.
	API  *kube.Cluster
	Name string
	// Jobs is how many clusters are read at once: DefaultJobs when zero.
	Jobs int
	// Timeout bounds reading one cluster's API: DefaultTimeout when zero.
	Timeout time.Duration
	// Clusters are the options of the connections to the clusters.
	Clusters kube.Options
	// Login, when set, makes the connections to a cluster's nodes from the SSH key
	// that the Supervisor holds for it. Without it no such key is read.
	Login func(key remote.Key) (*remote.Pool, error)
	// Progress is told how many clusters are done.
	Progress func(done, total int)
}

// ErrNone says that the Supervisor has no cluster.
var ErrNone = errors.New("the Supervisor has no Cluster and no TanzuKubernetesCluster")

// Run gathers the documents. Each is handed over as soon as it is complete, one at a
// time and in no certain order; its Cluster is "namespace/name". A cluster that
// cannot be read has one, too, with gaps. Where it cannot be told which clusters
// there are, there is one document, named after the Supervisor, which says why.
//
// Errors are ErrNone and what done returns, which ends the gathering.
func Run(ctx context.Context, cfg Config, done func(*evidence.Document) error) error {
	if cfg.Progress == nil {
		cfg.Progress = func(int, int) {}
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	r := &run{cfg: cfg, inventory: takeInventory(ctx, cfg.API), done: done}
	clusters, complete := r.inventory.clusters()
	switch {
	case len(clusters) == 0 && complete:
		return ErrNone
	case len(clusters) == 0:
		return done(r.unknown(ctx))
	}
	return r.all(ctx, clusters)
}

// run is one gathering.
type run struct {
	cfg       Config
	inventory *inventory
	done      func(*evidence.Document) error
}

// all gathers cluster after cluster, some at once. What goes wrong in one is no
// matter of the others.
func (r *run) all(parent context.Context, clusters []Cluster) error {
	out := &handover{done: r.done, progress: r.cfg.Progress, total: len(clusters)}
	workers, ctx := errgroup.WithContext(parent)
	workers.SetLimit(cmp.Or(r.cfg.Jobs, DefaultJobs))
	for _, c := range clusters {
		workers.Go(func() error {
			if err := out.failed(); err != nil {
				return err
			}
			return out.hand(r.one(ctx, c))
		})
	}
	return workers.Wait()
}

// handover hands documents over one at a time, until one is not taken.
type handover struct {
	done            func(*evidence.Document) error
	progress        func(done, total int)
	total, finished int

	mu  sync.Mutex
	err error
}

func (h *handover) hand(doc *evidence.Document) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil {
		h.err = h.done(doc)
	}
	h.finished++
	h.progress(h.finished, h.total)
	return h.err
}

func (h *handover) failed() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// one gathers one cluster's document.
func (r *run) one(ctx context.Context, c Cluster) *evidence.Document {
	cfg := r.cfg.Each
	cfg.ClusterName, cfg.OnlyCluster = c.String(), c.String()
	cfg.Supervisor, cfg.ClusterTimeout = r.inventory.of(c.Namespace), r.cfg.Timeout
	if r.cfg.Login != nil {
		cfg.SSH = nil // no other cluster's key, and not the user's own, is tried in its place
	}
	api, err := r.connect(ctx, c)
	if err != nil {
		cfg.NoCluster = unavailable(err)
		return collectors.Run(ctx, cfg)
	}
	defer api.Close()
	cfg.Cluster = api
	if r.cfg.Login != nil {
		pool, err := r.login(ctx, c)
		if err != nil {
			cfg.NoSSH = unavailable(err)
		} else {
			defer pool.Close()
			cfg.SSH = pool
		}
	}
	return collectors.Run(ctx, cfg)
}

// unknown is the document of a Supervisor that does not tell its clusters.
func (r *run) unknown(ctx context.Context) *evidence.Document {
	cfg := r.cfg.Each
	cfg.ClusterName, cfg.Supervisor = r.cfg.Name, r.inventory.of("")
	cfg.NoCluster = unavailable(r.inventory.problem())
	return collectors.Run(ctx, cfg)
}
