package collectors

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source/agent"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

// AgentSource says how nodes are read through pods on them. With Image or FromNode
// pods are made and deleted, which is all that is ever written to a cluster; else
// those that are there are read.
type AgentSource struct {
	Cluster *kube.Cluster
	agent.Options
	// Image is one with regpolicy in it.
	Image string
	// FromNode fits an image that nodes have already and that has a shell.
	FromNode string
	// WantProbes: a registry that an agent has not probed is a gap.
	WantProbes bool
}

const agentSource = "agent"

// agentNodes reads nodes through pods.
func (r *run) agentNodes(ctx context.Context, read map[string]bool) {
	a := r.cfg.Agent
	r.b.Record(func(d *evidence.Document) {
		d.Sources[agentSource] = evidence.Source{Kind: evidence.SourceAgent, URI: "namespaces/" + a.Namespace}
	})
	r.b.Request(evidence.Nodes)
	var nodes []string
	for _, n := range r.nodeTargets() {
		if !read[n.Name] {
			nodes = append(nodes, n.Name)
		}
	}
	c := &agentCollection{run: r, recorder: nodecerts.NewRecorder(r.b), tasks: map[string]*evidence.Task{}, total: len(nodes)}
	for _, name := range nodes {
		c.tasks[name] = r.b.Ask(evidence.Nodes, nodeSubject(name))
	}
	if a.Image != "" || a.FromNode != "" {
		r.once(nodes).Read(ctx, a.Cluster, nodes, c.add)
	} else if err := agent.Find(ctx, a.Cluster, nodes, a.Options, c.add); err != nil {
		if len(nodes) == 0 {
			c.tasks[""] = r.b.Ask(evidence.Nodes, evidence.Section("nodes"))
		}
		for _, t := range c.tasks {
			t.Gap(err.Reason, err.Detail)
		}
	}
	c.tellHints()
}

// once is how pods are made: with the program's own image, or with the script in
// one that has a shell.
func (r *run) once(nodes []string) *agent.Once {
	a := r.cfg.Agent
	o := &agent.Once{Options: a.Options, Run: fmt.Sprint(r.cfg.Now().UnixNano())}
	if a.FromNode != "" {
		o.Pull, o.Raw = corev1.PullNever, true
		o.Command = nodecerts.RootedCommand("/host")
		o.Image = func(node string) (string, error) { return agent.PickImage(a.FromNode, r.images[node]) }
		return o
	}
	o.Pull = corev1.PullIfNotPresent
	o.Image = func(string) (string, error) { return a.Image, nil }
	var probing []string
	for _, n := range r.sample(named(nodes)) {
		probing = append(probing, n.Name)
	}
	targets := r.targets()
	o.Args = func(node string) []string {
		args := []string{"agent", "node", "--once", "--root", "/host", "--probe-timeout", r.cfg.ProbeTimeout.String(), "--timeout", a.Timeout.String()}
		if !r.cfg.FromNodes || !slices.Contains(probing, node) {
			return args
		}
		for _, t := range targets {
			args = append(args, "--registry", t.Key())
			if to, ok := r.cfg.ConnectTo[t.Key()]; ok {
				args = append(args, "--connect-to", t.Key()+":"+to)
			}
		}
		return args
	}
	return o
}

func named(names []string) []Node {
	var nodes []Node
	for _, name := range names {
		nodes = append(nodes, Node{Name: name})
	}
	return nodes
}

// agentCollection records what pods bring, one node at a time.
type agentCollection struct {
	run      *run
	recorder *nodecerts.Recorder
	tasks    map[string]*evidence.Task
	done     int
	total    int
	hints    []*agent.Error
	// stale counts frames of long ago; oldest is the oldest one.
	stale  int
	oldest *agent.Frame
}

func (c *agentCollection) add(result agent.Result) {
	task := c.tasks[result.Node]
	if task == nil { // the API did not name the node, its pod did
		task = c.run.b.Ask(evidence.Nodes, nodeSubject(result.Node))
		c.total++
	}
	if result.Err != nil {
		task.Gap(result.Err.Reason, result.Err.Detail)
		c.hint(result.Err)
	} else {
		c.record(result, task)
	}
	c.done++
	c.run.cfg.Progress("nodes", c.done, c.total)
}

// record takes over what a frame holds. A panic over what a node sent must not take
// the others down.
func (c *agentCollection) record(result agent.Result, task *evidence.Task) {
	defer func() {
		if p := recover(); p != nil {
			task.Gap("internal", fmt.Sprintf("reading the frame of %q: %v", result.Node, p))
		}
	}()
	f := result.Frame
	if c.outdated(f) {
		task.Gap("not_in_source", fmt.Sprintf("the node's agent last looked at it at %s, more than a day ago", f.At.UTC().Format(time.RFC3339)))
		return
	}
	l, err := nodecerts.ParseStream(bytes.NewReader(f.Listing), 0)
	if l == nil {
		task.Gap("parse_error", err.Error())
		return
	}
	if err != nil && !errors.Is(err, nodecerts.ErrTruncated) {
		task.Gap("parse_error", err.Error())
		return
	}
	l.Live = !f.Partial
	c.recorder.Record(result.Node, l, evidence.Access{Method: "agent"},
		evidence.Provenance{Source: agentSource, Method: "log", Path: result.Pod}, clockOf(result))
	task.Answer()
	c.age(f)
	c.probes(result.Node, f.Probes)
}

// clockOf compares clocks where it is known well enough when the node was read: an
// agent that is deployed wrote its frame some time ago.
func clockOf(result agent.Result) nodecerts.Clock {
	const known = 30 * time.Second
	if result.Before.IsZero() || result.After.IsZero() || result.After.Sub(result.Before) > known {
		return nodecerts.Clock{}
	}
	return nodecerts.Clock{Sent: result.Before, Received: result.After}
}

// probes takes over the handshakes that an agent made.
func (c *agentCollection) probes(node string, encoded []byte) {
	r := c.run
	if !r.cfg.FromNodes {
		return
	}
	vantage := "node/" + node
	var had []string
	if len(encoded) > 0 {
		err := evidence.Scan(encoded)
		var doc *evidence.Document
		if err == nil {
			doc, err = evidence.Decode(encoded)
		}
		if err != nil {
			r.b.Part(evidence.Handshakes, evidence.Gap{Subject: nodeSubject(node), Reason: "parse_error", Detail: err.Error()})
			return
		}
		had = handshake.Adopt(r.b, doc, vantage, agentSource)
	}
	if !r.cfg.Agent.WantProbes {
		return
	}
	for _, t := range r.targets() {
		if !slices.Contains(had, t.Key()) {
			r.b.Ask(evidence.Handshakes, evidence.Subject{"kind": "endpoint", "name": t.Key(), "vantage": vantage}).
				Gap("not_in_source", "the node's agent did not probe it: give it --registry "+t.Key())
		}
	}
}

// hint keeps what can be done about a fault, once for all nodes that have it.
func (c *agentCollection) hint(e *agent.Error) {
	if e.Hint != "" && !slices.ContainsFunc(c.hints, func(h *agent.Error) bool { return h.Hint == e.Hint }) {
		c.hints = append(c.hints, e)
	}
}

// outdated tells of a frame that says nothing of the node as it is now: its agent
// hangs, or was told to look once. A pod that was made just now has a frame of now,
// whatever the node's clock says.
func (c *agentCollection) outdated(f *agent.Frame) bool {
	a := c.run.cfg.Agent
	if a.Image != "" || a.FromNode != "" || f.At.IsZero() || c.run.cfg.Now().Sub(f.At) <= 24*time.Hour {
		return false
	}
	c.hint(&agent.Error{
		Detail: fmt.Sprintf("agents have not looked at their nodes for more than a day, that of %q since %s", f.Node, f.At.UTC().Format(time.RFC3339)),
		Hint:   fmt.Sprintf("have them look again: kubectl -n %s rollout restart daemonset/regpolicy-agent", a.Namespace),
	})
	return true
}

// age notes frames that say little of the node as it is now.
func (c *agentCollection) age(f *agent.Frame) {
	const old = time.Hour
	if f.At.IsZero() || c.run.cfg.Now().Sub(f.At) < old {
		return
	}
	c.stale++
	if c.oldest == nil || f.At.Before(c.oldest.At) {
		c.oldest = f
	}
}

func (c *agentCollection) tellHints() {
	if c.oldest != nil {
		c.run.cfg.Agent.Warn(fmt.Sprintf("%d agents looked at their nodes more than an hour ago, that of %q at %s",
			c.stale, c.oldest.Node, c.oldest.At.Format(time.RFC3339)),
			fmt.Sprintf("have them look again: kubectl -n %s rollout restart daemonset/regpolicy-agent", c.run.cfg.Agent.Namespace))
	}
	for _, e := range c.hints {
		c.run.cfg.Agent.Warn(e.Detail, e.Hint)
	}
}
