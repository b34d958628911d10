package main

import (
	"encoding/base64"
	"fmt"
	"strings"
)

const (
	namespace = "test-gc-e2e-demo-ns"
	cluster   = "test-gc-e2e-demo"
	entry     = "corp-root-ca"
	image     = registry + "/library/testimage:1.0"
)

// nodeNames are the workers of the cluster.
var nodeNames = []string{"test-gc-e2e-demo-workers-8s2kd-7f9c6", "test-gc-e2e-demo-workers-8s2kd-q4x2m"}

// podNames are those of the documentation page that the first story retells.
var podNames = []string{
	"testimage-nginx-deployment-89d4fcff8-2d9pz", "testimage-nginx-deployment-89d4fcff8-7kp9d",
	"testimage-nginx-deployment-89d4fcff8-7mpkj", "testimage-nginx-deployment-89d4fcff8-fszth",
	"testimage-nginx-deployment-89d4fcff8-sjnjw", "testimage-nginx-deployment-89d4fcff8-xr5kg",
}

const (
	unknownAuthority = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
	rekeyedAuthority = unknownAuthority + ` (possibly because of \"x509: ECDSA verification failure\" while trying to verify candidate authority certificate \"Corp Example Root CA\")`
)

func encode(text string, layers int) string {
	for range layers {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}

// clusterManifest is the Cluster with one named trust entry, or none.
func clusterManifest(entryName string) string {
	trust := ""
	if entryName != "" {
		trust = fmt.Sprintf(`    - name: trust
      value:
        additionalTrustedCAs:
        - name: %s
`, entryName)
	}
	return fmt.Sprintf(`apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata:
  name: %s
  namespace: %s
spec:
  clusterNetwork:
    services:
      cidrBlocks: ["10.96.0.0/16"]
    pods:
      cidrBlocks: ["192.168.0.0/16"]
  topology:
    class: tanzukubernetescluster
    version: v1.31.4+vmware.1-fips
    controlPlane:
      replicas: 1
    workers:
      machineDeployments:
      - class: node-pool
        name: workers
        replicas: 2
    variables:
    - name: vmClass
      value: best-effort-medium
    - name: storageClass
      value: wcp-storage
%s`, cluster, namespace, trust)
}

// trustSecret is the cluster's trust secret; value is the wire form.
func trustSecret(key, value string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Secret
metadata:
  name: %s-user-trusted-ca-secret
  namespace: %s
type: Opaque
data:
  %s: %s
`, cluster, namespace, key, value)
}

// nodeObjects are the cluster's nodes as the API shows them.
func nodeObjects(osImage string) string {
	var out strings.Builder
	out.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	for i, name := range nodeNames {
		fmt.Fprintf(&out, `- apiVersion: v1
  kind: Node
  metadata:
    name: %s
    annotations:
      cluster.x-k8s.io/cluster-name: %s
      cluster.x-k8s.io/cluster-namespace: %s
    labels:
      kubernetes.io/os: linux
  status:
    addresses:
    - {type: InternalIP, address: 10.244.0.%d}
    - {type: Hostname, address: %s}
    nodeInfo:
      osImage: %s
      kernelVersion: 6.1.94-1.ph5
      containerRuntimeVersion: containerd://1.7.22
      kubeletVersion: v1.31.4+vmware.1-fips
      operatingSystem: linux
      architecture: amd64
`, name, cluster, namespace, 34+i, name, osImage)
	}
	return out.String()
}

// podObjects are the pods; failing tells of each whether it cannot pull.
func podObjects(cause string, failing func(i int) bool) string {
	var out strings.Builder
	out.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	for i, name := range podNames {
		node := nodeNames[i%len(nodeNames)]
		fmt.Fprintf(&out, `- apiVersion: v1
  kind: Pod
  metadata:
    name: %s
    namespace: default
    creationTimestamp: "2026-11-23T07:58:41Z"
    labels:
      app: testimage
  spec:
    nodeName: %s
    serviceAccountName: default
    containers:
    - name: nginx
      image: %s
      imagePullPolicy: Always
`, name, node, image)
		if !failing(i) {
			fmt.Fprintf(&out, `  status:
    phase: Running
    containerStatuses:
    - name: nginx
      image: %s
      imageID: %s@sha256:9f0d283eccddf25816104877f1f1584a8ae3b4b1b2aa9b4bb1b3f2ea4b1f9a1d
      ready: true
      started: true
      restartCount: 0
      state:
        running:
          startedAt: "2026-11-23T07:58:47Z"
`, image, registry+"/library/testimage")
			continue
		}
		reason, message := "ErrImagePull", pullError(cause)
		if i%2 == 1 {
			reason, message = "ImagePullBackOff", `Back-off pulling image \"`+image+`\"`
		}
		fmt.Fprintf(&out, `  status:
    phase: Pending
    containerStatuses:
    - name: nginx
      image: %s
      imageID: ""
      ready: false
      started: false
      restartCount: 0
      state:
        waiting:
          reason: %s
          message: "%s"
`, image, reason, message)
	}
	return out.String()
}

func pullError(cause string) string {
	return fmt.Sprintf(`failed to pull and unpack image \"%[1]s\": failed to resolve reference \"%[1]s\": failed to do request: Head \"https://%[2]s/v2/library/testimage/manifests/1.0\": %[3]s`,
		image, registry, cause)
}

// eventObjects are the kubelet's events for the failing pods.
func eventObjects(cause string, failing func(i int) bool) string {
	var out strings.Builder
	out.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	for i, name := range podNames {
		if !failing(i) {
			continue
		}
		event := func(suffix, kind, reason, message string) {
			fmt.Fprintf(&out, `- apiVersion: v1
  kind: Event
  metadata:
    name: %s.18a2c4d6%s
    namespace: default
  involvedObject:
    apiVersion: v1
    kind: Pod
    name: %s
    namespace: default
  type: %s
  reason: %s
  message: "%s"
  source:
    component: kubelet
    host: %s
  firstTimestamp: "2026-11-23T07:58:44Z"
  lastTimestamp: "2026-11-23T07:59:32Z"
  count: 3
`, name, suffix, name, kind, reason, message, nodeNames[i%len(nodeNames)])
		}
		event("01", "Normal", "Pulling", `Pulling image \"`+image+`\"`)
		event("02", "Warning", "Failed", `Failed to pull image \"`+image+`\": `+pullError(cause))
		event("03", "Warning", "Failed", "Error: ErrImagePull")
	}
	if out.Len() == len("apiVersion: v1\nkind: List\nitems:\n") {
		return "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Event\n  metadata: {name: " + podNames[0] + ".18a2c4d6, namespace: default}\n" +
			"  involvedObject: {apiVersion: v1, kind: Pod, name: " + podNames[0] + ", namespace: default}\n  type: Normal\n  reason: Pulled\n" +
			"  message: 'Successfully pulled image \"" + image + "\" in 1.2s'\n  source: {component: kubelet, host: " + nodeNames[0] + "}\n" +
			"  firstTimestamp: \"2026-11-23T07:58:46Z\"\n  lastTimestamp: \"2026-11-23T07:58:46Z\"\n  count: 1\n"
	}
	return out.String()
}

const containerdConfig = `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost:5000/vmware.io/pause:3.10"

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`

// deployment is the workload as a manifest.
func deployment() string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: testimage-nginx-deployment
  namespace: default
spec:
  replicas: 6
  selector:
    matchLabels: {app: testimage}
  template:
    metadata:
      labels: {app: testimage}
    spec:
      containers:
      - name: nginx
        image: %s
        imagePullPolicy: Always
`, image)
}
