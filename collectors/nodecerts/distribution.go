package nodecerts

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// isHashLink tells whether a file only is another one's OpenSSL name: a link
// beside it, or a copy.
func (a *analysis) isHashLink(name string, f *File) bool {
	if !hashName.MatchString(path.Base(name)) {
		return false
	}
	if f.Link != "" && !strings.Contains(f.Link, "/") {
		return true
	}
	if a.twins == nil {
		a.twins = map[string]bool{}
		for _, dir := range goDirs {
			for _, other := range a.in(dir) {
				if !hashName.MatchString(path.Base(other)) {
					a.twins[a.twinKey(other, a.l.Files[other])] = true
				}
			}
		}
	}
	return len(a.fingerprints(f)) > 0 && a.twins[a.twinKey(name, f)]
}

// twinKey is equal for files of one folder that hold the same certificates.
func (a *analysis) twinKey(name string, f *File) string {
	return path.Dir(name) + "\n" + strings.Join(a.fingerprints(f), "\n")
}

// photonName is what Photon's ca-certificates calls each of its files: the
// subject's hash.
var photonName = regexp.MustCompile(`^([0-9a-f]{8})\.pem$`)

// isOwn tells whether a file is the distribution's own: it holds public roots
// only, it is a copy of the bundle, or it lies where the distribution puts roots
// that Mozilla has dropped since.
func (a *analysis) isOwn(name string, f *File) bool {
	if ofDistribution(f) || strings.Contains(f.Link, extracted) || strings.Contains(f.Real, extracted) || a.isBundle(name, f) {
		return true
	}
	if a.isPackaged(name, f) {
		return true
	}
	if f.Content != nil && (f.Partial || isSpoilt(a.r.cache.examine(f.Content).content)) {
		return false
	}
	found := a.fingerprints(f)
	return len(found) > 0 && !slices.ContainsFunc(found, func(fp string) bool { return !certificate.IsPublicRoot(fp) })
}

// isPackaged tells whether a file that the bundle holds, too, is Photon's, or a
// copy of the bundle.
func (a *analysis) isPackaged(name string, f *File) bool {
	members, ok := a.members(f)
	if !ok {
		return false
	}
	hash := photonName.FindStringSubmatch(path.Base(name))
	return hash != nil && len(members) == 1 && members[0].hash == hash[1] ||
		len(members) > 10 && len(members) == a.bundle.blocks
}

// isSpoilt tells whether a content holds more than good certificates.
func isSpoilt(c evidence.Content) bool {
	return c.HasPrivateKey || slices.ContainsFunc(c.Blocks, func(b evidence.Block) bool { return !b.OK })
}

// isBundle tells whether a path is another name of a system bundle.
func (a *analysis) isBundle(name string, f *File) bool {
	names := []string{a.realDir(name), f.Real}
	if f.Link != "" {
		names = append(names, target(name, f.Link))
	}
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(goBundles, n) })
}

// ofDistribution tells whether a link leads to a root of Debian's package.
func ofDistribution(f *File) bool {
	return strings.HasPrefix(f.Link, "/usr/share/ca-certificates/mozilla/")
}

// fingerprints are those that Go loads from a file.
func (a *analysis) fingerprints(f *File) []string {
	if members, ok := a.members(f); ok {
		var list []string
		for _, m := range members {
			list = append(list, m.fingerprint)
		}
		return list
	}
	if f.Content == nil {
		return nil
	}
	return a.r.cache.examine(f.Content).loaded()
}
