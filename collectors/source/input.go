package source

import (
	"errors"
	"io"
	"io/fs"
	"slices"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Input is what offline sources hold, in the order of the arguments and within
// each sorted by path. Call Close when it is no longer needed.
type Input struct {
	// Documents are saved evidence documents.
	Documents []Document
	// Objects are the Kubernetes objects, Lists flattened, without their managed
	// fields and last applied configuration. Provenance.Path is the file within
	// its source, with "#N" for the N-th object of a file that holds several.
	Objects []Object
	// Nodes are the file trees of nodes, by name.
	Nodes map[string]NodeTree
	// Transcripts are saved `openssl s_client` outputs.
	Transcripts []Transcript
	// Problems are the parts of what was asked that could not be had.
	Problems []Problem
	// Skipped are files that were looked at and are of no use here: Helm values,
	// workflows, reports. They are no problem.
	Skipped []Skipped
	// Sources are the places that Objects, Nodes and Transcripts come from.
	Sources map[string]evidence.Source

	// HasCapture and HasManifests tell which kinds of source there were. A
	// capture is what somebody gathered from a running cluster; manifests are
	// what somebody wants to run.
	HasCapture, HasManifests bool

	// Notices are what was decided about the sources and ought to be told: of two
	// versions of an object the newer counts.
	Notices []string

	// captures tells of each source that is a capture what it gathered.
	captures map[string]*gathered
	// unclear are Secrets and ConfigMaps of which different ones have one name.
	unclear map[objectKey]error
	// bases are the folders that the paths of sources are in, archives left out.
	bases   map[string]string
	places  *places
	closers []io.Closer
}

// gathered is what a capture holds of objects.
type gathered struct {
	kinds  map[string]bool
	broken bool // some file of objects could not be read

	// bundle: another tool made it. What it has of a kind it need not have of all
	// namespaces: in are those that it lists, and absent is what it says does not
	// exist.
	bundle bool
	in     map[kindIn]bool
	absent map[objectKey]bool
}

func newGathered(bundle bool) *gathered {
	return &gathered{kinds: map[string]bool{}, bundle: bundle, in: map[kindIn]bool{}, absent: map[objectKey]bool{}}
}

// kindIn is a kind in a namespace.
type kindIn struct{ kind, namespace string }

// lacks tells whether a Secret or ConfigMap that the capture does not have did
// not exist when it was made.
func (g *gathered) lacks(id objectKey) bool {
	switch {
	case g.absent[id]:
		return true
	case g.broken:
		return false
	case g.bundle:
		return g.in[kindIn{id.kind, id.namespace}]
	}
	return g.kinds[id.kind]
}

// Document is a saved evidence document, of the right schema version and not yet
// decoded.
type Document struct {
	Name string // the path, or "-"
	// Bytes is its JSON text without a byte order mark.
	Bytes []byte
	// SHA256 is the lower-case hex digest of the file as it is.
	SHA256 string
	// Read is a large document that OpenToJudge has decoded and looked through for
	// secrets, and Text what is kept of it; there are no Bytes then.
	Read *evidence.Document
	Text *evidence.Text
}

// NodeTree is a copy of a node's files, from its root.
type NodeTree struct {
	// FS holds the files. Lstat and ReadLink tell of links as they are; Open,
	// Stat and ReadDir follow them under the node's root, as the node would:
	// absolute targets begin there and ".." does not leave it. What is neither
	// file nor folder, or larger than Limits.FileBytes, cannot be opened. It may
	// be used from many goroutines.
	FS fs.ReadLinkFS
	evidence.Provenance
}

// Transcript is the saved output of `openssl s_client -showcerts`.
type Transcript struct {
	Host     string // lower case, without brackets
	Port     int
	HostPort string // "harbor.corp.example:443", "[fd00::1]:443"
	Text     string
	evidence.Provenance
}

// Problem is a part of the input that could not be had.
type Problem struct {
	Source string // a key of Input.Sources
	// Path is the file within the source.
	Path string
	// Line and Column are 1-based, 0 where they say nothing.
	Line, Column int
	// Reason is one of evidence.Reasons.
	Reason string
	Detail string
	// Hint is the cure, a sentence without a full stop.
	Hint string
	// Node is the node whose tree the path is in, "*" for the folder of all nodes,
	// empty for others.
	Node string
	// Endpoint tells that the path is a transcript.
	Endpoint bool
	// Collectors are the evidence that suffers, where that is known: keys of
	// Document.Coverage.
	Collectors []string
}

// Skipped is a file that was left out because it is none of what is read.
type Skipped struct{ Source, Path, Why string }

// FromCapture tells whether an object was gathered from a running cluster. Others
// are manifests.
func (in *Input) FromCapture(o Object) bool { return in.captures[o.Provenance.Source] != nil }

// Gathered tells whether some capture holds objects of a kind, or an empty list
// of that kind: whether somebody looked for them.
func (in *Input) Gathered(kind string) bool {
	for _, capture := range in.captures {
		if capture.kinds[kind] {
			return true
		}
	}
	return false
}

// Close releases the folders that node trees lie in. The trees cannot be read
// afterwards.
func (in *Input) Close() error {
	var errs []error
	for _, c := range slices.Backward(in.closers) {
		errs = append(errs, c.Close())
	}
	in.closers = nil
	return errors.Join(errs...)
}
