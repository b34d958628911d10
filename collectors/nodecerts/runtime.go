package nodecerts

import (
	"maps"
	"slices"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// runtimeUnits are the names of a runtime's unit and of its process, by the name
// that the document gives it.
var runtimeUnits = map[string]struct{ unit, process string }{
	"containerd": {"containerd", "containerd"},
	"cri-o":      {"crio", "crio"},
	"docker":     {"docker", "dockerd"},
}

// runtimeName is the runtime that the kubelet uses: what the API says of the
// node, else the one that runs, else the one whose files lie there. It is
// containerd where nothing tells: that is TKG's.
func (a *analysis) runtimeName() string {
	if a.known.Runtime != nil && a.known.Runtime.Name != "" {
		return a.known.Runtime.Name
	}
	for _, name := range []string{"containerd", "cri-o", "docker"} {
		if a.l.Proc.runtimeProcess(runtimeUnits[name].process) != nil {
			return name
		}
	}
	if a.l.Files[containerdDir] == nil {
		for _, name := range []string{"cri-o", "docker"} {
			if len(a.unitFiles(runtimeUnits[name].unit)) > 0 {
				return name
			}
		}
	}
	return "containerd"
}

// runtimeFacts are the runtime's name, version and start. That a live node's
// process cannot be seen is a gap; a copy of files was never asked for it.
func (a *analysis) runtimeFacts() *evidence.Runtime {
	var out evidence.Runtime
	if a.known.Runtime != nil {
		out = *a.known.Runtime
	}
	process := a.l.Proc.runtimeProcess(runtimeUnits[a.runtime].process)
	seen := process != nil || a.l.Files[containerdDir] != nil || len(a.unitFiles(runtimeUnits[a.runtime].unit)) > 0
	if out.Name == "" && seen {
		out.Name = a.runtime
	}
	switch {
	case process != nil:
		out.StartedAt = evidence.MaybeAt(process.Started)
	case a.l.Proc != nil:
		a.faults = append(a.faults, fault{"runtime", "not_found", "no process of a container runtime was seen"})
	case a.l.ProcAsked && !a.l.Truncated:
		a.faults = append(a.faults, fault{"runtime", "permission_denied", "/proc does not show the processes of other users"})
	}
	if out == (evidence.Runtime{}) {
		return nil
	}
	return &out
}

// readUnit reads the environment of the runtime's unit.
func (a *analysis) readUnit() {
	env := a.environmentOf(runtimeUnits[a.runtime].unit)
	a.environment = env.variables
	for _, name := range env.unreadable {
		a.miss("proxy", a.l.Files[name], name)
		a.miss("environment", a.l.Files[name], name)
	}
}

// proxies are the runtime's proxy and, where it differs, the kubelet's, by their
// keys in the document: set for the kubelet alone, a proxy does nothing for pulls.
func (a *analysis) proxies(node string, prov evidence.Provenance) map[string]evidence.Proxy {
	proxies := map[string]evidence.Proxy{}
	add := func(scope string, p *evidence.Proxy) {
		if p != nil {
			p.Scope, p.Provenance = scope, prov
			proxies[scope] = *p
		}
	}
	own, kubelet := proxyOf(a.environment), proxyOf(a.environmentOf("kubelet").variables)
	add(nodeScope(node), own)
	if kubelet != nil && (own == nil || !sameProxy(*own, *kubelet)) {
		add(nodeScope(node)+"/kubelet", kubelet)
	}
	return proxies
}

func nodeScope(node string) string { return "node/" + node }

func sameProxy(a, b evidence.Proxy) bool {
	return a.HTTP == b.HTTP && a.HTTPS == b.HTTPS && slices.Equal(a.NoProxy, b.NoProxy)
}

// certEnvironment is what of the environment moves the trust store.
func (a *analysis) certEnvironment() map[string]string {
	out := maps.Clone(a.environment)
	maps.DeleteFunc(out, func(name, value string) bool {
		return value == "" || name != "SSL_CERT_FILE" && name != "SSL_CERT_DIR"
	})
	for name, value := range out {
		out[name] = evidence.Scrub(printable(value))
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
