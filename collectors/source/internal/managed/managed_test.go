package managed_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/source/internal/managed"
)

func TestCutKeepsWhenSpecAndDataWereChanged(t *testing.T) {
	for name, c := range map[string]struct{ kind, managers, want string }{
		"spec and data": {
			"Cluster",
			`[{"manager":"kubectl","operation":"Apply","apiVersion":"v1","time":"2026-04-03T08:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:labels":{}},"f:spec":{"f:topology":{}}}},
			  {"manager":"x","time":"2026-04-02T08:00:00Z","subresource":"status","fieldsV1":{"f:spec":{},"f:status":{}}}]`,
			`[{"time":"2026-04-03T08:00:00Z","fieldsV1":{"f:spec":{}}},{"time":"2026-04-02T08:00:00Z","subresource":"status","fieldsV1":{"f:spec":{}}}]`,
		},
		"a secret's data":                     {"Secret", `[{"time":"t","fieldsV1":{"f:data":{".":{},"f:corp-ca":{}},"f:type":{}}}]`, `[{"time":"t","fieldsV1":{"f:data":{}}}]`},
		"neither":                             {"Secret", `[{"time":"t","fieldsV1":{"f:metadata":{}}},{"time":"t"}]`, `null`},
		"no time":                             {"Cluster", `[{"fieldsV1":{"f:spec":{}}}]`, `null`},
		"nothing known":                       {"Cluster", `[null,"x",{"time":"t","fieldsV1":[]},{"time":"t","fieldsV1":{"f:spec":null}}]`, `[{"time":"t","fieldsV1":{"f:spec":{}}}]`},
		"no list":                             {"Cluster", `"x"`, `null`},
		"a kind whose times are no evidence":  {"Pod", `[{"time":"t","fieldsV1":{"f:spec":{}}}]`, `null`},
		"a TanzuKubernetesCluster is of note": {"TanzuKubernetesCluster", `[{"time":"t","fieldsV1":{"f:spec":{}}}]`, `[{"time":"t","fieldsV1":{"f:spec":{}}}]`},
	} {
		t.Run(name, func(t *testing.T) {
			var object map[string]any
			text := `{"kind":"` + c.kind + `","metadata":{"name":"a","managedFields":` + c.managers + `}}`
			if err := json.Unmarshal([]byte(text), &object); err != nil {
				t.Fatal(err)
			}
			managed.Cut(object)
			var want any
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			metadata := object["metadata"].(map[string]any)
			if diff := cmp.Diff(want, metadata["managedFields"]); diff != "" {
				t.Errorf("managedFields (-want +got):\n%s", diff)
			}
			if _, there := metadata["managedFields"]; there != (want != nil) || metadata["name"] != "a" {
				t.Errorf("metadata %v", metadata)
			}
		})
	}
}

func TestCutOfAnObjectWithoutMetadata(t *testing.T) {
	for _, object := range []map[string]any{nil, {"kind": "Cluster"}, {"kind": "Cluster", "metadata": "x"}} {
		managed.Cut(object) // must not panic
	}
}
