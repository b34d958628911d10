package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// pushImages fills the store, and writes the image of regpolicy to archive, too.
// apps/layers has a layer that no other image has: containerd keeps layers by
// digest, and a fault in fetching them shows only with one that the node has never
// seen.
func pushImages(store, hello, regpolicy, archive string) error {
	for reference, files := range map[string][]file{
		"apps/pause:3.10":    {{"hello", hello}, {"salt", ""}},
		"apps/hello:1.0":     {{"hello", hello}, {"salt", ""}},
		"apps/layers:1.0":    {{"hello", hello}, {"layers", ""}},
		"apps/regpolicy:1.0": {{"ko-app/regpolicy", regpolicy}},
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
		if files[0].path != regpolicy {
			continue
		}
		tag, err := name.NewTag(regpolicyImage)
		if err != nil {
			return err
		}
		if err := tarball.WriteToFile(archive, tag, image); err != nil {
			return fmt.Errorf("writing image %q: %w", archive, err)
		}
	}
	return nil
}

// regpolicyImage is what the archive calls the image: a name that no registry here
// answers for, so that whoever runs it has it from the node alone.
const regpolicyImage = "only.on.node.example/regpolicy:1.0"

// file is what an image has under a name: the content of a file here, or nothing.
type file struct{ name, path string }

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
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o755, Size: int64(len(content))}); err != nil {
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
