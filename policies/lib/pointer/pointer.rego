# METADATA
# title: JSON pointers into the evidence document (RFC 6901)
package regpolicy.lib.pointer

# to joins reference tokens to a pointer: to(["nodes", "wk-1"]) is "/nodes/wk-1".
to(tokens) := plain if {
	plain := concat("/", array.concat([""], tokens))
	not contains(plain, "~")
	strings.count(plain, "/") == count(tokens)
} else := concat("/", array.concat([""], [_escaped(token) | some token in tokens]))

# _escaped cuts and joins, as OPA makes a table of 6 KB for each call of replace.
_escaped(token) := concat("~1", split(concat("~0", split(token, "~")), "/"))
