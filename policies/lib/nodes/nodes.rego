# METADATA
# title: Nodes, their trust files and how far they were read
package regpolicy.lib.nodes

# read are the nodes whose files were read, by name.
read := {name: node |
	some name, node in input.nodes
	node.read
}

# lacks tells whether one of these fields of a node could not be read in full: what
# is not seen there may be there all the same.
lacks(name, fields) if {
	some gap in input.coverage.nodes.gaps
	gap.subject.kind == "node"
	gap.subject.name == name
	object.get(gap, "field", "") in (fields | {""})
}

# lacking are the nodes of which one of these fields could not be read in full.
lacking(fields) := {gap.subject.name |
	some gap in input.coverage.nodes.gaps
	gap.subject.kind == "node"
	object.get(gap, "field", "") in (fields | {""})
}

# trusts tells whether a certificate lies on a node in a form that can be used, at
# whatever path.
trusts(node, fingerprint) if fingerprint in stores[node.trust_store]

trusts(node, fingerprint) if {
	some file in node.trust_files
	file.form == "pem"
	fingerprint in file.certificates
}

# stores are the anchors of trust stores as sets, by the store's key.
stores := {key: {fingerprint | some fingerprint in store.anchors} | some key, store in input.trust_stores}

# holds tells whether a node has a usable file for a named trust entry: as
# tkg-<name>.pem, or where its operating system's trust command moved it.
holds(node, name) if {
	some file in node.trust_files
	file.entry == name
	file.status == "ok"
}

# ca_file tells whether a trust file is meant to hold certificate authorities:
# client certificates and keys of a registry (.cert, .key) lie beside them, and so
# may PEM files of another kind (Diffie-Hellman parameters, keys, revocation lists).
ca_file(path, file) if {
	file.status == "ok"
	file.form != "unreadable"
	regex.match(`\.(pem|crt|cer)$`, path)
	not _of_another_kind(file)
}

_of_another_kind(file) if {
	object.get(file, "entry", "") == ""
	count(file.blocks) > 0
	every block in file.blocks {
		not contains(block.label, "CERTIFICATE")
		not contains(block.label, "PKCS")
	}
}

# managed tells whether a file comes from the cluster's trust configuration, so that
# what is wrong with it is repaired there and not on the node.
managed(file) if file.entry
