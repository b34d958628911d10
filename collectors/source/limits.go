package source

// Limits bound what offline sources may cost. What is larger is refused by name,
// never read in part without saying so.
type Limits struct {
	// FileBytes is the largest single file, archive or standard input, as stored,
	// and the largest file within an archive.
	FileBytes int64
	// TotalBytes is the most that is read of all files together, archives as
	// unpacked. Files of nodes that lie in a folder are not read here.
	TotalBytes int64
	// Files is the most files and folders that are looked at; those of nodes
	// count only in archives.
	Files int
	// Ratio is how many times larger than stored an archive may become, once
	// that is more than 64 MiB.
	Ratio int64
	// Depth is how deep mappings and lists may nest.
	Depth int
	// Values is how many values one JSON file may hold.
	Values int
	// Nodes is how many values one YAML document, or one item of a YAML List, may
	// hold, and how many YAML aliases may repeat together.
	Nodes int
}

// DefaultLimits allow the lists of a cluster of some 100,000 pods and refuse what
// would take tens of GiB of memory.
func DefaultLimits() Limits {
	return Limits{
		FileBytes:  512 << 20,
		TotalBytes: 1 << 30,
		Files:      500_000,
		Ratio:      200,
		Depth:      500,
		Values:     64_000_000,
		Nodes:      4_000_000,
	}
}

const (
	ratioFrom     = 64 << 20 // see Limits.Ratio
	maxTranscript = 16 << 20 // bytes of one saved transcript
)
