package regpolicy.lib.proxies_test

import data.regpolicy.lib.proxies

test_subject[name] if {
	some name, want in {
		"node/wk-1": {"kind": "proxy", "name": "node/wk-1", "node": "wk-1"},
		"node/wk-1/kubelet": {"kind": "proxy", "name": "node/wk-1/kubelet", "node": "wk-1"},
		"cluster/ns/demo": {"kind": "proxy", "name": "cluster/ns/demo", "cluster": "demo"},
		"service": {"kind": "proxy", "name": "service"},
		"kapp/ns/demo": {"kind": "proxy", "name": "kapp/ns/demo"},
	}
	proxies.subject(name) == want
}

test_owner[name] if {
	some name, want in {
		"node/wk-1": "node wk-1",
		"node/wk-1/kubelet": "node wk-1/kubelet",
		"cluster/ns/demo": "cluster ns/demo",
		"service": "the TkgServiceConfiguration",
		"kapp/kapp/demo": "kapp kapp/demo",
	}
	proxies.owner(name) == want
}

# The cases are those of golang.org/x/net/http/httpproxy's documentation and code.
test_exempts[name] if {
	some name, tc in {
		"nothing": {"exception": "", "host": "corp.example", "exempt": false},
		"everything": {"exception": "*", "host": "corp.example", "exempt": true},
		"the host": {"exception": "harbor.corp.example", "host": "harbor.corp.example", "exempt": true},
		"the host, in other letters": {"exception": " Harbor.CORP.example ", "host": "harbor.Corp.example", "exempt": true},
		"the domain": {"exception": "corp.example", "host": "harbor.corp.example", "exempt": true},
		"what only ends alike": {"exception": "corp.example", "host": "harborcorp.example", "exempt": false},
		"the domain with a dot": {"exception": ".corp.example", "host": "harbor.corp.example", "exempt": true},
		"not the domain itself with a dot": {"exception": ".corp.example", "host": "corp.example", "exempt": false},
		"the domain with a star": {"exception": "*.corp.example", "host": "harbor.corp.example", "exempt": true},
		"not the domain itself with a star": {"exception": "*.corp.example", "host": "corp.example", "exempt": false},
		"a star that is no label": {"exception": "*corp.example", "host": "harbor.corp.example", "exempt": false},
		"another domain": {"exception": "corp.example", "host": "harbor.lab.example", "exempt": false},
		"a dot": {"exception": ".", "host": "harbor.corp.example.", "exempt": false},
		"the port": {"exception": "corp.example:443", "host": "harbor.corp.example", "exempt": true},
		"another port": {"exception": "corp.example:5000", "host": "harbor.corp.example", "exempt": false},
		"any port": {"exception": "corp.example:", "host": "harbor.corp.example", "exempt": true},
		"a port alone": {"exception": ":443", "host": "harbor.corp.example", "exempt": false},
		"a scheme": {"exception": "https://harbor.corp.example", "host": "harbor.corp.example", "exempt": false},
		"an address": {"exception": "10.0.0.5", "host": "10.0.0.5", "exempt": true},
		"another address": {"exception": "10.0.0.5", "host": "10.0.0.6", "exempt": false},
		"an address that is no domain": {"exception": "0.0.5", "host": "10.0.0.5", "exempt": false},
		"an address below no name": {"exception": "10.0.0.5", "host": "a.10.0.0.5", "exempt": false},
		"an address and the port": {"exception": "10.0.0.5:443", "host": "10.0.0.5", "exempt": true},
		"an address and another port": {"exception": "10.0.0.5:5000", "host": "10.0.0.5", "exempt": false},
		"a network": {"exception": "10.0.0.0/8", "host": "10.0.0.5", "exempt": true},
		"another network": {"exception": "10.1.0.0/16", "host": "10.0.0.5", "exempt": false},
		"a network and a name": {"exception": "10.0.0.0/8", "host": "harbor.corp.example", "exempt": false},
		"a network with bits of a host": {"exception": "10.0.0.1/8", "host": "10.9.0.5", "exempt": true},
		"an IPv6 address": {"exception": "FD00::1", "host": "fd00::1", "exempt": true},
		"an IPv6 address in another spelling": {"exception": "fd00:0::1", "host": "[fd00::1]", "exempt": true},
		"an IPv6 address and the port": {"exception": "[fd00::1]:443", "host": "fd00::1", "exempt": true},
		"an IPv6 address in brackets alone": {"exception": "[fd00::1]", "host": "fd00::1", "exempt": false},
		"an IPv6 network": {"exception": "fd00::/8", "host": "[fd00::1]", "exempt": true},
		"an IPv4 network and IPv6": {"exception": "0.0.0.0/0", "host": "fd00::1", "exempt": false},
		"the own machine": {"exception": "corp.example", "host": "localhost", "exempt": true},
		"the own machine's address": {"exception": "corp.example", "host": "127.0.0.1", "exempt": true},
		"the own machine's IPv6 address": {"exception": "corp.example", "host": "[::1]", "exempt": true},
	}
	_exempts(["unrelated.example", tc.exception], tc.host) == tc.exempt
}

default _exempts(_, _) := false

_exempts(exceptions, host) if proxies.exempts(exceptions, host, 443)

test_exempts_network[name] if {
	some name, tc in {
		"the same": {"exception": "192.168.0.0/16", "network": "192.168.0.0/16", "exempt": true},
		"a wider one": {"exception": "192.0.0.0/8", "network": "192.168.0.0/16", "exempt": true},
		"a narrower one": {"exception": "192.168.1.0/24", "network": "192.168.0.0/16", "exempt": false},
		"everything": {"exception": "*", "network": "192.168.0.0/16", "exempt": true},
		"a name": {"exception": "corp.example", "network": "192.168.0.0/16", "exempt": false},
		"an address": {"exception": "192.168.0.0", "network": "192.168.0.0/16", "exempt": false},
		"no network": {"exception": "192.168.0.0/16", "network": "pods", "exempt": false},
		"an IPv6 one": {"exception": "fd00::/8", "network": "fd00:10::/48", "exempt": true},
	}
	_exempts_network([tc.exception], tc.network) == tc.exempt
}

default _exempts_network(_, _) := false

_exempts_network(exceptions, network) if proxies.exempts_network(exceptions, network)
