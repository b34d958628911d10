# METADATA
# title: kapp-controller trusts the registry CA too
# description: >-
#   kapp-controller pulls packages by a trust of its own: a CA that a cluster's nodes get
#   does not reach it. Where its configuration was looked at, it holds every certificate
#   that the workload domain has configured for the same cluster. A cluster of which no
#   caCerts are known has none. The kapp-controller of the Supervisor's own services is
#   another one and left out.
# related_resources:
#   - ref: https://carvel.dev/kapp-controller/docs/develop/controller-config/
# custom:
#   id: RT-CFG-018
#   severity: medium
#   trust_domain: kapp
#   recommended_action: >-
#     Append the CA, as plain PEM, to caCerts of the cluster's KappControllerConfig
#     (`<CLUSTER>-kapp-controller-package`), or of kapp-controller-config within the
#     cluster.
#   optional_evidence: [nodes]
#   tags: [cfg, preflight]
package regpolicy.cfg.kapp_trusts_configured_cas

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust
import data.regpolicy.lib.trustvalues

subjects contains trust.subject(input.trust[key]) if some key in _judged

deny contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key]), "/domains/kapp"]} if {
	some key in _judged
	entry := input.trust[key]
	lacking := _lacking[key]
	msg := sprintf("kapp-controller%s does not trust %s, which is configured in %s (entry %q)", [
		_of(entry, lacking), concat(", ", {chains.name_of(fingerprint) | some fingerprint in lacking}), trust.source(entry), entry.label,
	])
}

_judged contains key if {
	some key, _ in _wanted
	not _uncertain(key)
}

# What could not be had may be the certificate that is missed.
_uncertain(key) if {
	_lacking[key]
	"kapp" in trust.incomplete
}

_uncertain(key) if {
	_lacking[key]
	some gap in input.coverage.trust.gaps
	gap.subject.kind in {"file", "kapp_controller_config", "section"}
	object.get(gap, "field", "") == ""
}

# _wanted are the certificates of the workload domain's entries, by their keys.
_wanted[key] := object.keys(certificates) if {
	_looked_at
	some key, certificates in trustvalues.certificates
	entry := input.trust[key]
	entry.domain == "workload"
	not entry.applies_to_none
}

_lacking[key] := lacking if {
	some key, wanted in _wanted
	lacking := {fingerprint |
		some fingerprint in wanted
		some cluster in _clusters(input.trust[key])
		not _trusts(cluster, fingerprint)
	}
	count(lacking) > 0
}

_of(entry, lacking) := sprintf(" of %s", [concat(", ", clusters)]) if {
	clusters := {cluster |
		some cluster in entry.clusters
		some fingerprint in lacking
		not _trusts(cluster, fingerprint)
	}
	count(clusters) > 0
} else := ""

# An entry that tells no cluster counts for all.
_clusters(entry) := entry.clusters if {
	count(entry.clusters) > 0
} else := ["*"]

_trusts(cluster, fingerprint) if cluster in _holders[fingerprint]

_trusts(_, fingerprint) if "*" in _holders[fingerprint]

_trusts("*", fingerprint) if _holders[fingerprint]

# _holders are the clusters whose kapp-controller trusts a certificate.
_holders[fingerprint] contains cluster if {
	some entry in input.trust
	entry.domain == "kapp"
	not _supervisors(entry)
	some cluster in _clusters(entry)
	some fingerprint in entry.value.certificates
}

_looked_at if {
	input.domains.kapp
	not _only_supervisors
}

_only_supervisors if {
	count(input.domains.kapp.entries) > 0
	every key in input.domains.kapp.entries {
		_supervisors(input.trust[key])
	}
}

_supervisors(entry) if entry.object.namespace == "vmware-system-appplatform-operator-system"
