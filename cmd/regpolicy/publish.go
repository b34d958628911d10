package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/net/http/httpproxy"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/publish"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// publishFlags say where a report goes besides files.
type publishFlags struct {
	api     string
	dryRun  bool
	metrics string
	flags   *pflag.FlagSet

	gateway *publish.Gateway
}

// onlyAsked are settings that no file may bring along: they send something away, or
// make pods that see a node's files.
var onlyAsked = []string{"publish", "push-metrics", "agent-image", "image-from-node", "agent-namespace"}

func (f *publishFlags) bind(flags *pflag.FlagSet) {
	f.flags = flags
	flags.StringVar(&f.api, "publish", "", "write the report into the live cluster that was read, as objects of this API: "+strings.Join(publishNames(), ", "))
	flags.BoolVar(&f.dryRun, "publish-dry-run", false, "let the API server check what --publish would write, and keep nothing")
	flags.StringVar(&f.metrics, "push-metrics", "", "send the metrics of -o prometheus to this Pushgateway: http://HOST:PORT[/metrics/job/NAME/...]")
}

func publishNames() []string { return slices.Sorted(maps.Keys(report.ReportAPIs())) }

// check refuses what could not be published, before minutes go into it.
func (f *publishFlags) check(src *sourceFlags, watched, fromFiles bool) error {
	if err := f.checkEmpty(); err != nil {
		return err
	}
	switch {
	case f.api == "" && f.dryRun:
		return usage("--publish openreports says what to write", "--publish-dry-run has nothing to check")
	case f.api == "" && f.metrics == "":
		return nil
	case watched:
		return usage("run it from a CronJob, see docs/in-cluster.md", "--watch is for a person, and neither publishes nor pushes")
	}
	if f.api != "" {
		if err := checkOneOf("publish", f.api, publishNames()...); err != nil {
			return err
		}
		if src.allClusters {
			return usage("publish in each cluster, see docs/in-cluster.md, or save the objects with -o "+f.api+"=FILE", "--publish writes into the cluster that is read, and --all-clusters reads several")
		}
		if fromFiles && !src.namesCluster() {
			return usage("name the cluster with --context, or save the objects with -o "+f.api+"=FILE", "--publish writes into the live cluster that is read, and only files are")
		}
	}
	if f.metrics == "" {
		return nil
	}
	var err error
	if f.gateway, err = publish.ParseGateway(f.metrics); err != nil {
		return usage("an address such as http://pushgateway.monitoring:9091", "--push-metrics: %w", err)
	}
	return nil
}

// checkEmpty refuses what an empty variable of a pipeline makes: it would quietly send
// nothing.
func (f *publishFlags) checkEmpty() error {
	for _, name := range []string{"publish", "push-metrics"} {
		if flag := f.flags.Lookup(name); flag.Changed && flag.Value.String() == "" {
			return usage("leave the flag out, or give it a value", "--%s is empty", name)
		}
	}
	return nil
}

// publish writes the report into the cluster and sends its metrics. What fails is
// told, and nothing that could be done is left undone for it.
func (v *evaluation) publish(ctx context.Context, rep *report.Report) error {
	f := &v.flags.publish
	failed := false
	if f.api != "" {
		ok, err := v.publishReports(ctx, rep)
		if err != nil {
			v.e.complain(fmt.Sprintf("publishing: %v", err), hintOf(err))
		}
		failed = err != nil || !ok
	}
	if f.gateway != nil {
		proxy := httpproxy.FromEnvironment().ProxyFunc()
		err := f.gateway.Metrics(ctx, rep, func(r *http.Request) (*url.URL, error) { return proxy(r.URL) })
		if err != nil {
			v.e.complain(err.Error(), "is it reachable from here, and is it a Pushgateway?")
			failed = true
		} else {
			fmt.Fprintf(v.e.stderr, "pushed metrics: %s\n", f.gateway)
		}
	}
	if failed {
		return &exitError{code: exitUsage}
	}
	return nil
}

func (v *evaluation) publishReports(ctx context.Context, rep *report.Report) (ok bool, err error) {
	f := &v.flags.publish
	cfg, err := v.src.clusterConfig()
	if err != nil {
		return false, err
	}
	if rep, err = v.speech.report(rep, f.api); err != nil {
		return false, err
	}
	api := report.ReportAPIs()[f.api]
	out, err := publish.Reports(ctx, cfg, api, rep, publish.Options{DryRun: f.dryRun})
	if err != nil {
		return false, err
	}
	if n := len(out.Homeless); n > 0 {
		const shown = 5
		names := strings.Join(out.Homeless[:min(n, shown)], `", "`)
		more := ""
		if n > shown {
			more = fmt.Sprintf(" and %d more", n-shown)
		}
		v.e.warn(fmt.Sprintf("the cluster has no namespace \"%s\"%s: what is about it stands in the Cluster%s", names, more, api.Kind), "")
	}
	for _, fault := range out.Faults {
		v.e.complain(fmt.Sprintf("publishing: %v", fault.Err), fault.Hint)
	}
	kept := ""
	if f.dryRun {
		kept = ", by way of trial: nothing was kept"
	}
	fmt.Fprintf(v.e.stderr, "published: written=%d removed=%d failed=%d api=%s%s\n", out.Written, out.Removed, len(out.Faults), api.Group, kept)
	return len(out.Faults) == 0, nil
}
