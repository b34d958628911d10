package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCompletion(e *environment) *cobra.Command {
	c := &cobra.Command{
		Use: "completion SHELL", Short: "Print a completion script for bash, zsh, fish or powershell",
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(fmt.Sprintf("`source <(%s bash)`", c.CommandPath()), "completion takes one shell: bash, zsh, fish or powershell")
			}
			return nil
		},
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		switch root := c.Root(); args[0] {
		case "bash":
			return root.GenBashCompletionV2(e.stdout, true)
		case "zsh":
			return root.GenZshCompletion(e.stdout)
		case "fish":
			return root.GenFishCompletion(e.stdout, true)
		case "powershell":
			return root.GenPowerShellCompletionWithDesc(e.stdout)
		}
		return usage("it is one of bash, zsh, fish, powershell", "no completion for shell %q", args[0])
	}
	return c
}
