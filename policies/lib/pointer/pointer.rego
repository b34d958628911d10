# METADATA
# title: JSON pointers into the evidence document (RFC 6901)
package regpolicy.lib.pointer

# to joins reference tokens to a pointer: to(["nodes", "wk-1"]) is "/nodes/wk-1".
# Tokens with "~" or "/" are cut and joined, as OPA makes a table of 6 KB for each call
# of replace.
to(tokens) := plain if {
	plain := concat("/", array.concat([""], tokens))
	strings.count(plain, "/") == count(tokens)
	indexof(plain, "~") < 0
} else := concat("/", array.concat([""], [concat("~1", split(concat("~0", split(token, "~")), "/")) | some token in tokens]))
