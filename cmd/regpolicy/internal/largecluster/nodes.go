package largecluster

import (
	"context"
	"encoding/base64"
	"fmt"
	"io/fs"
	"testing/fstest"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// fault is what is wrong with a node.
type fault int

const (
	healthy fault = iota
	absent        // the CA's file is not there
	encoded       // it is base64
	foreign       // it holds another CA
)

// faultOf breaks two nodes of a hundred.
func faultOf(node int) fault {
	switch node % 200 {
	case 7:
		return absent
	case 57, 107:
		return encoded
	case 157:
		return foreign
	}
	return healthy
}

// addTrust adds the Cluster and its trust secret, as a Supervisor has them.
func (c *cluster) addTrust(ctx context.Context) {
	prov := evidence.Provenance{Source: sourceName, Method: "get"}
	value := base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(c.corporate.PEM())))
	objects := []source.Object{
		{Provenance: prov, Map: map[string]any{
			"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster",
			"metadata": map[string]any{"namespace": namespace, "name": name},
			"spec": map[string]any{"topology": map[string]any{
				"class": "tanzukubernetescluster", "version": "v1.31.4+vmware.1-fips",
				"variables": []any{map[string]any{"name": "trust", "value": map[string]any{
					"additionalTrustedCAs": []any{map[string]any{"name": entry}},
				}}},
			}},
		}},
		{Provenance: prov, Map: map[string]any{
			"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
			"metadata": map[string]any{"namespace": namespace, "name": name + "-user-trusted-ca-secret"},
			"data":     map[string]any{entry: value},
		}},
	}
	secrets.Collect(ctx, c.b, objects, nil, secrets.Options{Source: sourceName})
}

// readNodes records each node's files. There are as many listings as faults.
func (c *cluster) readNodes(ctx context.Context) error {
	listings := map[fault]*nodecerts.Listing{}
	for _, f := range []fault{healthy, absent, encoded, foreign} {
		l, err := nodecerts.ReadTree(ctx, c.tree(f))
		if err != nil {
			return fmt.Errorf("reading a made-up node: %w", err)
		}
		listings[f] = l
	}
	recorder := nodecerts.NewRecorder(c.b)
	for i := range c.Nodes {
		task := c.b.Ask(evidence.Nodes, evidence.Subject{"kind": "node", "name": nodeName(i)})
		recorder.Record(nodeName(i), listings[faultOf(i)], evidence.Access{Method: "tree"}, evidence.Provenance{Source: "ssh", Method: "exec"}, nodecerts.Clock{})
		task.Answer()
	}
	return nil
}

// tree is the file tree of a Photon node of Tanzu Kubernetes Grid.
func (c *cluster) tree(f fault) fs.FS {
	tree := fstest.MapFS{}
	put := func(path, text string) {
		tree[path] = &fstest.MapFile{Data: []byte(text), Mode: 0o644, ModTime: c.at.Add(-30 * time.Hour)}
	}
	var bundle []byte
	for _, root := range c.roots {
		bundle = append(bundle, certificate.Facts(root).PEM...)
	}
	put("etc/os-release", "NAME=\"VMware Photon OS\"\nVERSION=\"5.0\"\nID=photon\nVERSION_ID=5.0\nPRETTY_NAME=\"VMware Photon OS/Linux\"\n")
	put("etc/containerd/config.toml", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/etc/containerd/certs.d\"\n")
	const file = "etc/ssl/certs/tkg-" + entry + ".pem"
	switch f {
	case healthy:
		put(file, string(c.corporate.PEM()))
		put("etc/ssl/certs/"+nodecerts.SubjectHash(c.corporate.Certificate.RawSubject)+".0", string(c.corporate.PEM()))
	case encoded:
		put(file, base64.StdEncoding.EncodeToString(c.corporate.PEM()))
	case foreign:
		put(file, string(c.other.PEM()))
		put("etc/ssl/certs/"+nodecerts.SubjectHash(c.other.Certificate.RawSubject)+".0", string(c.other.PEM()))
	case absent:
	}
	if f == healthy || f == foreign {
		// rehash_ca_certificates.sh puts what it understands into the bundle.
		bundle = append(bundle, tree[file].Data...)
	}
	put("etc/pki/tls/certs/ca-bundle.crt", string(bundle))
	return tree
}
