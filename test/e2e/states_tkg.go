package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// manifestsDir holds the manifests of a cluster and its trust secret, as they would
// lie on a Supervisor; regpolicy reads them beside the live cluster. What TKG makes
// of them on a node, rollNode does.
const manifestsDir = "/run/e2e/manifests"

const (
	vsphereNamespace = "e2e-clusters"
	clusterName      = "e2e"
	trustSecret      = clusterName + "-user-trusted-ca-secret"
)

// trustConfig is the cluster's trust: the secret's values as they are on the wire,
// and the entries that the cluster names.
type trustConfig struct {
	Values map[string]string
	Names  []string
}

func (c *trustConfig) add(name string, certificate []byte, layers int) {
	value := string(certificate)
	for range layers {
		value = base64.StdEncoding.EncodeToString([]byte(value))
	}
	c.Values[name] = value
	c.Names = append(c.Names, name)
}

// write writes the manifests.
func (c *trustConfig) write() error {
	entries := []object{}
	for _, name := range c.Names {
		entries = append(entries, object{"name": name})
	}
	metadata := func(name string) object { return object{"name": name, "namespace": vsphereNamespace} }
	for file, manifest := range map[string]object{
		"cluster.json": {
			"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "metadata": metadata(clusterName),
			"spec": object{"topology": object{
				"class": "tanzukubernetescluster", "version": "v1.31.4+vmware.1-fips",
				"variables": []object{{"name": "trust", "value": object{"additionalTrustedCAs": entries}}},
			}},
		},
		"secret.json": {"apiVersion": "v1", "kind": "Secret", "metadata": metadata(trustSecret), "type": "Opaque", "data": c.Values},
	} {
		text, err := json.MarshalIndent(manifest, "", "  ")
		if err != nil {
			return err
		}
		if err := pki.WriteFile(filepath.Join(manifestsDir, file), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// configureOnce configures what the node trusts, and the state's CA encoded once
// where TKG decodes twice.
func configureOnce(_ context.Context, l *lab, s *state) error {
	l.trust = trustConfig{Values: map[string]string{}}
	for _, name := range []string{"corp-root-ca", "corp-rotating-ca"} {
		certificate, err := os.ReadFile(tkgFile(name))
		if err != nil {
			return err
		}
		l.trust.add(name, certificate, 2)
	}
	certificate, err := os.ReadFile(authorityFile(s.name))
	if err != nil {
		return err
	}
	l.trust.add(s.name, certificate, 1)
	return l.trust.write()
}

// encodeAgain puts the value, encoded once more, under a new key.
func encodeAgain(_ context.Context, l *lab, s *state) error {
	l.trust.Values[s.name+"-2"] = base64.StdEncoding.EncodeToString([]byte(l.trust.Values[s.name]))
	return l.trust.write()
}

// nameNewKey lets the cluster name the new key instead.
func nameNewKey(_ context.Context, l *lab, s *state) error {
	l.trust.Names[slices.Index(l.trust.Names, s.name)] = s.name + "-2"
	return l.trust.write()
}

// dropOldKey takes the former value out of the secret.
func dropOldKey(_ context.Context, l *lab, s *state) error {
	delete(l.trust.Values, s.name)
	return l.trust.write()
}

// rollNode is the node that TKG makes anew: its files are those that the cluster
// names, decoded twice; what cannot be decoded lies there as it came.
func rollNode(ctx context.Context, l *lab, _ *state) error {
	files, err := filepath.Glob(tkgFile("*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	for _, name := range l.trust.Names {
		if err := pki.WriteFile(tkgFile(name), decodeTwice(l.trust.Values[name]), 0o644); err != nil {
			return err
		}
	}
	if out, err := exec.CommandContext(ctx, "openssl", "rehash", "/etc/ssl/certs").CombinedOutput(); err != nil {
		return fmt.Errorf("running openssl rehash: %w: %s", err, out)
	}
	return l.restartContainerd(ctx)
}

func decodeTwice(value string) []byte {
	decoded := []byte(value)
	for range 2 {
		next, err := base64.StdEncoding.DecodeString(string(decoded))
		if err != nil {
			return []byte(value)
		}
		decoded = next
	}
	return decoded
}

// tkgFile is where TKG puts an entry's CA on a node.
func tkgFile(name string) string { return "/etc/ssl/certs/tkg-" + name + ".pem" }
