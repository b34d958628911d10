package nodecerts

import (
	"maps"
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// defaultConfigPath is what containerd 2.x takes where neither config_path nor
// mirrors are set (plugins/cri/images).
const defaultConfigPath = containerdCerts + ":" + dockerCerts

// The values of evidence.RegistryHost.Form.
const (
	formHostsTOML  = "hosts_toml"
	formConfigTOML = "config_toml"
	formDockerDir  = "docker_certs_d"
)

const defaultHost = "_default"

// registryFacts are a runtime's settings of registries, and the files that they
// name.
type registryFacts struct {
	config *evidence.RegistryConfig
	// roots are the folders that hold one folder per registry, in the order in
	// which they are asked.
	roots                []string
	caFiles, clientFiles map[string]bool
	// ignored are the hosts whose settings this containerd does not read.
	ignored map[string]bool
	// self are the CA files that count for a connection to the registry itself.
	self map[string][]string
}

// readRegistry works out the configuration of registries.
func (a *analysis) readRegistry() {
	a.registry = registryFacts{caFiles: map[string]bool{}, clientFiles: map[string]bool{}, ignored: map[string]bool{}, self: map[string][]string{}}
	if !a.l.Live && a.l.Files[containerdDir] == nil && a.l.Files[dockerCerts] == nil {
		return // a copy that holds nothing of it was not asked for it
	}
	if f := a.l.Files[containerdDir]; f != nil && f.Status == StatusUnreadable {
		a.miss("registry_config", f, containerdDir)
		return
	}
	c, roots := criConfig{}, dockerCerts
	config := &evidence.RegistryConfig{Hosts: map[string]evidence.RegistryHost{}}
	if a.runtime == "containerd" {
		c = a.l.criConfig(a.major())
		a.faults = append(a.faults, c.faults...)
		if f := a.l.Files[containerdConf]; f != nil && !c.found && c.parseError == "" && f.Status != StatusAbsent && f.Status != StatusDangling {
			return // it is there and what it says is not known
		}
		config.Version, config.ParseError, config.SandboxImage = c.version, c.parseError, printable(c.sandbox)
		roots = a.configPath(c)
	}
	config.ConfigPath = printable(roots)
	a.registry.config = config
	a.hostFolders(config, roots)
	a.configHosts(c, config)
}

// name notes files that the configuration names.
func (registryFacts) name(set map[string]bool, files []string) {
	for _, name := range files {
		set[path.Clean(name)] = true
	}
}

// major is containerd's major version, 0 where it is not known.
func (a *analysis) major() int {
	if a.known.Runtime == nil || a.known.Runtime.Name != "containerd" {
		return 0
	}
	head, _, _ := strings.Cut(strings.TrimPrefix(a.known.Runtime.Version, "v"), ".")
	major, _ := strconv.Atoi(head)
	return major
}

// configPath is config_path as set, or as this containerd takes it to be.
func (a *analysis) configPath(c criConfig) string {
	switch major := a.major(); {
	case c.configPath != "":
		return c.configPath
	case c.parseError != "":
		return ""
	case len(c.mirrors) > 0:
		return ""
	case major >= 2, major == 0 && c.version >= 3:
		return defaultConfigPath
	case major == 1, !a.hasHostFolders():
		return ""
	case c.found:
		a.faults = append(a.faults, fault{"registry_config", "not_in_source", "config_path is not set, and containerd's version, on which its default depends, is not known"})
		return ""
	default:
		a.faults = append(a.faults, fault{"registry_config", "not_in_source", "config.toml, which may set config_path, is not among the files read"})
		return defaultConfigPath
	}
}

func (a *analysis) hasHostFolders() bool {
	return len(a.in(containerdCerts)) > 0 || len(a.in(dockerCerts)) > 0
}

// configHosts adds what config.toml itself says of registries, the settings that
// this containerd does not read included; those of hosts.toml come first.
func (a *analysis) configHosts(c criConfig, config *evidence.RegistryConfig) {
	hosts := map[string]evidence.RegistryHost{}
	at := func(key string) evidence.RegistryHost {
		h, ok := hosts[hostKey(key)]
		if !ok {
			h = evidence.RegistryHost{Origin: c.origins[key], Form: formConfigTOML}
		}
		return h
	}
	for _, key := range slices.Sorted(maps.Keys(c.mirrors)) {
		h := at(key)
		for _, text := range c.mirrors[key] {
			u, err := endpointURL(text)
			if err != nil {
				continue
			}
			h.PlainHTTP = h.PlainHTTP || u.Scheme == "http"
			if !sameHost(u, key) {
				h.Mirrors = append(h.Mirrors, printable(u.Host))
			}
		}
		hosts[hostKey(key)] = h
	}
	for _, key := range slices.Sorted(maps.Keys(c.tls)) {
		h, tls := at(key), c.tls[key]
		h.SkipVerify, h.ClientCertificate = tls.skipVerify, tls.clientCertificate
		if tls.caFile != "" {
			h.CAFiles = []string{tls.caFile}
			a.registry.name(a.registry.caFiles, h.CAFiles)
		}
		hosts[hostKey(key)] = h
	}
	unread := config.ConfigPath != "" || a.major() >= 2 || c.version >= 3
	for _, key := range slices.Sorted(maps.Keys(hosts)) {
		if _, taken := config.Hosts[key]; taken {
			continue
		}
		config.Hosts[key] = hosts[key]
		a.registry.self[key] = hosts[key].CAFiles
		a.registry.ignored[key] = unread
	}
}

// hostKey is a mirror's key in the document; "*" stands for all others.
func hostKey(key string) string {
	if key == "*" {
		return defaultHost
	}
	return printable(key)
}

// sameHost tells whether a URL leads to the registry itself.
func sameHost(u *url.URL, registry string) bool {
	with := func(host string) string {
		if _, _, err := net.SplitHostPort(host); err == nil {
			return host
		}
		return host + ":443"
	}
	if registry == "docker.io" {
		registry = "registry-1.docker.io"
	}
	return strings.EqualFold(with(u.Host), with(registry))
}

// registryStores adds to each registry the node's store with its CA files, where
// those add anything, and does the same for each endpoint.
func (a *analysis) registryStores(node []string) {
	if a.registry.config == nil {
		return
	}
	hosts := a.registry.config.Hosts
	for _, key := range slices.Sorted(maps.Keys(hosts)) {
		h := hosts[key]
		if !a.registry.ignored[key] {
			h.TrustStore = a.storeWith(node, a.registry.self[key])
		}
		for i := range h.Endpoints {
			h.Endpoints[i].TrustStore = a.storeWith(node, h.Endpoints[i].CAFiles)
		}
		hosts[key] = h
	}
}

func (a *analysis) storeWith(node, caFiles []string) string {
	if len(caFiles) == 0 {
		return ""
	}
	anchors := slices.Clone(node)
	for _, name := range caFiles {
		anchors = append(anchors, a.caFile(path.Clean(name))...)
	}
	if anchors = sortedSet(anchors); len(anchors) == len(node) {
		return ""
	}
	return a.r.b.TrustStore(evidence.VerifierGo, anchors)
}

// caFile are the certificates that Go loads from a file that a configuration
// names. One that the listing does not have, though it may be there, is a fault.
func (a *analysis) caFile(name string) []string {
	if a.l.Files[name] == nil {
		if parent := a.l.Files[path.Dir(name)]; parent == nil || parent.Status != StatusDirectory {
			a.faults = append(a.faults, fault{"registry_config", "not_in_source", "the CA file " + name + " is not among the files read"})
		}
		return nil
	}
	return a.loaded("registry_config", name)
}

func appendNew(list []string, items ...string) []string {
	for _, item := range items {
		if !slices.Contains(list, item) {
			list = append(list, item)
		}
	}
	return list
}
