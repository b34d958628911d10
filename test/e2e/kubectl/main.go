// Command kubectl is kubectl, of the cluster's own version: what docs/in-cluster.md
// tells to type is typed.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
)

func main() { os.Exit(cli.Run(cmd.NewDefaultKubectlCommand())) }
