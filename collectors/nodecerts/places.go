package nodecerts

import "slices"

// The places that are looked at. The script has the same, in the same order.
const (
	systemCerts     = "/etc/ssl/certs"
	tlsCerts        = "/etc/pki/tls/certs"
	debianCerts     = "/usr/local/share/ca-certificates"
	rhelAnchors     = "/etc/pki/ca-trust/source/anchors"
	containerdDir   = "/etc/containerd"
	containerdConf  = containerdDir + "/config.toml"
	containerdCerts = containerdDir + "/certs.d"
	dockerCerts     = "/etc/docker/certs.d"
	osRelease       = "/etc/os-release"
	// extracted holds what RHEL's update-ca-trust makes of all anchors.
	extracted = "/ca-trust/extracted/"
)

// goBundles are the files of which Go loads the first that it can read, and
// goDirs the folders of which it loads every file (crypto/x509, root_linux.go).
var (
	goBundles = []string{
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/cert.pem",
	}
	goDirs = []string{systemCerts, tlsCerts}
)

// unitDirs are where units lie, the one that overrides the other first.
var unitDirs = []string{"/etc/systemd/system", "/usr/lib/systemd/system"}

var units = []string{"containerd", "crio", "docker", "kubelet"}

func unitFile(dir, unit string) string { return dir + "/" + unit + ".service" }

// A pattern finds paths in a tree: the entries of a folder, or of its folders.
type pattern struct {
	dir    string
	depth  int    // 0: the folder itself; 1: dir/*; 2: dir/*/*; ...
	suffix string // "*.toml"
	hidden bool   // dir/.[!.]* instead
}

func configPatterns() []pattern {
	list := []pattern{
		{dir: osRelease},
		{dir: containerdDir},
		{dir: containerdDir, depth: 1, suffix: ".toml"},
		{dir: containerdDir, depth: 1, suffix: ".crt"},
		{dir: containerdDir, depth: 1, suffix: ".pem"},
		{dir: containerdDir + "/conf.d"},
		{dir: containerdDir + "/conf.d", depth: 1, suffix: ".toml"},
	}
	for _, unit := range units {
		for _, dir := range unitDirs {
			file := unitFile(dir, unit)
			list = append(list, pattern{dir: file}, pattern{dir: file + ".d"}, pattern{dir: file + ".d", depth: 1, suffix: ".conf"})
		}
	}
	return append(list, nested(containerdCerts, 2, nested(dockerCerts, 2, nil))...)
}

func trustPatterns() []pattern {
	return nested(debianCerts, 3, nested(rhelAnchors, 1, nil))
}

func systemPatterns() []pattern {
	var list []pattern
	for _, dir := range goDirs {
		list = append(list, pattern{dir: dir}, pattern{dir: dir, depth: 1}, pattern{dir: dir, depth: 1, hidden: true})
	}
	return list
}

// nested are a folder and its entries down to a depth, and then others.
func nested(dir string, depth int, then []pattern) []pattern {
	var list []pattern
	for d := range depth + 1 {
		list = append(list, pattern{dir: dir, depth: d})
	}
	return slices.Concat(list, then)
}
