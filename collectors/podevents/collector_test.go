package podevents

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func TestNodesFactsOfTheAPI(t *testing.T) {
	node := func(name string, labels map[string]string, os, kubelet, runtime string) *corev1.Node {
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels, Annotations: map[string]string{"cluster.x-k8s.io/cluster-name": "demo"}}}
		n.Status.NodeInfo = corev1.NodeSystemInfo{OSImage: os, KubeletVersion: kubelet, ContainerRuntimeVersion: runtime}
		n.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: name}, {Type: corev1.NodeInternalIP, Address: "10.0.0.1"}}
		return n
	}
	label := func(role string) map[string]string { return map[string]string{"node-role.kubernetes.io/" + role: ""} }
	for _, c := range []struct {
		node *corev1.Node
		want evidence.Node
	}{
		{node("cp-1", label("control-plane"), "VMware Photon OS/Linux", "v1.31.4+vmware.1", "containerd://2.4.2"), evidence.Node{Role: "control_plane", OS: "VMware Photon OS/Linux", OSFamily: "photon", Runtime: &evidence.Runtime{Name: "containerd", Version: "2.4.2"}}},
		{node("old", label("master"), "Ubuntu 22.04.5 LTS", "v1.31.4", "docker://20.10.8"), evidence.Node{Role: "control_plane", OS: "Ubuntu 22.04.5 LTS", OSFamily: "debian", Runtime: &evidence.Runtime{Name: "docker", Version: "20.10.8"}}},
		{node("wk-1", nil, "Red Hat Enterprise Linux CoreOS 417", "v1.31.4", "cri-o://1.30.1"), evidence.Node{Role: "worker", OS: "Red Hat Enterprise Linux CoreOS 417", OSFamily: "rhel", Runtime: &evidence.Runtime{Name: "cri-o", Version: "1.30.1"}}},
		{node("aks", label("agent"), "Ubuntu 22.04.5 LTS", "v1.31.4", "containerd://1.7.22"), evidence.Node{Role: "worker", OS: "Ubuntu 22.04.5 LTS", OSFamily: "debian", Runtime: &evidence.Runtime{Name: "containerd", Version: "1.7.22"}}},
		{node("esx-1", label("agent"), "", "v1.22.6-sph-db56d46", ""), evidence.Node{Role: "agent", OS: "VMware ESXi", OSFamily: "esxi"}},
		{node("esx-2", label("agent"), "", "v1.22.6", ""), evidence.Node{Role: "agent", OS: "VMware ESXi", OSFamily: "esxi"}},
		{node("win", nil, "Windows Server 2022 Datacenter", "v1.31.4", "containerd://1.7.22"), evidence.Node{Role: "worker", OS: "Windows Server 2022 Datacenter", OSFamily: "other", Runtime: &evidence.Runtime{Name: "containerd", Version: "1.7.22"}}},
	} {
		d := gather(t, collectedAt, func(_ *evidence.Builder, col *Collector) {
			col.AddNode(c.node, evidence.Provenance{Source: "cluster"})
		})
		c.want.Address, c.want.Cluster, c.want.Provenance = "10.0.0.1", "demo", evidence.Provenance{Source: "cluster"}
		if diff := cmp.Diff(c.want, d.Nodes[c.node.Name], cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.node.Name, diff)
		}
	}
}

func TestWhatWasReadOnTheNodeStays(t *testing.T) {
	read := evidence.Node{OS: "VMware Photon OS/Linux 5", Read: true, Runtime: &evidence.Runtime{Name: "containerd", Version: "1.6.18"}, Provenance: evidence.Provenance{Source: "ssh"}}
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		b.Record(func(d *evidence.Document) { d.Nodes["wk-1"] = read })
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "wk-1"}}
		n.Status.NodeInfo = corev1.NodeSystemInfo{OSImage: "VMware Photon OS/Linux", ContainerRuntimeVersion: "containerd://2.0.0"}
		c.AddNode(n, evidence.Provenance{Source: "cluster"})
	})
	read.Role, read.OSFamily = "worker", "photon"
	if diff := cmp.Diff(read, d.Nodes["wk-1"], cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestTheNodesRuntimeGoesBeforeTheMessagesShape(t *testing.T) {
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		askAll(b)
		n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "wk-1"}}
		n.Status.NodeInfo.ContainerRuntimeVersion = "cri-o://1.30.1"
		c.AddNode(n, evidence.Provenance{})
		c.AddPod(pod("Pending", "app "+web+` ErrImagePull: Get "https://harbor.corp.example/v2/": EOF`), evidence.Provenance{})
	})
	if f := d.PullFailures["default/web/app"]; f.Runtime != "crio" {
		t.Errorf("runtime %q", f.Runtime)
	}
}

func TestRegistriesOfPodsAndWorkloads(t *testing.T) {
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		askAll(b)
		for i := range 3 {
			p := pod("Running", "app "+web+" Running", "side harbor.corp.example/apps/side:2 Running", "cache redis Running")
			p.Name = fmt.Sprint("web-", i)
			c.AddPod(p, evidence.Provenance{})
		}
		sphere := pod("Running", "app "+web+" Running")
		sphere.Name, sphere.Annotations = "sphere", map[string]string{vmwareVM: "x"}
		c.AddPod(sphere, evidence.Provenance{})
		spec := &corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: web}, {Name: "b", Image: "other.corp.example:5000/x"}, {Name: "c"}, {Name: "d", Image: "harbor.corp.example/apps/side:2"}}}
		c.AddWorkload("Deployment", "shop", "web", spec, evidence.Provenance{})
		c.AddWorkload("Job", "", "once", spec, evidence.Provenance{})
		c.AddWorkload("Job", "", "none", nil, evidence.Provenance{})
		c.Place("Deployment", "shop", "web", map[string]evidence.Position{
			web:                               {Path: "web.yaml", Line: 20, Column: 16},
			"harbor.corp.example/apps/side:2": {Path: "web.yaml", Line: 9, Column: 16},
		})
		c.Place("Job", "", "none", map[string]evidence.Position{web: {Path: "job.yaml", Line: 1, Column: 1}})
		bare := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "bare"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: web, ImagePullPolicy: corev1.PullAlways}}}}
		c.AddPod(bare, evidence.Provenance{})
	})
	want := map[string]evidence.Registry{
		"harbor.corp.example:443": {
			Host: "harbor.corp.example", Port: 443, Images: []string{"harbor.corp.example/apps/side:2", web}, Pods: 4,
			Workloads: []string{"Deployment/shop/web", "Job/default/once", "Pod/default/bare"}, Platforms: []string{"kubelet", "vsphere_pod"},
			WorkloadsAt: map[string]evidence.Position{"Deployment/shop/web": {Path: "web.yaml", Line: 9, Column: 16}},
		},
		"docker.io:443":           {Host: "docker.io", Port: 443, Images: []string{"redis"}, Pods: 3, Workloads: []string{}, Platforms: []string{"kubelet"}},
		"other.corp.example:5000": {Host: "other.corp.example", Port: 5000, Images: []string{"other.corp.example:5000/x"}, Workloads: []string{"Deployment/shop/web", "Job/default/once"}, Platforms: []string{}},
	}
	if diff := cmp.Diff(want, d.Registries, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("registries (-want +got):\n%s", diff)
	}
	bare := d.Pods["default/bare"]
	if bare.Observed || !bare.AlwaysPulls || !d.Pods["default/web-0"].Observed || d.Pods["default/web-0"].AlwaysPulls {
		t.Errorf("bare %+v, observed %+v", bare, d.Pods["default/web-0"])
	}
}

func TestTheSandboxImagesRegistryIsNamed(t *testing.T) {
	d := joined(t, pod("Pending", "app "+web+" ContainerCreating"),
		event(1, "FailedCreatePodSandBox", "", `Failed to create pod sandbox: failed to get sandbox image "pause.corp.example/pause:3.9": EOF`))
	if r, ok := d.Registries["pause.corp.example:443"]; !ok || r.Pods != 0 {
		t.Errorf("registries %v", d.Registries)
	}
}

func TestAnImageThatIsNoReferenceIsAGapOfTheImages(t *testing.T) {
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		askAll(b)
		spec := &corev1.PodSpec{Containers: []corev1.Container{{Image: "{{ .Values.image }}"}}}
		c.AddWorkload("Deployment", "shop", "web", spec, evidence.Provenance{Path: "objects/web.yaml"})
		c.AddWorkload("Deployment", "shop", "api", spec, evidence.Provenance{})
	})
	var subjects []string
	for _, gap := range d.Coverage[evidence.Images].Gaps {
		subjects = append(subjects, gap.Subject.String()+" "+gap.Reason)
	}
	want := []string{"kind=deployment,name=api,namespace=shop parse_error", "kind=file,name=objects/web.yaml parse_error"}
	if diff := cmp.Diff(want, subjects); diff != "" {
		t.Error(diff)
	}
}

func TestAPodOfAClusterReplacesTheManifests(t *testing.T) {
	manifest := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: "x:1"}}}}
	running := pod("Running", "app "+web+" Running")
	for _, order := range [][]*corev1.Pod{{manifest, running}, {running, manifest}} {
		d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
			askAll(b)
			for _, p := range order {
				c.AddPod(p, evidence.Provenance{})
			}
		})
		if p := d.Pods["default/web"]; !p.Observed || len(p.Images) != 1 || p.Images[0] != web {
			t.Errorf("%+v", p)
		}
	}
}

func TestALaterObservationReplacesAnEarlierOne(t *testing.T) {
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		askAll(b)
		c.AddPod(pod("Pending", "app "+web+" ErrImagePull: "+unknownCA), evidence.Provenance{})
		c.AddPod(pod("Running", "app "+web+" Running"), evidence.Provenance{})
	})
	if len(d.PullFailures) > 0 {
		t.Errorf("%v", failuresOf(d))
	}
}

func TestManyGoroutinesMayAdd(t *testing.T) {
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		askAll(b)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for j := range 50 {
					p := pod("Pending", "app "+web+" ImagePullBackOff: "+backOff)
					p.Name = fmt.Sprintf("web-%d-%d", i, j)
					e := failedToPull(1, unknownCA)
					e.InvolvedObject.Name = p.Name
					c.AddEvent(e, evidence.Provenance{})
					c.AddPod(p, evidence.Provenance{})
					c.AddNode(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: p.Name}}, evidence.Provenance{})
				}
			})
		}
		all.Wait()
	})
	if len(d.PullFailures) != 400 || len(d.Views.FailuresByCause["unknown_authority"]) != 400 {
		t.Errorf("%d failures", len(d.PullFailures))
	}
}
