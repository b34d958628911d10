# METADATA
# title: Every trust value holds one certificate
# description: >-
#   A value that is meant for the nodes becomes one file there. Go, and so the container
#   runtime, reads all certificates of a file; OpenSSL's rehash makes no link to a file
#   with more than one, and programs that look CAs up by their hash find none of them.
#   It is a warning: pulls work. Bundles of the Supervisor and of kapp-controller are
#   meant to hold many and are not looked at.
# custom:
#   id: RT-CFG-011
#   severity: low
#   trust_domain: workload
#   recommended_action: Give each certificate an entry of its own.
#   tags: [cfg, preflight]
package regpolicy.cfg.trust_values_hold_one_certificate

import data.regpolicy.lib.pointer
import data.regpolicy.lib.trust
import data.regpolicy.lib.trustvalues

subjects contains trust.subject(entry) if {
	some key, entry in trustvalues.held
	_certificates[key] > 0
}

warn contains {"subject": trust.subject(entry), "msg": msg, "evidence": [pointer.to(["trust", key, "value", "blocks"])]} if {
	some key, entry in trustvalues.held
	_certificates[key] > 1
	msg := sprintf("%s holds %d certificates in one file; OpenSSL makes no hash link to such a file", [trustvalues.of(entry), _certificates[key]])
}

# A block in which no certificate can be read counts, too: the file has two parts.
_certificates[key] := count([block | some block in entry.value.blocks; _labels[block.label]]) if {
	some key, entry in trustvalues.held
	entry.domain == "workload"
}

_labels := {"CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"}
