# METADATA
# title: No configuration switches TLS verification off
# description: >-
#   A switch that skips the verification of a registry's certificate lets anybody on the
#   way hand out images. It is set where a CA should have been installed:
#   dangerousSkipTLSVerify of kapp-controller, insecureRegistries of OpenShift,
#   tlsCertificateValidation or a SKIP_TLS_VERIFY variable of TKGm. What the nodes'
#   container runtime is told is RT-NOD-015's. Pass means that a switch is there and
#   leaves verification on.
# custom:
#   id: RT-CFG-017
#   severity: high
#   recommended_action: Install the CA of the registry in this trust domain, then take the switch out.
#   tags: [cfg, preflight, audit]
#   controls:
#     bsi-app-4.4: [A12]
#     nist-800-190: ["4.2.1"]
#     disa-container-platform-srg: [V-233015]
package regpolicy.cfg.tls_verification_stays_on

import data.regpolicy.lib.pointer

subjects contains _subject(key) if {
	some key, switch in input.verification
	is_boolean(switch.off)
}

deny contains {"subject": _subject(key), "msg": msg, "evidence": [pointer.to(["verification", key])], "trust_domain": switch.domain} if {
	some key, switch in input.verification
	is_boolean(switch.off)
	switch.off
	msg := sprintf("%s %s switches TLS verification off at %s, for %s", [
		switch.object.kind, _name(switch.object), switch.field, _hosts(switch),
	])
}

_subject(key) := {"kind": "verification", "name": key}

_hosts(switch) := concat(", ", switch.hosts) if {
	count(switch.hosts) > 0
} else := "all registries"

_name(object) := sprintf("%s/%s", [object.namespace, object.name]) if {
	object.namespace != ""
} else := object.name
