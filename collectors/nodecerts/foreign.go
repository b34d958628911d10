package nodecerts

import (
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// foreign is a name that a node chose, as the document may hold it: valid UTF-8
// and without anything that looks like a secret.
func foreign(name string) string {
	if name == "" {
		return ""
	}
	return evidence.Scrub(strings.ToValidUTF8(name, "?"))
}

func foreignList(names []string) []string {
	if names == nil {
		return nil
	}
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = foreign(name)
	}
	return out
}

// cleanNode passes all names of a record through foreign. Names that are equal
// stay equal, so that references go on to fit.
func cleanNode(n *evidence.Node) {
	files := make(map[string]evidence.TrustFile, len(n.TrustFiles))
	for name, f := range n.TrustFiles {
		f.Entry, f.LinkTarget, f.RealPath = foreign(f.Entry), foreign(f.LinkTarget), foreign(f.RealPath)
		files[foreign(name)] = f
	}
	n.TrustFiles = files
	links := make(map[string]string, len(n.HashLinks))
	for name, to := range n.HashLinks {
		links[name] = foreign(to)
	}
	n.HashLinks = links
	if n.Bundle != nil {
		n.Bundle.Path = foreign(n.Bundle.Path)
	}
	if n.RegistryConfig != nil {
		cleanRegistry(n.RegistryConfig)
	}
}

func cleanRegistry(c *evidence.RegistryConfig) {
	c.ConfigPath, c.ParseError, c.SandboxImage = foreign(c.ConfigPath), foreign(c.ParseError), foreign(c.SandboxImage)
	hosts := make(map[string]evidence.RegistryHost, len(c.Hosts))
	for name, h := range c.Hosts {
		h.Origin, h.ParseError, h.Server = foreign(h.Origin), foreign(h.ParseError), foreign(h.Server)
		h.Mirrors, h.CAFiles = foreignList(h.Mirrors), foreignList(h.CAFiles)
		for i := range h.Endpoints {
			e := &h.Endpoints[i]
			e.URL, e.CAFiles = foreign(e.URL), foreignList(e.CAFiles)
		}
		hosts[foreign(name)] = h
	}
	c.Hosts = hosts
}
