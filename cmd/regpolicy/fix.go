package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/infile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/repair"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/rollout"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/settings"
	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
)

// fixFlags are fix's own.
type fixFlags struct {
	policies       policyFlags
	output         single
	inPlace        bool
	caFromRegistry bool
	at             string
	waivers        string
}

func newFix(e *environment) *cobra.Command {
	var f fixFlags
	var src sourceFlags
	c := &cobra.Command{
		Use:   "fix SOURCE...",
		Short: "The smallest repaired manifests for what failed, each proven",
		Long: "fix judges manifests as eval does, repairs what of their trust configuration fails, gathers the evidence\n" +
			"of the repaired manifests and judges again: as all else is now, and as if nodes had rolled and pods had\n" +
			"pulled again. What does not prove itself is not printed. It writes to no cluster, and to no file that it\n" +
			"read unless --in-place is given.\n\n" +
			"-o diff      a unified diff (the default) for patch -p1\n" +
			"-o patch     kubectl patch commands\n" +
			"-o DIR       the whole repaired files; a folder that exists, or a path with a /; and the chains that\n" +
			"             registries must send, where the evidence holds them\n\n" +
			"Exit code: 0 all that fails is repaired or waits for nodes to roll and pods to pull, which eval tells then, or\n" +
			"nothing fails; 1 something fails that fix cannot repair; 2 wrong use. The last line counts: later= policies that\n" +
			"are foreseen to pass, open= those of which nobody can tell yet.",
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return runFix(c.Context(), e, &f, &src, args)
		},
	}
	src.bind(c.Flags())
	f.policies.bind(e, c.Flags())
	flags := c.Flags()
	f.output.value = "diff"
	flags.VarP(&f.output, "output", "o", "diff, patch, or a folder for the repaired files")
	flags.BoolVar(&f.inPlace, "in-place", false, "write the repairs into the files that were read")
	flags.BoolVar(&f.caFromRegistry, "ca-from-registry", false, "trust the CA that a registry presents where none vouches for it; compare its fingerprint")
	flags.StringVar(&f.at, "at", "", "judge as of this time, RFC 3339 (default: when the evidence was collected)")
	flags.StringVar(&f.waivers, "waivers", "", "waivers (YAML)")
	return c
}

// check refuses what fix has no manifests to work on for.
func (f *fixFlags) check(src *sourceFlags, args []string) error {
	const save = "save the objects first: kubectl -n NAMESPACE get clusters,tanzukubernetesclusters,secrets -o yaml >objects.yaml, then fix objects.yaml"
	switch {
	case len(args) == 0:
		return usage(save, "fix repairs manifests and captures: name some")
	case src.namesCluster() || src.supervisorContext != "":
		return usage(save, "fix does not read live clusters")
	case f.inPlace && slices.Contains(args, "-"):
		return usage("leave --in-place out", "standard input cannot be written to")
	}
	if i := slices.IndexFunc(args, namedfile.IsStream); i >= 0 {
		return usage("pipe it in and name it \"-\": ... | regpolicy fix -", "%q can be read only once, and fix reads twice", args[i])
	}
	return src.check()
}

func runFix(ctx context.Context, e *environment, f *fixFlags, src *sourceFlags, args []string) error {
	if err := f.check(src, args); err != nil {
		return err
	}
	sink, err := newSink(f, args)
	if err != nil {
		return err
	}
	src.noPEM = false // the certificates are what repairs are made of
	opt := engine.Options{Require: src.require, Jobs: src.jobs, ToolVersion: toolVersion()}
	if f.at != "" {
		at, err := time.Parse(time.RFC3339, f.at)
		if err != nil {
			return usage("write it as 2027-01-31T00:00:00Z", "--at %q is no RFC 3339 time", f.at)
		}
		opt.At = &at
	}
	if f.waivers != "" {
		if opt.Waivers, err = settings.Waivers(ctx, f.waivers); err != nil {
			return err
		}
	}
	library, err := f.policies.load(ctx)
	if err != nil {
		return err
	}
	w := &workshop{library: library, opt: opt, cluster: src.cluster}
	if err := w.open(ctx, e, src, args); err != nil {
		return err
	}
	defer w.in.Close() //nolint:errcheck // read only
	from, err := w.first(ctx)
	if err != nil {
		return err
	}
	out, err := repair.Run(ctx, from, repair.Options{CAFromRegistry: f.caFromRegistry}, w.judge)
	if err != nil {
		return err
	}
	if len(out.Manifests.Changed()) > 0 {
		warnOfRecreation(e, from)
	}
	if err := sink.write(e, out); err != nil {
		return err
	}
	return tellFix(e, out, f.caFromRegistry)
}

// workshop gathers and judges the evidence of manifests, again and again.
type workshop struct {
	library *engine.Library
	opt     engine.Options
	cluster string
	in      *source.Input
	doc     *evidence.Document
	stdin   []byte
	rolling []repair.Roll
}

// open reads the sources and gathers their evidence once.
func (w *workshop) open(ctx context.Context, e *environment, src *sourceFlags, args []string) error {
	limited, cancel := context.WithTimeout(ctx, src.timeout)
	defer cancel()
	limits := source.DefaultLimits()
	stdin := e.stdin
	if slices.Contains(args, "-") {
		// It is read twice: by the collectors, and to be repaired.
		var kept bytes.Buffer
		stdin = io.TeeReader(e.stdin, &kept)
		defer func() { w.stdin = kept.Bytes() }()
	}
	in, err := source.Open(limited, args, stdin, limits)
	if err != nil {
		return err
	}
	tellProblems(e, in.Problems)
	if len(in.Documents) > 0 {
		_ = in.Close() // read only
		return usage("name the manifests or the capture that it was collected from", "%q is an evidence document, which holds nothing to repair", in.Documents[0].Name)
	}
	for _, o := range in.Objects {
		if _, ok := in.File(o.Provenance); !ok {
			_ = in.Close() // read only
			return usage("unpack it and name the folder", "%q is an archive, whose files fix does not edit", in.Sources[o.Provenance.Source].URI)
		}
	}
	w.in = in
	if w.doc, err = collect(limited, e, src, in, true); err != nil {
		_ = in.Close() // read only
	}
	return err
}

// first is the evidence as it is.
func (w *workshop) first(ctx context.Context) (repair.State, error) {
	var records []evidence.Provenance
	seen := map[string]bool{}
	for _, o := range w.in.Objects {
		if path, ok := w.in.File(o.Provenance); ok && !seen[path] && o.Kind() == "Secret" {
			seen[path] = true
			records = append(records, o.Provenance)
		}
	}
	read := func(path string) ([]byte, error) {
		if path == "-" {
			return w.stdin, nil
		}
		return infile.ReadAtMost(ctx, path, 64<<20)
	}
	rep, err := w.report(ctx, w.doc)
	if err != nil {
		return repair.State{}, err
	}
	w.rolling = repair.Rolling(w.doc, rep)
	out := repair.State{Manifests: repair.Open(records, w.in.File, read), Document: w.doc, Report: rep, Rolling: w.rolling}
	if len(w.rolling) > 0 {
		out.Ahead, err = w.foresee(ctx, w.doc, out.Manifests, rep)
	}
	return out, err
}

func (w *workshop) report(ctx context.Context, doc *evidence.Document) (*report.Report, error) {
	encoded, err := evidence.Encode(doc)
	if err != nil {
		return nil, err
	}
	return w.library.Judge(ctx, []engine.Input{{URI: origin(w.in), Bytes: encoded, Document: doc}}, w.opt)
}

// judge gathers the trust configuration of changed files and judges it beside all
// other evidence as it was.
func (w *workshop) judge(ctx context.Context, m *repair.Manifests) (repair.State, error) {
	objects := slices.Clone(w.in.Objects)
	for _, path := range m.Changed() {
		_, after := m.Texts(path)
		again, err := source.Open(ctx, []string{"-"}, bytes.NewReader(after), source.DefaultLimits())
		if err != nil {
			return repair.State{}, fmt.Errorf("reading the repaired %q: %w", path, err)
		}
		byNumber := map[string]map[string]any{}
		for _, o := range again.Objects {
			byNumber[objectNumber(o)] = o.Map
		}
		for i, o := range objects {
			if file, ok := w.in.File(o.Provenance); ok && file == path {
				objects[i].Map = byNumber[objectNumber(o)]
			}
		}
		if err := again.Close(); err != nil {
			return repair.State{}, err
		}
	}
	doc, err := collectors.Reconfigure(ctx, w.doc, w.in.OnlyObjects(objects), w.cluster)
	if err != nil {
		return repair.State{}, err
	}
	rep, err := w.report(ctx, doc)
	if err != nil {
		return repair.State{}, err
	}
	ahead, err := w.foresee(ctx, doc, m, rep)
	return repair.State{Manifests: m, Document: doc, Report: rep, Ahead: ahead, Rolling: w.rolling}, err
}

// foresee judges what comes of a changed configuration, whose report is now.
func (w *workshop) foresee(ctx context.Context, doc *evidence.Document, m *repair.Manifests, now *report.Report) (*repair.Ahead, error) {
	var rolling []evidence.ObjectRef
	for _, r := range w.rolling {
		rolling = append(rolling, r.Object)
	}
	f, err := rollout.Foresee(ctx, w.doc, doc, m.Chains(), rolling...)
	if err != nil || !f.Changes() && len(f.Held) == 0 {
		return nil, err
	}
	out := &repair.Ahead{Report: now, Nodes: f.Nodes, Clusters: f.Clusters, Held: f.Held, Pulled: f.Pulled, Served: f.Served, Loose: f.Loose}
	if !f.Changes() {
		return out, nil
	}
	if out.Report, err = w.report(ctx, f.Document); err != nil || len(f.Open) == 0 {
		return out, err
	}
	told, err := f.WithoutOpen()
	if err != nil {
		return nil, err
	}
	out.Clear, err = w.report(ctx, told)
	return out, err
}

// objectNumber is the place of an object in its file.
func objectNumber(o source.Object) string {
	at := strings.LastIndexByte(o.Provenance.Path, '#')
	if at < 0 {
		return ""
	}
	return o.Provenance.Path[at:]
}
