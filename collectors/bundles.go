package collectors

import (
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// collectedAt is the document's time: now, or, where all is read from bundles that
// tell when they were made, then. What is judged by a time, certificates and the
// age of events above all, is judged as of that moment.
func (cfg *Config) collectedAt() time.Time {
	now := cfg.Now()
	live := cfg.Cluster != nil || cfg.Supervisor != nil || cfg.SSH != nil || len(cfg.HostRoots)+len(cfg.Registries) > 0 || cfg.Probe
	if cfg.Input == nil || live {
		return now
	}
	var newest time.Time
	for _, s := range cfg.Input.Sources {
		switch {
		case s.Kind == evidence.SourceManifests: // they hold at any time
		case s.CollectedAt == nil:
			return now
		case s.CollectedAt.After(newest):
			newest = s.CollectedAt.Time
		}
	}
	if newest.IsZero() {
		return now
	}
	return newest
}

// clusterName is the name of the cluster that objects come from, where they agree
// on one: Cluster API annotates nodes with it, OpenShift has an object for it.
func clusterName(objects []source.Object) string {
	var names []string
	for _, o := range objects {
		name := ""
		switch o.Kind() {
		case "Node":
			metadata, _ := o.Map["metadata"].(map[string]any)
			annotations, _ := metadata["annotations"].(map[string]any)
			name, _ = annotations["cluster.x-k8s.io/cluster-name"].(string)
		case "Infrastructure":
			status, _ := o.Map["status"].(map[string]any)
			name, _ = status["infrastructureName"].(string)
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) != 1 {
		return ""
	}
	return evidence.Scrub(names[0])
}

// lacks says of each format what its bundles cannot hold, and how to have it.
var lacks = map[string]map[string]string{
	evidence.FormatTroubleshoot: {
		evidence.Nodes:   "a support bundle holds nodes' files only if a copyFromHost collector without a name took them: read nodes with --ssh",
		evidence.Secrets: "a support bundle holds only the secrets that its spec names: add the collector secret, with includeAllData for those of trust",
	},
	evidence.FormatMustGather: {
		evidence.Nodes:   "a must-gather holds no files of nodes: read them with --ssh",
		evidence.Secrets: "a must-gather holds no values of secrets: read the cluster itself with --context",
	},
	evidence.FormatClusterDump: {
		evidence.Nodes:   "kubectl cluster-info dump holds no files of nodes: read them with --ssh",
		evidence.Trust:   "kubectl cluster-info dump holds no trust configuration: read a Supervisor with --supervisor-context, or its manifests",
		evidence.Secrets: "kubectl cluster-info dump holds no secrets: read the cluster itself with --context",
	},
	evidence.FormatCrashDiagnostics: {
		evidence.Nodes:   "the archive holds no files of nodes: take them with copy_from in the script, or read them with --ssh",
		evidence.Secrets: "the archive holds no secrets: take them with kube_capture in the script, or read the cluster itself with --context",
	},
}

// bundleHints are the hints where all sources are bundles of one format.
func (r *run) bundleHints() map[string]string {
	if r.cfg.Input == nil {
		return nil
	}
	format := ""
	for _, s := range r.cfg.Input.Sources {
		if s.Format == "" || format != "" && s.Format != format {
			return nil
		}
		format = s.Format
	}
	return lacks[format]
}
