package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// overSSH are the flags that log in to nodes.
func (l *lab) overSSH(more ...string) []string {
	return append([]string{"--ssh-key", l.loginKey, "--ssh-known-hosts", l.knownHosts}, more...)
}

// openNode lets regpolicy log in to the cluster's node.
func (l *lab) openNode(ctx context.Context) error {
	if err := l.makeLogin(); err != nil {
		return err
	}
	return l.startSSHD(ctx, nodeName, nodeAddress, "")
}

// checkNode reads the cluster's node over SSH and holds what its trust store and
// the handshakes from there say against what the kubelet met.
func (l *lab) checkNode(ctx context.Context) error {
	// Two registries that never answer cost their time limit and no more.
	doc, _, err := l.collect(ctx, "node", l.overSSH("--kubeconfig", l.reader, "--node", nodeName, "--probe-timeout", "3s",
		"--registry", "silent.corp.example", "--registry", "blackhole.corp.example")...)
	if err != nil {
		return err
	}
	l.tally.check("commands run on the node for one listing", l.sessions(nodeName), 1)
	rep, err := l.eval(ctx, "node", 1, l.overSSH("--kubeconfig", l.reader, "--ssh")...)
	if err != nil {
		return err
	}
	l.checkListing(doc.Nodes[nodeName])
	l.checkCoverage("collect", doc.Coverage, map[string]string{"tls": strings.Join([]string{
		"endpoint blackhole.corp.example:443 from collector: timeout_connect", "endpoint blackhole.corp.example:443 from node/worker-a: timeout_connect",
		"endpoint silent.corp.example:443 from collector: timeout_handshake", "endpoint silent.corp.example:443 from node/worker-a: timeout_handshake",
	}, "; ")})
	l.checkCoverage("eval", rep.Coverage, nil)
	l.checkProbes(doc)
	l.checkTrust(rep)
	return nil
}

// checkProbes: handshakes from both vantage points show what the kubelet met.
func (l *lab) checkProbes(doc *document) {
	for _, c := range l.cases {
		for _, vantage := range []string{"collector", "node/" + nodeName} {
			l.tally.check(fmt.Sprintf("probe of %s from %s", c.pod, vantage), doc.probe(c.registry(), vantage), c.probe)
		}
	}
}

// checkTrust: RT-TLS-002 fails for exactly the registries that the node's store
// does not lead to.
func (l *lab) checkTrust(rep *report) {
	for _, c := range l.cases {
		want := c.trust
		if want == "-" {
			want = "none"
		}
		l.tally.check("RT-TLS-002 for "+c.registry(), rep.verdict("RT-TLS-002", map[string]string{"kind": "registry", "name": c.registry()}), want)
	}
	l.tally.check("RT-TLS-002 for the token service", rep.verdict("RT-TLS-002", map[string]string{"kind": "registry", "name": "token-unknown-ca.corp.example:443"}), "fail")
	var incomplete []string
	for _, c := range l.cases {
		if rep.verdict("RT-TLS-003", map[string]string{"name": c.registry(), "vantage": "node/" + nodeName}) == "fail" {
			incomplete = append(incomplete, c.pod)
		}
	}
	l.tally.check("RT-TLS-003 fails for", orNone(incomplete), "no-intermediate")
}

// checkListing: what the node's files say.
func (l *lab) checkListing(n node) {
	l.tally.check("node read", n.Read, true)
	l.tally.check("login", fmt.Sprintf("%s, host key %s and verified: %v", n.Access.User, n.Access.HostKeyPolicy, n.Access.HostKeyVerified), loginUser+", host key strict and verified: true")
	l.tally.check("runtime", n.Runtime.Name, "containerd")
	l.tally.check("runtime's start known", time.Since(n.Runtime.StartedAt) < 10*time.Minute, true)
	l.tally.check("trust store known", n.TrustStore != "", true)
	for _, entry := range []string{"corp-root-ca", "corp-rotating-ca", "corp-expired-root-ca"} {
		file := n.TrustFiles["/etc/ssl/certs/tkg-"+entry+".pem"]
		l.tally.check("trust file of "+entry, file.Form+" "+file.Status+" "+file.Entry, "pem ok "+entry)
	}
	hosts := n.RegistryConfig.Hosts
	l.tally.check("skip_verify seen", hosts["skip-verify.corp.example"].SkipVerify, true)
	l.tally.check("ca of hosts.toml", strings.Join(hosts["hosts-toml-ca.corp.example"].CAFiles, " "), stateDir+"/untrusted/unlisted.pem")
	const missing = "/etc/containerd/certs.d/missing-ca-file.corp.example/ca.crt"
	l.tally.check("ca of hosts.toml that is not there", strings.Join(hosts["missing-ca-file.corp.example"].CAFiles, " "), missing)
	l.tally.check("that it is not there", n.TrustFiles[missing].Status, "absent")
}

// probe says in the words of cases.txt what a handshake showed.
func (d *document) probe(registry, vantage string) string {
	e := d.Endpoints[registry]
	p, probed := e.Probes[vantage]
	switch {
	case !probed:
		return "nothing"
	case p.Failure != nil:
		return "failure:" + p.Failure.Cause
	}
	chain := e.Chains[p.Chain]
	verdict, judged := chain.Verdicts[d.Nodes[nodeName].TrustStore]
	switch {
	case !judged:
		return "no verdict"
	case !verdict.OK:
		return "chain"
	case !slices.ContainsFunc(verdict.Paths, d.timely):
		return "time"
	case !chain.Name.OK:
		return "name"
	case p.V2 != nil && p.V2.Status != 200:
		return fmt.Sprint("v2:", p.V2.Status)
	default:
		return "ok"
	}
}

// timely: all certificates of a path are valid now.
func (d *document) timely(path []string) bool {
	now := time.Now()
	return !slices.ContainsFunc(path, func(fingerprint string) bool {
		c := d.Certificates[fingerprint]
		return now.Before(c.NotBefore) || now.After(c.NotAfter)
	})
}
