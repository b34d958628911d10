package main

import (
	"archive/tar"
	"bytes"
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

// pushImages fills the store. apps/layers has a layer that no other image has:
// containerd keeps layers by digest, and a fault in fetching them shows only with
// one that the node has never seen.
func pushImages(store, binary string) error {
	content, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	for reference, salt := range map[string]string{"apps/pause:3.10": "", "apps/hello:1.0": "", "apps/layers:1.0": "layers"} {
		r, err := name.ParseReference(store+"/"+reference, name.Insecure)
		if err != nil {
			return err
		}
		image, err := newImage(map[string][]byte{"hello": content, "salt": []byte(salt)})
		if err != nil {
			return fmt.Errorf("making image %q: %w", reference, err)
		}
		if err := remote.Write(r, image); err != nil {
			return fmt.Errorf("pushing image %q: %w", reference, err)
		}
	}
	return nil
}

// newImage makes a linux/amd64 image of one layer that runs /hello.
func newImage(files map[string][]byte) (v1.Image, error) {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, name := range []string{"hello", "salt"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(files[name]))}); err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(packed.Bytes())), nil
	})
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
	config.Config.Entrypoint = []string{"/hello"}
	return mutate.ConfigFile(image, config)
}
