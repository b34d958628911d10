package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

func stories() []*story {
	a := newAuthorities()
	all := []*story{
		secretEncodedOnce(a), fileMissingOnOneNode(a), wrongCA(a), sameNameOtherFingerprint(a),
		intermediateNotSent(a), secretKeyNotFound(a),
		repaired(a, "secret-encoded-once", true), repaired(a, "file-missing-on-one-node", false), repaired(a, "wrong-ca-embedded", false),
		repaired(a, "same-name-other-fingerprint", false), repaired(a, "intermediate-not-sent", false), repaired(a, "secret-key-not-found", false),
		ubuntu(a), rhel(a),
	}
	all = append(all, vSpherePod(a), vSpherePodRepaired(a), manifests(a, 1), manifests(a, 2))
	return all
}

// rehash makes the link by which OpenSSL finds a CA, as Photon's
// rehash_ca_certificates.sh does; of what is no certificate it makes none.
func (s *story) rehash(folder, name, text string) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return
	}
	link := folder + nodecerts.SubjectHash(ca.RawSubject) + ".0"
	if s.demo {
		s.put(link, text) // links cannot be embedded
		return
	}
	s.link(link, name)
}

func always(int) bool { return true }
func never(int) bool  { return false }

// photon is a capture of the cluster with Photon nodes. files is what lies in
// /etc/ssl/certs/tkg-corp-root-ca.pem on each node, "" for no file.
func photon(s *story, cause string, failing func(int) bool, entryName, secretKey, secretValue string, files [2]string) *story {
	s.ssh = true
	s.put("source/objects/cluster.yaml", clusterManifest(entryName))
	s.put("source/objects/trust-secret.yaml", trustSecret(secretKey, secretValue))
	s.put("source/objects/nodes.yaml", nodeObjects("VMware Photon OS/Linux"))
	s.put("source/objects/pods.yaml", podObjects(cause, failing))
	s.put("source/objects/events.yaml", eventObjects(cause, failing))
	for i, name := range nodeNames {
		root := "source/nodes/" + name + "/"
		s.put(root+"etc/os-release", "NAME=\"VMware Photon OS\"\nVERSION=\"5.0\"\nID=photon\nVERSION_ID=5.0\nPRETTY_NAME=\"VMware Photon OS/Linux\"\n")
		s.put(root+"etc/pki/tls/certs/ca-bundle.crt", publicBundle())
		s.put(root+"etc/containerd/config.toml", containerdConfig)
		if files[i] != "" {
			s.put(root+"etc/ssl/certs/tkg-"+entry+".pem", files[i])
			s.rehash(root+"etc/ssl/certs/", "tkg-"+entry+".pem", files[i])
		}
	}
	return s
}

func secretEncodedOnce(a authorities) *story {
	pem := string(a.root.PEM())
	return photon(&story{
		name: "secret-encoded-once", title: "The CA in the trust secret is encoded once instead of twice", exit: 1, demo: true,
		happened: `Harbor's certificate comes from the corporate CA. The CA stands in the cluster's trust secret, base64-encoded
			once. The nodes got a tkg-corp-root-ca.pem that holds base64 text, and no pod can pull.`,
		fails:  []string{"RT-CFG-001", "RT-EVT-001", "RT-EVT-002", "RT-NOD-002", "RT-NOD-003", "RT-TLS-002", "RT-XEV-001"},
		served: []*certtest.Pair{a.leaf, a.issuing},
	}, unknownAuthority, always, entry, entry, encode(pem, 1), [2]string{encode(pem, 1), encode(pem, 1)})
}

func fileMissingOnOneNode(a authorities) *story {
	pem := string(a.root.PEM())
	return photon(&story{
		name: "file-missing-on-one-node", title: "The CA reached one of two nodes", exit: 1,
		happened: `The CA was added to the cluster; the rolling update stopped after the first node. Pods on the other node
			cannot pull.`,
		fails:  []string{"RT-EVT-001", "RT-EVT-002", "RT-EVT-013", "RT-NOD-001", "RT-NOD-006", "RT-TLS-002", "RT-XEV-001"},
		served: []*certtest.Pair{a.leaf, a.issuing},
	}, unknownAuthority, func(i int) bool { return i%2 == 1 }, entry, entry, encode(pem, 2), [2]string{pem, ""})
}

func wrongCA(a authorities) *story {
	pem := string(a.other.PEM())
	return photon(&story{
		name: "wrong-ca-embedded", title: "Another CA than the registry's is embedded", exit: 1,
		happened: `The test environment's CA was put into the configuration and reached every node. The registry's
			certificate comes from the production CA.`,
		fails:  []string{"RT-EVT-001", "RT-EVT-002", "RT-TLS-002", "RT-XEV-003"},
		served: []*certtest.Pair{a.leaf, a.issuing},
	}, unknownAuthority, always, entry, entry, encode(pem, 2), [2]string{pem, pem})
}

func sameNameOtherFingerprint(a authorities) *story {
	return photon(&story{
		name: "same-name-other-fingerprint", title: "The secret was changed in place, the nodes hold the old CA", exit: 1,
		happened: `The corporate CA was re-keyed. Its new certificate replaced the old one in the trust secret under the
			same key, which rolls no nodes: they still trust the old key.`,
		fails:  []string{"RT-EVT-001", "RT-EVT-003", "RT-TLS-002", "RT-XEV-001", "RT-XEV-002"},
		served: []*certtest.Pair{a.leaf, a.issuing},
	}, rekeyedAuthority, always, entry, entry, encode(string(a.root.PEM()), 2), [2]string{string(a.old.PEM()), string(a.old.PEM())})
}

func intermediateNotSent(a authorities) *story {
	pem := string(a.root.PEM())
	return photon(&story{
		name: "intermediate-not-sent", title: "The registry does not send its intermediate", exit: 1,
		happened: `The corporate root is configured and on every node. Harbor was given its own certificate without the
			issuing CA's; browsers fetch that by themselves, runtimes do not.`,
		fails:  []string{"RT-EVT-001", "RT-EVT-002", "RT-TLS-002", "RT-TLS-003", "RT-XEV-003"},
		served: []*certtest.Pair{a.leaf},
	}, unknownAuthority, always, entry, entry, encode(pem, 2), [2]string{pem, pem})
}

func secretKeyNotFound(a authorities) *story {
	return photon(&story{
		name: "secret-key-not-found", title: "The cluster names a key that its trust secret does not have", exit: 1,
		happened: `The trust variable says corp-root-ca, the secret's key is corp-root-ca.crt. The nodes came up without
			the CA.`,
		fails:  []string{"RT-CFG-003", "RT-EVT-001", "RT-EVT-002", "RT-NOD-001", "RT-TLS-002", "RT-XEV-003"},
		served: []*certtest.Pair{a.leaf, a.issuing},
	}, unknownAuthority, always, entry, entry+".crt", encode(string(a.root.PEM()), 2), [2]string{})
}

func repaired(a authorities, twin string, demo bool) *story {
	pem := string(a.root.PEM())
	return photon(&story{
		name: twin + "-repaired", title: "The same cluster, repaired", demo: demo,
		happened: "The right CA is configured, encoded twice, reached every node, and every pod runs.",
		served:   []*certtest.Pair{a.leaf, a.issuing},
	}, "", never, entry, entry, encode(pem, 2), [2]string{pem, pem})
}

func ubuntu(a authorities) *story {
	pem := string(a.root.PEM())
	s := photon(&story{
		name: "ubuntu-layout", title: "Ubuntu nodes: the CA was moved, a symbolic link is left",
		happened: `On Ubuntu the CA is moved to /usr/local/share/ca-certificates and /etc/ssl/certs/tkg-*.pem is an absolute
			symbolic link to it. All is well.`,
		served: []*certtest.Pair{a.leaf, a.issuing},
	}, "", never, entry, entry, encode(pem, 2), [2]string{})
	s.put("source/objects/nodes.yaml", nodeObjects("Ubuntu 22.04.5 LTS"))
	for _, name := range nodeNames {
		root := "source/nodes/" + name + "/"
		delete(s.files, root+"etc/pki/tls/certs/ca-bundle.crt")
		s.put(root+"etc/os-release", "PRETTY_NAME=\"Ubuntu 22.04.5 LTS\"\nNAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nID=ubuntu\nID_LIKE=debian\n")
		s.put(root+"usr/local/share/ca-certificates/tkg-"+entry+".crt", pem)
		s.link(root+"etc/ssl/certs/tkg-"+entry+".pem", "/usr/local/share/ca-certificates/tkg-"+entry+".crt")
		s.put(root+"etc/ssl/certs/ca-certificates.crt", publicBundle()+pem)
	}
	return s
}

func rhel(a authorities) *story {
	pem := string(a.root.PEM())
	s := photon(&story{
		name: "rhel-layout", title: "RHEL nodes: no tkg file is left, the CA is in ca-trust",
		happened: `On RHEL the CA is moved to /etc/pki/ca-trust/source/anchors and extracted into the bundle; no tkg-*.pem is
			left in /etc/ssl/certs. All is well.`,
		served: []*certtest.Pair{a.leaf, a.issuing},
	}, "", never, entry, entry, encode(pem, 2), [2]string{})
	s.put("source/objects/nodes.yaml", nodeObjects("Red Hat Enterprise Linux 9.4 (Plow)"))
	for _, name := range nodeNames {
		root := "source/nodes/" + name + "/"
		delete(s.files, root+"etc/pki/tls/certs/ca-bundle.crt")
		s.put(root+"etc/os-release", "NAME=\"Red Hat Enterprise Linux\"\nVERSION_ID=\"9.4\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.4 (Plow)\"\n")
		s.put(root+"etc/pki/ca-trust/source/anchors/tkg-"+entry+".crt", pem)
		s.put(root+"etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", publicBundle()+pem)
		s.link(root+"etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")
	}
	return s
}

// manifests is a GitOps folder: nothing but YAML, no cluster. layers is how often
// the CA is encoded.
func manifests(a authorities, layers int) *story {
	s := &story{
		name: "manifests-only", title: "A pull request that encodes the CA once", exit: 1,
		happened: "The manifests of a cluster and its workload, before anything runs. The trust secret is encoded once.",
		fails:    []string{"RT-CFG-001"},
	}
	if layers == 2 {
		s = &story{
			name: "manifests-only-repaired", title: "The same pull request, with the CA encoded twice",
			happened: "The manifests of a cluster and its workload, before anything runs.",
		}
	}
	s.put("source/cluster/cluster.yaml", clusterManifest(entry)+"---\n"+trustSecret(entry, encode(string(a.root.PEM()), layers)))
	s.put("source/apps/testimage.yaml", deployment())
	s.put("source/apps/kustomization.yaml", "resources:\n- testimage.yaml\n")
	return s
}

func vSpherePod(a authorities) *story {
	s := &story{
		name: "vsphere-pod", title: "A vSphere Pod cannot pull: the Supervisor does not trust the registry", exit: 1, demo: true,
		happened: `The documentation page's own sample: pods that run on ESXi hosts wait for an image whose registry the
			Supervisor's image fetcher does not trust. What the workload clusters trust does not count for them.`,
		fails:  []string{"RT-CFG-019", "RT-EVT-001", "RT-EVT-002", "RT-EVT-012", "RT-XEV-003"},
		served: []*certtest.Pair{a.leaf, a.issuing},
	}
	s.put("source/objects/image-fetcher-ca-bundle.yaml", fetcherBundle(string(a.supervisor.PEM())))
	s.put("source/objects/pods.yaml", vSpherePods(true))
	s.put("source/objects/events.yaml", vSphereEvents())
	return s
}

func vSpherePodRepaired(a authorities) *story {
	s := &story{
		name: "vsphere-pod-repaired", title: "The same Supervisor with the registry's CA", demo: true,
		happened: "The corporate CA was appended to the image fetcher's bundle, and the pods run.",
		served:   []*certtest.Pair{a.leaf, a.issuing},
	}
	s.put("source/objects/image-fetcher-ca-bundle.yaml", fetcherBundle(string(a.supervisor.PEM())+string(a.root.PEM())))
	s.put("source/objects/pods.yaml", vSpherePods(false))
	return s
}

func fetcherBundle(pem string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: image-fetcher-ca-bundle\n  namespace: kube-system\ndata:\n  ca-bundle: |\n    " +
		strings.ReplaceAll(strings.TrimSpace(pem), "\n", "\n    ") + "\n"
}

const esxi = "esxi-02.corp.example"

// vSpherePods are the six pods of the page: some Pending, some in ErrImagePull.
func vSpherePods(failing bool) string {
	var out strings.Builder
	out.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	pending := []int{0, 2}
	for i, name := range podNames {
		fmt.Fprintf(&out, `- apiVersion: v1
  kind: Pod
  metadata:
    name: %s
    namespace: %s
    creationTimestamp: "2026-11-23T07:58:41Z"
    annotations:
      vmware-system-image-references: '{"testimage":"testimage-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v10612"}'
  spec:
    nodeName: %s
    containers:
    - name: testimage
      image: %s
      imagePullPolicy: IfNotPresent
  status:
`, name, namespace, esxi, image)
		switch {
		case !failing:
			fmt.Fprintf(&out, "    phase: Running\n    containerStatuses:\n    - {name: testimage, image: %q, imageID: \"\", ready: true, started: true, restartCount: 0, state: {running: {startedAt: \"2026-11-23T07:59:01Z\"}}}\n", image)
		case slices.Contains(pending, i):
			out.WriteString("    phase: Pending\n")
		default:
			fmt.Fprintf(&out, "    phase: Pending\n    containerStatuses:\n    - {name: testimage, image: %q, imageID: \"\", ready: false, started: false, restartCount: 0, state: {waiting: {reason: ErrImagePull, message: %q}}}\n",
				image, "failed to get images: "+fetchError)
		}
	}
	return out.String()
}

const fetchError = `Image testimage-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v10612 has failed. Error: Failed to resolve on node ` + esxi +
	`. Reason: Http request failed. Code 400: ErrorType(2) failed to do request: Head "https://` + registry +
	`/v2/library/testimage/manifests/1.0": x509: certificate signed by unknown authority`

// vSphereEvents are those of the page, for each pod.
func vSphereEvents() string {
	var out strings.Builder
	out.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	for _, pod := range podNames {
		for i, e := range []struct{ kind, reason, component, message string }{
			{"Normal", "Scheduled", "default-scheduler", "Successfully assigned " + namespace + "/" + pod + " to " + esxi},
			{"Normal", "Image", "image-controller", "Image testimage-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v10612 bound successfully"},
			{"Normal", "SuccessfulRealizeNSXResource", "nsx-container-ncp", "Successfully realized NSX resource for Pod"},
			{"Normal", "Pulling", "kubelet", "Waiting for Image " + namespace + "/testimage-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v10612"},
			{"Warning", "Failed", "kubelet", "failed to get images: " + fetchError},
		} {
			fmt.Fprintf(&out, `- apiVersion: v1
  kind: Event
  metadata: {name: %s.18a2c4d6%d, namespace: %s}
  involvedObject: {apiVersion: v1, kind: Pod, name: %s, namespace: %s}
  type: %s
  reason: %s
  message: %q
  source: {component: %s, host: %s}
  firstTimestamp: "2026-11-23T07:58:44Z"
  lastTimestamp: "2026-11-23T07:59:32Z"
  count: 1
`, pod, i, namespace, pod, namespace, e.kind, e.reason, e.message, e.component, esxi)
		}
	}
	return out.String()
}
