package kube

import (
	"os/exec"
	"strings"
	"testing"
)

// TestTypedClientsAreNotLinked keeps out what registers every API group (14 MB
// of the binary) or watches.
func TestTypedClientsAreNotLinked(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(out)) {
		name = strings.TrimSpace(name)
		for _, banned := range []string{
			"k8s.io/client-go/kubernetes", "k8s.io/client-go/informers", "k8s.io/client-go/listers", "k8s.io/client-go/tools/cache",
			"k8s.io/client-go/dynamic", "k8s.io/client-go/discovery", "k8s.io/cli-runtime", "k8s.io/kubectl",
			"github.com/open-policy-agent/opa",
		} {
			if name == banned || strings.HasPrefix(name, banned+"/") {
				t.Errorf("%s is linked", name)
			}
		}
		if group, ok := strings.CutPrefix(name, "k8s.io/api/"); ok && group != "core/v1" && group != "authorization/v1" {
			t.Errorf("%s is linked", name)
		}
	}
}
