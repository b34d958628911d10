package collectors

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// Reconfigure gathers the trust configuration of a document anew, from objects that
// were changed, and judges its chains against that. All the rest, nodes, pods and
// what registries presented, stays as it was found: nothing is contacted.
func Reconfigure(ctx context.Context, doc *evidence.Document, in *source.Input, onlyCluster string) (*evidence.Document, error) {
	encoded, err := evidence.Encode(doc)
	if err != nil {
		return nil, fmt.Errorf("copying evidence: %w", err)
	}
	merged, err := evidence.Decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("copying evidence: %w", err)
	}
	at := doc.CollectedAt.Time
	fresh := Run(ctx, Config{
		Tool: doc.Tool, Now: func() time.Time { return at }, ClusterName: doc.Cluster,
		Input: in.OnlyObjects(in.Objects), OnlyCluster: onlyCluster,
	})
	merged.Trust, merged.Domains, merged.Secrets, merged.Clusters = fresh.Trust, fresh.Domains, fresh.Secrets, fresh.Clusters
	maps.Copy(merged.Machines, fresh.Machines)
	maps.Copy(merged.Proxies, fresh.Proxies)
	maps.Copy(merged.Verification, fresh.Verification)
	maps.Copy(merged.Certificates, fresh.Certificates)
	for _, name := range []string{evidence.Trust, evidence.Secrets, evidence.Machines} {
		merged.Coverage[name] = fresh.Coverage[name]
	}
	dropConfigured(merged)
	b := evidence.NewBuilder(doc.Tool, at)
	b.Record(func(d *evidence.Document) { *d = *merged })
	certificate.Settle(b)
	b.View(func(d *evidence.Document) { *merged = *d })
	evidence.Complete(merged)
	return merged, ctx.Err()
}

// dropConfigured takes out what the old configuration's stores came to.
func dropConfigured(d *evidence.Document) {
	for key, store := range d.TrustStores {
		if store.Verifier != evidence.VerifierConfigured {
			continue
		}
		delete(d.TrustStores, key)
		for _, e := range d.Endpoints {
			for _, chain := range e.Chains {
				delete(chain.Verdicts, key)
			}
		}
	}
}
