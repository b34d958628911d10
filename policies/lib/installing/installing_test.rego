package regpolicy.lib.installing_test

import data.regpolicy.lib.installing

_nodes := {"nodes": {
	"d": {"os_family": "debian"}, "e": {"os_family": "debian"}, "p": {"os_family": "photon"},
	"r": {"os_family": "rhel"}, "o": {"os_family": "other"}, "n": {},
}}

_general := "put it as PEM into the folder of the operating system (/usr/local/share/ca-certificates on Debian and Ubuntu and /etc/pki/ca-trust/source/anchors on RHEL with the suffix .crt, /etc/ssl/certs on Photon), run its trust command (update-ca-certificates, update-ca-trust extract, rehash_ca_certificates.sh), and restart the container runtime (`systemctl restart containerd`)"

test_by_hand[name] if {
	some name, tc in {
		"Debian": {"names": {"d", "e"}, "want": "put it as PEM into /usr/local/share/ca-certificates with the suffix .crt, run `update-ca-certificates`, and restart the container runtime (`systemctl restart containerd`)"},
		"Photon": {"names": {"p"}, "want": "put it as PEM into /etc/ssl/certs with the suffix .pem, run `rehash_ca_certificates.sh`, and restart the container runtime (`systemctl restart containerd`)"},
		"RHEL": {"names": {"r"}, "want": "put it as PEM into /etc/pki/ca-trust/source/anchors with the suffix .crt, run `update-ca-trust extract`, and restart the container runtime (`systemctl restart containerd`)"},
		"two": {"names": {"d", "p"}, "want": _general},
		"another": {"names": {"o"}, "want": _general},
		"not known": {"names": {"n"}, "want": _general},
		"no node": {"names": set(), "want": _general},
		"a node that nobody knows": {"names": {"x"}, "want": _general},
	}
	installing.by_hand(tc.names) == tc.want with input as _nodes
	installing.steps(tc.names) == concat("", ["configure it for the cluster under a new entry name and let the nodes roll; on nodes that no such configuration makes: ", tc.want]) with input as _nodes
}

test_replacement[place] if {
	some place, want in {
		"system": "Mend it, run `update-ca-certificates`, and restart the container runtime (`systemctl restart containerd`)",
		"containerd": "Mend it; the runtime reads it at the next pull",
		"docker": "Mend it; the runtime reads it at the next pull",
	}
	installing.replacement({"place": place}, "d", "Mend it") == want with input as _nodes
}

test_replacement_without_a_place if {
	installing.replacement({}, "d", "Mend it") == "Mend it, run `update-ca-certificates`, and restart the container runtime (`systemctl restart containerd`)" with input as _nodes
}
