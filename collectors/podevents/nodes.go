package podevents

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Values of evidence.Node.Role and OSFamily beyond those of workers: the ESXi
// hosts that the Supervisor runs vSphere Pods on.
const (
	RoleESXi     = "agent"
	OSFamilyESXi = "esxi"
)

// apiNode is what the API says of a node.
type apiNode struct {
	role, address, os, family, cluster string
	runtime                            evidence.Runtime
	esxi                               bool
	prov                               evidence.Provenance
}

// AddNode adds what the API says of a node: role, address, operating system,
// cluster and runtime. What was read on the node itself is left as it is.
func (c *Collector) AddNode(n *corev1.Node, prov evidence.Provenance) {
	info := &n.Status.NodeInfo
	node := apiNode{
		role: "worker", address: internalIP(n), os: info.OSImage, family: osFamily(info.OSImage),
		cluster: n.Annotations["cluster.x-k8s.io/cluster-name"], prov: prov,
	}
	name, version, _ := strings.Cut(info.ContainerRuntimeVersion, "://")
	node.runtime = evidence.Runtime{Name: name, Version: version}
	for _, label := range []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"} {
		if _, ok := n.Labels[label]; ok {
			node.role = "control_plane"
		}
	}
	if isESXi(n) {
		node.esxi, node.role, node.family = true, RoleESXi, OSFamilyESXi
		if node.os == "" {
			node.os = "VMware ESXi"
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nodes[n.Name] = node
}

// isESXi tells a Supervisor's ESXi host, whose spherelet says so in its version.
// The label of the agent role alone proves nothing: other distributions set it
// on plain workers.
func isESXi(n *corev1.Node) bool {
	info := &n.Status.NodeInfo
	if strings.Contains(info.KubeletVersion, "-sph-") || strings.Contains(info.OSImage, "ESXi") {
		return true
	}
	_, agent := n.Labels["node-role.kubernetes.io/agent"]
	return agent && info.OSImage == "" && info.ContainerRuntimeVersion == ""
}

func internalIP(n *corev1.Node) string {
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return a.Address
		}
	}
	return ""
}

// families tell where an operating system keeps its trust files, by what its
// name contains.
var families = []struct{ name, family string }{
	{"Photon", "photon"},
	{"Ubuntu", "debian"},
	{"Debian", "debian"},
	{"Red Hat", "rhel"},
	{"RHEL", "rhel"},
	{"CentOS", "rhel"},
	{"Rocky", "rhel"},
	{"AlmaLinux", "rhel"},
	{"Oracle Linux", "rhel"},
	{"Amazon Linux", "rhel"},
	{"Fedora", "rhel"},
}

func osFamily(osImage string) string {
	for _, f := range families {
		if strings.Contains(osImage, f.name) {
			return f.family
		}
	}
	if osImage == "" {
		return ""
	}
	return "other"
}

// writeNodes adds the API's facts to the nodes' records.
func (c *Collector) writeNodes(d *evidence.Document) {
	for name, api := range c.nodes {
		n := d.Nodes[name]
		n.Role = api.role
		fill(&n.Address, api.address)
		fill(&n.OS, api.os)
		fill(&n.OSFamily, api.family)
		fill(&n.Cluster, api.cluster)
		if n.Runtime == nil && api.runtime.Name != "" {
			n.Runtime = &evidence.Runtime{Name: api.runtime.Name, Version: api.runtime.Version}
		}
		if n.Provenance.Source == "" {
			n.Provenance = api.prov
		}
		d.Nodes[name] = n
	}
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// runtimeOf is the runtime of a node in the words of evidence.PullFailure.
func (c *Collector) runtimeOf(node string) string {
	switch c.nodes[node].runtime.Name {
	case "containerd":
		return runtimeContainerd
	case "cri-o":
		return runtimeCRIO
	case "docker":
		return runtimeDocker
	default:
		return runtimeUnknown
	}
}
