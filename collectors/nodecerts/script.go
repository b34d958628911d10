package nodecerts

import (
	_ "embed"
	"strings"
)

//go:embed script.sh
var script string

// Script is the fixed text of the POSIX shell script that lists a node's facts on
// its standard output, as ParseStream reads them. It runs in dash, bash and
// busybox sh, wants no root, and uses built-in commands, cat, ls, readlink, sed
// and date only. It holds no single quote, so that it can stand between two.
//
// The text changes only with the program's version: a site may allow nothing but
// Command, by its digest.
func Script() string { return strings.TrimSuffix(script, "\n") }

// Command is what is sent to the node as the command of one SSH exec: Script as
// one argument of sh, whatever the user's own shell is.
func Command() string { return "exec sh -c '" + Script() + "'" }

//go:embed rooted.sh
var rooted string

// RootedCommand lists a node whose root is mounted at a folder, in a container that
// has a shell and the commands that Script uses: the argument vector of a process.
// What it writes is what Script would have written on the node.
func RootedCommand(root string) []string {
	shared, _, _ := strings.Cut(script, "\no(){")
	return []string{"sh", "-c", shared + "\n" + rooted, "regpolicy", root}
}
