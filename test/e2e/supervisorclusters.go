package main

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
)

// nobodyListens is an address of the nodes' network without any node.
const nobodyListens = "https://10.99.2.200:6443"

// supervised are the clusters that the Supervisor names, and why each cannot be
// read; none for the one that can.
var supervised = []struct{ cluster, reason string }{
	{"team-a/gone", "refused"},
	{"team-a/web", ""},
	{"team-b/bare", "not_found"},
	{"team-b/legacy", "auth_failed"},
	{"team-b/new", "forbidden"},
}

// makeClusters creates the clusters' objects and secrets on the Supervisor.
func (l *lab) makeClusters(ctx context.Context, s *supervisor) error {
	ca, err := os.ReadFile(stateDir + "/trusted/tkg-corp-root-ca.pem")
	if err != nil {
		return err
	}
	once := base64.StdEncoding.EncodeToString(ca)
	for _, namespace := range []string{"team-a", "team-b"} {
		if err := s.admin.create(ctx, object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": namespace}}); err != nil {
			return err
		}
	}
	objects := []object{
		cluster("team-a", "web", "Provisioned"), cluster("team-a", "gone", "Provisioned"),
		cluster("team-b", "bare", "Provisioning"), cluster("team-b", "new", "Provisioned"),
		machineOf("team-a", "web", nodeName),
		{ // an old one, which no Cluster carries out here
			"apiVersion": "run.tanzu.vmware.com/v1alpha3", "kind": "TanzuKubernetesCluster", "metadata": object{"namespace": "team-b", "name": "legacy"},
			"spec":   object{"topology": object{"controlPlane": object{"replicas": 1, "tkr": object{"reference": object{"name": "v1.26.5---vmware.2-fips.1-tkg.1"}}}}},
			"status": object{"phase": "running"},
		},
		{
			"apiVersion": "run.tanzu.vmware.com/v1alpha3", "kind": "TkgServiceConfiguration", "metadata": object{"name": "tkg-service-configuration"},
			"spec": object{"defaultCNI": "antrea"},
		},
		// The API server takes one round of base64 off: these are the values that the
		// secrets hold. Two rounds are right, one is the classic mistake.
		secret("team-a", "web-user-trusted-ca-secret", "Opaque", "corp-root-ca", once),
		secret("team-a", "gone-user-trusted-ca-secret", "Opaque", "corp-root-ca", string(ca)),
		secret("team-b", "bare-user-trusted-ca-secret", "Opaque", "corp-root-ca", once),
		secret("team-b", "new-user-trusted-ca-secret", "Opaque", "corp-root-ca", once),
	}
	credentials, err := l.clusterCredentials()
	if err != nil {
		return err
	}
	for _, o := range append(objects, credentials...) {
		if err := s.admin.create(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// clusterCredentials are the secrets that Cluster API and TKG keep of each cluster.
func (l *lab) clusterCredentials() ([]object, error) {
	caFile := filepath.Join(clusterDir, "ca.crt")
	// Cluster API's kubeconfigs are the administrator's, by certificate.
	admin := object{}
	for field, file := range map[string]string{"client-certificate-data": "admin.crt", "client-key-data": "admin.key"} {
		text, err := os.ReadFile(filepath.Join(clusterDir, file))
		if err != nil {
			return nil, err
		}
		admin[field] = base64.StdEncoding.EncodeToString(text)
	}
	web, err := inlineKubeconfig("web", apiServer, caFile, admin)
	if err != nil {
		return nil, err
	}
	gone, err := inlineKubeconfig("gone", nobodyListens, caFile, object{"token": l.token})
	if err != nil {
		return nil, err
	}
	program, err := inlineKubeconfig("legacy", apiServer, caFile, object{"token": l.token, "exec": object{
		"apiVersion": "client.authentication.k8s.io/v1", "command": "touch", "args": []any{ranByKubeconfig}, "interactiveMode": "Never",
	}})
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(l.loginKey)
	if err != nil {
		return nil, err
	}
	const kind = "cluster.x-k8s.io/secret"
	return []object{
		secret("team-a", "web-kubeconfig", kind, "value", string(web)),
		secret("team-a", "web-ssh", "kubernetes.io/ssh-auth", "ssh-privatekey", string(key)),
		secret("team-a", "gone-kubeconfig", kind, "value", string(gone)),
		secret("team-b", "legacy-kubeconfig", kind, "value", string(program)),
		secret("team-b", "new-kubeconfig", kind, "value", string(web)),
	}, nil
}

// ranByKubeconfig is a file that is there once a kubeconfig's program was run.
const ranByKubeconfig = "/run/e2e/ran-by-kubeconfig"

// cluster is a Cluster of the class tanzukubernetescluster, as people apply it.
func cluster(namespace, name, phase string) object {
	return object{
		"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "metadata": object{"namespace": namespace, "name": name},
		"spec": object{
			"clusterNetwork": object{"pods": object{"cidrBlocks": []any{"192.168.0.0/16"}}, "services": object{"cidrBlocks": []any{"10.96.0.0/16"}}},
			"topology": object{
				"class": "tanzukubernetescluster", "version": "v1.31.4+vmware.1-fips", "controlPlane": object{"replicas": 1},
				"workers": object{"machineDeployments": []any{object{"class": "node-pool", "name": "workers", "replicas": 1}}},
				"variables": []any{
					object{"name": "vmClass", "value": "best-effort-medium"},
					object{"name": "trust", "value": object{"additionalTrustedCAs": []any{object{"name": "corp-root-ca"}}}},
				},
			},
		},
		"status": object{"phase": phase},
	}
}

func machineOf(namespace, cluster, node string) object {
	return object{
		"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Machine",
		"metadata": object{"namespace": namespace, "name": cluster + "-workers-1", "labels": object{"cluster.x-k8s.io/cluster-name": cluster}},
		"spec":     object{"clusterName": cluster, "bootstrap": object{"dataSecretName": "boot"}, "infrastructureRef": object{"kind": "VSphereMachine", "name": "x"}},
		"status":   object{"phase": "Running", "nodeRef": object{"name": node}},
	}
}

func secret(namespace, name, kind, key, value string) object {
	return object{
		"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": object{"namespace": namespace, "name": name},
		"data": object{key: base64.StdEncoding.EncodeToString([]byte(value))},
	}
}
