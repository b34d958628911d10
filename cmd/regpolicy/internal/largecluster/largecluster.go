// Package largecluster makes the evidence of one large cluster, by the real collectors
// over made-up objects and file trees: what benchmarks judge. Equal sizes give equal
// bytes.
package largecluster

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/podevents"
)

// Sizes say how large the cluster is.
type Sizes struct {
	Nodes      int // with Roots public roots each, and TKG's own files
	Roots      int
	Pods       int
	Events     int
	Registries int
}

// Large is the cluster that the figures of docs/performance.md are about.
func Large() Sizes {
	return Sizes{Nodes: 5000, Roots: 140, Pods: 150_000, Events: 60_000, Registries: 40}
}

// Of is a cluster of so many nodes, with all that grows with nodes in the
// proportions of Large.
func Of(nodes int) Sizes {
	s := Large()
	s.Nodes, s.Pods, s.Events = nodes, s.Pods*nodes/s.Nodes, s.Events*nodes/s.Nodes
	return s
}

// cluster is one that is being made.
type cluster struct {
	Sizes
	at    time.Time
	b     *evidence.Builder
	pods  *podevents.Collector
	roots []*x509.Certificate
	// corporate is the CA that the registries' certificates come from; other is one
	// that has nothing to do with them.
	corporate, issuing, other *certtest.Pair
}

const (
	sourceName = "cluster"
	namespace  = "fleet-ns"
	name       = "large"
	entry      = "corp-root-ca"
)

// Make makes the cluster's evidence.
func Make(ctx context.Context, s Sizes) (*evidence.Document, error) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	maker := certtest.Seeded(at, "large cluster")
	c := &cluster{Sizes: s, at: at, b: evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "dev"}, at)}
	c.corporate, c.other = maker.Root("Corp Example Root CA"), maker.Root("Corp Example Test CA")
	c.issuing = c.corporate.Intermediate("Corp Example Issuing CA 1")
	c.pods = podevents.New(c.b)
	public := certificate.PublicRoots()
	fingerprints := slices.Sorted(slices.Values(public.Fingerprints()))
	if s.Nodes < 1 || s.Registries < 1 || s.Roots < 1 {
		return nil, errors.New("making a large cluster: want at least one node, one registry and one root")
	}
	for i := range s.Roots {
		if i < len(fingerprints) {
			c.roots = append(c.roots, public.Get(fingerprints[i]))
			continue
		}
		c.roots = append(c.roots, maker.Root(fmt.Sprintf("Distribution Root CA %d", i)).Certificate)
	}
	c.b.Record(func(d *evidence.Document) {
		d.Cluster = name
		d.Sources[sourceName] = evidence.Source{Kind: evidence.SourceCluster, URI: "https://large.example:6443"}
		d.Sources["ssh"] = evidence.Source{Kind: evidence.SourceSSH, URI: "nodes"}
		d.Sources["probe"] = evidence.Source{Kind: evidence.SourceProbe, URI: "handshakes"}
	})
	for _, collector := range []string{evidence.Pods, evidence.Events, evidence.Images} {
		c.b.Ask(collector, evidence.Section(collector)).Answer()
	}
	c.addPods()
	c.addNodes()
	c.pods.Finish()
	c.addTrust(ctx)
	if err := c.readNodes(ctx); err != nil {
		return nil, err
	}
	c.probe()
	certificate.Settle(c.b)
	return c.b.Build("internal"), nil
}

// host is the i-th registry's name.
func host(i int) string { return fmt.Sprintf("r%02d.corp.example", i) }

// probe answers for each registry. Every tenth leaves its intermediate out, and one
// has expired.
func (c *cluster) probe() {
	for i := range c.Registries {
		target := handshake.Target{Host: host(i), Port: 443}
		var options []certtest.Option
		if i == 1 {
			options = append(options, certtest.Expired())
		}
		chain := []*x509.Certificate{c.issuing.Leaf(target.Host, options...).Certificate, c.issuing.Certificate}
		if i%10 == 2 {
			chain = chain[:1]
		}
		prints := certificate.Record(c.b, chain...)
		key := evidence.ChainKey(prints)
		task := c.b.Ask(evidence.Handshakes, evidence.Subject{"kind": "endpoint", "name": target.Key()})
		c.b.Record(func(d *evidence.Document) {
			d.Endpoints[target.Key()] = evidence.Endpoint{
				Host: target.Host, Port: target.Port, Roles: []string{handshake.RoleRegistry},
				Probes: map[string]evidence.Probe{"collector": {
					Address: fmt.Sprintf("192.0.2.%d:443", 1+i%250), SNI: target.Host, Reached: true, Scheme: "https",
					TLS:              &evidence.TLS{Version: "1.3", Cipher: "TLS_AES_128_GCM_SHA256"},
					VersionsAccepted: []string{"1.2", "1.3"}, VersionsRefused: []string{"1.0", "1.1"},
					Chain: key, V2: &evidence.V2{Status: 401, APIVersion: "registry/2.0", AuthScheme: "basic"},
					ProbedAt:   evidence.MaybeAt(c.at),
					Provenance: evidence.Provenance{Source: "probe", Method: "handshake"},
				}},
				Chains: map[string]evidence.Chain{key: certificate.Describe(chain, target.Host)},
			}
		})
		task.Answer()
	}
}
