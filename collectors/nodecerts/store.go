package nodecerts

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// stores are the system's trust stores by fingerprint, as two verifiers read the
// same files.
type stores struct {
	goAnchors, openSSL []string
	// known tells that there was something to read a store from.
	goKnown, openSSLKnown bool
}

// readStores works out both stores.
func (a *analysis) readStores() stores {
	s := stores{goAnchors: a.goStore()}
	s.goKnown = a.l.Live || a.bundle != nil || len(s.goAnchors) > 0
	if a.bundleMissed() {
		return stores{}
	}
	hashed, links := a.hashed()
	if a.bundle != nil && a.bundle.openSSL {
		s.openSSL = slices.Clone(a.bundle.all.loaded())
	}
	s.openSSL = append(s.openSSL, hashed...)
	// A copy without a single hash link is one of chosen files: what OpenSSL finds
	// on the node cannot be told from it, unless the system has no such links.
	s.openSSLKnown = a.l.Live || links > 0 || a.bundle != nil && a.os.family == "rhel"
	return s
}

// bundleMissed notes a system bundle that is there and was not had. Without it
// neither store means anything.
func (a *analysis) bundleMissed() bool {
	if a.bundle != nil {
		return false
	}
	missed := slices.ContainsFunc(goDirs, func(dir string) bool {
		f := a.l.Files[dir]
		return f != nil && f.Status == StatusUnreadable // certDirs has noted it
	})
	for _, name := range goBundles {
		if f := a.l.Files[name]; f != nil && (f.Status == StatusLarge || f.Status == StatusUnreadable) {
			a.miss("trust_store", f, name)
			a.miss("bundle", f, name)
			missed = true
		}
	}
	if a.l.Truncated {
		a.faults = append(a.faults, fault{"trust_store", orElse(a.l.TruncatedBy, "truncated"), "the listing ended before the system bundle"})
		missed = true
	}
	return missed
}

// goStore is what Go's crypto/x509 loads on this node: the first bundle that can
// be read and every file of its folders but links within a folder. SSL_CERT_FILE
// and SSL_CERT_DIR of the runtime's unit take the place of either.
func (a *analysis) goStore() []string {
	var anchors []string
	if file := a.environment["SSL_CERT_FILE"]; file == "" {
		if a.bundle != nil {
			anchors = append(anchors, a.bundle.all.loaded()...)
		}
	} else {
		a.mustList(path.Clean(file))
		anchors = append(anchors, a.loaded("trust_store", path.Clean(file))...)
	}
	for _, dir := range a.certDirs() {
		for _, name := range a.in(dir) {
			if f := a.l.Files[name]; f.Link == "" || strings.Contains(f.Link, "/") {
				anchors = append(anchors, a.loaded("trust_store", name)...)
			}
		}
	}
	return sortedSet(anchors)
}

// mustList notes a path that the environment names and the listing does not
// have: its name is of a kind that is not looked for.
func (a *analysis) mustList(name string) {
	if a.l.Files[name] == nil && !a.l.Truncated {
		a.faults = append(a.faults, fault{"trust_store", "not_in_source", name + " is not among the files read"})
	}
}

// certDirs are the folders that Go reads.
func (a *analysis) certDirs() []string {
	dirs := goDirs
	if a.environment["SSL_CERT_DIR"] != "" {
		dirs = a.namedDirs()
		for _, dir := range dirs {
			a.mustList(dir)
		}
	}
	return slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		f := a.l.Files[dir]
		if f != nil && (f.Status == StatusUnreadable || f.Status == StatusEscapes) {
			a.miss("trust_store", f, dir)
		}
		return f == nil
	})
}

// loaded are the fingerprints that Go loads from a file. One that is there and
// was not had is a fault of the field.
func (a *analysis) loaded(field, name string) []string {
	f := a.l.Files[name]
	if f == nil {
		return nil
	}
	if name == a.l.Bundle && a.bundle != nil {
		return a.bundle.all.loaded()
	}
	if f.Members != nil {
		var list []string
		members, _ := a.members(f)
		for _, m := range members {
			list = append(list, m.fingerprint)
		}
		return list
	}
	if f.Content != nil {
		e := a.r.cache.examine(f.Content)
		a.keepPrivate(e)
		return e.loaded()
	}
	if f.Status == StatusUnreadable || f.Status == StatusLarge || f.Cut || f.Status == StatusEscapes && !ofDistribution(f) {
		a.miss(field, f, name)
	}
	return nil
}

// members are the certificates of a file that the bundle holds, too.
func (a *analysis) members(f *File) ([]*member, bool) {
	if f.Members == nil || a.bundle == nil {
		return nil, false
	}
	return a.bundle.at(f.Members)
}

var hashName = regexp.MustCompile(`^([0-9a-f]{8})\.([0-9]+)$`)

// hashed are the certificates that OpenSSL finds by their subject's hash, and how
// many files have such names. OpenSSL looks for HASH.0, HASH.1 and so on, and
// stops at the first that is missing or holds no certificate (by_dir.c).
func (a *analysis) hashed() (anchors []string, links int) {
	for _, dir := range goDirs {
		for _, name := range a.in(dir) {
			parts := hashName.FindStringSubmatch(path.Base(name))
			if parts == nil {
				continue
			}
			links++
			if parts[2] != "0" {
				continue
			}
			for n := 0; ; n++ {
				found := a.byHash(fmt.Sprintf("%s/%s.%d", dir, parts[1], n), parts[1])
				if found == nil {
					break
				}
				anchors = append(anchors, found...)
			}
		}
	}
	return anchors, links
}

// byHash are the certificates of a file whose subject has the hash; nil means
// that OpenSSL goes no further.
func (a *analysis) byHash(name, hash string) []string {
	f := a.l.Files[name]
	if f == nil {
		return nil
	}
	if f.Link != "" && !strings.Contains(f.Link, "/") {
		name = target(name, f.Link)
		if f = a.l.Files[name]; f == nil {
			return nil
		}
	}
	found := []string{}
	if members, ok := a.members(f); ok {
		for _, m := range members {
			if m.hash == hash {
				found = append(found, m.fingerprint)
			}
		}
		return found
	}
	if f.Content == nil {
		return nil
	}
	e := a.r.cache.examine(f.Content)
	if len(e.loaded()) == 0 {
		return nil
	}
	for i, cert := range e.certs {
		if SubjectHash(cert.RawSubject) == hash {
			found = append(found, e.content.Certificates[i])
		}
	}
	return found
}

// opensslReads tells whether OpenSSL takes a bundle: it loads nothing at all from
// one in which any block is damaged (X509_load_cert_crl_file), where Go passes
// over that block.
func opensslReads(bundle []byte) bool {
	begun := bytes.Count(bundle, []byte("-----BEGIN "))
	for rest := bundle; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return begun == 0
		}
		begun--
		var der asn1.RawValue
		if _, err := asn1.Unmarshal(block.Bytes, &der); err != nil && strings.HasSuffix(block.Type, "CERTIFICATE") {
			return false
		}
	}
}

func sortedSet(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// addBundle records the bundle and those of its certificates that are no public
// roots.
func (a *analysis) addBundle(n *evidence.Node) {
	if a.bundle == nil {
		return
	}
	n.Bundle = &evidence.Bundle{Path: a.l.Bundle, SHA256: a.bundle.sha256, Certificates: len(a.bundle.all.loaded())}
	if f := a.l.Files[a.l.Bundle]; f != nil {
		n.Bundle.ModifiedAt = evidence.MaybeAt(f.ModTime)
	}
}
