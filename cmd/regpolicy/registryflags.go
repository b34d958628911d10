package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/net/http/httpproxy"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/bundle"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/infile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/oci"
)

// registryFlags say how registries of policy bundles are talked to.
type registryFlags struct {
	e                  *environment
	caFile             string
	plainHTTP, offline bool
}

func (f *registryFlags) bind(e *environment, flags *pflag.FlagSet) {
	f.e = e
	flags.StringVar(&f.caFile, "ca-file", "", "CA certificates (PEM) for registries of policy bundles, besides the system's")
	flags.BoolVar(&f.plainHTTP, "plain-http", false, "talk to registries of policy bundles without TLS")
	flags.BoolVar(&f.offline, "offline", false, "take policy bundles from the cache only")
}

func (f *registryFlags) client(ctx context.Context) (*oci.Client, error) {
	client := &oci.Client{Offline: f.offline, PlainHTTP: f.plainHTTP, Timeout: time.Minute}
	if f.e != nil {
		client.Cache, client.DockerConfig = bundleCache(f.e), dockerConfig(f.e)
		client.Now, client.Warn = f.e.now, func(text string) { f.e.warn(text, "") }
	}
	proxy := httpproxy.FromEnvironment().ProxyFunc()
	client.Proxy = func(r *http.Request) (*url.URL, error) { return proxy(r.URL) }
	if f.caFile == "" {
		return client, nil
	}
	pem, err := infile.Read(ctx, f.caFile)
	if err != nil {
		return nil, err
	}
	if client.Roots, err = x509.SystemCertPool(); err != nil {
		client.Roots = x509.NewCertPool()
	}
	if !client.Roots.AppendCertsFromPEM(pem) {
		return nil, usage("it starts with -----BEGIN CERTIFICATE-----", "reading %q: it holds no certificate", f.caFile)
	}
	return client, nil
}

// bundleCache is the folder of pulled bundles, "" where there is no home.
func bundleCache(e *environment) string {
	base := e.getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(base) {
		if e.home == "" {
			return ""
		}
		base = filepath.Join(e.home, ".cache")
	}
	return filepath.Join(base, "regpolicy", "bundles")
}

func dockerConfig(e *environment) string {
	if dir := e.getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	if e.home == "" {
		return ""
	}
	return filepath.Join(e.home, ".docker", "config.json")
}

// readKey reads the key that bundles must be signed by, nil where none is named.
func readKey(ctx context.Context, path string) (*bundle.Key, error) {
	if path == "" {
		return nil, nil
	}
	text, err := infile.Read(ctx, path)
	if err != nil {
		return nil, err
	}
	key, err := bundle.ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("reading key %q: %w", path, err)
	}
	return key, nil
}

func readBundle(ctx context.Context, path string, key *bundle.Key) (*bundle.Bundle, error) {
	raw, err := infile.ReadAtMost(ctx, path, bundle.MaxSize)
	if err != nil {
		return nil, err
	}
	return bundle.Read(filepath.ToSlash(path), raw, key)
}

// pullBundle gets a bundle from a registry or the cache, and checks it.
func pullBundle(ctx context.Context, name string, key *bundle.Key, client *oci.Client) (*bundle.Bundle, *oci.Pulled, error) {
	ref, err := oci.ParseReference(name)
	if err != nil {
		return nil, nil, err
	}
	pulled, err := client.Pull(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	b, err := bundle.Read(ref.String(), pulled.Content, key)
	return b, pulled, err
}
