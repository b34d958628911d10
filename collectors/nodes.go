package collectors

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/http/httpproxy"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

// maxVantages bounds how many nodes probe registries: nodes of one cluster share
// their network, and every probe costs the registry a handshake.
const maxVantages = 16

// nodes reads nodes' files: copies of them first, then live ones over SSH.
func (r *run) nodes(ctx context.Context) {
	read := map[string]bool{}
	if r.cfg.Input != nil {
		r.copiedNodes(ctx, read)
	}
	r.mountedNodes(ctx, read)
	if r.cfg.Agent != nil {
		r.agentNodes(ctx, read)
	}
	if r.cfg.SSH == nil {
		return
	}
	r.b.Record(func(d *evidence.Document) {
		d.Sources["ssh"] = evidence.Source{Kind: evidence.SourceSSH, URI: "nodes"}
	})
	var targets []nodecerts.Target
	for _, n := range r.nodeTargets() {
		if !read[n.Name] {
			targets = append(targets, nodecerts.Target{Name: n.Name, Address: n.Address})
		}
	}
	r.b.Request(evidence.Nodes)
	nodecerts.CollectSSH(ctx, r.b, targets, r.connect, remote.Reason, nodecerts.Options{
		Access: r.cfg.SSHInfo, Source: "ssh", Now: r.cfg.Now,
		Progress: func(done, total int) { r.cfg.Progress("nodes", done, total) },
	})
}

func (r *run) connect(ctx context.Context, address string) (nodecerts.Session, error) {
	conn, err := r.cfg.SSH.Connect(ctx, address)
	if err != nil {
		r.unreachable.Store(address, err)
		return nil, err
	}
	return conn, nil
}

// reconnect connects for probes. A node that could not be reached a moment ago is
// not waited for a second time.
func (r *run) reconnect(ctx context.Context, address string) (*remote.Conn, error) {
	if err, ok := r.unreachable.Load(address); ok {
		return nil, err.(error) //nolint:errcheck,forcetypeassert // connect stores nothing else
	}
	return r.cfg.SSH.Connect(ctx, address)
}

// copiedNodes reads node trees of captures. Where a capture has some nodes' files
// and the API names more, the others were asked for and not had; control planes
// are seldom copied, and count as left out.
func (r *run) copiedNodes(ctx context.Context, read map[string]bool) {
	recorder := nodecerts.NewRecorder(r.b)
	for _, name := range slices.Sorted(maps.Keys(r.cfg.Input.Nodes)) {
		tree := r.cfg.Input.Nodes[name]
		task := r.b.Ask(evidence.Nodes, nodeSubject(name))
		listing, err := nodecerts.ReadTree(ctx, tree.FS)
		if err != nil {
			task.Gap(treeReason(ctx), err.Error())
			continue
		}
		if len(listing.Files) == 0 && listing.Bundle == "" {
			// An empty folder is what a copy that failed leaves behind.
			task.Gap("not_in_source", "the copy holds no file of the node")
			continue
		}
		recorder.Record(name, listing, evidence.Access{Method: "tree"}, tree.Provenance, nodecerts.Clock{})
		task.Answer()
		read[name] = true
	}
	if len(read) == 0 {
		return
	}
	var left []string
	controlPlane := map[string]bool{}
	r.b.View(func(d *evidence.Document) {
		for name, n := range d.Nodes {
			if !read[name] {
				left = append(left, name)
				controlPlane[name] = n.Role == "control_plane"
			}
		}
	})
	slices.Sort(left)
	for _, name := range left {
		if r.cfg.SSH != nil || r.cfg.Agent != nil || r.unreadable(name) {
			continue // it is read below, or it is a gap of its own
		}
		task := r.b.Ask(evidence.Nodes, nodeSubject(name))
		if controlPlane[name] {
			task.Skip()
			continue
		}
		task.Gap("not_in_source", "the capture has other nodes' files, not this one's")
	}
}

// treeReason is why files that are at hand could not be read.
func treeReason(ctx context.Context) string {
	if ctx.Err() != nil {
		return "cancelled"
	}
	return "parse_error"
}

// mountedNodes reads nodes through their mounted roots.
func (r *run) mountedNodes(ctx context.Context, read map[string]bool) {
	for _, root := range r.cfg.HostRoots {
		id := "host_root/" + root.Name
		r.b.Record(func(d *evidence.Document) {
			d.Sources[id] = evidence.Source{Kind: evidence.SourceHostRoot, URI: root.Path}
		})
		task := r.b.Ask(evidence.Nodes, nodeSubject(root.Name))
		now := r.cfg.Now()
		listing, err := nodecerts.ReadHostRoot(ctx, root.FS, root.Proc, now)
		if err != nil {
			task.Gap("cancelled", err.Error())
			continue
		}
		nodecerts.Record(r.b, root.Name, listing, evidence.Access{Method: "host_root"},
			evidence.Provenance{Source: id, Method: "file"}, nodecerts.Clock{Sent: now, Received: now})
		task.Answer()
		read[root.Name] = true
	}
}

// unreadable tells whether a capture has a node's files and they could not be
// read.
func (r *run) unreadable(node string) bool {
	_, copied := r.cfg.Input.Nodes[node]
	return copied || slices.ContainsFunc(r.cfg.Input.Problems, func(p source.Problem) bool { return p.Node == node || p.Node == "*" })
}

func nodeSubject(name string) evidence.Subject {
	return evidence.Subject{"kind": "node", "name": name}
}

// nodeTargets are the nodes to read over SSH: those named by the user, and with
// AllNodes those that the API names, by InternalIP.
func (r *run) nodeTargets() []Node {
	byName := map[string]string{}
	r.b.View(func(d *evidence.Document) {
		for name, n := range d.Nodes {
			byName[name] = n.Address
		}
	})
	var out []Node
	named := map[string]bool{}
	for _, n := range r.cfg.Nodes {
		named[n.Name] = true
		out = append(out, Node{Name: n.Name, Address: cmp.Or(n.Address, byName[n.Name], n.Name)})
	}
	if r.cfg.AllNodes {
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			if !named[name] {
				out = append(out, Node{Name: name, Address: cmp.Or(byName[name], name)})
			}
		}
	}
	return out
}

// lostVantages notes that no registry could be looked at from any node.
func (r *run) lostVantages(targets []handshake.Target, why *Unavailable) {
	for _, n := range r.sample(r.nodeTargets()) {
		for _, t := range targets {
			r.b.Ask(evidence.Handshakes, evidence.Subject{"kind": "endpoint", "name": t.Key(), "vantage": "node/" + n.Name}).Gap(why.Reason, why.Detail)
		}
	}
}

// nodeVantages connects to nodes to look at registries from there. A node that
// cannot be reached is a gap for each registry.
func (r *run) nodeVantages(ctx context.Context, targets []handshake.Target) (vantages []handshake.Vantage, closeAll func()) {
	nodes := r.sample(r.nodeTargets())
	conns := make([]*remote.Conn, len(nodes))
	failures := make([]error, len(nodes))
	var connecting sync.WaitGroup
	for i, n := range nodes {
		connecting.Go(func() { conns[i], failures[i] = r.reconnect(ctx, n.Address) })
	}
	connecting.Wait()
	for i, n := range nodes {
		vantage := "node/" + n.Name
		if failures[i] != nil {
			for _, t := range targets {
				r.b.Ask(evidence.Handshakes, evidence.Subject{"kind": "endpoint", "name": t.Key(), "vantage": vantage}).
					Gap(remote.Reason(failures[i]), failures[i].Error())
			}
			continue
		}
		vantages = append(vantages, handshake.Vantage{
			Name: vantage, Dial: conns[i].DialContext, Proxy: nodeProxy(r.b, n.Name), Reason: vantageReason,
		})
	}
	return vantages, func() {
		for _, c := range conns {
			if c != nil {
				c.Close() //nolint:errcheck,gosec // nothing is lost
			}
		}
	}
}

// vantageReason tells what went wrong on the way to the node from what the node
// found out about the registry, which is the probe's answer.
func vantageReason(err error) string {
	if _, ok := errors.AsType[*remote.Error](err); ok {
		return remote.Reason(err)
	}
	return ""
}

// sample picks the nodes to probe from: of more than maxVantages, nodes with
// different trust stores first.
func (r *run) sample(nodes []Node) []Node {
	if len(nodes) <= maxVantages {
		return nodes
	}
	stores := map[string]string{}
	r.b.View(func(d *evidence.Document) {
		for name, n := range d.Nodes {
			stores[name] = n.TrustStore
		}
	})
	seen := map[string]int{}
	rank := map[string]int{}
	for _, n := range nodes {
		rank[n.Name] = seen[stores[n.Name]]
		seen[stores[n.Name]]++
	}
	slices.SortStableFunc(nodes, func(a, b Node) int {
		return cmp.Or(cmp.Compare(rank[a.Name], rank[b.Name]), strings.Compare(a.Name, b.Name))
	})
	return nodes[:maxVantages]
}

// nodeProxy is the proxy that the node's runtime uses, as far as its drop-ins
// could be read.
func nodeProxy(b *evidence.Builder, name string) func(hostport string) (*url.URL, error) {
	var cfg httpproxy.Config
	b.View(func(d *evidence.Document) {
		p := d.Proxies[d.Nodes[name].Proxy]
		cfg = httpproxy.Config{HTTPProxy: p.HTTP, HTTPSProxy: p.HTTPS, NoProxy: strings.Join(p.NoProxy, ",")}
	})
	find := cfg.ProxyFunc()
	return func(hostport string) (*url.URL, error) {
		host, port, err := net.SplitHostPort(hostport)
		if err != nil {
			return nil, err
		}
		return find(&url.URL{Scheme: "https", Host: net.JoinHostPort(host, port)})
	}
}
