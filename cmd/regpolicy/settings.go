package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/settings"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/variable"
)

// applySettings fills the flags that the command line left alone.
func applySettings(e *environment, c *cobra.Command) error {
	found, err := settings.Find(c)
	if err != nil {
		return err
	}
	warnOfVariables(e, c)
	return found.Apply(c, e.getenv, onlyAsked)
}

// warnOfVariables names variables that look like settings and are none. They are no
// error, as an unknown key of the file is: the file is regpolicy's own, and the
// environment everybody's.
func warnOfVariables(e *environment, c *cobra.Command) {
	if e.environ == nil {
		return
	}
	for _, stray := range variable.Strays(e.environ(), settings.Flags(c.Root())) {
		hint := "settings are " + variable.Prefix + " and a flag's name in capitals, with _ for -"
		if stray.Near != "" {
			hint = "did you mean " + variable.Of(stray.Near) + "?"
		}
		e.warn(fmt.Sprintf("reading the environment: %q is no setting, and has no effect", short(stray.Name)), hint)
	}
}

// short bounds a foreign name.
func short(name string) string {
	const most = 64
	if len(name) > most {
		return strings.ToValidUTF8(name[:most], "") + "..."
	}
	return name
}

// checkOneOf is the error for a flag whose value is none of those there are.
func checkOneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return usage(fmt.Sprintf("it is one of %s", strings.Join(allowed, ", ")), "--%s %q is not known", flag, value)
}
