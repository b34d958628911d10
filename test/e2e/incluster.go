package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	openReports = "/apis/openreports.io/v1alpha1"
	gateway     = "http://" + nodeAddress + ":9091"
	howtoDir    = "/run/e2e/howto"
)

// clusterReport is what is checked of a Report or ClusterReport.
type clusterReport struct {
	Kind     string
	Metadata struct {
		Name, Namespace, ResourceVersion string
		Annotations                      map[string]string
		ManagedFields                    []struct{ Manager string }
	}
	Summary map[string]int
	Results []struct{ Policy, Result string }
}

// checkInCluster follows docs/in-cluster.md, and holds the objects and the metrics
// that the CronJob's pod wrote against what its log says.
func (l *lab) checkInCluster(ctx context.Context) error {
	pushgateway, err := l.start("pushgateway", filepath.Join(l.bin, "pushgateway"), "--web.listen-address="+nodeAddress+":9091")
	if err != nil {
		return err
	}
	if err := await(ctx, 20*time.Second, "the Pushgateway", gatewayReady, pushgateway); err != nil {
		return err
	}
	if err := os.MkdirAll(howtoDir, 0o755); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "cp", "-r", filepath.Join(l.repository(), "deploy"), howtoDir).CombinedOutput(); err != nil {
		return fmt.Errorf("copying deploy: %w: %s", err, out)
	}
	printed, err := l.followPage(ctx, filepath.Join(l.repository(), "docs", "in-cluster.md"), howtoDir)
	if err != nil {
		return err
	}
	first, err := l.checkPublished(ctx, "first run", printed)
	if err != nil {
		return err
	}
	if err := l.checkAdmission(ctx); err != nil {
		return err
	}
	return l.checkSecondRun(ctx, first)
}

func gatewayReady(ctx context.Context) error {
	_, err := fetchText(ctx, gateway+"/-/ready")
	return err
}

var counted = regexp.MustCompile(`(?m)^regpolicy: (fail=.*)$`)

// checkPublished: summaries, results and metrics are those of the run's own log.
func (l *lab) checkPublished(ctx context.Context, name, log string) ([]clusterReport, error) {
	line := counted.FindStringSubmatch(log)
	if line == nil {
		return nil, fmt.Errorf("the pod's log has no summary: %s", log)
	}
	said := map[string]int{}
	for word := range strings.FieldsSeq(line[1]) {
		key, value, _ := strings.Cut(word, "=")
		said[key], _ = strconv.Atoi(value) // checked by what follows
	}
	l.tally.check(name+": something fails", said["fail"] > 10, true, line[1])
	reports, err := l.ourReports(ctx)
	if err != nil {
		return nil, err
	}
	sums, results := map[string]int{}, map[string]int{}
	var where []string
	for _, r := range reports {
		for verdict, n := range r.Summary {
			sums[verdict] += n
		}
		for _, one := range r.Results {
			results[one.Result]++
		}
		where = append(where, r.Metadata.Namespace+"/"+r.Metadata.Name)
	}
	// Pods of other stages may have given their namespaces one, too.
	absent := slices.DeleteFunc([]string{"/regpolicy", "default/regpolicy", "regpolicy/regpolicy"}, func(r string) bool { return slices.Contains(where, r) })
	l.tally.check(name+": reports that are missing", orNone(absent), "none", where...)
	for _, v := range []struct {
		verdict string
		want    int
	}{{"pass", said["pass"]}, {"fail", said["fail"]}, {"warn", said["warn"]}, {"error", said["inconclusive"] + said["error"]}, {"skip", said["skip"] + said["waived"]}} {
		l.tally.check(name+": summaries, "+v.verdict, sums[v.verdict], v.want)
		l.tally.check(name+": results, "+v.verdict, results[v.verdict], v.want)
	}
	metrics, err := fetchText(ctx, gateway+"/metrics")
	if err != nil {
		return nil, err
	}
	for _, verdict := range []string{"pass", "fail", "warn", "inconclusive", "error", "skip", "waived"} {
		l.tally.check(name+": metric of "+verdict, sample(metrics, `regpolicy_verdicts{instance="",job="regpolicy",verdict="`+verdict+`"}`), strconv.Itoa(said[verdict]))
	}
	return reports, nil
}

func sample(metrics, name string) string {
	for line := range strings.Lines(metrics) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return "none"
}

// ourReports are those that regpolicy manages.
func (l *lab) ourReports(ctx context.Context) ([]clusterReport, error) {
	var all []clusterReport
	for _, path := range []string{"/clusterreports", "/reports"} {
		var list struct{ Items []clusterReport }
		if err := l.admin.get(ctx, openReports+path, &list); err != nil {
			return nil, err
		}
		for _, r := range list.Items {
			if len(r.Metadata.ManagedFields) == 1 && r.Metadata.ManagedFields[0].Manager == "regpolicy" {
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// checkAdmission: PodSecurity lets no pod into the namespace that asks for more.
func (l *lab) checkAdmission(ctx context.Context) error {
	err := l.createPod(ctx, "regpolicy", "asks-for-more", "harbor.corp.example/apps/hello:1.0")
	l.tally.check("a pod that is not restricted is refused", err != nil && strings.Contains(err.Error(), `violates PodSecurity \"restricted`), true, fmt.Sprint(err))
	return nil
}

// checkSecondRun: a second run renews its reports, removes what a former run left,
// and leaves those of others alone.
func (l *lab) checkSecondRun(ctx context.Context, first []clusterReport) error {
	ours := object{"app.kubernetes.io/managed-by": "regpolicy"}
	made := func(kind, namespace, name string, labels object) object {
		metadata := object{"name": name, "labels": labels}
		if namespace != "" {
			metadata["namespace"] = namespace
		}
		return object{"apiVersion": "openreports.io/v1alpha1", "kind": kind, "metadata": metadata, "source": "somebody", "summary": object{"pass": 1}}
	}
	for _, by := range []struct {
		manager string
		objects []object
	}{
		{"regpolicy", []object{made("Report", "kube-system", "regpolicy", ours), made("Report", "default", "regpolicy-2", ours), made("ClusterReport", "", "regpolicy-2", ours)}},
		{"kyverno", []object{made("Report", "kube-system", "labelled-as-ours", ours), made("Report", "default", "foreign", object{}), made("ClusterReport", "", "foreign", object{})}},
	} {
		if err := l.kubectlApply(ctx, "--server-side --field-manager="+by.manager, by.objects...); err != nil {
			return err
		}
	}
	foreign := func() (string, error) {
		return l.shell(ctx, "/", `kubectl get reports.openreports.io,clusterreports.openreports.io -A -o jsonpath='{range .items[?(@.source=="somebody")]}{.metadata.name}{" "}{.metadata.resourceVersion}{"\n"}{end}' | grep -v ^regpolicy`)
	}
	before, err := foreign()
	if err != nil {
		return err
	}
	log, err := l.shell(ctx, "/", `kubectl -n regpolicy create job regpolicy-again --from=cronjob/regpolicy >/dev/null
kubectl -n regpolicy wait job/regpolicy-again --for=condition=Complete --timeout=3m >/dev/null
kubectl -n regpolicy logs job/regpolicy-again`)
	if err != nil {
		return err
	}
	second, err := l.checkPublished(ctx, "second run", log)
	if err != nil {
		return err
	}
	l.tally.check("second run: what it says of it", strings.Contains(log, fmt.Sprintf("published: written=%d removed=3 failed=0 api=openreports.io", len(second))), true, log)
	for _, r := range second {
		i := slices.IndexFunc(first, func(f clusterReport) bool { return f.Metadata.Namespace == r.Metadata.Namespace && f.Kind == r.Kind })
		if i < 0 {
			continue // of a namespace that is new
		}
		was := first[i]
		l.tally.check("second run: "+r.Kind+" is renewed", r.Metadata.ResourceVersion != was.Metadata.ResourceVersion &&
			r.Metadata.Annotations["regpolicy.github.io/at"] > was.Metadata.Annotations["regpolicy.github.io/at"], true)
	}
	after, err := foreign()
	if err != nil {
		return err
	}
	l.tally.check("foreign reports are as they were", after, before)
	l.tally.check("foreign reports", strings.Count(after, "\n"), 3, after)
	return nil
}

// fetchText gets a page of at most a few megabytes.
func fetchText(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := (&http.Client{Timeout: 10 * time.Second}).Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 8<<20))
	text := string(body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, response.Status, text)
	}
	return text, err
}
