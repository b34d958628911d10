package nodecerts

import (
	"encoding/pem"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// The values of evidence.TrustFile.Place.
const (
	placeSystem     = "system"
	placeDebian     = "debian"
	placeRHEL       = "rhel"
	placeContainerd = "containerd"
	placeDocker     = "docker"
)

var certSuffixes = []string{".pem", ".crt", ".cer", ".cert", ".der"}

func hasCertSuffix(name string) bool {
	return slices.Contains(certSuffixes, strings.ToLower(path.Ext(name)))
}

// trustFiles describes the files in the trust places, without those that are the
// distribution's own.
func (a *analysis) trustFiles() map[string]evidence.TrustFile {
	files := map[string]evidence.TrustFile{}
	// What a folder that may not be listed holds is not known to be absent.
	for _, dir := range slices.Concat(goDirs, []string{debianCerts, rhelAnchors}, a.namedDirs()) {
		if f := a.l.Files[dir]; f != nil && f.Status == StatusUnreadable {
			a.miss("trust_files", f, dir)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.l.Files)) {
		f := a.l.Files[name]
		place := a.place(name)
		if place == "" || a.isAlias(name) {
			continue
		}
		if f.Status == StatusDirectory || f.Status == StatusUnreadable && !hasCertSuffix(name) {
			if f.Status == StatusUnreadable {
				a.miss(fieldOf(place), f, name)
			}
			if !hasCertSuffix(name) {
				continue
			}
		}
		if file, ok := a.trustFile(name, f, place); ok {
			files[name] = file
		}
	}
	return files
}

// place tells in which trust place a path lies, if in any.
func (a *analysis) place(name string) string {
	dir := path.Dir(name)
	under := func(place string) bool { return strings.HasPrefix(name, place+"/") }
	switch {
	case slices.Contains(goBundles, name), name == a.l.Bundle:
		return ""
	case slices.Contains(goDirs, dir), slices.Contains(a.namedDirs(), dir), name == a.environment["SSL_CERT_FILE"]:
		return placeSystem
	case under(debianCerts):
		return placeDebian
	case dir == rhelAnchors:
		return placeRHEL
	case a.registry.clientFiles[name], a.isClientCertificate(name), strings.HasSuffix(name, ".key"), path.Base(name) == "hosts.toml", strings.HasSuffix(name, ".toml"):
		return "" // what a registry is shown, or configured with, is not what is trusted
	case under(dockerCerts):
		return placeDocker
	case under(containerdCerts), dir == containerdDir && a.l.Files[name].Status != StatusDirectory, a.registry.caFiles[name]:
		return placeContainerd
	case slices.ContainsFunc(a.registry.roots, under):
		return placeContainerd
	default:
		return ""
	}
}

// isClientCertificate tells whether a file is a client certificate as Docker lays
// them out, with its key beside it. One without a key is likely to be meant as a CA.
func (a *analysis) isClientCertificate(name string) bool {
	stem, ok := strings.CutSuffix(name, ".cert")
	key := a.l.Files[stem+".key"]
	return ok && key != nil && key.Status != StatusAbsent
}

func (a *analysis) namedDirs() []string {
	var dirs []string
	for dir := range strings.SplitSeq(a.environment["SSL_CERT_DIR"], ":") {
		if dir != "" {
			dirs = append(dirs, path.Clean(dir))
		}
	}
	return dirs
}

// isAlias tells whether a path names a file that another path of the listing
// names as well: /etc/pki/tls/certs/x where that folder and /etc/ssl/certs are one.
func (a *analysis) isAlias(name string) bool {
	if path.Dir(name) != tlsCerts {
		return false
	}
	system, tls := a.l.Files[systemCerts], a.l.Files[tlsCerts]
	return system != nil && system.Link != "" && target(systemCerts, system.Link) == tlsCerts ||
		tls != nil && tls.Link != "" && target(tlsCerts, tls.Link) == systemCerts
}

// trustFile describes one file; false for one that is no concern: the
// distribution's own, or a file in a folder of certificates that is nothing of
// the kind.
func (a *analysis) trustFile(name string, f *File, place string) (evidence.TrustFile, bool) {
	if place == placeSystem && (a.isHashLink(name, f) || a.isOwn(name, f)) {
		return evidence.TrustFile{}, false
	}
	if f.Members != nil && a.bundle == nil {
		return evidence.TrustFile{}, false // what it holds came with a bundle that did not come
	}
	file := a.describe(name, f, place)
	if file.Entry == "" && !hasCertSuffix(name) && isNothing(file, f) {
		return evidence.TrustFile{}, false
	}
	if f.Status == StatusUnreadable || f.Status == StatusLarge || f.Status == StatusEscapes || f.Cut {
		a.miss(fieldOf(place), f, name)
	}
	return file, true
}

// fieldOf is what lacks something when a file of a place was not had. Files of
// one registry say nothing of whether a CA is on the node for all.
func fieldOf(place string) string {
	if place == placeContainerd || place == placeDocker {
		return "registry_config"
	}
	return "trust_files"
}

// isNothing tells whether a file holds nothing that could be meant as a
// certificate.
func isNothing(file evidence.TrustFile, f *File) bool {
	if f.Status != StatusOK {
		return f.Status != StatusUnreadable
	}
	return file.Form == evidence.FormOther || file.Form == evidence.FormEmpty
}

func (a *analysis) describe(name string, f *File, place string) evidence.TrustFile {
	file := evidence.TrustFile{
		Content: unreadContent(f), Place: place, Entry: entryName(name, place), Status: statusText(f),
		LinkTarget: f.Link, RealPath: f.Real, Mode: octalMode(f.Mode), ModifiedAt: evidence.MaybeAt(f.ModTime),
	}
	if f.Mode != "" {
		file.Owner, file.Group = new(f.Owner), new(f.Group) // pointers into f would keep the whole stream alive
	}
	e, exact := a.contentOf(name, f)
	if e != nil {
		file.Content = e.content
		a.keepAll(e.certs)
	}
	if !exact {
		file.SHA256, file.Size = "", int(f.Size)
	}
	file.HasPrivateKey = file.HasPrivateKey || f.Partial
	a.findReal(&file, name, f)
	return file
}

// findReal completes where the links end: the listing does not follow those to
// files that the bundle holds, too, and not a link that is the folder itself.
func (a *analysis) findReal(file *evidence.TrustFile, name string, f *File) {
	if f.Members != nil && strings.Contains(f.Link, "/") {
		file.RealPath = target(name, f.Link)
	}
	if file.RealPath == "" && f.Link == "" && f.Status == StatusOK {
		file.RealPath = a.realDir(name)
	}
	if file.RealPath == name {
		file.RealPath = ""
	}
}

// realDir is where a file lies when its folder is a link to another place.
func (a *analysis) realDir(name string) string {
	if dir := a.l.Files[path.Dir(name)]; dir != nil && dir.Link != "" {
		return target(path.Dir(name), dir.Link) + "/" + path.Base(name)
	}
	return ""
}

// contentOf examines what a file holds, nil where it was not had, and tells
// whether these are the file's very bytes.
func (a *analysis) contentOf(name string, f *File) (e *examined, exact bool) {
	if members, ok := a.members(f); ok {
		if to := a.l.Files[target(name, f.Link)]; f.Link != "" && to != nil && to.Content != nil && !to.Partial {
			return a.r.cache.examine(to.Content), true
		}
		return a.r.cache.examine(pemOf(members)), false
	}
	if f.Content == nil {
		return nil, false
	}
	return a.r.cache.examine(f.Content), !f.Partial
}

var tkgName = regexp.MustCompile(`^tkg-(.+)\.(pem|crt)$`)

// entryName is the <name> of a tkg-<name>.pem, also where the operating system's
// commands moved the file.
func entryName(name, place string) string {
	parts := tkgName.FindStringSubmatch(path.Base(name))
	if parts == nil {
		return ""
	}
	moved := place == placeDebian && parts[2] == "crt" || place == placeRHEL
	if moved || place == placeSystem && parts[2] == "pem" && slices.Contains(goDirs, path.Dir(name)) {
		return parts[1]
	}
	return ""
}

// unreadContent describes a file whose content was not had.
func unreadContent(f *File) evidence.Content {
	return evidence.Content{
		Form: evidence.FormUnreadable, Inner: evidence.FormUnreadable,
		Certificates: []string{}, Blocks: []evidence.Block{}, Whitespace: []string{}, Size: int(f.Size),
	}
}

func statusText(f *File) string {
	switch {
	case f.Status == StatusSpecial:
		return "not_regular"
	case f.Status == StatusLarge, f.Cut:
		return "too_large"
	default:
		return string(f.Status)
	}
}

// reason is the gap reason of a file that was not had.
func (f *File) reason() string {
	switch f.Status {
	case StatusUnreadable:
		return "permission_denied"
	case StatusDangling:
		return "dangling_symlink"
	case StatusAbsent:
		return "not_found"
	case StatusEscapes:
		return "not_in_source"
	case StatusLarge, StatusOK:
		return "truncated"
	default:
		return "not_regular"
	}
}

// hashLinks are the OpenSSL names of files that are not the distribution's own.
func (a *analysis) hashLinks() map[string]string {
	links := map[string]string{}
	for _, dir := range goDirs {
		for _, name := range a.in(dir) {
			f, base := a.l.Files[name], path.Base(name)
			if !hashName.MatchString(base) || a.isAlias(name) {
				continue
			}
			to, at := f, name
			if f.Link != "" && !strings.Contains(f.Link, "/") {
				at = target(name, f.Link)
				if to = a.l.Files[at]; to == nil {
					links[base] = f.Link // dangling
					continue
				}
			}
			if !a.isOwn(at, to) {
				links[base] = orElse(f.Link, base)
			}
		}
	}
	return links
}

// pemOf writes certificates one after another.
func pemOf(members []*member) []byte {
	var out []byte
	for _, m := range members {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.cert.Raw})...)
	}
	return out
}
