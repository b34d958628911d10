package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/defenseunicorns/go-oscal/src/pkg/validation"
	oscal "github.com/defenseunicorns/go-oscal/src/types/oscal-1-1-3"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// validate holds JSON against a schema of testdata.
func validate(t testing.TB, name string, data []byte) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "schema", name))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	check(t, name, doc, value)
}

func check(t testing.TB, name string, schema, value any) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// readSARIF holds the file against the standard's schema, which go-sarif carries, and
// against what the schema cannot say.
func readSARIF(t testing.TB, data []byte) tallied {
	log, err := sarif.FromBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Validate(); err != nil {
		t.Errorf("SARIF: %v", err)
	}
	counts := tallied{}
	run := log.Runs[0]
	rules := run.Tool.Driver.Rules
	for _, rule := range rules {
		if rule.Help == nil || *rule.Help.Text == "" || rule.Properties.Properties["security-severity"] == nil {
			t.Errorf("SARIF: rule %s has no help or no severity", *rule.ID)
		}
	}
	seen := map[string]bool{}
	for _, result := range run.Results {
		if result.RuleIndex < 0 || result.RuleIndex >= len(rules) || *rules[result.RuleIndex].ID != *result.RuleID {
			t.Errorf("SARIF: result of %s points to rule %d", *result.RuleID, result.RuleIndex)
		}
		if (result.Kind == "fail") == (result.Level == "none") {
			t.Errorf("SARIF: kind %s with level %s", result.Kind, result.Level)
		}
		place := result.Locations[0].PhysicalLocation
		if *place.Region.StartLine < 1 || *place.ArtifactLocation.URI == "" {
			t.Errorf("SARIF: line %d of %q", *place.Region.StartLine, *place.ArtifactLocation.URI)
		}
		print := result.PartialFingerprints["primaryLocationLineHash"]
		if seen[print] {
			t.Errorf("SARIF: fingerprint %q twice", print)
		}
		seen[print] = true
		verdict, _ := result.Properties.Properties["verdict"].(string)
		if (verdict == "waived") != (len(result.Suppressions) == 1) {
			t.Errorf("SARIF: %s has %d suppressions", verdict, len(result.Suppressions))
		}
		counts[verdict]++
		counts["kind "+result.Kind]++
	}
	for _, n := range run.Invocations[0].ToolExecutionNotifications {
		if *n.AssociatedRule.ID == "" {
			t.Error("SARIF: a notification without a rule")
		}
		counts["error"]++
	}
	if *run.Invocations[0].ExecutionSuccessful != (counts["error"] == 0) {
		t.Error("SARIF: executionSuccessful belies the notifications")
	}
	return counts
}

var kubernetesName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)

// readK8s holds each object of the stream against the API's own definition.
func readK8s(t testing.TB, data []byte) tallied {
	counts, names := tallied{}, map[string]bool{}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var object struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string
			Metadata   struct{ Name, Namespace string }
			Summary    tallied
			Results    []struct{ Result string }
		}
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			return counts
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := node.Decode(&object); err != nil {
			t.Fatal(err)
		}
		checkCRD(t, object.APIVersion, object.Kind, &node)
		key := object.Kind + "/" + object.Metadata.Namespace + "/" + object.Metadata.Name
		if names[key] || !kubernetesName.MatchString(object.Metadata.Name) {
			t.Errorf("%s: twice, or no name for Kubernetes", key)
		}
		names[key] = true
		if strings.HasPrefix(object.Kind, "Cluster") != (object.Metadata.Namespace == "") {
			t.Errorf("%s: a namespace where none belongs, or none", key)
		}
		counted := tallied{"pass": 0, "fail": 0, "warn": 0, "error": 0, "skip": 0}
		for _, r := range object.Results {
			counted[r.Result]++
			counts[r.Result]++
		}
		if !maps.Equal(counted, object.Summary) {
			t.Errorf("%s: summary %v of %v", key, object.Summary, counted)
		}
	}
}

func checkCRD(t testing.TB, api, kind string, node *yaml.Node) {
	group, version, _ := strings.Cut(api, "/")
	name := group + "_" + strings.ToLower(kind) + "s.yaml"
	file, err := os.ReadFile(filepath.Join("../../../../deploy/crds", name))
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPIV3Schema map[string]any `yaml:"openAPIV3Schema"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(file, &crd); err != nil {
		t.Fatal(err)
	}
	var object any
	if err := node.Decode(&object); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded) > 1_000_000 {
		t.Errorf("%s: an object of %d bytes", kind, len(encoded))
	}
	for _, v := range crd.Spec.Versions {
		if v.Name != version {
			continue
		}
		schema := v.Schema.OpenAPIV3Schema
		closed(schema)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
		if err != nil {
			t.Fatal(err)
		}
		check(t, name, schema, value)
		return
	}
	t.Errorf("%s has no version %s", name, version)
}

// closed forbids what the API server would drop without a word. Metadata's own
// schema is the server's.
func closed(schema map[string]any) {
	if properties, ok := schema["properties"].(map[string]any); ok {
		schema["additionalProperties"] = false
		for _, p := range properties {
			if p, ok := p.(map[string]any); ok {
				closed(p)
			}
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		closed(items)
	}
}

func readOSCAL(t testing.TB, data []byte) tallied {
	validator, err := validation.NewValidator(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := validator.Validate(); err != nil {
		t.Errorf("OSCAL: %v", err)
	}
	if bytes.Contains(bytes.ToLower(data), []byte("complian")) {
		t.Error("OSCAL: the document speaks of compliance")
	}
	var model oscal.OscalModels
	if err := json.Unmarshal(data, &model); err != nil {
		t.Fatal(err)
	}
	results := model.AssessmentResults
	ids := map[string]bool{}
	known := func(id string) { ids["#"+id], ids[id] = true, true }
	for _, r := range *results.BackMatter.Resources {
		known(r.UUID)
	}
	if !ids[results.ImportAp.Href] {
		t.Errorf("OSCAL: import-ap %q leads nowhere", results.ImportAp.Href)
	}
	counts := tallied{}
	one := results.Results[0]
	if one.LocalDefinitions != nil {
		for _, item := range *one.LocalDefinitions.InventoryItems {
			known(item.UUID)
		}
	}
	if one.Observations == nil {
		return counts
	}
	for _, o := range *one.Observations {
		if ids[o.UUID] {
			t.Errorf("OSCAL: UUID %s twice", o.UUID)
		}
		known(o.UUID)
		counts[(*o.Props)[0].Value]++
		if id := (*o.Subjects)[0].SubjectUuid; !ids[id] {
			t.Errorf("OSCAL: subject %s leads nowhere", id)
		}
	}
	if one.Findings != nil {
		for _, f := range *one.Findings {
			for _, o := range *f.RelatedObservations {
				if !ids[o.ObservationUuid] {
					t.Errorf("OSCAL: observation %s leads nowhere", o.ObservationUuid)
				}
			}
		}
	}
	return counts
}
