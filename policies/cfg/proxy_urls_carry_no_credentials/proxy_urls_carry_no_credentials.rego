# METADATA
# title: No proxy URL carries credentials in clear
# description: >-
#   A user and password in a proxy's URL lie in the cluster's manifest, in its history and
#   on every node for all who may read them. The proxies of clusters, of the global
#   setting, of kapp-controller and of nodes are looked at, not the collector's own.
# custom:
#   id: RT-CFG-016
#   severity: medium
#   recommended_action: Take the credentials out of the URL, let the proxy know the nodes by their address or network, and change the password.
#   tags: [cfg, preflight, audit]
#   controls:
#     bsi-sys-1.6: [A8]
#     cis-kubernetes-1.10: ["5.1.2", "5.4.1"]
package regpolicy.cfg.proxy_urls_carry_no_credentials

import data.regpolicy.lib.pointer
import data.regpolicy.lib.proxies

subjects contains proxies.subject(key) if some key in _told

deny contains {"subject": proxies.subject(key), "msg": msg, "evidence": [pointer.to(["proxies", key, "has_credentials"])]} if {
	some key in _told
	input.proxies[key].has_credentials
	msg := sprintf("the proxy URL of %s carries a user or password", [proxies.owner(key)])
}

_told contains key if {
	some key, proxy in input.proxies
	proxy.scope != "collector"
	is_boolean(proxy.has_credentials)
}
