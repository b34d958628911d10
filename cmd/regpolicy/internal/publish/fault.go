package publish

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// Fault is one thing that failed, and what to do about it.
type Fault struct {
	Err  error
	Hint string
}

// faults are counted: what fails for one namespace mostly fails for all.
type faults struct {
	api   report.ReportAPI
	order []string
	first map[string]Fault
	times map[string]int
}

// refused is how an API server says which right is missing.
var refused = regexp.MustCompile(`cannot ([a-z]+) resource`)

// add notes a failure; it returns errHopeless where nothing else need be tried.
func (f *faults) add(verb, kind, name string, err error) error {
	doing := map[string]string{"patch": "applying", "list": "listing", "delete": "removing"}[verb] + " " + kind
	target := resource(kind) + "." + f.api.Group
	if name != "" {
		doing += fmt.Sprintf(" %q", name)
	} else {
		doing += "s"
	}
	var status apierrors.APIStatus
	switch {
	case apierrors.IsForbidden(err) && refused.MatchString(err.Error()):
		verb = refused.FindStringSubmatch(err.Error())[1] // apply creates, too
		f.note("forbidden "+verb+kind, fmt.Errorf("%s: forbidden: the verb %q on %q is not granted", doing, verb, target),
			fmt.Sprintf("deploy/cronjob/publish-rbac.yaml grants it: verbs: [%s]", verb))
		return nil
	case apierrors.IsNotFound(err) && verb != "delete":
		f.note("unknown", fmt.Errorf("%s: the cluster does not know %q", doing, target),
			fmt.Sprintf("apply its definitions: kubectl apply --server-side -f deploy/crds/%s_%s.yaml -f deploy/crds/%s_%s.yaml",
				f.api.Group, resource(f.api.Kind), f.api.Group, resource("Cluster"+f.api.Kind)))
		return errHopeless
	case apierrors.IsConflict(err):
		f.note("conflict"+verb+kind, fmt.Errorf("%s: somebody else wrote it: %w", doing, err),
			fmt.Sprintf("it stays as it is; remove it where it is not needed: kubectl delete %s", deletion(target, name)))
		return nil
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		f.note("invalid"+kind, fmt.Errorf("%s: the cluster's definition of %q does not take it: %w", doing, target, err),
			fmt.Sprintf("deploy/crds/%s_%s.yaml is the one that it was written for", f.api.Group, resource(kind)))
		return nil
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsUnauthorized(err), !errors.As(err, &status):
		f.note("hopeless", fmt.Errorf("%s: %w", doing, err), "")
		return errHopeless
	default:
		f.note(string(apierrors.ReasonForError(err))+verb+kind, fmt.Errorf("%s: %w", doing, err), "")
		return nil
	}
}

func deletion(target, name string) string {
	if namespace, own, ok := strings.Cut(name, "/"); ok {
		return fmt.Sprintf("-n %s %s %s", namespace, target, own)
	}
	return target + " " + name
}

func (f *faults) note(key string, err error, hint string) {
	if f.first == nil {
		f.first, f.times = map[string]Fault{}, map[string]int{}
	}
	if f.times[key]++; f.times[key] == 1 {
		f.order = append(f.order, key)
		f.first[key] = Fault{err, hint}
	}
}

func (f *faults) list() []Fault {
	var out []Fault
	for _, key := range f.order {
		fault := f.first[key]
		if n := f.times[key] - 1; n > 0 {
			fault.Err = fmt.Errorf("%w (and %d more like it)", fault.Err, n)
		}
		out = append(out, fault)
	}
	return out
}

// homeless tells of a namespace that is not there, or about to go.
func homeless(err error) bool {
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return true
	}
	var status apierrors.APIStatus
	return apierrors.IsNotFound(err) && errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Kind == "namespaces"
}
