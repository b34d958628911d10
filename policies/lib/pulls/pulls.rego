# METADATA
# title: Failed pulls in words
package regpolicy.lib.pulls

import data.regpolicy.lib.workloads

# says is the message about a failure whose cause is among words, with the host that
# answered in the place of %s. It is undefined for another cause.
says(failure, words) := sprintf("%s: %s", [workloads.cannot_pull(failure), what]) if {
	template := words[failure.cause]
	what := sprintf(template, [workloads.host(failure)])
}

# quoted is what the verifier said, as an addition to a message.
default quoted(_) := ""

quoted(failure) := sprintf(" (%s)", [trim_right(substring(found[0], 0, 206), ". ")]) if {
	is_string(failure.message)
	found := regex.find_n(`x509: [^\n;"]+`, failure.message, 1) # with a bound it would take a millisecond to compile
	count(found) > 0
}

# trust_domain is whose trust the certificate was verified with.
default trust_domain(_) := "workload"

trust_domain(failure) := "supervisor" if failure.origin == "vsphere_pod"
