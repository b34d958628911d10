package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// pushImages fills the store, and writes those of regpolicy and busybox as archives,
// too. apps/layers and apps/stored have a layer that no other image has: containerd
// keeps layers by digest, and a fault in fetching them shows only with one that the
// node has never seen.
func pushImages(store string, programs programs, dir string) error {
	busybox := []file{{name: "bin/busybox", path: programs.busybox}}
	for _, name := range []string{"sh", "cat", "date", "ls", "readlink", "sed"} {
		busybox = append(busybox, file{name: "bin/" + name, link: "busybox"})
	}
	for reference, files := range map[string][]file{
		"apps/pause:3.10":    {{name: "hello", path: programs.hello}, {name: "salt"}},
		"apps/hello:1.0":     {{name: "hello", path: programs.hello}, {name: "salt"}},
		"apps/layers:1.0":    {{name: "hello", path: programs.hello}, {name: "layers"}},
		"apps/stored:1.0":    {{name: "hello", path: programs.hello}, {name: "stored"}},
		"apps/regpolicy:1.0": {{name: "ko-app/regpolicy", path: programs.regpolicy}},
		"apps/busybox:1.0":   busybox,
	} {
		r, err := name.NewTag(store+"/"+reference, name.Insecure)
		if err != nil {
			return err
		}
		image, err := newImage(files)
		if err != nil {
			return fmt.Errorf("making image %q: %w", reference, err)
		}
		if err := remote.Write(r, image); err != nil {
			return fmt.Errorf("pushing image %q: %w", reference, err)
		}
		if err := archive(dir, reference, image); err != nil {
			return fmt.Errorf("writing image %q: %w", reference, err)
		}
	}
	return nil
}

// programs are the paths of what images run.
type programs struct{ hello, regpolicy, busybox string }

// archived are the images that are on a node without any registry: what the archive
// is called, and what it calls the image, which is a name that no registry here
// answers for.
var archived = map[string]struct{ file, name string }{
	"apps/regpolicy:1.0": {"regpolicy.tar", "only.on.node.example/regpolicy:1.0"},
	"apps/busybox:1.0":   {"busybox.tar", "only.on.node.example/busybox:1.0"},
}

func archive(dir, reference string, image v1.Image) error {
	a, wanted := archived[reference]
	if !wanted {
		return nil
	}
	tag, err := name.NewTag(a.name)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(filepath.Join(dir, a.file), tag, image)
}

// file is what an image has under a name: the content of a file here, a link, or
// nothing.
type file struct{ name, path, link string }

// newImage makes a linux/amd64 image of one layer that runs its first file as a
// user who is not root, as the image that ko builds of regpolicy does.
func newImage(files []file) (v1.Image, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, f := range files {
		var content []byte
		if f.path != "" {
			var err error
			if content, err = os.ReadFile(f.path); err != nil {
				return nil, err
			}
		}
		header := tar.Header{Name: f.name, Mode: 0o755, Size: int64(len(content))}
		if f.link != "" {
			header.Typeflag, header.Linkname = tar.TypeSymlink, f.link
		}
		if err := w.WriteHeader(&header); err != nil {
			return nil, err
		}
		if _, err := w.Write(content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	}, tarball.WithCompressionLevel(gzip.BestSpeed), tarball.WithCompressedCaching)
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Config.Entrypoint = []string{"/" + files[0].name}
	config.Config.User = "65532:65532"
	return mutate.ConfigFile(image, config)
}
