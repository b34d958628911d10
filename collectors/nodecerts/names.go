package nodecerts

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	namingLine = regexp.MustCompile(`(^|[^a-z_])(ca|ca_file|config_path|imports)["[:blank:]]*=|SSL_CERT_|EnvironmentFile`)
	openList   = regexp.MustCompile(`\[[^\]]*$`)
)

// namedPaths returns the paths that a configuration text at name names in the
// settings that matter here: CA files, config_path, imports, the environment's
// SSL_CERT_FILE and SSL_CERT_DIR, EnvironmentFile. It knows no TOML and no unit
// syntax and may return too much: it only decides what is looked at.
//
// It is the script's sed program W and the loop behind it; the two must agree.
func namedPaths(name string, text []byte) []string {
	var paths []string
	lines := splitLines(text)
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if !namingLine.Match(line) {
			continue
		}
		for openList.Match(line) && i+1 < len(lines) {
			i++
			line = append(append(slices.Clone(line), '\n'), lines[i]...)
		}
		line = bytes.ReplaceAll(line, []byte(" SSL_CERT_"), []byte("\nSSL_CERT_"))
		for word := range bytes.FieldsFuncSeq(line, func(r rune) bool { return !inPath(r) }) {
			if p := namedPath(path.Dir(name), string(word)); p != "" {
				paths = append(paths, p)
			}
		}
	}
	return paths
}

func inPath(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-+@~,_./*= ", r)
}

// namedPath is the path in a word, or "". Relative names are those of files
// beside the one that names them.
func namedPath(dir, word string) string {
	switch {
	case hasInOrder(word, "SSL_CERT_", "=/"), hasInOrder(word, "EnvironmentFile=", "/"):
		_, value, _ := strings.Cut(word, "=")
		_, value, _ = strings.Cut(value, "/")
		value, _, _ = strings.Cut(value, " ")
		return "/" + value
	case strings.HasPrefix(word, "//"):
		return ""
	case strings.HasPrefix(word, "/"):
		return word
	case slices.Contains([]string{".toml", ".crt", ".pem"}, path.Ext(word)):
		return dir + "/" + word
	default:
		return ""
	}
}

// hasInOrder is the shell pattern *a*b*.
func hasInOrder(s, a, b string) bool {
	_, after, ok := strings.Cut(s, a)
	return ok && strings.Contains(after, b)
}
