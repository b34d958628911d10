# METADATA
# title: The proxy settings are complete and exempt the registry
# description: >-
#   A cluster's proxy needs httpProxy, httpsProxy and noProxy together: with one missing no
#   cluster comes up. Its exceptions hold the private registries that images come from and
#   the cluster's networks of pods and services, as golang.org/x/net/http/httpproxy reads
#   them. Of a node's proxy only the exceptions for registries are judged. Which registry
#   is private, RT-CFG-004's parameter public_registries and its chain tell.
# related_resources:
#   - ref: https://pkg.go.dev/golang.org/x/net/http/httpproxy
# custom:
#   id: RT-CFG-015
#   severity: medium
#   trust_domain: workload
#   recommended_action: >-
#     Add the registry's host and the cluster's networks to noProxy, a domain with all
#     hosts below it as "corp.example"; nodes get it with a rolling update.
#   explains: [RT-XEV-014, RT-EVT-001, RT-EVT-002, RT-EVT-010]
#   optional_evidence: [registries, endpoints]
#   tags: [cfg, preflight]
package regpolicy.cfg.proxies_exempt_registries

import data.regpolicy.lib.clusters
import data.regpolicy.lib.pointer
import data.regpolicy.lib.proxies
import data.regpolicy.lib.registries

subjects contains proxies.subject(key) if some key, _ in _proxies

deny contains {"subject": proxies.subject(key), "msg": msg, "evidence": [pointer.to(["proxies", key])]} if {
	some key, proxy in _proxies
	not startswith(key, "node/")
	missing := [name | some field, name in _required; object.get(proxy, field, "") in {"", []}]
	count(missing) > 0
	msg := sprintf("the proxy of %s has no %s; all three of httpProxy, httpsProxy and noProxy are required", [proxies.owner(key), concat(" and no ", missing)])
}

deny contains {"subject": proxies.subject(key), "msg": msg, "evidence": [pointer.to(["proxies", key])]} if {
	some key, proxy in _proxies
	object.get(proxy, "https", "") != ""
	caught := _caught[object.get(proxy, "no_proxy", [])]
	count(caught) > 0
	msg := sprintf("the exceptions of the proxy of %s do not hold the private registry %s", [proxies.owner(key), concat(", ", caught)])
}

deny contains {"subject": proxies.subject(key), "msg": msg, "evidence": [pointer.to(["proxies", key]), pointer.to(["clusters", name])]} if {
	some key, proxy in _proxies
	some name in _configuring[key]
	caught := [network |
		some network in array.concat(object.get(input.clusters[name], "pod_cidrs", []), object.get(input.clusters[name], "service_cidrs", []))
		not proxies.exempts_network(object.get(proxy, "no_proxy", []), network)
	]
	count(caught) > 0
	msg := sprintf("the exceptions of the proxy of %s do not hold the networks %s of pods and services", [proxies.owner(key), concat(", ", caught)])
}

# _caught are the private registries that go through a proxy, by its exceptions: many
# nodes have the same.
_caught := {exceptions: caught |
	some exceptions in {object.get(proxy, "no_proxy", []) | some proxy in _proxies}
	caught := [name |
		some name, registry in registries.private
		not proxies.exempts(exceptions, registry.host, registry.port)
	]
}

_required := {"http": "httpProxy", "https": "httpsProxy", "no_proxy": "noProxy"}

# Where a part of a setting could not be read, what is not seen may be there.
_proxies[key] := proxy if {
	some key, proxy in input.proxies
	regex.match(`^(service$|cluster/|node/[^/]+$)`, proxy.scope)
	not _unread(key)
}

_unread("service") if {
	some gap in input.coverage.trust.gaps
	gap.subject.kind == "tkg_service_configuration"
	gap.field == "proxy"
}

_unread(key) if {
	some gap in input.coverage.trust.gaps
	some name in _configuring[key]
	gap.field == "proxy"
	gap.subject == clusters.subject(input.clusters[name])
}

_configuring[cluster.proxy] contains name if some name, cluster in input.clusters
