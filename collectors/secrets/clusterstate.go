package secrets

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const maxConditions = 100

// newCluster reads what Cluster and TanzuKubernetesCluster have in common. network
// is the path below spec where each has its networks.
func newCluster(o *object, network ...string) evidence.Cluster {
	status, networks := o.at("status"), o.at("spec").at(network...)
	return evidence.Cluster{
		Object:        o.ref,
		CreatedAt:     evidence.MaybeAt(o.createdAt),
		SpecChangedAt: evidence.MaybeAt(o.changed("spec_changed_at", "f:spec")),
		PodCIDRs:      cidrs(networks.as("pod_cidrs").at("pods", "cidrBlocks")),
		ServiceCIDRs:  cidrs(networks.as("service_cidrs").at("services", "cidrBlocks")),
		Phase:         status.as("phase").at("phase").word(),
		Conditions:    conditions(status.as("conditions").at("conditions")),
		Provenance:    o.provenance,
	}
}

const maxCIDRs = 100

// cidrs are the networks of a list, in its order.
func cidrs(list field) []string {
	var out []string
	for _, item := range list.items() {
		s, ok := item.text()
		if !ok {
			continue
		}
		prefix, err := netip.ParsePrefix(strings.TrimSpace(s))
		switch {
		case err != nil:
			list.faults.add(list.record, "parse_error", item.path+" is not a network such as 192.168.0.0/16")
		case len(out) < maxCIDRs:
			out = append(out, prefix.String())
		}
	}
	return out
}

// inverse are the condition types that are False when all is well: Cluster
// API's v1beta2 ones, and TKG's UpdatesAvailable.
var inverse = []string{
	"Paused", "Deleting", "RollingOut", "ScalingUp", "ScalingDown", "Remediating", "UpdatesAvailable",
}

func conditions(list field) []evidence.Condition {
	var out []evidence.Condition
	for _, item := range list.items() {
		c := evidence.Condition{
			Type: item.at("type").word(), Status: item.at("status").word(),
			Reason: item.at("reason").word(), Message: item.at("message").word(),
		}
		normal := "True"
		if slices.Contains(inverse, c.Type) {
			normal = "False"
		}
		if c.Type != "" && c.Status != normal && len(out) < maxConditions {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, compareConditions)
	return out
}

func compareConditions(a, b evidence.Condition) int {
	return cmp.Or(
		cmp.Compare(a.Type, b.Type), cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message),
	)
}

// Where people put trust settings that nothing reads.
var (
	anyKindMisplaced = []string{
		"trust", "additionalTrustedCAs", "settings.trust", "settings.additionalTrustedCAs",
		"settings.network.additionalTrustedCAs", "network.trust", "topology.trust",
	}
	clusterMisplaced = []string{"settings.network.trust", "topology.settings.network.trust"}
	tkcMisplaced     = []string{"topology.variables"}
)

// misplacedFields records those of the paths below spec at which something stands.
// Of topology.variables only the ones about trust count.
func (r *run) misplacedFields(c *evidence.Cluster, o *object, lists ...[]string) {
	ignored := new(faults) // these places need not have any shape
	for _, path := range slices.Concat(lists...) {
		f := o.under(ignored).at("spec").at(strings.Split(path, ".")...)
		if path == "topology.variables" {
			for _, v := range variables(f) {
				if (v.name == "trust" || v.name == "osConfiguration") && v.value.set() {
					r.misplace(c, o, v.whole)
				}
			}
		} else if f.set() {
			r.misplace(c, o, f)
		}
	}
}

// misplace records a trust setting that nothing reads.
func (r *run) misplace(c *evidence.Cluster, o *object, f field) {
	c.MisplacedTrust = append(c.MisplacedTrust, f.path)
	setPosition(&c.MisplacedAt, f.path, r.place(o, f))
}

// mergeClusters joins two records of one cluster. The TanzuKubernetesCluster's
// leads, because it is what people edit; else the first one does.
func mergeClusters(a, b evidence.Cluster) evidence.Cluster {
	if a.Object.Name == "" {
		return b
	}
	if b.Object.Kind == kindTKC && a.Object.Kind != kindTKC {
		a, b = b, a
	}
	for _, c := range b.Conditions {
		if !slices.Contains(a.Conditions, c) {
			a.Conditions = append(slices.Clip(a.Conditions), c)
		}
	}
	for _, path := range b.MisplacedTrust {
		if !slices.Contains(a.MisplacedTrust, path) {
			a.MisplacedTrust = append(slices.Clip(a.MisplacedTrust), path)
			if at, ok := b.MisplacedAt[path]; ok {
				a.MisplacedAt = maps.Clone(a.MisplacedAt)
				setPosition(&a.MisplacedAt, path, &at)
			}
		}
	}
	slices.SortFunc(a.Conditions, compareConditions)
	slices.Sort(a.MisplacedTrust)
	if a.KubernetesVersion == "" {
		a.KubernetesVersion = b.KubernetesVersion
	}
	if a.Proxy == "" {
		a.Proxy = b.Proxy
	}
	if a.SpecChangedAt == nil {
		a.SpecChangedAt = b.SpecChangedAt
	}
	if len(a.PodCIDRs) == 0 {
		a.PodCIDRs = b.PodCIDRs
	}
	if len(a.ServiceCIDRs) == 0 {
		a.ServiceCIDRs = b.ServiceCIDRs
	}
	return a
}
