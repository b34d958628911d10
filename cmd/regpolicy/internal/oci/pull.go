package oci

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
)

const (
	maxManifest = 1 << 20
	maxBundle   = 16 << 20
)

// Pulled is a bundle that came from a registry or from the cache.
type Pulled struct {
	// Digest is the manifest's, the one to pin.
	Digest  string
	Content []byte
}

// Pull fetches a bundle. What the reference pins and the cache holds needs no
// network; a tag is looked up, unless there is no registry to ask.
func (c *Client) Pull(ctx context.Context, ref Reference) (*Pulled, error) {
	pulled, err := c.pull(ctx, ref)
	if err != nil {
		return nil, explain("pulling", ref, err)
	}
	return pulled, nil
}

func (c *Client) pull(ctx context.Context, ref Reference) (*Pulled, error) {
	kept := cache{c.Cache}
	if ref.Pinned() {
		if found := c.cached(ctx, digest.Digest(ref.in.Reference)); found != nil {
			return found, nil
		}
		if c.Offline {
			return nil, fault("pull it once without --offline, or use -p FILE", "the cache %q does not hold it", c.Cache)
		}
		return c.fetch(ctx, ref)
	}
	if c.Offline {
		if found := c.lastKnown(ctx, ref, "--offline is given"); found != nil {
			return found, nil
		}
		return nil, fault("pull it once without --offline, or use -p FILE", "the cache %q does not hold it", c.Cache)
	}
	found, err := c.fetch(ctx, ref)
	switch {
	case err == nil:
		if err := kept.keepTag(ref, digest.Digest(found.Digest), c.Now()); err != nil {
			c.Warn(fmt.Sprintf("keeping %q in the cache: %v", ref, err))
		}
		return found, nil
	case ctx.Err() == nil && isUnreachable(err):
		if found := c.lastKnown(ctx, ref, "the registry cannot be reached"); found != nil {
			return found, nil
		}
	}
	return nil, err
}

// lastKnown is what a tag was, with a word of warning, or nil.
func (c *Client) lastKnown(ctx context.Context, ref Reference, why string) *Pulled {
	last, ok := cache{c.Cache}.tag(ref)
	if !ok {
		return nil
	}
	found := c.cached(ctx, digest.Digest(last.Digest))
	if found != nil {
		c.Warn(fmt.Sprintf("%s: %q is used as it was on %s, %s", why, ref, last.Resolved.Format(time.RFC3339), last.Digest))
	}
	return found
}

// cached is the bundle of a manifest, where the cache holds both, or nil.
func (c *Client) cached(ctx context.Context, d digest.Digest) *Pulled {
	kept := cache{c.Cache}
	layer, err := bundleLayer(kept.blob(ctx, d, maxManifest))
	if err != nil {
		return nil
	}
	data := kept.blob(ctx, layer.Digest, maxBundle)
	if data == nil {
		return nil
	}
	return &Pulled{Digest: d.String(), Content: data}
}

// fetch gets manifest and bundle from the registry, each held against its digest.
func (c *Client) fetch(ctx context.Context, ref Reference) (*Pulled, error) {
	var out *Pulled
	err := c.with(ctx, ref, func(ctx context.Context, repository *remote.Repository) error {
		head, err := repository.Resolve(ctx, ref.in.Reference)
		if err != nil {
			return err
		}
		if out = c.cached(ctx, head.Digest); out != nil {
			return nil
		}
		if head.Size > maxManifest {
			return fault("it is no policy bundle", "its manifest has %d bytes, which no bundle's has", head.Size)
		}
		manifest, err := content.FetchAll(ctx, repository.Manifests(), head)
		if err != nil {
			return err
		}
		layer, err := bundleLayer(manifest)
		if err != nil {
			return err
		}
		data, err := content.FetchAll(ctx, repository.Blobs(), layer)
		if err != nil {
			return err
		}
		out = &Pulled{Digest: head.Digest.String(), Content: data}
		kept := cache{c.Cache}
		err = kept.keep(ctx, layer, data)
		if err == nil {
			err = kept.keep(ctx, head, manifest)
		}
		if err != nil {
			c.Warn(fmt.Sprintf("keeping %q in the cache: %v", ref, err))
		}
		return nil
	})
	return out, err
}

// bundleLayer finds the bundle in a manifest, the way OPA does.
func bundleLayer(text []byte) (ocispec.Descriptor, error) {
	const cure = "`regpolicy bundle push` and `oras push` with that layer store a bundle"
	var manifest ocispec.Manifest
	if err := json.Unmarshal(text, &manifest); err != nil {
		return ocispec.Descriptor{}, fault(cure, "reading manifest: %w", err)
	}
	for _, layer := range manifest.Layers {
		if layer.MediaType != ocispec.MediaTypeImageLayerGzip {
			continue
		}
		if layer.Size < 0 || layer.Size > maxBundle {
			return ocispec.Descriptor{}, fault("it is no policy bundle", "it has %d bytes; a bundle has %d MiB at most", layer.Size, maxBundle>>20)
		}
		if err := layer.Digest.Validate(); err != nil {
			return ocispec.Descriptor{}, fault(cure, "reading manifest: digest %q: %w", layer.Digest, err)
		}
		return layer, nil
	}
	return ocispec.Descriptor{}, fault(cure, "its manifest has no layer of the type %s", ocispec.MediaTypeImageLayerGzip)
}
