package kube

import (
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestRolesOnlyRead holds docs/rbac.yaml to what this package does: lists, and
// gets of Secrets and ConfigMaps by name.
func TestRolesOnlyRead(t *testing.T) {
	file, err := os.Open("../../../docs/rbac.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var lists []string
	for documents := yaml.NewDecoder(file); ; {
		var role struct {
			Rules []struct {
				APIGroups     []string `yaml:"apiGroups"`
				Resources     []string `yaml:"resources"`
				ResourceNames []string `yaml:"resourceNames"`
				Verbs         []string `yaml:"verbs"`
			} `yaml:"rules"`
		}
		err := documents.Decode(&role)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			for _, resource := range rule.Resources {
				byName := resource == "secrets" || resource == "configmaps"
				switch {
				case slices.Contains(rule.APIGroups, "*") || resource == "*":
					t.Errorf("%+v grants more than is known", rule)
				case byName && (!slices.Equal(rule.Verbs, []string{"get"}) || len(rule.ResourceNames) == 0):
					t.Errorf("%+v grants more than gets by name", rule)
				case !byName && !slices.Equal(rule.Verbs, []string{"list"}):
					t.Errorf("%+v grants more than lists", rule)
				case !byName:
					lists = append(lists, rule.APIGroups[0]+"/"+resource)
				}
			}
		}
	}
	want := []string{
		"/pods", "/events", "/nodes",
		"run.tanzu.vmware.com/tkgserviceconfigurations", "run.tanzu.vmware.com/tanzukubernetesclusters", "run.tanzu.vmware.com/kappcontrollerconfigs",
		"cluster.x-k8s.io/clusters", "cluster.x-k8s.io/machines",
	}
	if !slices.Equal(lists, want) {
		t.Errorf("may list %q, want %q", lists, want)
	}
}
