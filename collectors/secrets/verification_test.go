package secrets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// switches are a document's, written "key off host,host".
func switches(t *testing.T, d *evidence.Document) []string {
	t.Helper()
	var out []string
	for key, s := range d.Verification {
		if want := strings.Join([]string{s.Object.Kind, s.Object.Namespace, s.Object.Name, s.Field}, "/"); key != want {
			t.Errorf("key %q, want %q", key, want)
		}
		out = append(out, strings.TrimRight(fmt.Sprintf("%s %s %v %s", s.Domain, key, s.Off, strings.Join(s.Hosts, ",")), " "))
	}
	slices.Sort(out)
	return out
}

func TestVerificationSwitches(t *testing.T) {
	kapp := func(config string) string {
		return "apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: KappControllerConfig\nmetadata: {name: demo-kapp-controller-package, namespace: ns}\n" +
			"spec: {kappController: {config: " + config + "}}\n"
	}
	keys := func(kind, values string) string {
		return "apiVersion: v1\nkind: " + kind + "\nmetadata: {name: kapp-controller-config, namespace: kapp-controller}\n" + values + "\n"
	}
	image := func(spec string) string {
		return "apiVersion: config.openshift.io/v1\nkind: Image\nmetadata: {name: cluster}\nspec: " + spec + "\n"
	}
	cluster := func(class, variables string) string {
		return "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: demo, namespace: ns}\n" +
			"spec: {topology: {class: " + class + ", variables: [" + variables + "]}}\n"
	}
	const (
		config   = "kapp KappControllerConfig/ns/demo-kapp-controller-package/spec.kappController.config.dangerousSkipTLSVerify "
		secret   = "kapp Secret/kapp-controller/kapp-controller-config/"
		registry = "openshift Image//cluster/spec.registrySources.insecureRegistries "
		topology = "workload Cluster/ns/demo/spec.topology.variables"
		skip     = "TKG_CUSTOM_IMAGE_REPOSITORY_SKIP_TLS_VERIFY"
	)
	for name, c := range map[string]struct {
		manifest string
		want     []string
		gap      string
	}{
		"kapp-controller skips hosts":        {kapp(`{dangerousSkipTLSVerify: "harbor.corp.example, 10.0.0.5:5000,"}`), []string{config + "true harbor.corp.example,10.0.0.5:5000"}, ""},
		"kapp-controller skips all":          {kapp(`{dangerousSkipTLSVerify: "true"}`), []string{config + "true"}, ""},
		"kapp-controller's boolean":          {kapp(`{dangerousSkipTLSVerify: true}`), []string{config + "true"}, ""},
		"kapp-controller's boolean, off":     {kapp(`{dangerousSkipTLSVerify: false}`), []string{config + "false"}, ""},
		"kapp-controller's empty text":       {kapp(`{dangerousSkipTLSVerify: ""}`), []string{config + "false"}, ""},
		"kapp-controller's default":          {kapp(`{}`), []string{config + "false"}, ""},
		"kapp-controller's list":             {kapp(`{dangerousSkipTLSVerify: [a.example]}`), nil, "kapp_controller_config off parse_error"},
		"kapp-controller skips what is none": {kapp(`{dangerousSkipTLSVerify: "a.example,{{ .Host }}"}`), []string{config + "true a.example"}, "kapp_controller_config hosts parse_error"},
		"a secret's data":                    {keys("Secret", "data: {dangerousSkipTLSVerify: "+b64("a.example", 1)+"}"), []string{secret + "data[dangerousSkipTLSVerify] true a.example"}, ""},
		"a secret's stringData":              {keys("Secret", "stringData: {dangerousSkipTLSVerify: a.example}"), []string{secret + "stringData[dangerousSkipTLSVerify] true a.example"}, ""},
		"a secret without the key":           {keys("Secret", "data: {}"), []string{secret + "data[dangerousSkipTLSVerify] false"}, ""},
		"a secret that is no base64":         {keys("Secret", "data: {dangerousSkipTLSVerify: '%'}"), nil, "secret off parse_error"},
		"a config map": {
			keys("ConfigMap", "data: {dangerousSkipTLSVerify: 'false'}"),
			[]string{"kapp ConfigMap/kapp-controller/kapp-controller-config/data[dangerousSkipTLSVerify] false"},
			"",
		},
		"OpenShift's insecure registries": {image(`{registrySources: {insecureRegistries: ["*.corp.example", reg.example:5000]}}`), []string{registry + "true *.corp.example,reg.example:5000"}, ""},
		"OpenShift's default":             {image(`{}`), []string{registry + "false"}, ""},
		"OpenShift's empty list":          {image(`{registrySources: {insecureRegistries: []}}`), []string{registry + "false"}, ""},
		"OpenShift's text":                {image(`{registrySources: {insecureRegistries: a.example}}`), nil, "image_config off parse_error"},
		"TKGm's default":                  {cluster("tkg-vsphere-default-v1.1.0", ""), []string{topology + "[imageRepository].value.tlsCertificateValidation false"}, ""},
		"another class has no such field": {cluster("builtin-generic-v3.1.0", ""), nil, ""},
		"TKGm's repository, verified": {
			cluster("tkg-vsphere-default-v1.1.0", "{name: imageRepository, value: {host: reg.example/tkg}}"),
			[]string{topology + "[imageRepository].value.tlsCertificateValidation false reg.example"},
			"",
		},
		"TKGm's repository, not verified": {
			cluster("tkg-vsphere-default-v1.1.0", "{name: imageRepository, value: {host: reg.example/tkg, tlsCertificateValidation: false}}"),
			[]string{topology + "[imageRepository].value.tlsCertificateValidation true reg.example"},
			"",
		},
		"TKGm's repository, unreadable": {
			cluster("tkg-vsphere-default-v1.1.0", "{name: imageRepository, value: {tlsCertificateValidation: 7}}"),
			nil, "cluster off parse_error",
		},
		"TKGm's other registries": {
			cluster("own", `{name: additionalImageRegistries, value: [{host: a.example, skipTlsVerify: true}, {host: "b.example:5000", skipTlsVerify: "false"}, {host: c.example}]}`),
			[]string{
				topology + "[additionalImageRegistries].value[0].skipTlsVerify true a.example",
				topology + "[additionalImageRegistries].value[1].skipTlsVerify false b.example:5000",
				topology + "[additionalImageRegistries].value[2].skipTlsVerify false c.example",
			},
			"",
		},
		"TKGm's own name": {cluster("own", "{name: "+skip+", value: 'true'}"), []string{topology + "[" + skip + "] true"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := collect(t, c.manifest)
			if diff := cmp.Diff(c.want, switches(t, d)); diff != "" {
				t.Errorf("switches (-want +got):\n%s", diff)
			}
			var gaps []string
			for _, g := range d.Coverage[evidence.Trust].Gaps {
				gaps = append(gaps, g.Subject["kind"]+" "+g.Field+" "+g.Reason)
			}
			if got := strings.Join(gaps, "; "); got != c.gap {
				t.Errorf("gaps %q, want %q", got, c.gap)
			}
		})
	}
}

// A cluster's part may turn off what the cluster leaves on.
func TestVerificationThatAPoolTurnsOff(t *testing.T) {
	d := collect(t, `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: demo, namespace: ns}
spec:
  topology:
    class: tkg-vsphere-default-v1.1.0
    workers:
      machineDeployments:
      - variables: {overrides: [{name: imageRepository, value: {tlsCertificateValidation: false}}]}
`)
	want := []string{
		"workload Cluster/ns/demo/spec.topology.variables[imageRepository].value.tlsCertificateValidation false",
		"workload Cluster/ns/demo/spec.topology.workers.machineDeployments[0].variables.overrides[imageRepository].value.tlsCertificateValidation true",
	}
	if diff := cmp.Diff(want, switches(t, d)); diff != "" {
		t.Errorf("switches (-want +got):\n%s", diff)
	}
	if c := d.Clusters["ns/demo"]; len(c.MisplacedTrust) > 0 {
		t.Errorf("misplaced trust %v", c.MisplacedTrust)
	}
}

func TestOffWinsWhereASwitchIsToldOfTwice(t *testing.T) {
	of := func(value string) string {
		return "apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: KappControllerConfig\nmetadata: {name: k, namespace: ns}\n" +
			"spec: {kappController: {config: {dangerousSkipTLSVerify: " + value + "}}}\n"
	}
	for _, order := range [][]string{{of("false"), of("a.example")}, {of("a.example"), of("false")}} {
		d := collect(t, order...)
		if got := switches(t, d); len(got) != 1 || !strings.HasSuffix(got[0], "true a.example") {
			t.Errorf("switches %q", got)
		}
	}
}
