package collectors

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// offline hands the objects of files to the collectors that want them, and
// returns those that bear trust configuration.
func (r *run) offline(in *source.Input) []source.Object {
	r.b.Record(func(d *evidence.Document) {
		maps.Copy(d.Sources, in.Sources)
	})
	r.b.Record(func(d *evidence.Document) {
		if d.Cluster == "" {
			d.Cluster = clusterName(in.Objects)
		}
	})
	var trust []source.Object
	held := heldKinds(in)
	for collector, asked := range map[string]bool{
		evidence.Pods:   held.observedPods,
		evidence.Events: held.events,
		evidence.Images: held.images,
	} {
		if asked {
			r.b.Ask(collector, evidence.Section(collector)).Answer()
		}
	}
	for _, o := range in.Objects {
		if r.route(o) {
			trust = append(trust, o)
		}
	}
	r.problems(in, held)
	return trust
}

// route hands an object to the collector of pods and events, or tells that it
// bears trust configuration.
func (r *run) route(o source.Object) (trust bool) {
	switch {
	case o.Kind() == "Pod" && o.APIVersion() == "v1":
		if pod, ok := decode[corev1.Pod](r, o, evidence.Pods); ok {
			r.pods.AddPod(pod, o.Provenance)
			r.pods.Place(o.Kind(), pod.Namespace, pod.Name, r.cfg.Input.Images(o))
		}
	case o.Kind() == "Event":
		if err := r.pods.AddEventObject(o.Map, o.Provenance); err != nil {
			r.b.Part(evidence.Events, evidence.Gap{Subject: fileSubject(o.Provenance.Path), Reason: "parse_error", Detail: err.Error()})
		}
	case o.Kind() == "Node" && o.APIVersion() == "v1":
		if node, ok := decode[corev1.Node](r, o, evidence.Nodes); ok {
			r.pods.AddNode(node, o.Provenance)
		}
	case secrets.Kinds(o.APIVersion(), o.Kind(), o.Namespace(), o.Name()):
		return true
	default:
		if spec := source.PodSpec(o); spec != nil {
			r.pods.AddWorkload(o.Kind(), o.Namespace(), o.Name(), spec, o.Provenance)
			r.pods.Place(o.Kind(), o.Namespace(), o.Name(), r.cfg.Input.Images(o))
		}
	}
	return false
}

// decode reads a typed object; one of another shape is a gap of its collector.
func decode[T any](r *run, o source.Object, collector string) (*T, bool) {
	typed, err := source.Decode[T](o)
	if err != nil {
		r.b.Part(collector, evidence.Gap{Subject: fileSubject(o.Provenance.Path), Reason: "parse_error", Detail: err.Error()})
		return nil, false
	}
	return typed, true
}

func fileSubject(path string) evidence.Subject {
	return evidence.Subject{"kind": "file", "name": path}
}

// held tells which kinds of evidence a set of objects can hold: those it has some
// object of. A capture of pods alone was not asked for events.
type held struct{ observedPods, events, images, trust, machines bool }

func heldKinds(in *source.Input) held {
	// An empty list is an answer, too.
	h := held{observedPods: in.Gathered("Pod"), events: in.Gathered("Event"), images: in.Gathered("Pod")}
	for _, o := range in.Objects {
		switch o.Kind() {
		case "Pod":
			h.images = true
			if status, ok := o.Map["status"].(map[string]any); ok && len(status) > 0 {
				h.observedPods = true
			}
		case "Event":
			h.events = true
		case "Secret", "ConfigMap":
		case "Machine":
			h.machines = h.machines || secrets.Kinds(o.APIVersion(), o.Kind(), o.Namespace(), o.Name())
		default:
			h.trust = h.trust || secrets.Kinds(o.APIVersion(), o.Kind(), o.Namespace(), o.Name())
			h.images = h.images || source.PodSpec(o) != nil
		}
	}
	return h
}

// problems are files that could not be read. What they held is not known, so
// every kind of evidence that the others give has a gap.
func (r *run) problems(in *source.Input, h held) {
	for _, p := range in.Problems {
		gap := evidence.Gap{Subject: fileSubject(p.Path), Reason: p.Reason, Detail: p.Detail}
		if p.Node != "" {
			gap.Subject = nodeSubject(p.Node)
			if p.Node == "*" { // the folder of all nodes
				gap.Subject = evidence.Section("nodes")
			}
			r.b.Part(evidence.Nodes, gap)
			continue
		}
		if p.Endpoint {
			r.b.Part(evidence.Handshakes, gap)
			continue
		}
		if len(p.Collectors) > 0 {
			for _, collector := range p.Collectors {
				r.b.Part(collector, gap)
			}
			continue
		}
		var hit []string
		for collector, has := range map[string]bool{
			evidence.Pods: h.observedPods, evidence.Events: h.events, evidence.Images: h.images,
			evidence.Trust: h.trust, evidence.Secrets: h.trust, evidence.Machines: h.machines,
		} {
			if has {
				hit = append(hit, collector)
			}
		}
		if len(hit) == 0 {
			hit = []string{evidence.Images, evidence.Trust}
		}
		for _, collector := range hit {
			r.b.Part(collector, gap)
		}
	}
}
