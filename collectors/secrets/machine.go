package secrets

import "github.com/regpolicy/regpolicy/collectors/evidence"

const clusterNameLabel = "cluster.x-k8s.io/cluster-name"

// machines records Cluster API's machines. The section is asked for when there
// is any; who listed them and found none must say so.
func (r *run) machines(objects []*object) {
	if len(objects) == 0 {
		return
	}
	r.b.Ask(evidence.Machines, evidence.Section("machines")).Answer()
	for _, o := range objects {
		cluster := o.as("cluster").at("spec", "clusterName").word()
		if cluster == "" {
			cluster = o.as("cluster").at("metadata", "labels").at(clusterNameLabel).word()
		}
		if !r.wanted(o.ref.Namespace, cluster) {
			continue
		}
		if o.ref.Name == "" {
			o.faults.add("", "parse_error", "a Machine has no metadata.name")
		} else {
			r.recordMachine(o, cluster)
		}
		r.report(evidence.Machines, o.subject(), o.faults)
	}
}

func (r *run) recordMachine(o *object, cluster string) {
	status := o.at("status")
	rec := evidence.Machine{
		Node:       status.as("node").at("nodeRef", "name").word(),
		Phase:      status.as("phase").at("phase").word(),
		CreatedAt:  evidence.MaybeAt(o.createdAt),
		Provenance: o.provenance,
	}
	if cluster != "" {
		rec.Cluster = o.ref.Namespace + "/" + cluster
	}
	r.b.Record(func(d *evidence.Document) { d.Machines[o.key()] = rec })
}
