package nodecerts

import (
	"path"
	"slices"
	"strings"
	"time"
)

// The limits of a listing, for each of its sources. The script has the same.
const (
	// MaxStream is how many bytes of a stream are worth reading.
	MaxStream = 2 << 20
	// maxFile is the size of the largest file whose content is taken.
	maxFile = 1 << 20
	// maxBudget bounds a listing without its bundle: the content it holds and
	// fileCharge for each file, so 4,000 files at most.
	maxBudget  = 1_000_000
	fileCharge = 250
	// maxText is the size of the largest text that is searched for the names of
	// other files.
	maxText = 64 << 10
	// maxRounds is how many times such names are followed: config.toml imports a
	// file, which names a directory, in which a hosts.toml names a CA.
	maxRounds = 3
)

// Listing is what one look at a node found.
type Listing struct {
	// Began and Ended are the node's own clock when the look began and ended; zero
	// where the source has no clock.
	Began, Ended time.Time
	// Kernel is the kernel's release.
	Kernel string
	// Live tells that the node itself was looked at, not a copy: what is not in
	// the listing is not there.
	Live bool
	// ProcAsked tells that /proc was looked at, Proc what it told: nil where it
	// does not show the processes of others.
	ProcAsked bool
	Proc      *Proc
	// Bundle is the path of the system bundle, the first of Go's list that can be
	// read; empty where there is none.
	Bundle string
	// BundleData is the bundle without the indented lines that `openssl x509
	// -text` writes between certificates and that make up three quarters of
	// Photon's.
	BundleData []byte
	// Files are the files that were looked at, by absolute path. A file that is
	// not here was not there, or is no concern of ours.
	Files map[string]*File
	// Cut tells that there was more than a listing may hold.
	Cut bool
	// Truncated tells that the stream, or the reading of a tree, ended early;
	// TruncatedBy is the gap reason, "truncated" when empty.
	Truncated   bool
	TruncatedBy string
}

// File is one file of a listing.
type File struct {
	Status Status
	// Mode is ls's mode text without a final "." or "+", empty where unknown;
	// Owner and Group are numeric ids and valid where Mode is. A copied tree has
	// no mode: a copy's owner and mode are the copier's.
	Mode         string
	Owner, Group int
	// Size and ModTime are those of the file that a link leads to.
	Size    int64
	ModTime time.Time
	// Link is the target of a symbolic link, as it stands there.
	Link string
	// Real is where the links end; only for links whose content was taken.
	Real string
	// Content is nil where it was not taken.
	Content []byte
	// Partial tells that private keys were cut out of Content.
	Partial bool
	// Members says that the file holds nothing but certificates that the bundle
	// holds, too, byte for byte: their 1-based places among the bundle's blocks.
	// Its content is then not taken.
	Members []int
	// Cut tells that the content would have gone beyond the listing's limits.
	Cut bool
}

// Status is what a path leads to.
type Status string

// The statuses of a File.
const (
	StatusOK         Status = "ok"
	StatusAbsent     Status = "absent" // named by a configuration, and not there
	StatusDirectory  Status = "directory"
	StatusUnreadable Status = "unreadable"
	StatusSpecial    Status = "special" // a device, a pipe, a socket
	StatusLarge      Status = "large"   // beyond 1 MiB; its content was not taken
	StatusDangling   Status = "dangling"
	StatusLoop       Status = "loop"
	// StatusEscapes is a link, or a name in a configuration, that leads out of
	// what was copied. It never is the status of a file on a live node.
	StatusEscapes Status = "escapes"
)

// Proc is what /proc told.
type Proc struct {
	// Boot is when the machine was started.
	Boot time.Time
	// Processes are those of the container runtimes and the kubelet.
	Processes []Process
}

// Process is a running process.
type Process struct {
	Name    string // "containerd", "crio", "dockerd" or "kubelet"
	PID     int
	Parent  int
	Started time.Time
}

// byDir returns the paths by the folder right above them, sorted.
func (l *Listing) byDir() map[string][]string {
	dirs := map[string][]string{}
	for p := range l.Files {
		if dir := path.Dir(p); dir != p {
			dirs[dir] = append(dirs[dir], p)
		}
	}
	for _, paths := range dirs {
		slices.Sort(paths)
	}
	return dirs
}

// text returns the content of a file as a process on the node would read it.
func (l *Listing) text(name string) ([]byte, bool) {
	f := l.Files[name]
	if f == nil || f.Status != StatusOK || f.Content == nil {
		return nil, false
	}
	return f.Content, true
}

// target is where a link says it leads, as an absolute path. Only the link
// itself is followed.
func target(name, link string) string {
	if strings.HasPrefix(link, "/") {
		return path.Clean(link)
	}
	return path.Join(path.Dir(name), link)
}
