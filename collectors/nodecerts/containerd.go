package nodecerts

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
)

// The names of containerd's CRI plugin, by the format version of config.toml.
const (
	criPlugin1 = "cri"
	criPlugin2 = "io.containerd.grpc.v1.cri"
	criPlugin3 = "io.containerd.cri.v1.images"
)

const (
	maxConfigs    = 100 // files that config.toml imports
	maxTableDepth = 16
)

// criConfig is what config.toml and the files it imports say of registries.
type criConfig struct {
	found      bool // config.toml is there and was read
	version    int
	parseError string
	sandbox    string
	configPath string
	// mirrors are the endpoints by registry, tls the TLS settings by endpoint
	// host, whether this containerd reads them or not.
	mirrors map[string][]string
	tls     map[string]tlsSettings
	origins map[string]string // by registry or host: the file that says it
	faults  []fault
}

// tlsSettings is [registry.configs."host".tls].
type tlsSettings struct {
	caFile            string
	clientCertificate bool
	skipVerify        bool
}

// fault is a part of the evidence that could not be had.
type fault struct{ field, reason, detail string }

// configFile is one of the files that make up the configuration.
type configFile struct {
	path    string
	version int
	plugins map[string]any
	imports []string
}

// criConfig reads config.toml. major is containerd's own major version, 0 where
// unknown: 1.x lets an import replace a plugin's whole section, 2.x merges them
// key by key (containerd, cmd/containerd/server/config).
func (l *Listing) criConfig(major int) criConfig {
	c := criConfig{mirrors: map[string][]string{}, tls: map[string]tlsSettings{}, origins: map[string]string{}}
	files := l.configFiles(&c)
	if len(files) == 0 {
		return c
	}
	c.found, c.version = true, max(files[0].version, 1)
	merge := major >= 2 || major == 0 && c.version >= 3
	plugins := map[string]any{}
	for _, f := range files {
		for _, name := range []string{criPlugin1, criPlugin2, criPlugin3} {
			section, ok := f.plugins[name].(map[string]any)
			if !ok {
				continue
			}
			c.noteOrigins(section, f.path)
			if before, ok := plugins[name].(map[string]any); ok && merge {
				section = mergeTables(before, section, maxTableDepth)
			}
			plugins[name] = section
		}
	}
	c.read(plugins, merge)
	return c
}

// configFiles reads config.toml and what it imports, in containerd's order:
// breadth first, each file once.
func (l *Listing) configFiles(c *criConfig) []configFile {
	var files []configFile
	seen := map[string]bool{}
	for pending := []string{containerdConf}; len(pending) > 0 && len(files) < maxConfigs; pending = pending[1:] {
		name := pending[0]
		if seen[name] {
			continue
		}
		seen[name] = true
		text, ok := l.text(name)
		if !ok {
			c.unread(l, name)
			continue
		}
		f, err := parseConfig(text)
		if err != nil {
			c.parseError = fmt.Sprintf("%s: %v", name, err)
			return nil
		}
		f.path = name
		files = append(files, f)
		pending = append(pending, l.imported(name, f.imports)...)
	}
	return files
}

// unread notes a configuration file that is there and could not be read.
func (c *criConfig) unread(l *Listing, name string) {
	f := l.Files[name]
	switch {
	case f == nil && name != containerdConf:
		c.faults = append(c.faults, fault{"registry_config", "not_in_source", "config.toml imports " + name + ", which is not among the files read"})
	case f == nil, f.Status == StatusAbsent:
	default:
		c.faults = append(c.faults, fault{"registry_config", f.reason(), name})
	}
}

// imported resolves the names of imports: "*" is expanded, relative names are
// those beside the file.
func (l *Listing) imported(from string, imports []string) []string {
	var names []string
	for _, name := range imports {
		if !path.IsAbs(name) {
			name = path.Join(path.Dir(from), name)
		}
		name = path.Clean(name)
		if !strings.Contains(name, "*") {
			names = append(names, name)
			continue
		}
		for _, file := range slices.Sorted(maps.Keys(l.Files)) {
			if fits, err := path.Match(name, file); err == nil && fits && l.Files[file].Status != StatusAbsent {
				names = append(names, file)
			}
		}
	}
	return names
}

func parseConfig(text []byte) (configFile, error) {
	var file struct {
		Version int            `toml:"version"`
		Imports []string       `toml:"imports"`
		Plugins map[string]any `toml:"plugins"`
	}
	if err := decodeTOML(text, &file); err != nil {
		return configFile{}, err
	}
	return configFile{version: file.Version, imports: file.Imports, plugins: file.Plugins}, nil
}

// mergeTables lays b over a, key by key.
func mergeTables(a, b map[string]any, depth int) map[string]any {
	merged := maps.Clone(a)
	for key, value := range b {
		below, ok1 := merged[key].(map[string]any)
		above, ok2 := value.(map[string]any)
		if ok1 && ok2 && depth > 0 {
			value = mergeTables(below, above, depth-1)
		}
		merged[key] = value
	}
	return merged
}

func (c *criConfig) noteOrigins(section map[string]any, file string) {
	registry := table(section, "registry")
	for _, key := range []string{"mirrors", "configs"} {
		for host := range table(registry, key) {
			c.origins[host] = file
		}
	}
}

// read takes the settings from the plugin's section that this format has. A
// section of another format's name is read only for the per-registry settings,
// which then are facts about the file and not about what containerd does.
func (c *criConfig) read(plugins map[string]any, migrates bool) {
	sections := map[int][]string{1: {criPlugin1, criPlugin2}, 2: {criPlugin2}, 3: {criPlugin3}}
	own := sections[min(c.version, 3)]
	if c.version == 2 && migrates { // 2.x turns a section of format 2 into one of format 3
		own = []string{criPlugin2, criPlugin3}
	}
	for _, name := range own {
		section := table(plugins, name)
		registry := table(section, "registry")
		c.configPath = orElse(c.configPath, text(registry, "config_path"))
		c.sandbox = orElse(c.sandbox, orElse(text(section, "sandbox_image"), text(table(section, "pinned_images"), "sandbox")))
	}
	for _, name := range []string{criPlugin1, criPlugin2, criPlugin3} {
		registry := table(table(plugins, name), "registry")
		for host, value := range table(registry, "mirrors") {
			mirror, _ := value.(map[string]any)
			c.mirrors[host] = append(c.mirrors[host], texts(mirror["endpoint"])...)
		}
		for host, value := range table(registry, "configs") {
			config, _ := value.(map[string]any)
			if settings, ok := config["tls"].(map[string]any); ok {
				c.tls[host] = tlsSettings{
					caFile:            text(settings, "ca_file"),
					clientCertificate: text(settings, "cert_file") != "" || text(settings, "key_file") != "",
					skipVerify:        settings["insecure_skip_verify"] == true,
				}
			}
		}
	}
}

func table(t map[string]any, key string) map[string]any {
	below, _ := t[key].(map[string]any)
	return below
}

func text(t map[string]any, key string) string {
	s, _ := t[key].(string)
	return s
}

// texts reads a list of strings, or a single one.
func texts(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				list = append(list, s)
			}
		}
		return list
	default:
		return nil
	}
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// endpointURL reads an endpoint as containerd does: without a scheme it is https.
func endpointURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("it is no URL") // the text may hold a password
	}
	return u, nil
}
