package bundle

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	opa "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/download"
	"github.com/open-policy-agent/opa/v1/keys"
	"github.com/open-policy-agent/opa/v1/plugins"
	"github.com/open-policy-agent/opa/v1/plugins/rest"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/oci"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// TestStockDownloader has the part of OPA that servers pull bundles with pull one
// that was pushed, and verify it.
func TestStockDownloader(t *testing.T) {
	ca := certtest.New(time.Now()).Root("Registry Root")
	server := httptest.NewUnstartedServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	server.TLS = ca.Leaf("registry.corp.example", certtest.IPs("127.0.0.1")).ServerConfig()
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate)
	name := server.Listener.Addr().String() + "/team/policies:7"
	ref, err := oci.ParseReference(name)
	if err != nil {
		t.Fatal(err)
	}
	private := ecKey(t, elliptic.P256())
	client := &oci.Client{Roots: roots, Timeout: time.Minute}
	if _, err := client.Push(t.Context(), ref, build(t, signerOf(t, private, "")), "7"); err != nil {
		t.Fatal(err)
	}

	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, ca.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	service, err := json.Marshal(map[string]any{"name": "house", "type": "oci", "url": server.URL, "tls": map[string]any{"ca_cert": caFile}})
	if err != nil {
		t.Fatal(err)
	}
	house := map[string]*keys.Config{"house": {Key: string(publicPEM(t, private)), Algorithm: "ES256"}}
	restClient, err := rest.New(service, house)
	if err != nil {
		t.Fatal(err)
	}
	manual := plugins.TriggerManual
	config := download.Config{Trigger: &manual}
	if err := config.ValidateAndInjectDefaults(); err != nil {
		t.Fatal(err)
	}
	var got *opa.Bundle
	d := download.NewOCI(config, restClient, name, t.TempDir()).
		WithBundleVerificationConfig(opa.NewVerificationConfig(house, "house", "", nil)).
		WithCallback(func(_ context.Context, u download.Update) error {
			got = u.Bundle
			return u.Error
		})
	defer d.Stop(t.Context())
	if err := d.Trigger(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got == nil || len(got.Modules) != 2 || got.Manifest.Revision != "7" {
		t.Errorf("OPA pulled %+v", got)
	}
}
