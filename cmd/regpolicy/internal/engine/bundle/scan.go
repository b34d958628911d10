package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

const (
	maxFile    = 8 << 20
	maxContent = 64 << 20
	maxFiles   = 10_000
)

const signatures = ".signatures.json"

// scan looks through the archive before anything else does: its size unpacked,
// and what its files are called. It returns the signature's token.
func scan(raw []byte) (token string, err error) {
	if len(raw) > MaxSize {
		return "", fault("name the right file", "it has more than %d MiB, which no bundle has", MaxSize>>20)
	}
	packed, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return "", fault("a bundle is a .tar.gz; `regpolicy bundle build` makes one", "unpacking: %w", err)
	}
	archive := tar.NewReader(io.LimitReader(packed, maxContent))
	seen := map[string]bool{}
	var total int64
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return token, nil
		}
		if err != nil {
			return "", fault("the file is cut off or damaged, or unpacks to more than 64 MiB: get it again", "unpacking: %w", err)
		}
		// A sparse file is larger than what stands in the archive.
		if total += header.Size; total > maxContent {
			return "", fault("name the right file", "it unpacks to more than %d MiB", maxContent>>20)
		}
		if len(seen) == maxFiles {
			return "", fault("name the right file", "it holds more than %d files", maxFiles)
		}
		name, err := place(header)
		if err != nil {
			return "", err
		}
		if seen[name] {
			return "", fault("build it anew", "it holds %q twice", name)
		}
		seen[name] = true
		if path.Base(name) == signatures {
			if token, err = readToken(name, archive); err != nil {
				return "", err
			}
		}
	}
}

// place is a file's path in the bundle. OPA writes them with a slash in front.
func place(header *tar.Header) (string, error) {
	name := header.Name
	if header.Typeflag == tar.TypeDir {
		name = strings.TrimSuffix(name, "/")
	} else if header.Typeflag != tar.TypeReg {
		return "", fault("a bundle holds files and folders; build it anew", "%q is a link or a device", name)
	}
	name = strings.TrimPrefix(strings.TrimPrefix(name, "./"), "/")
	if name == "" {
		name = "."
	}
	if !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return "", fault("do not use it: somebody made it to write where it must not", "path %q leads out of the bundle", header.Name)
	}
	if path.Base(name) == "patch.json" {
		return "", fault("build a whole bundle", "it is a delta bundle, which holds no policies")
	}
	return name, nil
}

// readToken takes the one signature out of .signatures.json.
func readToken(name string, from io.Reader) (string, error) {
	const cure = "sign it anew"
	if name != signatures {
		return "", fault(cure, "%q must lie at the bundle's root", name)
	}
	var file struct {
		Signatures []string `json:"signatures"`
	}
	if err := json.NewDecoder(io.LimitReader(from, maxFile)).Decode(&file); err != nil {
		return "", fault(cure, "reading %q: %w", name, err)
	}
	if len(file.Signatures) != 1 {
		return "", fault(cure, "%q holds %d signatures, and must hold one", name, len(file.Signatures))
	}
	return file.Signatures[0], nil
}
