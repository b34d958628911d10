package podevents

import (
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// registries groups the images of pods, workloads and failures by registry.
func (c *Collector) registries(out *output) map[string]evidence.Registry {
	g := &grouping{byKey: map[string]*registryUse{}, known: map[string]string{}}
	for _, key := range sortedKeys(c.pods) {
		pod := c.pods[key]
		if !pod.Observed {
			continue
		}
		platform := evidence.OriginKubelet
		if pod.Platform == evidence.PlatformVSpherePod {
			platform = evidence.OriginVSpherePod
		}
		for _, image := range pod.Images {
			g.add(image, key, "", platform)
		}
	}
	for _, key := range sortedKeys(c.workloads) {
		for _, image := range c.workloads[key].images {
			ok := g.add(image, "", key, "")
			if at, known := c.workloads[key].at[image]; ok && known {
				g.place(image, key, at)
			}
			if !ok && c.b.Requested(evidence.Images) {
				out.gaps = append(out.gaps, part{evidence.Images, evidence.Gap{
					Subject: workloadSubject(key, c.workloads[key].prov), Field: "image", Reason: "parse_error",
					Detail: "\"" + image + "\" is no image reference",
				}})
			}
		}
	}
	for _, f := range out.failures {
		if f.Image != "" {
			g.add(f.Image, "", "", f.Origin)
		}
	}
	return g.done()
}

func workloadSubject(key string, prov evidence.Provenance) evidence.Subject {
	if prov.Path != "" {
		return evidence.Subject{"kind": "file", "name": prov.Path}
	}
	kind, name, _ := strings.Cut(key, "/")
	namespace, name, _ := strings.Cut(name, "/")
	return evidence.Subject{"kind": strings.ToLower(kind), "namespace": namespace, "name": name}
}

// grouping is images by registry.
type grouping struct {
	byKey map[string]*registryUse
	known map[string]string // RegistryOf, by image; empty for what is no reference
}

type registryUse struct {
	images, workloads, platforms map[string]bool
	at                           map[string]evidence.Position // by workload
	pods                         int
	lastPod                      string // pods come one after another
}

// add tells whether image is a reference.
func (g *grouping) add(image, pod, workload, platform string) bool {
	key, seen := g.known[image]
	if !seen {
		key, _ = RegistryOf(image)
		g.known[image] = key
	}
	if key == "" {
		return false
	}
	r := g.byKey[key]
	if r == nil {
		r = &registryUse{images: map[string]bool{}, workloads: map[string]bool{}, platforms: map[string]bool{}}
		g.byKey[key] = r
	}
	r.images[image] = true
	if pod != "" && pod != r.lastPod {
		r.pods++
		r.lastPod = pod
	}
	if workload != "" {
		r.workloads[workload] = true
	}
	if platform != "" {
		r.platforms[platform] = true
	}
	return true
}

// place notes where a workload names a registry first.
func (g *grouping) place(image, workload string, at evidence.Position) {
	r := g.byKey[g.known[image]]
	if r.at == nil {
		r.at = map[string]evidence.Position{}
	}
	if first, ok := r.at[workload]; !ok || at.Before(first) {
		r.at[workload] = at
	}
}

func (g *grouping) done() map[string]evidence.Registry {
	out := make(map[string]evidence.Registry, len(g.byKey))
	for key, r := range g.byKey {
		host, port := splitHostPort(key)
		out[key] = evidence.Registry{
			Host: host, Port: port, Pods: r.pods,
			Images: setOf(r.images), Workloads: setOf(r.workloads), Platforms: setOf(r.platforms),
			WorkloadsAt: r.at,
		}
	}
	return out
}

func setOf(m map[string]bool) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}
