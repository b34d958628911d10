# METADATA
# title: Nodes, their trust files and how far they were read
package regpolicy.lib.nodes

# read are the nodes whose files were read, by name.
read[name] := node if {
	some name, node in input.nodes
	node.read
}

# incomplete are the nodes of which some trust file could not be read: what is not
# seen there may be there all the same.
incomplete contains gap.subject.name if {
	some gap in input.coverage.nodes.gaps
	gap.subject.kind == "node"
	object.get(gap, "field", "") in {"", "trust_files", "trust_store"}
}

# trusted are the fingerprints that lie on a node in a form that can be used, at
# whatever path, by the node's name.
trusted[name] := anchors | in_files if {
	some name, node in read
	anchors := _anchors(node)
	in_files := {fingerprint |
		some file in node.trust_files
		file.form == "pem"
		some fingerprint in file.certificates
	}
}

default _anchors(_) := set()

_anchors(node) := _store[node.trust_store]

_store[key] := {fingerprint | some fingerprint in store.anchors} if some key, store in input.trust_stores

# holds tells whether a node has a usable file for a named trust entry: as
# tkg-<name>.pem, or where its operating system's trust command moved it.
holds(node, name) if {
	some file in node.trust_files
	file.entry == name
	file.status == "ok"
}

# ca_file tells whether a trust file is meant to hold certificate authorities:
# client certificates and keys of a registry (.cert, .key) lie beside them.
ca_file(path, file) if {
	file.status == "ok"
	file.form != "unreadable"
	regex.match(`\.(pem|crt|cer)$`, path)
}
