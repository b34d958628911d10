package main

import (
	"fmt"
	"strings"
	"testing"
)

// said holds the password in the ways in which tools, people and registries write one
// into a text.
func (c canaries) said() string {
	docker := encoded(fmt.Sprintf(`{"username":"robot","password":%q}`, c.password), 1)
	return strings.Join([]string{
		"password=\"two words " + c.password + "\"", "api_key: " + c.password, "AccountKey=" + c.password + ";x", "passphrase='" + c.password + "'", "pwd=" + c.password,
		"token: " + c.password, "docker login -u robot -p " + c.password + " harbor.corp.example", "docker login --password " + c.password, "skopeo --creds robot:" + c.password,
		"https%3A%2F%2Frobot%3A" + c.password + "%40harbor.corp.example", "password%3D" + c.password, "https://robot:x/" + c.password + "@harbor.corp.example/v2/", "pass\x1b[1mword=" + c.password,
		"\nX-Registry-Auth: " + docker, "\nAuthorization: Custom " + c.password, "\nProxy-Authorization: Negotiate " + docker, "\nCookie: a=b; sid=" + c.password, "\nlogin " + docker + "\n",
	}, " ")
}

// capture plants the canaries in every field of every kind of file.
func (c canaries) capture(t *testing.T) string {
	t.Helper()
	dir := copyStory(t, "secret-encoded-once")
	docker := fmt.Sprintf(`{"auths":{"harbor.corp.example":{"username":"robot","password":%q,"auth":%q,"registrytoken":%q}}}`, c.password, encoded("robot:"+c.password, 1), c.token)
	message := fmt.Sprintf("failed to pull: Head \"https://robot:%s@harbor.corp.example/v2/?token=%s\": Authorization: Bearer %s, password=%s, key %s: x509: certificate signed by unknown authority",
		c.password, c.token, c.token, c.password, c.key)
	message += " " + c.said()
	annotations := fmt.Sprintf("{kubectl.kubernetes.io/last-applied-configuration: %q, note: %q, key: %q}", docker, c.password, c.key)
	place(t, dir, "objects/canary.yaml", fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: canary, namespace: shop, annotations: %[1]s, labels: {x: %[2]s}, managedFields: [{manager: %[2]s}]}
spec:
  nodeName: wk-1
  imagePullSecrets: [{name: regcred}]
  containers:
  - {name: sidecar, image: "robot:%[2]s@harbor.corp.example/app:1"}
  - {name: other, image: "https://robot:%[2]s@harbor.corp.example/app:1"}
  - {name: encoded, image: "https://robot%%3A%[2]s%%40harbor.corp.example/app:1"}
  - {name: slashed, image: "https://robot:x/%[2]s@harbor.corp.example/app:1"}
  - name: app
    image: harbor.corp.example/app:1
    command: [sh, -c, %[3]q]
    args: [%[2]q]
    env: [{name: TOKEN, value: %[4]q}, {name: KEY, value: %[5]q}]
status:
  phase: Pending
  message: %[3]q
  containerStatuses:
  - {name: app, image: harbor.corp.example/app:1, imageID: "", state: {waiting: {reason: ErrImagePull, message: %[3]q}}}
  - {name: sidecar, image: "robot:%[2]s@harbor.corp.example/app:1", imageID: "", state: {waiting: {reason: InvalidImageName, message: "couldn't parse image name robot:%[2]s@harbor.corp.example/app:1"}}}
---
apiVersion: v1
kind: Event
metadata: {name: canary.1, namespace: shop, annotations: %[1]s}
type: Warning
reason: Failed
message: %[3]q
involvedObject: {kind: Pod, namespace: shop, name: canary}
---
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: shop, annotations: %[1]s}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: %[6]q}
stringData: {password: %[2]q, token: %[4]q}
---
apiVersion: v1
kind: Secret
metadata: {name: database, namespace: shop, annotations: %[1]s}
data: {password: %[7]q, tls.key: %[8]q}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: canary, namespace: shop, annotations: %[1]s}
spec: {template: {metadata: {annotations: %[1]s}, spec: {containers: [{name: a, image: harbor.corp.example/app:1, env: [{name: P, value: %[2]q}]}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: canary, namespace: shop}
data: {password: %[2]q, id_ed25519: %[9]q, config.json: %[10]q}
`, annotations, c.password, message, c.token, c.key, encoded(docker, 1), encoded(c.password, 1), encoded(c.key, 1), c.sshKey, docker))
	place(t, dir, "objects/broken-secret.yaml", fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  password: %s\n token: [%s\n  %s: {\n", c.password, c.token, c.password))
	place(t, dir, "objects/wrong-type.yaml", fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: y}\nspec: {containers: %q}\n", c.password))
	place(t, dir, "objects/kubeconfig.yaml", fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: []\nusers: [{name: x, user: {token: %q, password: %q}}]\n", c.token, c.password))
	place(t, dir, "objects/machines.yaml", c.machines(annotations))
	c.nodeFiles(t, dir, "nodes/test-gc-e2e-demo-workers-8s2kd-7f9c6/")
	place(t, dir, "endpoints/harbor.corp.example_443.txt", "CONNECTED(00000003)\n"+c.key+"Authorization: Bearer "+c.token+"\npassword="+c.password+"\n"+c.said())
	return dir
}

func (c canaries) nodeFiles(t *testing.T, dir, node string) {
	t.Helper()
	for name, text := range map[string]string{
		"etc/ssl/certs/tkg-canary.pem":                             c.key,
		"etc/ssl/certs/tkg-twice.pem":                              encoded(c.key, 2),
		"etc/ssl/certs/tkg-text.pem":                               "password: " + c.password + "\n",
		"usr/local/share/ca-certificates/canary.crt":               "-----BEGIN CERTIFICATE-----\n" + c.password + "\n-----END CERTIFICATE-----\n" + c.key,
		"etc/containerd/certs.d/harbor.corp.example/ca.crt":        c.key,
		"etc/containerd/certs.d/harbor.corp.example/client.key":    c.key,
		"etc/containerd/certs.d/harbor.corp.example/hosts.toml":    fmt.Sprintf("server = \"https://robot:%[1]s@harbor.corp.example\"\n[host.\"https://robot:%[1]s@mirror.corp.example\"]\n  [host.\"https://robot:%[1]s@mirror.corp.example\".header]\n    Authorization = \"Bearer %[2]s\"\n", c.password, c.token),
		"etc/containerd/config.toml":                               fmt.Sprintf("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"harbor.corp.example\".auth]\n  username = \"robot\"\n  password = %[1]q\n  auth = %[2]q\n  identitytoken = %[3]q\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\n  endpoint = [\"https://robot:%[1]s@mirror.corp.example\"]\n", c.password, encoded("robot:"+c.password, 1), c.token),
		"etc/systemd/system/containerd.service.d/http-proxy.conf":  fmt.Sprintf("[Service]\nEnvironment=\"HTTP_PROXY=http://robot:%[1]s@proxy.corp.example:3128\" \"HTTPS_PROXY=http://robot:%[1]s@proxy.corp.example:3128\" \"NO_PROXY=a.example,robot:%[1]s@b.example\"\nEnvironment=\"TOKEN=%[2]s\"\n", c.password, c.token),
		"etc/systemd/system/containerd.service.d/https-proxy.conf": fmt.Sprintf("[Service]\nEnvironment=https_proxy=robot:%[1]s@proxy.corp.example:3128\n", c.password),
		"root/.docker/config.json":                                 fmt.Sprintf(`{"auths":{"harbor.corp.example":{"auth":%q,"identitytoken":%q}}}`, encoded("robot:"+c.password, 1), c.token),
		"etc/kubernetes/kubelet.conf":                              fmt.Sprintf("apiVersion: v1\nkind: Config\nusers: [{name: x, user: {token: %q, client-key-data: %q}}]\n", c.token, encoded(c.key, 1)),
		"root/.ssh/id_ed25519":                                     c.sshKey,
		"etc/ssl/certs/tkg-ssh.pem":                                c.sshKey,
		"etc/environment":                                          "https_proxy=http://robot:" + c.password + "@proxy.corp.example:3128\n",
		"etc/profile.d/proxy.sh":                                   "export HTTPS_PROXY=http://robot:" + c.password + "@proxy.corp.example:3128\n",
		"etc/sysconfig/proxy":                                      "HTTPS_PROXY=\"http://robot:" + c.password + "@proxy.corp.example:3128\"\n",
		"etc/os-release":                                           "ID=photon\nPRETTY_NAME=\"" + c.token + "\"\nVERSION_ID=" + c.password + "\n",
	} {
		place(t, dir, node+name, text)
	}
}

// machines are objects of Cluster API and TKG that hold secrets in the ways they do.
func (c canaries) machines(annotations string) string {
	proxy := "http://robot:" + c.password + "@proxy.corp.example:3128"
	return fmt.Sprintf(`
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: canary, namespace: test-gc-e2e-demo-ns, annotations: %[1]s}
spec:
  topology:
    class: tanzukubernetescluster
    version: v1.30.1
    variables:
    - name: proxy
      value: {httpProxy: %[2]q, httpsProxy: %[2]q, noProxy: [a.example, %[2]q]}
    - name: trust
      value: {additionalTrustedCAs: [{name: %[2]q, data: %[4]q}, {name: key, data: %[5]q}]}
    - name: user
      value: {passwordSecret: {name: x, key: y}, sshAuthorizedKey: %[6]q, password: %[3]q}
---
apiVersion: run.tanzu.vmware.com/v1alpha3
kind: TkgServiceConfiguration
metadata: {name: canary, annotations: %[1]s}
spec:
  proxy: {httpProxy: %[2]q, httpsProxy: %[2]q, noProxy: [%[2]q]}
  trust: {additionalTrustedCAs: [{name: x, data: %[5]q}]}
---
apiVersion: run.tanzu.vmware.com/v1alpha3
kind: TanzuKubernetesCluster
metadata: {name: canary, namespace: test-gc-e2e-demo-ns, annotations: %[1]s}
spec:
  settings:
    network:
      proxy: {httpProxy: %[2]q, httpsProxy: %[2]q, noProxy: [%[2]q]}
      trust: {additionalTrustedCAs: [{name: x, data: %[4]q}]}
---
apiVersion: bootstrap.cluster.x-k8s.io/v1beta1
kind: KubeadmConfigTemplate
metadata: {name: canary, namespace: test-gc-e2e-demo-ns, annotations: %[1]s}
spec:
  template:
    spec:
      preKubeadmCommands: ["curl -u robot:%[3]s https://harbor.corp.example", "export HTTPS_PROXY=%[2]s"]
      users: [{name: x, passwd: %[3]q, sshAuthorizedKeys: [%[6]q]}]
      files:
      - {path: /etc/ssl/certs/x.pem, content: %[6]q}
      - {path: /etc/containerd/config.toml, content: "[plugins.cri.registry.configs.x.auth]\npassword = '%[3]s'\n"}
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: Machine
metadata: {name: canary, namespace: test-gc-e2e-demo-ns, annotations: %[1]s}
spec: {clusterName: canary, bootstrap: {dataSecretName: x}}
status: {phase: Failed, failureMessage: "Authorization: Bearer %[7]s", conditions: [{type: Ready, status: "False", reason: x, message: "%[2]s said no, token %[7]s"}, {type: Told, status: "False", reason: x, message: %[8]q}]}
---
apiVersion: v1
kind: Node
metadata: {name: wk-canary, annotations: %[1]s}
spec: {}
status: {conditions: [{type: Ready, status: "False", reason: x, message: "proxy %[2]s: Bearer %[7]s"}, {type: Told, status: "False", reason: x, message: %[8]q}], nodeInfo: {containerRuntimeVersion: "containerd://1.7.0"}}
`, annotations, proxy, c.password, encoded("password: "+c.password, 1), encoded(c.key, 2), c.sshKey, c.token, c.said())
}
