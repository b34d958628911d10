package nodecerts

// Parsers for fuzzing.
var (
	ParseOSRelease = func(text []byte) string { return parseOSRelease(text).name }
	ParseUnit      = func(text []byte) int { return len(parseUnit(text)) + len(environmentFile(text)) }
	ParseConfig    = func(text []byte) error { _, err := parseConfig(text); return err }
	NamedPaths     = namedPaths
	BlockKeys      = blockKeys
	WithoutKeys    = withoutKeys
)

// MaxConfigText and MaxConfigKeys are the most that a file of containerd's may have.
const (
	MaxConfigText = maxConfigText
	MaxConfigKeys = maxConfigKeys
)

// ParseHosts returns how many endpoints a hosts.toml has.
func ParseHosts(text []byte) (int, error) {
	f, err := parseHosts("/etc/containerd/certs.d/h", text)
	return len(f.endpoints), err
}
