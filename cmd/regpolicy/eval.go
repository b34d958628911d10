package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/outfile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/settings"
)

// evalFlags are eval's own.
type evalFlags struct {
	policies policyFlags
	verdict  verdictFlags
	at       string
	forecast string
	waivers  string
	watch    time.Duration
	publish  publishFlags
}

// verdictFlags decide what the exit code makes of a report, and how it looks.
type verdictFlags struct {
	outputs      []string
	failOn       string
	failOnWarn   bool
	inconclusive string
	minPolicies  int
	allowEmpty   bool
	noFail       bool
	showPassed   bool
	quiet        bool
	color        string
	speech       speechFlag
	baseline     string
	failOnNew    bool
}

func newEval(e *environment) *cobra.Command {
	var f evalFlags
	var src sourceFlags
	c := &cobra.Command{
		Use:   "eval [SOURCE...]",
		Short: "Collect or read the evidence, judge it and report",
		Long: "eval judges evidence by policies. A SOURCE is a saved evidence document, a capture folder, Kubernetes\n" +
			"manifests, a troubleshoot support bundle, a must-gather, a kubectl cluster-info dump, a crash-diagnostics\n" +
			"archive, an archive of one of these, or - for standard input. Without one, the live cluster of the\n" +
			"current kubeconfig context is read and the registries that its pods name are probed.\n\n" +
			"Exit code: 0 all passed, 1 something failed, 2 wrong use, 3 something is inconclusive, 4 nothing was\nevaluated, 130 interrupted.",
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return runEval(c.Context(), e, &f, &src, args)
		},
	}
	src.bind(c.Flags())
	f.bind(e, c)
	return c
}

func (f *evalFlags) bind(e *environment, c *cobra.Command) {
	f.bindJudging(e, c)
	f.publish.bind(c.Flags())
	c.Flags().DurationVar(&f.watch, "watch", 0, "evaluate again at this interval (--watch=1m) and when a source file changes, until nothing fails")
	c.Flags().Lookup("watch").NoOptDefVal = "30s"
}

// bindJudging binds the flags that all commands have that judge documents.
func (f *evalFlags) bindJudging(e *environment, c *cobra.Command) {
	f.policies.bind(e, c.Flags())
	f.verdict.bind(c)
	c.Flags().StringVar(&f.at, "at", "", "judge as of this time, RFC 3339 (default: when the evidence was collected)")
	c.Flags().StringVar(&f.forecast, "forecast", "", "list the verdicts that time alone will change: within 90d, 12h, 1y")
	c.Flags().StringVar(&f.waivers, "waivers", "", "waivers (YAML)")
}

func (f *verdictFlags) bind(c *cobra.Command) {
	f.bindLook(c)
	flags := c.Flags()
	flags.StringVar(&f.failOn, "fail-on", "low", "fail at this severity or above: info, low, medium, high, critical")
	flags.BoolVar(&f.failOnWarn, "fail-on-warn", false, "fail on warnings, too, if they are as severe as --fail-on says")
	flags.StringVar(&f.inconclusive, "inconclusive", "fail", "what inconclusive results do: fail (exit 3), warn or ignore")
	flags.IntVar(&f.minPolicies, "min-policies", 0, "wrong use when fewer policies are picked")
	flags.BoolVar(&f.allowEmpty, "allow-empty", false, "exit 0 when nothing was evaluated")
	flags.BoolVar(&f.noFail, "no-fail", false, "exit 0 whatever the verdicts are; 2 and 4 stay")
	flags.StringVar(&f.baseline, "baseline", "", "an older JSON report to compare with")
	flags.BoolVar(&f.failOnNew, "fail-on-new", false, "fail only on what the baseline does not have")
}

// bindLook binds the flags that decide how a report looks.
func (f *verdictFlags) bindLook(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVarP(&f.outputs, "output", "o", nil, "FORMAT or FORMAT=PATH (repeatable): "+strings.Join(formatNames(), ", "))
	flags.BoolVar(&f.showPassed, "show-passed", false, "list what passed, too")
	flags.BoolVar(&f.quiet, "quiet", false, "only diagnosis and summary")
	flags.StringVar(&f.color, "color", "auto", "auto, always or never")
	f.speech.bind(flags)
}

func (f *verdictFlags) check() ([]output, error) {
	if err := checkOneOf("fail-on", f.failOn, report.Severities...); err != nil {
		return nil, err
	}
	if f.minPolicies < 0 {
		return nil, usage("a number from 0 on", "--min-policies %d is no number of policies", f.minPolicies)
	}
	if err := checkOneOf("inconclusive", f.inconclusive, "fail", "warn", "ignore"); err != nil {
		return nil, err
	}
	if f.failOnNew && f.baseline == "" {
		return nil, usage("name the older report with --baseline", "--fail-on-new needs something to compare with")
	}
	return f.checkLook()
}

func (f *verdictFlags) checkLook() ([]output, error) {
	if err := checkOneOf("color", f.color, "auto", "always", "never"); err != nil {
		return nil, err
	}
	if err := f.speech.check(); err != nil {
		return nil, err
	}
	return parseOutputs(f.outputs)
}

func (f *verdictFlags) text(e *environment) rendering {
	color := f.color == "always" || f.color == "auto" && e.stdoutIsTerminal && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
	how := rendering{
		TextOptions: report.TextOptions{Width: e.width, Color: color, ShowPassed: f.showPassed, Quiet: f.quiet},
	}
	if f.failOnWarn {
		how.failOnWarn = f.failOn
	}
	if path := e.getenv("GITHUB_STEP_SUMMARY"); path != "" {
		how.summary = outfile.Appended(path)
	}
	return how
}

// evaluation is one call of eval, which --watch judges more than once.
type evaluation struct {
	e       *environment
	flags   *evalFlags
	src     *sourceFlags
	args    []string
	outputs []output
	options engine.Options
	older   *report.Report
	speech  *speech
	library *engine.Library
}

func runEval(ctx context.Context, e *environment, f *evalFlags, src *sourceFlags, args []string) error {
	v := &evaluation{e: e, flags: f, src: src, args: args, options: engine.Options{Require: src.require, Jobs: src.jobs, Within: src.timeout, ToolVersion: toolVersion(), LetGo: true}}
	if err := src.check(); err != nil {
		return err
	}
	src.publishes = f.publish.api != ""
	if err := f.publish.check(src, f.watch > 0, len(args) > 0); err != nil {
		return err
	}
	if err := v.prepare(ctx); err != nil {
		return err
	}
	src.judges = v.library
	if f.watch > 0 {
		return v.watch(ctx)
	}
	rep, err := v.judge(ctx)
	if err != nil {
		return err
	}
	if err := write(e, v.outputs, rep, f.verdict.text(e), v.speech); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errCutShort
	}
	if err := v.publish(ctx, rep); err != nil {
		return err
	}
	return f.verdict.exit(rep)
}

var errCutShort = &exitError{code: exitInterrupted, err: errors.New("interrupted; the report covers what was gathered so far")}

// prepare reads all that the flags name. The policies come before any evidence: a
// mistake in one should not cost a collection.
func (v *evaluation) prepare(ctx context.Context) error {
	f := v.flags
	var err error
	if v.outputs, err = f.verdict.check(); err != nil {
		return err
	}
	if err := v.checkWatch(); err != nil {
		return err
	}
	if f.at != "" {
		at, err := time.Parse(time.RFC3339, f.at)
		if err != nil {
			return usage("write it as 2027-01-31T00:00:00Z", "--at %q is no RFC 3339 time", f.at)
		}
		v.options.At = &at
	}
	if v.options.Forecast, err = horizon(f.forecast); err != nil {
		return err
	}
	if f.waivers != "" {
		if v.options.Waivers, err = settings.Waivers(ctx, f.waivers); err != nil {
			return err
		}
	}
	if f.verdict.baseline != "" {
		if v.older, err = readReportFile(ctx, v.e, f.verdict.baseline); err != nil {
			return err
		}
	}
	if v.speech, err = f.verdict.speech.open(v.e); err != nil {
		return err
	}
	if v.library, err = f.policies.load(ctx); err != nil {
		return err
	}
	v.options.Packed = v.readsNoPasses()
	v.options.Bare, v.options.Today = !v.writes(takeWhole), !v.writes(takeDates)
	return v.checkLibrary()
}

// writes tells whether an output is of one of these formats.
func (v *evaluation) writes(formats []string) bool {
	return slices.ContainsFunc(v.outputs, func(o output) bool { return slices.Contains(formats, o.format) })
}

// readsNoPasses tells that nothing but a format that takes them packed looks at what
// passed.
func (v *evaluation) readsNoPasses() bool {
	f := v.flags
	return !f.verdict.showPassed && v.older == nil && f.watch == 0 && f.publish.api == "" && v.speech.catalogue == nil &&
		!slices.ContainsFunc(v.outputs, func(o output) bool { return !slices.Contains(takePacked, o.format) })
}

// checkLibrary refuses policies that are fewer than asked for, and waivers of such
// as do not exist: they would excuse nothing, and nobody would learn why.
func (v *evaluation) checkLibrary() error {
	f := v.flags
	var faults engine.Errors
	for _, w := range v.options.Waivers {
		if !v.library.Knows(w.Policy) {
			faults = append(faults, &engine.Fault{File: w.File, Line: w.Line, Message: fmt.Sprintf("waiver of policy %q, which does not exist", w.Policy), Hint: "`regpolicy list` shows the ids; a waiver is of one policy"})
		}
	}
	if len(faults) > 0 {
		return faults
	}
	if n := len(v.library.Policies()); n < f.verdict.minPolicies {
		return usage("see --policy, --select and --exclude", "%d policies are picked, --min-policies wants %d", n, f.verdict.minPolicies)
	}
	return nil
}

// judge gathers the evidence and judges it.
func (v *evaluation) judge(ctx context.Context) (*report.Report, error) {
	inputs, err := gather(ctx, v.e, v.src, v.args)
	if err != nil {
		return nil, err
	}
	// An interrupted collection is still judged: what was had may tell enough.
	rep, err := v.library.Judge(context.WithoutCancel(ctx), inputs, v.options)
	if err != nil {
		return nil, err
	}
	if v.older != nil {
		report.MarkKnown(rep, v.older, v.flags.verdict.baseline)
	}
	return rep, nil
}

var horizonPattern = regexp.MustCompile(`^([1-9][0-9]{0,4})([hdwy])$`)

// horizon reads a time to look ahead: hours, days, weeks or years of 365 days.
func horizon(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	unit := map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour}
	found := horizonPattern.FindStringSubmatch(text)
	if found == nil {
		return 0, usage("write it as 90d, 12h, 8w or 1y", "--forecast %q is no time to look ahead", text)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil || n > int(100*unit["y"]/unit[found[2]]) {
		return 0, usage("a hundred years suffice", "--forecast %q looks too far ahead", text)
	}
	return time.Duration(n) * unit[found[2]], nil
}

// exit is the exit code that a report earns: 1 first. 4 says that there is not
// even something inconclusive, so that it and 3 never both apply.
func (f *verdictFlags) exit(r *report.Report) error {
	s := r.Summary
	evaluated := s.Pass + s.Fail + s.Warn + s.Waived
	if r.Fleet != nil {
		evaluated -= r.Fleet.Expected - len(r.Fleet.Missing) // that a cluster has a document is no verdict on it
	}
	open := s.Error > 0 || s.Inconclusive > 0 && f.inconclusive == "fail"
	switch {
	case !f.noFail && f.failed(r):
		return &exitError{code: exitFailed}
	case !f.noFail && open:
		return &exitError{code: exitInconclusive}
	// What is inconclusive and ignored leaves nothing, too: a cluster that cannot
	// be reached must not pass.
	case evaluated <= 0 && !f.allowEmpty:
		return &exitError{code: exitNothing, err: errors.New("nothing was evaluated"), hint: nothingHint(r)}
	default:
		return nil
	}
}

// failed tells whether a result counts as a failure.
func (f *verdictFlags) failed(r *report.Report) bool {
	limit := slices.Index(report.Severities, f.failOn)
	for i := range r.Results {
		res := &r.Results[i]
		counts := res.Verdict == report.Fail && (!f.failOnNew || !res.Known) || res.Verdict == report.Warn && f.failOnWarn
		if counts && slices.Index(report.Severities, res.Severity) >= limit {
			return true
		}
	}
	return false
}

func nothingHint(r *report.Report) string {
	if r.Run.Policies.Count == 0 {
		return "no policy is picked: see --select, --exclude and --no-builtin"
	}
	if len(r.Run.Documents) == 0 {
		return "there is no cluster to evaluate: is this the Supervisor's context, and the right namespace?"
	}
	if n := r.Summary.Inconclusive; n > 0 {
		return fmt.Sprintf("%d results are inconclusive, which --inconclusive or --no-fail passes over, and there is no other", n)
	}
	return fmt.Sprintf("none of the %d policies found its subject in the sources; the report says what was not asked for", r.Run.Policies.Count)
}
