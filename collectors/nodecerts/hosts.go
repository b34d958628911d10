package nodecerts

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// More endpoints, or CA files of one, than these are not read: no real file has
// them.
const (
	maxEndpoints = 100
	maxCAFiles   = 100
)

// hostsFile is a hosts.toml as containerd reads it (containerd, docs/hosts.md,
// core/remotes/docker/config/hosts.go).
type hostsFile struct {
	server  string
	hasTree bool
	// endpoints are asked in order; the last is the registry itself, by the
	// settings at the head of the file.
	endpoints []hostEndpoint
}

// hostEndpoint is one host that is asked, with its settings.
type hostEndpoint struct {
	text         string // as the file has it; empty for a registry without server
	url          *url.URL
	capabilities []string
	caFiles      []string // absolute
	client       []string // absolute: certificates and keys
	skipVerify   bool
	overridePath bool
}

type hostSettings struct {
	Capabilities []string       `toml:"capabilities"`
	CA           any            `toml:"ca"`
	Client       any            `toml:"client"`
	SkipVerify   *bool          `toml:"skip_verify"`
	Header       map[string]any `toml:"header"`
	OverridePath bool           `toml:"override_path"`
	DialTimeout  string         `toml:"dial_timeout"`
}

// parseHosts reads a hosts.toml that lies in dir. An error is one that makes
// containerd pass over the whole file; hasTree is told even then where it can be.
func parseHosts(dir string, text []byte) (hostsFile, error) {
	f := hostsFile{}
	names := hostTables(text)
	f.hasTree = len(names) > 0
	var file struct {
		hostSettings
		Server string                  `toml:"server"`
		Hosts  map[string]hostSettings `toml:"host"`
	}
	if err := decodeTOML(text, &file); err != nil {
		return f, err
	}
	f.hasTree = f.hasTree || file.Hosts != nil
	f.server = file.Server
	if len(names) > maxEndpoints {
		return f, fmt.Errorf("it has %d hosts; more than %d are not read", len(names), maxEndpoints)
	}
	for _, name := range names {
		endpoint, err := newEndpoint(dir, name, file.Hosts[name])
		if err != nil {
			return f, fmt.Errorf("host %q: %w", printable(evidence.Scrub(name)), err)
		}
		f.endpoints = append(f.endpoints, endpoint)
	}
	registry, err := newEndpoint(dir, file.Server, file.hostSettings)
	if err != nil {
		return f, err
	}
	f.endpoints = append(f.endpoints, registry)
	return f, nil
}

// hostTables are the names N of the tables [host."N"] and [host."N".header], in
// the order of the file: that is the order in which containerd asks them. Hosts
// written in another way (host."N".ca = ...) it does not see.
func hostTables(text []byte) []string {
	var p unstable.Parser
	p.Reset(text)
	var names []string
	last := ""
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.Table {
			continue
		}
		var parts []string
		for it := e.Key(); it.Next(); {
			parts = append(parts, string(it.Node().Data))
		}
		if len(parts) >= 2 && parts[0] == "host" && parts[1] != last {
			last = parts[1]
			names = append(names, last)
		}
	}
	return names
}

var knownCapabilities = []string{"pull", "resolve", "push", "referrers"}

func newEndpoint(dir, name string, s hostSettings) (hostEndpoint, error) {
	e := hostEndpoint{text: name, skipVerify: s.SkipVerify != nil && *s.SkipVerify, overridePath: s.OverridePath}
	if name != "" {
		address := name
		if !strings.HasPrefix(address, "http") {
			address = "https://" + address
		}
		u, err := url.Parse(address)
		if err != nil {
			return e, errors.New("the server is no URL")
		}
		e.url = u
	}
	for _, c := range s.Capabilities {
		c = strings.ToLower(c)
		if !slices.Contains(knownCapabilities, c) {
			return e, fmt.Errorf("unknown capability %q", printable(c))
		}
		e.capabilities = append(e.capabilities, c)
	}
	var err error
	if e.caFiles, err = caFiles(dir, s.CA); err != nil {
		return e, err
	}
	if len(e.caFiles) > maxCAFiles {
		return e, fmt.Errorf("ca has %d files; more than %d are not read", len(e.caFiles), maxCAFiles)
	}
	if e.client, err = clientFiles(dir, s.Client); err != nil {
		return e, err
	}
	if err := checkHeader(s.Header); err != nil {
		return e, err
	}
	if s.DialTimeout != "" {
		if _, err := time.ParseDuration(s.DialTimeout); err != nil {
			return e, errors.New("dial_timeout is no duration")
		}
	}
	return e, nil
}

func caFiles(dir string, value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{beside(dir, v)}, nil
	case []any:
		return besides(dir, "ca", v)
	default:
		return nil, errors.New("ca is neither a string nor a list of strings")
	}
}

// clientFiles are the files of client key pairs: a string, a list of strings, or
// a list of pairs.
func clientFiles(dir string, value any) ([]string, error) {
	wrong := errors.New("client is no file, list of files or list of pairs")
	var files []string
	switch v := value.(type) {
	case nil:
	case string:
		files = []string{beside(dir, v)}
	case []any:
		for _, item := range v {
			switch pair := item.(type) {
			case string:
				files = append(files, beside(dir, pair))
			case []any:
				both, err := besides(dir, "client", pair)
				if err != nil || len(both) != 2 {
					return nil, wrong
				}
				files = append(files, both...)
			default:
				return nil, wrong
			}
		}
	default:
		return nil, wrong
	}
	return files, nil
}

func checkHeader(header map[string]any) error {
	for name, value := range header {
		if _, ok := value.(string); ok {
			continue
		}
		list, ok := value.([]any)
		if !ok || len(texts(value)) != len(list) {
			return fmt.Errorf("header %q is neither a string nor a list of strings", printable(name))
		}
	}
	return nil
}

func besides(dir, what string, list []any) ([]string, error) {
	files := texts(list)
	if len(files) != len(list) {
		return nil, fmt.Errorf("%s holds what is no string", what)
	}
	for i := range files {
		files[i] = beside(dir, files[i])
	}
	return files, nil
}

// beside makes a path absolute; relative ones lie beside hosts.toml.
func beside(dir, name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(dir, name)
}
