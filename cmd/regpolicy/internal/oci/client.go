package oci

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
)

// Client pushes and pulls.
type Client struct {
	// Cache is the folder that pulled bundles are kept in, "" for none.
	Cache string
	// Offline never uses the network.
	Offline bool
	// Roots are the CAs that registries are verified by, nil for the system's.
	Roots *x509.CertPool
	// PlainHTTP talks without TLS. Registries on this machine may do so anyway.
	PlainHTTP bool
	// Timeout is how long a push or a pull may take with all its requests.
	Timeout time.Duration
	// DockerConfig is the file of docker's credentials, "" for none.
	DockerConfig string
	// Proxy picks a proxy, nil for none.
	Proxy func(*http.Request) (*url.URL, error)
	Now   func() time.Time
	// Warn takes one line for the user.
	Warn func(string)
}

// with runs an operation on a repository, within the time limit. A registry on
// this machine that turns out to have no TLS is asked once more without.
func (c *Client) with(ctx context.Context, ref Reference, do func(context.Context, *remote.Repository) error) error {
	if c.Offline {
		return fault("leave --offline away", "--offline is given, and it needs the registry")
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	err := c.once(ctx, ref, c.PlainHTTP, do)
	if errors.Is(err, http.ErrSchemeMismatch) && ref.isLoopback() {
		err = c.once(ctx, ref, true, do)
	}
	// net/http may give what a server answers to the end of the connection, too.
	if stopped := ctx.Err(); err != nil && stopped != nil && !errors.Is(err, stopped) {
		return stopped
	}
	return err
}

func (c *Client) once(ctx context.Context, ref Reference, plain bool, do func(context.Context, *remote.Repository) error) error {
	transport := &http.Transport{
		Proxy:               c.Proxy,
		TLSClientConfig:     &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: c.Timeout,
	}
	defer transport.CloseIdleConnections()
	repository := &remote.Repository{
		Reference:        ref.in,
		PlainHTTP:        plain,
		MaxMetadataBytes: maxManifest,
		SkipReferrersGC:  true,
		Client: &auth.Client{
			Client:     &http.Client{Transport: guard{transport, plain}},
			Header:     http.Header{"User-Agent": {"regpolicy"}},
			Credential: c.credential(ref),
			Cache:      auth.NewCache(),
		},
	}
	return do(ctx, repository)
}

// credential looks into docker's configuration, and only when a registry asks.
func (c *Client) credential(ref Reference) auth.CredentialFunc {
	return func(ctx context.Context, host string) (auth.Credential, error) {
		if c.DockerConfig == "" || host != ref.in.Host() {
			return auth.EmptyCredential, nil
		}
		store, err := credentials.NewStore(c.DockerConfig, credentials.StoreOptions{})
		if err != nil {
			return auth.EmptyCredential, fault("repair the file, or log in again", "reading credentials %q: %w", c.DockerConfig, err)
		}
		found, err := credentials.Credential(store)(ctx, host)
		if err != nil {
			return auth.EmptyCredential, fmt.Errorf("reading credentials of %q: %w", host, err)
		}
		return found, nil
	}
}

// guard keeps a registry from leading a client out of TLS.
type guard struct {
	next  http.RoundTripper
	plain bool
}

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !g.plain {
		return nil, fault("ask who runs the registry", "the registry leads to %q, which has no TLS", r.URL.Host)
	}
	return g.next.RoundTrip(r)
}
