package main

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/regpolicy/regpolicy/"

// TestArrows holds the direction of imports (docs/architecture.md), indirect ones
// included: collectors do not judge, reports do not collect, evidence is a leaf.
func TestArrows(t *testing.T) {
	const opa = "github.com/open-policy-agent/opa/"
	internal := module + "cmd/regpolicy/internal/"
	rules := []struct {
		from string
		// allowed are prefixes of our own packages that may be reached; nil means
		// any. forbidden are prefixes that may not.
		allowed, forbidden []string
	}{
		{from: "collectors/evidence", allowed: []string{}},
		{from: "collectors/certificate", allowed: []string{module + "collectors/evidence"}},
		{from: "collectors/...", allowed: []string{module + "collectors"}, forbidden: []string{opa}},
		{from: "policies", allowed: []string{}},
		{from: "cmd/regpolicy/internal/report/...", allowed: []string{module + "collectors/evidence", internal + "report"}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/language", allowed: []string{module + "collectors/evidence", internal + "report"}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/fleet", allowed: []string{module + "collectors/evidence", internal + "report"}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/engine", allowed: []string{module + "collectors/evidence", internal + "report", internal + "fleet", internal + "jsonpointer", internal + "engine/builtins", internal + "engine/limits", internal + "engine/rulecache", internal + "engine/terms", internal + "engine/yamltext"}, forbidden: []string{"k8s.io/"}},
		{from: "cmd/regpolicy/internal/engine/rulecache", allowed: []string{}, forbidden: []string{"k8s.io/"}},
		{from: "cmd/regpolicy/internal/engine/builtins", allowed: []string{internal + "jsonpointer"}, forbidden: []string{"k8s.io/"}},
		{from: "cmd/regpolicy/internal/engine/limits", allowed: []string{}, forbidden: []string{"k8s.io/"}},
		{from: "cmd/regpolicy/internal/engine/yamltext", allowed: []string{}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/cgroup", allowed: []string{}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/jsonpointer", allowed: []string{}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/folder", allowed: []string{}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/outfile", allowed: []string{internal + "folder"}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/infile", allowed: []string{internal + "folder", internal + "misuse", module + "collectors/source/namedfile"}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/datafile", allowed: []string{internal + "folder", internal + "infile", internal + "misuse", module + "collectors/source/namedfile"}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/engine/bundle", allowed: []string{module + "collectors/evidence", internal + "report", internal + "fleet", internal + "jsonpointer", internal + "engine", internal + "engine/rulecache", internal + "engine/terms"}, forbidden: []string{"k8s.io/"}},
		{from: "cmd/regpolicy/internal/repair", allowed: []string{module + "collectors/evidence", module + "collectors/certificate", internal + "report", internal + "jsonpointer"}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/verify", allowed: []string{module + "collectors/evidence", module + "policies", internal + "report", internal + "fleet", internal + "engine", internal + "language", internal + "jsonpointer"}, forbidden: []string{"k8s.io/"}},
		{from: "cmd/regpolicy/internal/rollout", allowed: []string{module + "collectors"}, forbidden: []string{opa, "k8s.io/"}},
		{from: "cmd/regpolicy/internal/publish", allowed: []string{module + "collectors/evidence", internal + "report"}, forbidden: []string{opa, "k8s.io/client-go/kubernetes", "k8s.io/client-go/dynamic"}},
		{from: "cmd/regpolicy/internal/oci", allowed: []string{}, forbidden: []string{opa, "k8s.io/"}},
	}
	for _, rule := range rules {
		t.Run(rule.from, func(t *testing.T) {
			for _, pkg := range packages(t, "list", module+rule.from) {
				for _, dep := range packages(t, "list", "-deps", pkg) {
					if dep == pkg {
						continue
					}
					if strings.HasPrefix(dep, module) && rule.allowed != nil && !hasPrefix(dep, rule.allowed) {
						t.Errorf("%s reaches %s", pkg, dep)
					}
					if hasPrefix(dep, rule.forbidden) {
						t.Errorf("%s reaches %s", pkg, dep)
					}
				}
			}
		})
	}
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func packages(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("running go %s: %v", strings.Join(args, " "), err)
	}
	return strings.Fields(string(out))
}
