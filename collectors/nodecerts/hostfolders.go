package nodecerts

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

var portedFolder = regexp.MustCompile(`^(.+)_([0-9]{1,5})_$`)

// hostFolders reads the folders below config_path, as containerd looks a registry
// up: in each root first host_port_, then host:port, then _default, and the first
// root that has any of these is the last one asked. So a root's _default hides
// all roots behind it.
func (a *analysis) hostFolders(config *evidence.RegistryConfig, roots string) {
	for root := range strings.SplitSeq(roots, ":") {
		if root == "" {
			continue
		}
		root = path.Clean(root)
		a.registry.roots = append(a.registry.roots, root)
		if f := a.l.Files[root]; f != nil && f.Status == StatusUnreadable {
			a.miss("registry_config", f, root)
			continue
		}
		found := map[string]string{}
		for _, dir := range a.in(root) {
			switch f := a.l.Files[dir]; f.Status {
			case StatusDirectory:
				host, ported := registryOf(path.Base(dir))
				if found[host] == "" || ported {
					found[host] = dir
				}
			case StatusUnreadable:
				a.miss("registry_config", f, dir)
			default:
			}
		}
		for _, host := range slices.Sorted(maps.Keys(found)) {
			if _, earlier := config.Hosts[host]; !earlier {
				a.hostFolder(config, host, found[host])
			}
		}
		if found[defaultHost] != "" {
			return
		}
	}
}

// registryOf is the registry that a folder is for.
func registryOf(folder string) (host string, ported bool) {
	if parts := portedFolder.FindStringSubmatch(folder); parts != nil {
		return parts[1] + ":" + parts[2], true
	}
	return folder, false
}

// hostFolder reads the folder of one registry: its hosts.toml, or, without one or
// with one that cannot be read, the certificate files as Docker lays them out.
func (a *analysis) hostFolder(config *evidence.RegistryConfig, host, dir string) {
	name := dir + "/hosts.toml"
	f := a.l.Files[name]
	text, ok := a.l.text(name)
	if !ok && f != nil && f.Status != StatusAbsent && f.Status != StatusDangling {
		a.miss("registry_config", f, name)
		return
	}
	if len(text) == 0 {
		config.Hosts[host] = a.dockerFolder(host, dir)
		return
	}
	parsed, err := parseHosts(dir, text)
	h := evidence.RegistryHost{Origin: name, Form: formHostsTOML, HasHostTree: parsed.hasTree}
	if err != nil {
		h = a.dockerFolder(host, dir)
		h.Origin, h.Form, h.HasHostTree = name, formHostsTOML, parsed.hasTree
		h.ParseError = printable(err.Error())
		config.Hosts[host] = h
		return
	}
	h.Server = printable(parsed.server)
	for i, e := range parsed.endpoints {
		a.endpoint(&h, host, e, i == len(parsed.endpoints)-1)
	}
	config.Hosts[host] = h
}

// endpoint adds one host that is asked.
func (a *analysis) endpoint(h *evidence.RegistryHost, host string, e hostEndpoint, last bool) {
	out := evidence.RegistryEndpoint{
		URL: printable(e.text), Capabilities: e.capabilities, CAFiles: e.caFiles,
		SkipVerify: e.skipVerify, ClientCertificate: len(e.client) > 0, OverridePath: e.overridePath,
		PlainHTTP: e.url != nil && e.url.Scheme == "http",
	}
	h.Endpoints = append(h.Endpoints, out)
	h.CAFiles = appendNew(h.CAFiles, e.caFiles...)
	h.SkipVerify = h.SkipVerify || out.SkipVerify
	h.PlainHTTP = h.PlainHTTP || out.PlainHTTP
	h.ClientCertificate = h.ClientCertificate || out.ClientCertificate
	a.registry.name(a.registry.caFiles, e.caFiles)
	a.registry.name(a.registry.clientFiles, e.client)
	if last || e.url != nil && sameHost(e.url, host) {
		a.registry.self[host] = appendNew(a.registry.self[host], e.caFiles...)
	} else if e.url != nil {
		h.Mirrors = append(h.Mirrors, printable(e.url.Host))
	}
}

// dockerFolder reads a folder as Docker lays it out: *.crt are CAs, *.cert are
// client certificates with their *.key beside them.
func (a *analysis) dockerFolder(host, dir string) evidence.RegistryHost {
	h := evidence.RegistryHost{Origin: dir, Form: formDockerDir}
	for _, name := range a.in(dir) {
		if a.l.Files[name].Status == StatusDirectory {
			continue
		}
		switch path.Ext(name) {
		case ".crt":
			h.CAFiles = append(h.CAFiles, name)
		case ".cert":
			h.ClientCertificate = true
		}
	}
	a.registry.name(a.registry.caFiles, h.CAFiles)
	a.registry.self[host] = h.CAFiles
	return h
}
