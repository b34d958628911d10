package main

import (
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// wrong has a value that cannot be meant for every flag of eval that takes one.
var wrong = map[string][]string{ //nolint:gochecknoglobals // a table
	"at":                    {"yesterday", "2026-11-23"},
	"baseline":              {"nowhere.json", ".", "wrongflags_test.go"},
	"forecast":              {"soon", "0d", "90", "101y", "-1d"},
	"profile":               {"strict", "NIST"},
	"bundle-key":            {"nowhere.pem", ".", "wrongflags_test.go"},
	"ca-file":               {"nowhere.pem", ".", "wrongflags_test.go"},
	"color":                 {"blue", ""},
	"connect-to":            {"a", "a:1:b:99999", "a:1:b:2:c", "a:1::2", ""},
	"data":                  {"nowhere", "wrongflags_test.go", "testdata/text"},
	"exclude":               {"RT-XXX-999"},
	"fail-on":               {"worst", ""},
	"host-key-policy":       {"lax", ""},
	"inconclusive":          {"maybe", ""},
	"jobs":                  {"many", "-1", "1.5"},
	"kubeconfig":            {"nowhere/kubeconfig"},
	"context":               {"nobody"},
	"lang":                  {"fr", "deutsch"},
	"watch":                 {"often", "0s", "10ms", "-1m"},
	"min-policies":          {"many", "-1"},
	"node":                  {"=10.0.0.1", ""},
	"output":                {"xml", "json=nowhere/x", ""},
	"params":                {"nowhere.yaml", "."},
	"policy":                {"nowhere", "wrongflags_test.go", "oci://nowhere", "oci://127.0.0.1:1/Policies", "127.0.0.1:1/policies:1"},
	"probe-timeout":         {"long", "0", "-1s"},
	"registry":              {"https://harbor.corp.example", "harbor.corp.example:99999", "a b", "harbor.corp.example/apps", ""},
	"request-timeout":       {"long --server=https://127.0.0.1:1"},
	"require":               {"everything"},
	"select":                {"RT-XXX-999"},
	"server":                {"::bad"},
	"ssh-jump":              {"@@ --node=wk-1", "user:password@host --node=wk-1"},
	"ssh-key":               {"nowhere --node=wk-1"},
	"ssh-known-hosts":       {"nowhere --node=wk-1"},
	"ssh-port":              {"ssh", "70000", "-1"},
	"supervisor-context":    {"nobody"},
	"cluster-timeout":       {"long", "-1s", "1m"},
	"timeout":               {"long", "0", "-5m"},
	"vantage":               {"moon", "nodes"},
	"waivers":               {"nowhere.yaml", "."},
	"certificate-authority": {"nowhere --server=https://127.0.0.1:1"},
	"client-certificate":    {"nowhere --server=https://127.0.0.1:1"},
	"as-uid":                {"1 --server=https://127.0.0.1:1"},
	"proxy-url":             {"::bad --server=https://127.0.0.1:1"},
	"namespace":             {"no/namespace --server=https://127.0.0.1:1"},
	"publish":               {"reports", "openreports"},
	"push-metrics":          {"pushgateway:9091", "ftp://pushgateway", "http://me:secret@pushgateway", "http://127.0.0.1:1/?x=y"},
	"host-root":             {"wk-1=nowhere", "=/"},
	"agent-image":           {"Upper/Case:1", "a b", "x --ssh", "x --image-from-node=*y*"},
	"image-from-node":       {"a b", "x --agent", "x --all-clusters"},
	"agent-namespace":       {"no/namespace", ""},
	"agent-selector":        {"a b", "="},
	"agent-timeout":         {"long", "0", "-1s"},
}

// anything are flags whose every text may be meant.
var anything = map[string]bool{ //nolint:gochecknoglobals // a table
	"cluster": true, "supervisor-namespace": true, "ssh-user": true, "user": true, "token": true, "tls-server-name": true,
	// client-go looks at the key only beside a certificate.
	"client-key": true,
	"as":         true, "as-group": true, "as-user-extra": true, "username": true, "password": true,
}

// TestWrongFlagValues wants one line that names the flag or what was given, one
// with the cure, and no report.
func TestWrongFlagValues(t *testing.T) {
	document := documentWith(t)
	newEval(&environment{}).Flags().VisitAll(func(f *pflag.Flag) {
		if f.Value.Type() == "bool" || anything[f.Name] {
			return
		}
		if len(wrong[f.Name]) == 0 {
			t.Errorf("no wrong value of --%s is tried", f.Name)
		}
		for _, value := range wrong[f.Name] {
			t.Run(f.Name+"="+value, func(t *testing.T) {
				value, more, _ := strings.Cut(value, " --")
				args := []string{"eval", document, "--" + f.Name, value}
				if more != "" {
					args = append(args, "--"+more)
				}
				code, stdout, stderr := command(t, time.Now(), args...)
				ended{code: code, stdout: stdout, stderr: stderr}.checkComplaint(t, exitUsage)
				if stdout != "" {
					t.Errorf("a report was written:\n%.300s", stdout)
				}
			})
		}
	})
}
