package rollout

import (
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// pullAgain takes out the pull failures of trust that end: the registry's chain leads
// to what the puller trusts then, and did not before, or the puller is a new node.
func (f *Foresight) pullAgain(before *evidence.Document) {
	doc := f.Document
	var over []string
	for _, key := range slices.Sorted(maps.Keys(doc.PullFailures)) {
		failure := doc.PullFailures[key]
		if failure.Cause != "unknown_authority" && failure.Cause != "authority_rekeyed" {
			continue
		}
		_, remade := slices.BinarySearch(f.Nodes, failure.Node)
		switch was, is := trusted(before, failure), trusted(doc, failure); {
		case is == yes && (was != yes || remade):
			over = append(over, key)
		case is == unknown:
			f.Open = append(f.Open, key)
		}
	}
	f.Pulled = len(over) > 0
	forget(doc, over)
}

// forget takes pull failures out. A pod that has no other runs.
func forget(doc *evidence.Document, keys []string) {
	pods := map[string]bool{}
	for _, key := range keys {
		failure := doc.PullFailures[key]
		pods[failure.Namespace+"/"+failure.Pod] = true
		delete(doc.PullFailures, key)
	}
	for _, failure := range doc.PullFailures {
		delete(pods, failure.Namespace+"/"+failure.Pod)
	}
	for key := range pods {
		if pod, ok := doc.Pods[key]; ok && pod.Observed {
			runs := *pod
			runs.Phase = "Running"
			doc.Pods[key] = &runs
		}
	}
}

type answer int

const (
	unknown answer = iota
	no
	yes
)

// trusted tells whether who pulled trusts every chain that the answering host was
// seen to present.
func trusted(doc *evidence.Document, failure evidence.PullFailure) answer {
	host := failure.Host
	if host == "" {
		host = failure.Registry
	}
	store := storeOf(doc, failure, host)
	if store == "" || len(doc.Endpoints[host].Chains) == 0 {
		return unknown
	}
	for _, chain := range doc.Endpoints[host].Chains {
		verdict, ok := chain.Verdicts[store]
		switch {
		case !ok:
			return unknown
		case !verdict.OK:
			return no
		}
	}
	return yes
}

// storeOf is what a puller trusts: the Supervisor's bundle, the node's own store for
// that host, or, of a node that was not read, what is configured at least.
func storeOf(doc *evidence.Document, failure evidence.PullFailure, host string) string {
	if failure.Origin == evidence.OriginVSpherePod {
		return doc.Domains[evidence.DomainSupervisor].TrustStore
	}
	node := doc.Nodes[failure.Node]
	if !node.Read {
		return doc.Domains[evidence.DomainWorkload].TrustStore
	}
	if node.RegistryConfig != nil {
		for _, name := range []string{host, strings.TrimSuffix(host, ":443"), "_default"} {
			if settings, ok := node.RegistryConfig.Hosts[name]; ok && settings.TrustStore != "" {
				return settings.TrustStore
			}
		}
	}
	return node.TrustStore
}
