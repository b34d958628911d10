package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"gopkg.in/yaml.v3"
)

// The fleet: this cluster, a second API server, and this cluster again behind a gate
// that lets nothing through at first.
const (
	fleetNamespace = "regpolicy-fleet"
	fleetDocuments = stateDir + "/fleet/documents"
	fleetImage     = "only.on.node.example/regpolicy:1.0"
	podNetworkAPI  = "10.96.0.1:443"
	secondAPI      = "10.96.0.1:7443"
	gatedAPI       = "10.96.0.1:8443"
	fleetUser      = 65532 // of the image
)

// fleetReport is what is checked of a fleet's report.
type fleetReport struct {
	Fleet struct {
		Expected int
		Missing  []string
		Clusters []struct {
			Cluster string
			Pods    int
			Summary struct{ Fail int }
		}
	}
	Results []struct {
		ID, Verdict string
		Subject     map[string]string
	}
}

// checkFleet runs the Job of deploy/fleet with three indexes. The first attempt of one
// is killed; what it leaves is a gap, which the next attempt fills.
func (l *lab) checkFleet(ctx context.Context) error {
	if err := l.startSecondCluster(ctx); err != nil {
		return err
	}
	gate, err := openGate(gatedAPI, "127.0.0.1:6443")
	if err != nil {
		return err
	}
	defer gate.listener.Close()
	list, err := l.prepareFleet(ctx)
	if err != nil {
		return err
	}
	if err := l.applyFleet(ctx, "fleet-collect.yaml", list); err != nil {
		return err
	}
	pid, err := l.awaitShards(ctx)
	if err != nil {
		return err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing the third index: %w", err)
	}
	if err := l.checkMerged(ctx, "killed", list, "third"); err != nil {
		return err
	}
	gate.open.Store(true)
	if err := l.awaitFleetJob(ctx); err != nil {
		return err
	}
	if err := l.checkMerged(ctx, "healed", list, "none"); err != nil {
		return err
	}
	return l.checkMergeJob(ctx, list)
}

// startSecondCluster starts another API server, with objects of its own, and makes a
// pod in it that no node takes.
func (l *lab) startSecondCluster(ctx context.Context) error {
	in := func(name string) string { return filepath.Join(clusterDir, name) }
	host, port, err := net.SplitHostPort(secondAPI)
	if err != nil {
		return err
	}
	server, err := l.start("apiserver-2", filepath.Join(l.bin, "kube"), "apiserver",
		"--etcd-servers=http://127.0.0.1:2379", "--etcd-prefix=/second", "--bind-address="+host, "--secure-port="+port,
		"--service-cluster-ip-range=10.97.0.0/16", "--tls-cert-file="+in("apiserver.crt"), "--tls-private-key-file="+in("apiserver.key"),
		"--client-ca-file="+in("ca.crt"), "--service-account-issuer=https://second.default.svc",
		"--service-account-key-file="+in("tokens.crt"), "--service-account-signing-key-file="+in("tokens.key"),
		"--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount")
	if err != nil {
		return err
	}
	second := l.admin.of("https://" + secondAPI)
	return await(ctx, time.Minute, "the second API server", func(ctx context.Context) error {
		return second.post(ctx, "/api/v1/namespaces/default/pods", object{
			"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": "waiting"},
			"spec": object{"containers": []any{object{"name": "web", "image": "harbor.corp.example/apps/hello:1.0"}}},
		}, nil)
	}, server)
}

// gate passes connections on once it is open; until then it takes them and is silent.
type gate struct {
	listener net.Listener
	open     atomic.Bool
}

func openGate(address, to string) (*gate, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("making the gate: %w", err)
	}
	g := &gate{listener: listener}
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return // with the stage
			}
			if g.open.Load() {
				go passOn(from, to)
				continue
			}
			go func() {
				defer from.Close()
				_, _ = io.Copy(io.Discard, from) // until the other end gives up
			}()
		}
	}()
	return g, nil
}

// prepareFleet makes what the Job needs besides its manifests: the image on the node, a
// volume, a Secret of kubeconfigs. It returns the list of clusters.
func (l *lab) prepareFleet(ctx context.Context) (string, error) {
	if err := importRegpolicy(ctx); err != nil {
		return "", err
	}
	if err := os.MkdirAll(fleetDocuments, 0o755); err != nil {
		return "", err
	}
	// fsGroup does not reach a folder of the node.
	if err := os.Chown(fleetDocuments, fleetUser, fleetUser); err != nil {
		return "", err
	}
	if err := l.admin.post(ctx, "/api/v1/persistentvolumes", object{
		"apiVersion": "v1", "kind": "PersistentVolume", "metadata": object{"name": "regpolicy-documents"},
		"spec": object{
			"capacity": object{"storage": "10Gi"}, "accessModes": []any{"ReadWriteMany"}, "persistentVolumeReclaimPolicy": "Retain",
			"hostPath": object{"path": fleetDocuments}, "claimRef": object{"namespace": fleetNamespace, "name": "regpolicy-documents"},
		},
	}, nil); err != nil {
		return "", err
	}
	if err := l.newNamespace(ctx, fleetNamespace, object{"pod-security.kubernetes.io/enforce": "restricted"}); err != nil {
		return "", err
	}
	configs := object{}
	lines := []string{"# written by the test"}
	for _, c := range []struct{ name, server, user string }{{"first", podNetworkAPI, ""}, {"second", secondAPI, "admin"}, {"third", gatedAPI, ""}} {
		text, err := l.portableKubeconfig(c.server, c.user)
		if err != nil {
			return "", err
		}
		configs[c.name] = base64.StdEncoding.EncodeToString(text)
		lines = append(lines, fmt.Sprintf("%s kubeconfig=/etc/regpolicy/kubeconfigs/%[1]s", c.name))
	}
	list := filepath.Join(stateDir, "fleet", "clusters.txt")
	if err := os.WriteFile(list, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		return "", err
	}
	return list, l.admin.post(ctx, "/api/v1/namespaces/"+fleetNamespace+"/secrets", object{
		"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": "regpolicy-kubeconfigs"}, "data": configs,
	}, nil)
}

// portableKubeconfig holds what it needs and names no file: the reader's token, or the
// certificate of a user.
func (l *lab) portableKubeconfig(server, user string) ([]byte, error) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(clusterDir, name))
		if err != nil {
			return ""
		}
		return base64.StdEncoding.EncodeToString(text)
	}
	who := object{"token": l.token}
	if user != "" {
		who = object{"client-certificate-data": read(user + ".crt"), "client-key-data": read(user + ".key")}
	}
	return json.Marshal(object{
		"apiVersion": "v1", "kind": "Config", "current-context": "e2e",
		"clusters": []any{object{"name": "e2e", "cluster": object{"server": "https://" + server, "certificate-authority-data": read("ca.crt")}}},
		"users":    []any{object{"name": "e2e", "user": who}},
		"contexts": []any{object{"name": "e2e", "context": object{"cluster": "e2e", "user": "e2e"}}},
	})
}

// applyFleet creates what kustomize made of a folder of deploy/fleet, but for the image
// and the list. What is there already stays.
func (l *lab) applyFleet(ctx context.Context, name, list string) error {
	paths := map[string]string{
		"Namespace": "", "ConfigMap": "/api/v1/namespaces/" + fleetNamespace + "/configmaps",
		"PersistentVolumeClaim": "/api/v1/namespaces/" + fleetNamespace + "/persistentvolumeclaims",
		"Job":                   "/apis/batch/v1/namespaces/" + fleetNamespace + "/jobs",
	}
	clusters, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(l.bin, name))
	if err != nil {
		return err
	}
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		if err := dec.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading %q: %w", name, err)
		}
		kind := fmt.Sprint(o["kind"])
		to, known := paths[kind]
		if !known {
			return fmt.Errorf("reading %q: no way to create a %s", name, kind)
		}
		switch kind {
		case "Namespace":
			continue
		case "ConfigMap":
			o["data"] = object{"clusters.txt": string(clusters)}
		case "Job":
			container := jobContainer(o)
			container["image"], container["imagePullPolicy"] = fleetImage, "Never"
			if args, _ := container["args"].([]any); container["name"] == "collect" {
				container["args"] = append(args, "--no-probe") // the registries' names are the node's
			}
		}
		if err := l.admin.post(ctx, to, o, nil); err != nil {
			return err
		}
	}
}

func jobContainer(job object) object {
	at := job
	for _, key := range []string{"spec", "template", "spec"} {
		at, _ = at[key].(object)
	}
	containers, _ := at["containers"].([]any)
	if len(containers) == 0 {
		return object{}
	}
	container, _ := containers[0].(object)
	return container
}

// awaitShards waits until two indexes have left their document and the third is at
// work, and returns its process.
func (l *lab) awaitShards(ctx context.Context) (pid int, err error) {
	err = await(ctx, 90*time.Second, "the indexes of the Job", func(context.Context) error {
		for _, name := range []string{"first", "second"} {
			if _, err := os.Stat(filepath.Join(fleetDocuments, name+".json")); err != nil {
				return err
			}
		}
		pid = processOfIndex("2")
		if pid == 0 {
			return errors.New("the third does not run")
		}
		return nil
	})
	return pid, err
}

// processOfIndex finds the process that Kubernetes gave an index; 0 for none.
func processOfIndex(index string) int {
	files, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is sound
	for _, file := range files {
		environment, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(append([]byte{0}, environment...), []byte("\x00JOB_COMPLETION_INDEX="+index+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			return pid
		}
	}
	return 0
}

// namedPods is a policy that has something to say of every cluster whose pods were
// read, and nothing against it.
const namedPods = `# METADATA
# title: Pods have names
# custom: {id: E2E-001, severity: low}
package e2e.named

subjects contains {"kind": "pod", "name": name} if some name, _ in input.pods

deny contains {"subject": {"kind": "pod", "name": name}, "msg": "a pod has no name"} if {
	some name, _ in input.pods
	not name
}
`

// checkMerged merges what there is on the volume, and says what must be missing.
func (l *lab) checkMerged(ctx context.Context, name, list, missing string) error {
	path := filepath.Join(l.logs, "fleet-"+name+".json")
	merged, err := l.regpolicy(ctx, "merge", fleetDocuments, "--expect", list, "-o", "text", "-o", "json="+path)
	if err != nil {
		return err
	}
	// Pods of this cluster fail to pull, whatever else.
	l.tally.check(name+": exit code of merge", merged.exit, 1, merged.stderr)
	// Every pod that was read passes this one.
	policy := filepath.Join(l.logs, "named.rego")
	if err := os.WriteFile(policy, []byte(namedPods), 0o644); err != nil {
		return err
	}
	merged, err = l.regpolicy(ctx, "merge", fleetDocuments, "--expect", list, "--no-builtin", "-p", policy)
	if err != nil {
		return err
	}
	l.tally.check(name+": exit code where nothing else is wrong", merged.exit, map[bool]int{true: 0, false: 3}[missing == "none"])
	return l.checkFleetReport(name, path, missing)
}

func (l *lab) checkFleetReport(name, path, missing string) error {
	var rep fleetReport
	if err := readJSON(path, &rep); err != nil {
		return err
	}
	l.tally.check(name+": clusters expected", rep.Fleet.Expected, 3)
	l.tally.check(name+": clusters missing", orNone(rep.Fleet.Missing), missing)
	var gaps []string
	for _, r := range rep.Results {
		if r.ID == "fleet-document" && r.Verdict == "inconclusive" {
			gaps = append(gaps, r.Subject["cluster"])
		}
	}
	l.tally.check(name+": gaps told as results", orNone(gaps), missing)
	failing := map[string]bool{}
	for _, c := range rep.Fleet.Clusters {
		failing[c.Cluster] = c.Summary.Fail > 0
		l.tally.check(name+": pods seen in "+c.Cluster, c.Pods > 0, true)
	}
	l.tally.check(name+": failures in the first cluster", failing["first"], true)
	l.tally.check(name+": clusters judged", len(rep.Fleet.Clusters), map[bool]int{true: 3, false: 2}[missing == "none"])
	return nil
}

// awaitFleetJob waits until every index has succeeded, the killed one in its second
// attempt.
func (l *lab) awaitFleetJob(ctx context.Context) error {
	var job struct {
		Status struct {
			Succeeded, Failed int
			CompletedIndexes  string
		}
	}
	err := await(ctx, 2*time.Minute, "the Job", func(ctx context.Context) error {
		if err := l.admin.get(ctx, "/apis/batch/v1/namespaces/"+fleetNamespace+"/jobs/regpolicy-fleet", &job); err != nil {
			return err
		}
		if job.Status.Succeeded < 3 {
			return fmt.Errorf("%+v", job.Status)
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.tally.check("indexes that succeeded", job.Status.CompletedIndexes, "0-2")
	l.tally.check("attempts that failed", job.Status.Failed, 1)
	return nil
}

// checkMergeJob has the cluster itself merge.
func (l *lab) checkMergeJob(ctx context.Context, list string) error {
	if err := l.applyFleet(ctx, "fleet-merge.yaml", list); err != nil {
		return err
	}
	err := await(ctx, 90*time.Second, "the Job that merges", func(ctx context.Context) error {
		var job struct {
			Status struct{ Succeeded, Failed int }
		}
		if err := l.admin.get(ctx, "/apis/batch/v1/namespaces/"+fleetNamespace+"/jobs/regpolicy-merge", &job); err != nil {
			return err
		}
		if job.Status.Succeeded+job.Status.Failed == 0 {
			return errors.New("it has not ended")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.checkFleetReport("merged in the cluster", filepath.Join(fleetDocuments, "report.json"), "none")
}

// importRegpolicy puts the image of regpolicy on the node, where no registry has it.
func importRegpolicy(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "ctr", "-n", "k8s.io", "images", "import", filepath.Join(stateDir, "regpolicy.tar")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("importing the image of regpolicy: %w: %s", err, out)
	}
	return nil
}
