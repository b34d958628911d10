# METADATA
# title: How nodes come to trust a CA
package regpolicy.lib.installing

# steps go on from "get the CA's certificate and": what to do with it on these nodes,
# by name. A configuration makes nodes anew; what was put there by hand goes with the
# node.
steps(names) := sprintf("configure it for the cluster under a new entry name and let the nodes roll; on nodes that no such configuration makes: %s", [by_hand(names)])

# by_hand is the same for the node itself.
by_hand(names) := sprintf("put it as PEM into %s, %s", [_folder(names), renewal(names)])

# renewal is what makes a node read its CA files anew.
renewal(names) := sprintf("run %s, and restart the container runtime (`systemctl restart containerd`)", [_command(names)])

# replacement says how a file that was put on a node by hand is repaired: what is
# below the runtime's own folder is read at each pull.
replacement(file, name, task) := sprintf("%s; the runtime reads it at the next pull", [task]) if {
	file.place in {"containerd", "docker"}
} else := sprintf("%s, %s", [task, renewal({name})])

_folder(names) := _ways[_family(names)].folder if {
	_ways[_family(names)]
} else := "the folder of the operating system (/usr/local/share/ca-certificates on Debian and Ubuntu and /etc/pki/ca-trust/source/anchors on RHEL with the suffix .crt, /etc/ssl/certs on Photon)"

_command(names) := sprintf("`%s`", [_ways[_family(names)].command]) if {
	_ways[_family(names)]
} else := "its trust command (update-ca-certificates, update-ca-trust extract, rehash_ca_certificates.sh)"

# _family is the operating system of the nodes, where all have one.
_family(names) := min(families) if {
	families := {input.nodes[name].os_family | some name in names}
	count(families) == 1
}

_ways := {
	"debian": {"folder": "/usr/local/share/ca-certificates with the suffix .crt", "command": "update-ca-certificates"},
	"photon": {"folder": "/etc/ssl/certs with the suffix .pem", "command": "rehash_ca_certificates.sh"},
	"rhel": {"folder": "/etc/pki/ca-trust/source/anchors with the suffix .crt", "command": concat(" ", ["update-ca-trust", "extract"])},
}
