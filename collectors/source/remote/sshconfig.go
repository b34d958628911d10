package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kevinburke/ssh_config"
)

// Limits of an OpenSSH client configuration.
const (
	maxConfigFile  = 1 << 20 // bytes
	maxConfigLine  = 4096    // bytes; the parser's cost grows with the square
	maxConfigDepth = 8       // of Include
	maxConfigFiles = 64
)

// includeKey stands for Include in what the parser sees: by itself it would read
// included files relative to the home directory of the process, without limits.
const includeKey = "RegpolicyInclude"

// sshConfig is an OpenSSH client configuration, read as a hint.
type sshConfig struct {
	root *configFile
	home string
}

type configFile struct {
	parsed   *ssh_config.Config
	includes map[string][]*configFile // by the value of the directive
}

// hostHint is what the configuration says of one host.
type hostHint struct {
	hostName, user string
	port           int
	identityFiles  []string
	proxyJump      string
	proxyCommand   bool
}

// configReader reads one configuration with what it includes.
type configReader struct {
	folder, home string
	files        int
	warnings     []string
}

// loadSSHConfig reads a configuration. What cannot be read is a warning: it is a
// hint only, and ssh itself may well understand more.
func loadSSHConfig(file, home string) (*sshConfig, []string) {
	if file == "" {
		return &sshConfig{}, nil
	}
	r := &configReader{folder: filepath.Dir(file), home: home}
	root, err := r.read(file, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.warn(fmt.Sprintf("reading SSH configuration %q: %s; it is not used", file, clean(err.Error())))
	}
	return &sshConfig{root: root, home: home}, r.warnings
}

func (r *configReader) warn(text string) {
	if !slices.Contains(r.warnings, text) {
		r.warnings = append(r.warnings, text)
	}
}

func (r *configReader) read(file string, depth int) (*configFile, error) {
	if r.files++; r.files > maxConfigFiles {
		return nil, fmt.Errorf("it includes more than %d files", maxConfigFiles)
	}
	data, err := readRegular(file, maxConfigFile)
	if err != nil {
		return nil, err
	}
	lines, includes, skipped := normalise(data)
	if skipped > 0 {
		r.warn(fmt.Sprintf("reading SSH configuration %q: %d Match blocks with conditions other than all and host are passed over", file, skipped))
	}
	parsed, err := parseConfig(lines)
	if err != nil {
		return nil, err
	}
	f := &configFile{parsed: parsed, includes: map[string][]*configFile{}}
	for _, value := range includes {
		f.includes[value] = r.include(file, value, depth+1)
	}
	return f, nil
}

func (r *configReader) include(from, value string, depth int) []*configFile {
	if depth > maxConfigDepth {
		r.warn(fmt.Sprintf("reading SSH configuration %q: Include is nested too deep", from))
		return nil
	}
	var files []*configFile
	for pattern := range strings.FieldsSeq(value) {
		pattern = strings.Trim(pattern, `"`)
		path, ok := expandHome(pattern, r.home)
		if !ok {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.folder, path)
		}
		matches, _ := filepath.Glob(path) // a bad pattern matches nothing
		for _, match := range matches {
			f, err := r.read(match, depth)
			if err != nil {
				r.warn(fmt.Sprintf("reading SSH configuration %q: %s; it is not used", match, clean(err.Error())))
				continue
			}
			files = append(files, f)
		}
	}
	return files
}

// parseConfig keeps the parser's panics, which it has for some malformed lines,
// from ending the run.
func parseConfig(lines []byte) (parsed *ssh_config.Config, err error) {
	defer func() {
		if p := recover(); p != nil {
			parsed, err = nil, fmt.Errorf("it cannot be parsed: %v", p)
		}
	}()
	return ssh_config.DecodeBytes(lines)
}

// normalise keeps the lines that this package reads, in a form that the parser
// gets right, and tells the values of Include and how many Match blocks were
// made to match nothing.
func normalise(data []byte) (lines []byte, includes []string, skipped int) {
	var out bytes.Buffer
	for line := range bytes.Lines(data) {
		if len(line) > maxConfigLine {
			continue
		}
		keyword, value := splitDirective(strings.ToValidUTF8(string(line), ""))
		if value == "" {
			continue
		}
		switch strings.ToLower(keyword) {
		case "host":
			fmt.Fprintf(&out, "Host %s\n", strings.ReplaceAll(value, `"`, ""))
		case "match":
			patterns, ok := matchHosts(value)
			if !ok {
				skipped++
			}
			fmt.Fprintf(&out, "Host %s\n", patterns)
		case "include":
			includes = append(includes, value)
			fmt.Fprintf(&out, "%s %s\n", includeKey, value)
		case "hostname", "user", "port", "identityfile", "proxyjump", "proxycommand":
			fmt.Fprintf(&out, "%s %s\n", keyword, value)
		}
	}
	return out.Bytes(), includes, skipped
}

// splitDirective splits "Keyword value", "Keyword=value" and "Keyword = value",
// without the comment, and with single spaces.
func splitDirective(line string) (keyword, value string) {
	line = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, line)
	line = strings.TrimSpace(line)
	end := strings.IndexAny(line, " =")
	if end < 1 || strings.HasPrefix(line, "#") {
		return "", ""
	}
	keyword, value = line[:end], strings.TrimSpace(line[end:])
	value = strings.TrimSpace(strings.TrimPrefix(value, "="))
	if comment := strings.Index(" "+value, " #"); comment >= 0 {
		value = value[:comment]
	}
	return keyword, strings.Join(strings.Fields(value), " ")
}

// matchHosts turns a Match line's conditions into those of a Host line. Others
// than all and host depend on what is not known here: they match nothing.
func matchHosts(value string) (patterns string, ok bool) {
	words := strings.Fields(value)
	switch {
	case len(words) == 1 && strings.EqualFold(words[0], "all"):
		return "*", true
	case len(words) == 2 && (strings.EqualFold(words[0], "host") || strings.EqualFold(words[0], "originalhost")):
		return strings.Join(strings.FieldsFunc(words[1], func(r rune) bool { return r == ',' || r == '"' }), " "), true
	default:
		return "!*", false
	}
}

// forHost is what the configuration says of a host, by the name it was asked by.
func (c *sshConfig) forHost(alias string) hostHint {
	var h hostHint
	first := map[string]string{}
	c.root.visit(alias, func(key, value string) {
		if key == "identityfile" {
			h.identityFiles = append(h.identityFiles, value)
		} else if _, ok := first[key]; !ok {
			first[key] = value
		}
	})
	h.user = first["user"]
	h.hostName, _ = expandTokens(first["hostname"], map[byte]string{'%': "%", 'h': alias})
	h.port, _ = strconv.Atoi(first["port"])
	if h.port < 0 || h.port > 65535 {
		h.port = 0
	}
	h.proxyJump = first["proxyjump"]
	h.proxyCommand = first["proxycommand"] != "" && !strings.EqualFold(first["proxycommand"], "none")
	return h
}

// visit calls fn with each directive for a host, in their order, keys in lower
// case.
func (f *configFile) visit(alias string, fn func(key, value string)) {
	if f == nil {
		return
	}
	for _, host := range f.parsed.Hosts {
		if !host.Matches(alias) {
			continue
		}
		for _, node := range host.Nodes {
			kv, ok := node.(*ssh_config.KV)
			if !ok {
				continue
			}
			if kv.Key != includeKey {
				fn(strings.ToLower(kv.Key), kv.Value)
				continue
			}
			for _, included := range f.includes[kv.Value] {
				included.visit(alias, fn)
			}
		}
	}
}

// keyFiles are the IdentityFiles with ~ and the percent tokens replaced; those
// that need what is not known are left out.
func (h hostHint) keyFiles(home, host, user string) []string {
	var files []string
	for _, file := range h.identityFiles {
		if strings.EqualFold(file, "none") {
			continue
		}
		path, ok := expandHome(file, home)
		if !ok {
			continue
		}
		path, ok = expandTokens(path, map[byte]string{'%': "%", 'd': home, 'h': host, 'r': user})
		if ok && filepath.IsAbs(path) {
			files = append(files, path)
		}
	}
	return files
}

// expandTokens replaces %x; false for one that is not known.
func expandTokens(text string, tokens map[byte]string) (string, bool) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			out.WriteByte(text[i])
			continue
		}
		if i++; i == len(text) {
			return "", false
		}
		value, ok := tokens[text[i]]
		if !ok {
			return "", false
		}
		out.WriteString(value)
	}
	return out.String(), true
}

func expandHome(path, home string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok && !strings.HasPrefix(path, "%d/") {
		return path, !strings.HasPrefix(path, "~")
	}
	if home == "" {
		return "", false
	}
	if ok {
		return filepath.Join(home, rest), true
	}
	return path, true
}
