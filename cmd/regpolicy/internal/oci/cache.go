package oci

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/errdef"
)

// cache keeps manifests and bundles by digest, as OCI image layouts do, and
// beside them what each tag was last. There is no index that all runs would
// write: runs at the same time do not disturb each other.
type cache struct{ root string }

// tagged is what a tag was.
type tagged struct {
	Reference string    `json:"reference"`
	Digest    string    `json:"digest"`
	Resolved  time.Time `json:"resolved_at"`
}

// blob returns what has the digest, or nil. What is damaged is removed.
func (c cache) blob(ctx context.Context, d digest.Digest, limit int64) []byte {
	if c.root == "" || d.Validate() != nil {
		return nil
	}
	store, err := oci.NewStorage(c.root)
	if err != nil {
		return nil
	}
	wanted := ocispec.Descriptor{Digest: d}
	file, err := store.Fetch(ctx, wanted)
	if err != nil {
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	file.Close()
	if err != nil || d.Algorithm().FromBytes(data) != d {
		_ = store.Delete(ctx, wanted) // it is fetched anew, if that is possible
		return nil
	}
	return data
}

func (c cache) keep(ctx context.Context, descriptor ocispec.Descriptor, data []byte) error {
	if c.root == "" {
		return nil
	}
	if err := os.MkdirAll(c.root, 0o700); err != nil {
		return err
	}
	store, err := oci.NewStorage(c.root)
	if err != nil {
		return err
	}
	if err := store.Push(ctx, descriptor, bytes.NewReader(data)); err != nil && !errors.Is(err, errdef.ErrAlreadyExists) {
		return err
	}
	return nil
}

func (c cache) tagFile(ref Reference) string {
	sum := sha256.Sum256([]byte(ref.String()))
	return filepath.Join(c.root, "tags", hex.EncodeToString(sum[:])+".json")
}

// tag returns what a tag was when it was last looked up.
func (c cache) tag(ref Reference) (tagged, bool) {
	if c.root == "" {
		return tagged{}, false
	}
	file, err := os.Open(c.tagFile(ref)) //nolint:gosec // a file of the cache
	if err != nil {
		return tagged{}, false
	}
	defer file.Close() //nolint:errcheck // read only
	var out tagged
	err = json.NewDecoder(io.LimitReader(file, 1<<16)).Decode(&out)
	return out, err == nil && out.Reference == ref.String()
}

func (c cache) keepTag(ref Reference, d digest.Digest, now time.Time) error {
	if c.root == "" {
		return nil
	}
	path := c.tagFile(ref)
	text, err := json.Marshal(tagged{Reference: ref.String(), Digest: d.String(), Resolved: now.UTC()})
	if err != nil {
		return fmt.Errorf("encoding tag: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
