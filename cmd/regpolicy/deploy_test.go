package main

import (
	"os"
	"testing"
)

// TestDeployedRights: kustomize reads no file outside of its folder, so the CronJob's
// rights are a copy. `-update` renews it.
func TestDeployedRights(t *testing.T) {
	text, err := os.ReadFile("../../docs/rbac.yaml")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../deploy/cronjob/rbac.yaml", string(text))
}
