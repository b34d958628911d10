package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
)

// Push stores a bundle below a tag and returns its manifest's digest. The same
// bundle always has the same.
func (c *Client) Push(ctx context.Context, ref Reference, bundle []byte, revision string) (string, error) {
	digest, err := c.push(ctx, ref, bundle, revision)
	if err != nil {
		return "", explain("pushing", ref, err)
	}
	return digest, nil
}

func (c *Client) push(ctx context.Context, ref Reference, bundle []byte, revision string) (string, error) {
	if ref.Pinned() {
		return "", fault("write HOST/REPOSITORY:TAG; the digest is what comes of it", "a digest cannot be chosen")
	}
	empty := []byte("{}")
	config := content.NewDescriptorFromBytes(ocispec.MediaTypeImageConfig, empty)
	layer := content.NewDescriptorFromBytes(ocispec.MediaTypeImageLayerGzip, bundle)
	layer.Annotations = map[string]string{ocispec.AnnotationTitle: "bundle.tar.gz"}
	manifest := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    config,
		Layers:    []ocispec.Descriptor{layer},
	}
	if revision != "" {
		manifest.Annotations = map[string]string{ocispec.AnnotationRevision: revision}
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return "", fmt.Errorf("encoding manifest: %w", err)
	}
	head := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, text)
	err = c.with(ctx, ref, func(ctx context.Context, repository *remote.Repository) error {
		for _, blob := range []struct {
			ocispec.Descriptor
			data []byte
		}{{config, empty}, {layer, bundle}} {
			there, err := repository.Blobs().Exists(ctx, blob.Descriptor)
			if err == nil && !there {
				err = repository.Blobs().Push(ctx, blob.Descriptor, bytes.NewReader(blob.data))
			}
			if err != nil {
				return err
			}
		}
		return repository.Manifests().PushReference(ctx, head, bytes.NewReader(text), ref.in.Reference)
	})
	return head.Digest.String(), err
}
