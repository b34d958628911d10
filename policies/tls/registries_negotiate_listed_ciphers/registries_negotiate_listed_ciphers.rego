# METADATA
# title: The negotiated cipher is in the profile's list
# description: >-
#   The cipher suite that the registry and the client agreed on is one of the given list
#   for TLS 1.2; those of TLS 1.3 are all good. The handshake shows one suite, not what
#   else the registry would take. Names are IANA's.
# related_resources:
#   - ref: https://doi.org/10.6028/NIST.SP.800-52r2
#   - ref: https://www.iana.org/assignments/tls-parameters/tls-parameters.xhtml
# custom:
#   id: RT-TLS-009
#   severity: medium
#   recommended_action: >-
#     Allow suites with ECDHE and AES-GCM only on the registry or on the load balancer
#     before it, and enable TLS 1.3.
#   tags: [tls]
#   params: &nist
#     ciphers: [
#       TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
#       TLS_ECDHE_ECDSA_WITH_AES_128_CCM, TLS_ECDHE_ECDSA_WITH_AES_256_CCM, TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8,
#       TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
#       TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
#       TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, TLS_DHE_RSA_WITH_AES_128_CCM, TLS_DHE_RSA_WITH_AES_256_CCM]
#   profiles:
#     nist: *nist
#     pci: *nist
#     bsi:
#       ciphers: [
#         TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
#         TLS_ECDHE_ECDSA_WITH_AES_128_CCM, TLS_ECDHE_ECDSA_WITH_AES_256_CCM]
package regpolicy.tls.registries_negotiate_listed_ciphers

import data.regpolicy.lib.params
import data.regpolicy.lib.pointer
import data.regpolicy.lib.vantages

subjects contains _subject(one) if some one, _ in _negotiated

deny contains {"subject": _subject(one), "msg": msg, "evidence": evidence} if {
	some one, where in _negotiated
	not _listed(one)
	msg := sprintf("%s negotiates %s, seen from %s, which the profile does not list", [one.endpoint, one.cipher, vantages.listed(where)])
	evidence := [pointer.to(["endpoints", one.endpoint, "probes", vantage]) | some vantage in sort(where)]
}

_subject(one) := {"kind": "registry", "name": one.endpoint, "cipher": one.cipher}

_params := params.of("RT-TLS-009", rego.metadata.chain())

# _negotiated are the suites of each endpoint, with who saw them.
_negotiated[{"endpoint": name, "cipher": cipher, "version": version}] contains vantage if {
	some name, endpoint in input.endpoints
	some vantage, probe in endpoint.probes
	cipher := probe.tls.cipher
	cipher != ""
	version := object.get(probe.tls, "version", "")
}

_listed(one) if one.version == "1.3"

_listed(one) if one.cipher in _params.ciphers
