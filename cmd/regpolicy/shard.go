package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/fleet"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/settings"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// shardFlags pick one cluster of a list, as the index of an Indexed Job does.
type shardFlags struct {
	list     string
	index    int
	exitFile string
}

func (f *shardFlags) bind(flags *pflag.FlagSet) {
	flags.StringVar(&f.list, "fleet", "", "file that lists clusters: collect the one of --index, and write NAME.json into the folder of -o")
	flags.IntVar(&f.index, "index", -1, "which cluster of --fleet, from 0 on (default: JOB_COMPLETION_INDEX, which Kubernetes sets)")
	flags.StringVar(&f.exitFile, "exit-code-file", "", "with --fleet: write the exit code, 0 or 3, into this file and end with 0, for what sends the document away first")
}

// pick points the sources at the cluster of the list, and returns the file that is
// for its document.
func (f *shardFlags) pick(ctx context.Context, e *environment, src *sourceFlags, folder string, args []string) (string, error) {
	if len(args) > 0 {
		return "", usage("leave SOURCEs out", "--fleet names the cluster to collect, which is not %q", args[0])
	}
	index, err := f.indexFrom(e)
	if err != nil {
		return "", err
	}
	members, err := readFleetList(ctx, f.list)
	if err != nil {
		return "", err
	}
	if index >= len(members) {
		return "", usage("an Indexed Job has as many completions as the list has clusters", "--index %d: %q lists %d clusters, the last is %d", index, f.list, len(members), len(members)-1)
	}
	m := members[index]
	if !fleet.FileSafe(m.Name) {
		return "", usage("give it a name of letters, digits, dots and dashes; context=NAME may name anything", "reading %q: line %d: cluster %q cannot be a file's name", f.list, m.Line, m.Name)
	}
	if info, err := os.Stat(folder); folder == "-" || err != nil || !info.IsDir() {
		return "", usage("-o FOLDER, for example the volume that all indexes share", "--fleet writes into a folder, and --output %q is none", folder)
	}
	src.called = m.Name
	src.overrides.CurrentContext = m.Context
	if m.Kubeconfig != "" {
		src.kubeconfig = m.Kubeconfig
		if !filepath.IsAbs(m.Kubeconfig) {
			src.kubeconfig = filepath.Join(filepath.Dir(f.list), m.Kubeconfig)
		}
	} else {
		src.overrides.CurrentContext = cmp.Or(m.Context, m.Name)
	}
	return filepath.Join(folder, m.Name+".json"), nil
}

func (f *shardFlags) indexFrom(e *environment) (int, error) {
	if f.index >= 0 {
		return f.index, nil
	}
	text := e.getenv("JOB_COMPLETION_INDEX")
	if text == "" {
		return 0, usage("give --index N, or run it as an Indexed Job", "--fleet needs to know which cluster")
	}
	index, err := strconv.Atoi(text)
	if err != nil || index < 0 {
		return 0, usage("completionMode: Indexed sets it", "JOB_COMPLETION_INDEX %q is no number of a cluster", text)
	}
	return index, nil
}

// check refuses an index without a list, and two ways to name clusters.
func (f *shardFlags) check(src *sourceFlags) error {
	if f.list != "" && src.allClusters {
		return usage("give one of the two", "--fleet and --all-clusters exclude each other: each names the clusters")
	}
	// What a settings file says of a server or of this machine's files would hold for
	// every cluster of the list. Its context and kubeconfig are replaced by the list's,
	// and addresses of nodes are by name.
	applies := func(flag *pflag.Flag) bool {
		return flag.Changed && (settings.IsGiven(flag) || !slices.Contains([]string{"context", "kubeconfig", "node"}, flag.Name))
	}
	if one := src.namesOne(applies, "namespace", "request-timeout", "as", "as-group", "as-uid", "as-user-extra"); f.list != "" && one != "" {
		return usage("the list says which cluster, and its kubeconfig how to reach it", "--fleet and --%s exclude each other: that one is about a single cluster", one)
	}
	if f.list == "" && f.index >= 0 {
		return usage("name the list with --fleet", "--index %d is of no list", f.index)
	}
	if f.list == "" && f.exitFile != "" {
		return usage("name the list with --fleet", "--exit-code-file %q is for a cluster of a list", f.exitFile)
	}
	return nil
}

// end is the exit code that a document earns, or what keeps it for later: an init
// container must end well for those after it to send the document away.
func (f *shardFlags) end(ctx context.Context, e *environment, doc *evidence.Document) error {
	err := unreached(ctx, doc)
	if f.exitFile == "" {
		return err
	}
	code := exitOK
	if failure, ok := errors.AsType[*exitError](err); ok {
		code = failure.code
		e.warn(failure.Error(), failure.hint)
	}
	return deliver(e, f.exitFile, fmt.Appendln(nil, code))
}

// unreached tells that the API server itself was not reached: another attempt may
// fare better. What it refuses it will refuse again.
func unreached(ctx context.Context, doc *evidence.Document) error {
	c := doc.Coverage[evidence.Pods]
	if ctx.Err() != nil || c.Answered > 0 {
		return nil
	}
	for _, g := range c.Gaps {
		switch g.Reason {
		case "timeout_connect", "timeout_handshake", "timeout_exec", "refused", "unreachable", "dns", "throttled_429", "gone_410", "internal", "truncated":
			return &exitError{code: exitInconclusive, err: errors.New("the cluster could not be read; the document says why: " + g.Reason + ": " + g.Detail), hint: "try again; a Job of deploy/fleet does"}
		}
	}
	return nil
}
