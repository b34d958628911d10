# METADATA
# title: JSON pointers into the evidence document (RFC 6901)
package regpolicy.lib.pointer

# to joins reference tokens to a pointer: to(["nodes", "wk-1"]) is "/nodes/wk-1".
to(tokens) := concat("", [concat("", ["/", replace(replace(token, "~", "~0"), "/", "~1")]) | some token in tokens])
