# METADATA
# title: The Supervisor trusts the registry CA where vSphere Pods use it
# description: >-
#   vSphere Pods get their images by the Supervisor's trust, which no workload cluster's
#   configuration reaches. The chain of each private registry that they use leads to a
#   certificate of the Supervisor's bundle. Of a registry that was not probed, only a
#   Supervisor that trusts nothing is known to lack the CA; else it is left out.
# custom:
#   id: RT-CFG-019
#   severity: medium
#   trust_domain: supervisor
#   recommended_action: >-
#     Append the registry's CA to the key ca-bundle of the ConfigMap
#     kube-system/image-fetcher-ca-bundle on the Supervisor and keep what is there, or
#     register the registry with its certificate chain in the Supervisor's settings.
#   explains: [RT-XEV-003, RT-EVT-012]
#   optional_evidence: [endpoints, nodes]
#   tags: [cfg]
package regpolicy.cfg.supervisor_trusts_registries

import data.regpolicy.lib.chains
import data.regpolicy.lib.pointer
import data.regpolicy.lib.registries
import data.regpolicy.lib.trust

subjects contains _subject(name) if some name in _judged

deny contains {"subject": _subject(name), "msg": msg, "evidence": [pointer.to(["registries", name]), "/domains/supervisor"], "remediation": _repair(name)} if {
	some name in _judged
	not _trusted(name)
	msg := sprintf("vSphere Pods use the registry %s, and %s", [name, _why])
}

_repair(name) := sprintf("Get the certificate of the CA%s (`openssl s_client -connect %s -showcerts` shows the chain), compare its fingerprint with its owner, and append it to the key ca-bundle on the Supervisor (`kubectl -n kube-system edit configmap image-fetcher-ca-bundle`; keep what is there), or register the registry with its certificate chain in the Supervisor's settings", [_top(name), name])

default _top(_) := " that signed the registry's certificate"

_top(name) := sprintf(" %q at the end of the registry's chain", [top]) if {
	tops := {chains.top(chain) | some chain in input.endpoints[name].chains}
	top := min(tops)
	count(tops) == 1
}

_subject(name) := {"kind": "registry", "name": name, "domain": "supervisor"}

_judged contains name if {
	some name in _used
	_trusted(name)
}

# What could not be had of the Supervisor's bundle may be the CA that is missed.
_judged contains name if {
	some name in _used
	_known(name)
	not "supervisor" in trust.incomplete
	not "supervisor" in trust.hidden
}

_used contains name if {
	input.domains.supervisor
	some name, registry in registries.private
	"vsphere_pod" in registry.platforms
}

_known(_) if _empty

_known(name) if {
	some chain in input.endpoints[name].chains
	chain.verdicts[_store]
}

_trusted(name) if {
	not _empty
	some chain in input.endpoints[name].chains
	chain.verdicts[_store].ok
}

_why := "the Supervisor is told to trust no certificate at all" if {
	_empty
} else := "its chain leads to no certificate that the Supervisor is told to trust"

_empty if count(trust.configured("supervisor")) == 0

_store := input.domains.supervisor.trust_store
