package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

const allReports = "reports.openreports.io,clusterreports.openreports.io"

// checkPublishing takes each right of deploy/cronjob/publish-rbac.yaml away: the error
// names it, and what could be done is done.
func (l *lab) checkPublishing(ctx context.Context) error {
	text, err := l.readRepository("deploy/cronjob/publish-rbac.yaml")
	if err != nil {
		return err
	}
	rights, err := rightsOf(text, "ClusterRole")
	if err != nil {
		return err
	}
	l.tally.check("rights to take away", len(rights), 8)
	if _, err := l.shell(ctx, l.repository(), "kubectl apply --server-side -f deploy/crds/openreports.io_reports.yaml -f deploy/crds/openreports.io_clusterreports.yaml"); err != nil {
		return err
	}
	writers := []reader{{"writes-all", nil}}
	for i := range rights {
		writers = append(writers, reader{fmt.Sprintf("writes-all-but-%d", i), &rights[i]})
	}
	text, err = l.readRepository("docs/rbac.yaml")
	if err != nil {
		return err
	}
	reading, err := rightsOf(text, "ClusterRole")
	if err != nil {
		return err
	}
	objects := []object{namespaceObject(grantsNamespace)}
	for _, w := range writers {
		objects = append(objects, serviceAccount(w.account))
		objects = append(objects, granted(w.account, "", "", without(reading, nil))...)
		objects = append(objects, granted(w.account, "-publish", "", without(rights, w.lacking))...)
	}
	if err := l.kubectlApply(ctx, "", objects...); err != nil {
		return err
	}
	for _, w := range writers {
		if err := l.checkWriter(ctx, w); err != nil {
			return err
		}
	}
	return l.checkSpecialCases(ctx)
}

// afresh leaves one report of a former run of each kind.
func (l *lab) afresh(ctx context.Context) error {
	if _, err := l.shell(ctx, "/", "kubectl delete "+allReports+" -A -l app.kubernetes.io/managed-by=regpolicy"); err != nil {
		return err
	}
	former := func(kind string) object {
		metadata := object{"name": "regpolicy-9", "labels": object{"app.kubernetes.io/managed-by": "regpolicy"}}
		if kind == "Report" {
			metadata["namespace"] = "default"
		}
		return object{"apiVersion": "openreports.io/v1alpha1", "kind": kind, "metadata": metadata, "source": "regpolicy"}
	}
	return l.kubectlApply(ctx, "--server-side --field-manager=regpolicy", former("Report"), former("ClusterReport"))
}

// there are the names of all reports that have our label.
func (l *lab) there(ctx context.Context) (string, error) {
	out, err := l.shell(ctx, "/", "kubectl get "+allReports+" -A -l app.kubernetes.io/managed-by=regpolicy -o name | sed 's/\\.openreports\\.io//' | sort")
	return strings.Join(strings.Fields(out), " "), err
}

func (l *lab) publishAs(ctx context.Context, account string, more ...string) (result, error) {
	kubeconfig, err := l.kubeconfigOf(ctx, account)
	if err != nil {
		return result{}, err
	}
	return l.regpolicy(ctx, append([]string{"eval", "--kubeconfig", kubeconfig, "-n", "default", "--no-probe", "--publish", "openreports", "--no-fail", "--quiet"}, more...)...)
}

// leftover says, by verb, how a right's absence is told and what then is there of
// one kind.
var leftover = map[string]struct{ doing, left string }{
	"list":   {"listing KINDs", "PLURAL/regpolicy PLURAL/regpolicy-9"},
	"create": {`applying KIND "NAME"`, ""},
	"patch":  {`applying KIND "NAME"`, ""},
	"delete": {`removing KIND "NAME-9"`, "PLURAL/regpolicy PLURAL/regpolicy-9"},
}

func (l *lab) checkWriter(ctx context.Context, w reader) error {
	if err := l.afresh(ctx); err != nil {
		return err
	}
	r, err := l.publishAs(ctx, w.account)
	if err != nil {
		return err
	}
	left, err := l.there(ctx)
	if err != nil {
		return err
	}
	if w.lacking == nil {
		l.tally.check("with all rights: exit code", r.exit, 0, r.stderr)
		l.tally.check("with all rights: what it says", strings.Contains(r.stderr, "published: written=2 removed=2 failed=0 api=openreports.io"), true, r.stderr)
		l.tally.check("with all rights: what is there", left, "clusterreport/regpolicy report/regpolicy")
		return nil
	}
	one, name := "Report", "default/regpolicy"
	if w.lacking.resource == "clusterreports" {
		one, name = "ClusterReport", "regpolicy"
	}
	of := strings.NewReplacer("KIND", one, "NAME", name, "PLURAL", strings.ToLower(one)).Replace
	want := leftover[w.lacking.verb]
	said := fmt.Sprintf("error: publishing: %s: forbidden: the verb %q on %q is not granted\nhint: deploy/cronjob/publish-rbac.yaml grants it: verbs: [%s]",
		of(want.doing), w.lacking.verb, w.lacking.resource+".openreports.io", w.lacking.verb)
	what := "without " + w.lacking.String()
	l.tally.check(what+": exit code", r.exit, 2, r.stderr)
	l.tally.check(what+": errors", strings.Count(r.stderr, "error: "), 1, r.stderr)
	l.tally.check(what+": what it says", strings.Contains(r.stderr, said), true, r.stderr)
	var expected []string
	for _, kind := range []string{"clusterreport", "report"} {
		switch {
		case kind != strings.ToLower(one):
			expected = append(expected, kind+"/regpolicy")
		case want.left != "":
			expected = append(expected, of(want.left))
		}
	}
	l.tally.check(what+": what is there", left, strings.Join(expected, " "))
	return nil
}

// checkSpecialCases: a trial, a foreign object in our place, a namespace that does not
// exist, and kinds that the cluster does not know.
func (l *lab) checkSpecialCases(ctx context.Context) error {
	if err := l.afresh(ctx); err != nil {
		return err
	}
	r, err := l.publishAs(ctx, "writes-all", "--publish-dry-run")
	if err != nil {
		return err
	}
	l.tally.check("trial: what it says", strings.Contains(r.stderr, "published: written=2 removed=2 failed=0 api=openreports.io, by way of trial: nothing was kept"), true, r.stderr)
	left, err := l.there(ctx)
	if err != nil {
		return err
	}
	l.tally.check("trial: what is there", left, "clusterreport/regpolicy-9 report/regpolicy-9")

	foreign := object{"apiVersion": "openreports.io/v1alpha1", "kind": "Report", "metadata": object{"name": "regpolicy", "namespace": "default"}, "source": "kyverno", "summary": object{"pass": 7}}
	if err := l.kubectlApply(ctx, "--server-side --field-manager=kyverno", foreign); err != nil {
		return err
	}
	if r, err = l.publishAs(ctx, "writes-all"); err != nil {
		return err
	}
	l.tally.check("foreign object in our place: exit code", r.exit, 2, r.stderr)
	l.tally.check("foreign object in our place: what it says", strings.Contains(r.stderr, `applying Report "default/regpolicy": somebody else wrote it: `) &&
		strings.Contains(r.stderr, "kubectl delete -n default reports.openreports.io regpolicy"), true, r.stderr)
	kept, err := l.shell(ctx, "/", "kubectl -n default get reports.openreports.io regpolicy -o jsonpath='{.source} {.summary.pass}'; kubectl -n default delete reports.openreports.io regpolicy >/dev/null")
	if err != nil {
		return err
	}
	l.tally.check("foreign object in our place: it stays", kept, "kyverno 7")

	if r, err = l.publishAs(ctx, "writes-all", filepath.Join(l.repository(), "fixtures/secret-encoded-once/source")); err != nil {
		return err
	}
	l.tally.check("namespace that does not exist: exit code", r.exit, 0, r.stderr)
	l.tally.check("namespace that does not exist: what it says",
		strings.Contains(r.stderr, `warning: the cluster has no namespace "test-gc-e2e-demo-ns": what is about it stands in the ClusterReport`), true, r.stderr)

	admin := filepath.Join(clusterDir, "admin.conf")
	if r, err = l.regpolicy(ctx, "eval", "--kubeconfig", admin, "-n", "default", "--no-probe", "--publish", "policyreport", "--no-fail", "--quiet"); err != nil {
		return err
	}
	l.tally.check("kinds that the cluster does not know: exit code", r.exit, 2, r.stderr)
	l.tally.check("kinds that the cluster does not know: what it says", strings.Contains(r.stderr, "hint: apply its definitions: kubectl apply --server-side -f deploy/crds/wgpolicyk8s.io_policyreports.yaml"), true, r.stderr)
	return nil
}
