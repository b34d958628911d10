package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	supervisorNamespace = "rights-supervisor"
	workloadNamespace   = "rights-workload"
)

// missed says what is missing without each right of docs/rbac.yaml: by section, and
// nothing else. A right that is not here fails the test.
var missed = map[string]string{
	"list pods":   "images: section images: forbidden | pods: section pods: forbidden",
	"list events": "events: section events: forbidden",
	"list nodes":  "nodes: section nodes: forbidden",
	"list tkgserviceconfigurations.run.tanzu.vmware.com": "trust: section tkgserviceconfigurations: forbidden",
	"list tanzukubernetesclusters.run.tanzu.vmware.com":  "trust: section tanzukubernetesclusters: forbidden",
	"list kappcontrollerconfigs.run.tanzu.vmware.com":    "trust: section kappcontrollerconfigs: forbidden",
	"list clusters.cluster.x-k8s.io":                     "trust: section clusters: forbidden",
	"list machines.cluster.x-k8s.io":                     "machines: section machines: forbidden",
	"get configmaps image-fetcher-ca-bundle":             "trust: config_map image-fetcher-ca-bundle (entries): forbidden",
	// The secret, and the value of the entry that names it.
	"get secrets gc-user-trusted-ca-secret": "secrets: secret gc-user-trusted-ca-secret: forbidden | trust: trust_entry corp (value): forbidden",
	"get secrets regcred":                   "secrets: secret regcred: forbidden",
}

// reader is an account that lacks at most one of the rights.
type reader struct {
	account string
	lacking *right
}

// checkRights takes each right of docs/rbac.yaml away, its optional Roles' included:
// exactly what it is for is then missing, and with all of them nothing is.
func (l *lab) checkRights(ctx context.Context) error {
	text, err := l.readRepository("docs/rbac.yaml")
	if err != nil {
		return err
	}
	everywhere, err := rightsOf(text, "ClusterRole")
	if err != nil {
		return err
	}
	optional, err := inComment(text, "regpolicy-trust-secrets")
	if err != nil || len(optional) != 1 {
		return fmt.Errorf("reading the optional role: %d rights, %w", len(optional), err)
	}
	trust, pull := optional[0], optional[0]
	trust.name = strings.Replace(trust.name, "CLUSTER", "gc", 1)
	pull.name = "regcred" // the same Role in a workload cluster, with the names of pull secrets
	if err := l.makeTrust(ctx); err != nil {
		return err
	}

	readers := []reader{{"reads-all", nil}}
	all := append(slices.Clone(everywhere), trust, pull)
	for i := range all {
		readers = append(readers, reader{fmt.Sprintf("reads-all-but-%d", i), &all[i]})
	}
	objects := []object{namespaceObject(grantsNamespace)}
	for _, r := range readers {
		objects = append(objects, serviceAccount(r.account))
		objects = append(objects, granted(r.account, "", "", without(everywhere, r.lacking))...)
		objects = append(objects, granted(r.account, "", supervisorNamespace, without([]right{trust}, r.lacking))...)
		objects = append(objects, granted(r.account, "", workloadNamespace, without([]right{pull}, r.lacking))...)
	}
	if err := l.kubectlApply(ctx, "", objects...); err != nil {
		return err
	}
	l.tally.check("rights to take away", len(all), len(missed))
	for _, r := range readers {
		what, want := "with all rights", "none"
		if r.lacking != nil {
			what, want = "without "+r.lacking.String(), missed[r.lacking.String()]
		}
		if err := l.checkReader(ctx, r.account, what, want); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) checkReader(ctx context.Context, account, what, want string) error {
	kubeconfig, err := l.kubeconfigOf(ctx, account)
	if err != nil {
		return err
	}
	path := filepath.Join(l.logs, account+"-document.json")
	// One node and two namespaces, whatever other stages have left.
	r, err := l.regpolicy(ctx, append([]string{"collect", "-o", path}, l.overSSH("--kubeconfig", kubeconfig, "-n", workloadNamespace,
		"--supervisor-context", "e2e", "--supervisor-namespace", supervisorNamespace, "--node", nodeName+"="+nodeAddress, "--no-probe")...)...)
	if err != nil {
		return err
	}
	var doc document
	if err := readJSON(path, &doc); err != nil {
		return err
	}
	var missing []string
	for _, section := range slices.Sorted(maps.Keys(doc.Coverage)) {
		if c := doc.Coverage[section]; len(c.Gaps) > 0 {
			missing = append(missing, section+": "+gaps(c))
		}
	}
	seen := strings.Join(missing, " | ")
	if seen == "" {
		seen = "none"
	}
	l.tally.check(what, seen, want, r.stderr)
	return nil
}

// makeTrust makes the cluster serve the Supervisor's kinds, with a cluster that takes
// a CA from a secret, and a pod whose pull secret is of no use.
func (l *lab) makeTrust(ctx context.Context) error {
	if err := l.serveSupervisorKinds(ctx); err != nil {
		return err
	}
	ca, err := os.ReadFile(filepath.Join(clusterDir, "ca.crt"))
	if err != nil {
		return err
	}
	login, err := json.Marshal(object{"auths": object{"basic-auth.corp.example": object{"username": "nobody", "password": "wrong"}}})
	if err != nil {
		return err
	}
	trust := object{"additionalTrustedCAs": []any{object{"name": "corp"}}}
	err = l.kubectlApply(ctx, "",
		namespaceObject(supervisorNamespace), namespaceObject(workloadNamespace),
		object{
			"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster", "metadata": object{"name": "gc", "namespace": supervisorNamespace},
			"spec": object{"topology": object{"class": "tanzukubernetescluster", "variables": []any{object{"name": "trust", "value": trust}}}},
		},
		object{
			"apiVersion": "v1", "kind": "Secret", "metadata": object{"name": "gc-user-trusted-ca-secret", "namespace": supervisorNamespace},
			"stringData": object{"corp": base64.StdEncoding.EncodeToString(ca)},
		},
		object{
			"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "metadata": object{"name": "regcred", "namespace": workloadNamespace},
			"stringData": object{".dockerconfigjson": string(login)},
		},
	)
	if err != nil {
		return err
	}
	if err := l.awaitNamespace(ctx, workloadNamespace); err != nil {
		return err
	}
	err = l.admin.post(ctx, podsOf(workloadNamespace), object{
		"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": "locked-out"},
		"spec": object{
			"nodeName": nodeName, "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": false,
			"imagePullSecrets": []any{object{"name": "regcred"}},
			"containers":       []any{object{"name": "app", "image": "basic-auth.corp.example/apps/hello:1.0"}},
		},
	}, nil)
	if err != nil {
		return err
	}
	_, err = l.settle(ctx, workloadNamespace, "locked-out")
	return err
}

// serveSupervisorKinds defines those that are not defined, without a schema.
func (l *lab) serveSupervisorKinds(ctx context.Context) error {
	var names []string
	for _, k := range []struct{ group, version, kind, scope string }{
		{"run.tanzu.vmware.com", "v1alpha3", "TkgServiceConfiguration", "Cluster"},
		{"run.tanzu.vmware.com", "v1alpha3", "TanzuKubernetesCluster", "Namespaced"},
		{"run.tanzu.vmware.com", "v1alpha3", "KappControllerConfig", "Namespaced"},
		{"cluster.x-k8s.io", "v1beta1", "Cluster", "Namespaced"},
		{"cluster.x-k8s.io", "v1beta1", "Machine", "Namespaced"},
	} {
		plural := strings.ToLower(k.kind) + "s"
		names = append(names, "crd/"+plural+"."+k.group)
		definition, err := json.Marshal(object{
			"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": object{
				"name": plural + "." + k.group, "annotations": object{"api-approved.kubernetes.io": "unapproved, for a test"},
			},
			"spec": object{
				"group": k.group, "scope": k.scope, "names": object{"plural": plural, "kind": k.kind},
				"versions": []any{object{
					"name": k.version, "served": true, "storage": true,
					"schema": object{"openAPIV3Schema": object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
				}},
			},
		})
		if err != nil {
			return err
		}
		name := plural + "." + k.group
		if _, err := l.shell(ctx, "/", "kubectl get crd "+name+" 2>/dev/null || kubectl create -f - <<'END'\n"+string(definition)+"\nEND\n"); err != nil {
			return err
		}
	}
	_, err := l.shell(ctx, "/", "kubectl wait --for=condition=Established --timeout=30s "+strings.Join(names, " "))
	return err
}
