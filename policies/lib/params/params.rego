# METADATA
# title: Parameters of policies
package regpolicy.lib.params

# of are a policy's parameters: the defaults of its METADATA, and over them what the
# run gives in data.params. chain is rego.metadata.chain() as the policy sees it.
of(id, chain) := object.union(_defaults(chain), _given(id))

_defaults(chain) := link.annotations.custom.params if {
	some link in chain
	link.annotations.scope == "package"
}

default _given(_) := {}

_given(id) := data.params[id]
