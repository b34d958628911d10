# METADATA
# title: JSON pointers into the evidence document (RFC 6901)
package regpolicy.lib.pointer

# to joins reference tokens to a pointer: to(["nodes", "wk-1"]) is "/nodes/wk-1".
# It cuts and joins, as OPA makes a table of 6 KB for each call of replace.
to(tokens) := concat("/", array.concat([""], [escaped |
	some token in tokens
	escaped := concat("~1", split(concat("~0", split(token, "~")), "/"))
]))
