package secrets

import (
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// service reads a TkgServiceConfiguration: one per Supervisor, of any name.
func (r *run) service(o *object) {
	r.look(evidence.DomainWorkload)
	spec := o.at("spec")
	r.inline(o, spec.as("").at("trust", "additionalTrustedCAs"), 1)
	r.proxy(o, "service", proxyFields(spec.as("proxy").at("proxy"), "httpProxy", "httpsProxy", "noProxy"))
}

// tkc reads a TanzuKubernetesCluster.
func (r *run) tkc(o *object) {
	r.look(evidence.DomainWorkload)
	network := o.at("spec", "settings", "network")
	r.inline(o, network.as("").at("trust", "additionalTrustedCAs"), tkcLayers(o.version)...)

	c := newCluster(o, "settings", "network")
	c.KubernetesVersion = tkcVersion(o.as("kubernetes_version").at("spec"))
	c.Proxy = r.proxy(o, "cluster/"+o.key(), proxyFields(network.as("proxy").at("proxy"), "httpProxy", "httpsProxy", "noProxy"))
	r.misplacedFields(&c, o, anyKindMisplaced, tkcMisplaced)
	r.cluster(o.key(), c)
}

// tkcLayers are the layers of base64 that a TanzuKubernetesCluster wants. The
// documents of v1alpha3 contradict each other.
func tkcLayers(version string) []int {
	switch version {
	case "v1alpha1", "v1alpha2":
		return []int{1}
	default:
		return []int{1, 2}
	}
}

// inline reads a list of {name, data}.
func (r *run) inline(o *object, list field, expected ...int) {
	for i, item := range list.items() {
		e := newEntry(o, item, evidence.DomainWorkload, i, expected...)
		item = item.under(e.faults).as("value")
		e.name(item.at("name"))
		e.inline(item.at("data"))
		r.add(e)
	}
}

func tkcVersion(spec field) string {
	for _, f := range []field{
		spec.at("distribution", "fullVersion"),
		spec.at("distribution", "version"),
		// A release's name has "---" where its version has "+".
		spec.at("topology", "controlPlane", "tkr", "reference", "name"),
	} {
		if v := f.word(); v != "" {
			return strings.Replace(v, "---", "+", 1)
		}
	}
	return ""
}
