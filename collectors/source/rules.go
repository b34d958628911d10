package source

// rules say which files of a folder hold objects.
type rules struct {
	// every file is meant to hold objects; in a folder of manifests others may
	// lie beside them. meant tells of single files.
	every bool
	meant func(name string) bool
	// enter and wants tell folders and files by their path; nil is all folders,
	// and all names of YAML and JSON files.
	enter, wants func(name string) bool
}

// holds tells whether a file is meant to hold objects.
func (r rules) holds(name string) bool { return r.every || r.meant != nil && r.meant(name) }

func (r rules) want(name string) bool {
	if r.wants != nil {
		return r.wants(name)
	}
	return isManifestName(name)
}
