// Package publish writes a report where others look for it: into a cluster, as
// objects of an API for reports, and to a Pushgateway, as metrics.
package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

const (
	// manager is who owns the fields that we apply.
	manager = "regpolicy"
	// publishTime bounds the whole, requestTime one request.
	publishTime = 3 * time.Minute
	requestTime = 30 * time.Second
	pageSize    = 500
	maxPages    = 1000
)

// Options are the zero value for what is usual.
type Options struct {
	// DryRun has the API server check everything and keep nothing.
	DryRun bool
}

// Outcome tells what became of a report's objects.
type Outcome struct {
	// Written and Removed are counts of objects.
	Written, Removed int
	// Homeless are the namespaces that the cluster does not have; what is about them
	// stands in the cluster's own report.
	Homeless []string
	Faults   []Fault
}

// publisher writes one report into one cluster.
type publisher struct {
	api    report.ReportAPI
	client metadata.Interface
	dryRun []string
	out    Outcome
	faults faults
}

// Reports applies the report's objects and removes those that a former run left and
// this one does not have. Objects that somebody else wrote stay as they are. An error
// says that nothing was tried; what failed is among the outcome's faults.
func Reports(ctx context.Context, cfg *rest.Config, api report.ReportAPI, r *report.Report, opt Options) (*Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	client, closeIdle, err := connect(cfg)
	if err != nil {
		return nil, err
	}
	defer closeIdle()
	p := &publisher{api: api, client: client, faults: faults{api: api}}
	if opt.DryRun {
		p.dryRun = []string{metav1.DryRunAll}
	}
	if err := p.publish(ctx, r); err != nil && !errors.Is(err, errHopeless) {
		return nil, err
	}
	p.out.Faults = p.faults.list()
	return &p.out, nil
}

func connect(cfg *rest.Config) (metadata.Interface, func(), error) {
	own := rest.CopyConfig(cfg)
	own.QPS, own.Burst = 50, 100
	own.WarningHandlerWithContext = rest.NoWarnings{}
	transport, err := rest.HTTPClientFor(own)
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	transport.Timeout = requestTime
	// An API server does not redirect, and credentials must not follow.
	transport.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client, err := metadata.NewForConfigAndClient(own, transport)
	if err != nil {
		return nil, nil, fmt.Errorf("connecting to the API server: %w", err)
	}
	return client, func() { utilnet.CloseIdleConnectionsFor(transport.Transport) }, nil
}

// errHopeless ends what could only fail in the same way again.
var errHopeless = errors.New("the API server cannot be asked")

func (p *publisher) publish(ctx context.Context, r *report.Report) error {
	// First, because it tells whether the cluster knows such objects at all.
	found, err := p.former(ctx)
	if err != nil {
		return err
	}
	wanted, err := p.apply(ctx, r)
	if err != nil {
		return err
	}
	return p.prune(ctx, found, wanted)
}

// apply writes the namespaces' reports and then the cluster's, which takes in what is
// about namespaces that are not there.
func (p *publisher) apply(ctx context.Context, r *report.Report) ([]report.ClusterObject, error) {
	objects, err := p.api.Objects(r, func(string) bool { return false })
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if o.Namespace == "" || slices.Contains(p.out.Homeless, o.Namespace) {
			continue
		}
		if err := p.applyOne(ctx, o); err != nil {
			return nil, err
		}
	}
	if len(p.out.Homeless) > 0 {
		if objects, err = p.api.Objects(r, func(ns string) bool { return slices.Contains(p.out.Homeless, ns) }); err != nil {
			return nil, err
		}
	}
	for _, o := range objects {
		if o.Namespace != "" {
			continue
		}
		if err := p.applyOne(ctx, o); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

func (p *publisher) applyOne(ctx context.Context, o report.ClusterObject) error {
	// Not forced: what another writer holds is that writer's.
	_, err := p.of(o.Kind, o.Namespace).Patch(ctx, o.Name, types.ApplyPatchType, o.YAML, metav1.PatchOptions{FieldManager: manager, DryRun: p.dryRun})
	switch {
	case err == nil:
		p.out.Written++
		return nil
	case o.Namespace != "" && homeless(err):
		p.out.Homeless = append(p.out.Homeless, o.Namespace)
		return nil
	default:
		return p.faults.add("patch", o.Kind, place(o.Namespace, o.Name), err)
	}
}

// held is an object of a former run.
type held struct {
	kind, namespace, name string
	uid                   types.UID
}

// former are the objects that we applied before. Those that others wrote, even with
// our label, are not among them.
func (p *publisher) former(ctx context.Context) ([]held, error) {
	var all []held
	for _, kind := range []string{p.api.Kind, "Cluster" + p.api.Kind} {
		found, err := p.list(ctx, kind)
		if err != nil {
			if err := p.faults.add("list", kind, "", err); err != nil {
				return nil, err
			}
		}
		all = append(all, found...)
	}
	return all, nil
}

func (p *publisher) list(ctx context.Context, kind string) ([]held, error) {
	var found []held
	opt := metav1.ListOptions{LabelSelector: labels.SelectorFromSet(report.Managed()).String(), Limit: pageSize}
	for range maxPages {
		page, err := p.of(kind, "").List(ctx, opt)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			o := &page.Items[i]
			if slices.ContainsFunc(o.ManagedFields, ours) {
				found = append(found, held{kind, o.Namespace, o.Name, o.UID})
			}
		}
		if opt.Continue = page.Continue; opt.Continue == "" {
			return found, nil
		}
	}
	return nil, fmt.Errorf("the list has more than %d pages", maxPages)
}

func ours(e metav1.ManagedFieldsEntry) bool {
	return e.Manager == manager && e.Operation == metav1.ManagedFieldsOperationApply
}

func (p *publisher) prune(ctx context.Context, found []held, wanted []report.ClusterObject) error {
	for _, old := range found {
		if slices.ContainsFunc(wanted, func(o report.ClusterObject) bool {
			return o.Kind == old.kind && o.Namespace == old.namespace && o.Name == old.name
		}) {
			continue
		}
		err := p.of(old.kind, old.namespace).Delete(ctx, old.name, metav1.DeleteOptions{DryRun: p.dryRun, Preconditions: &metav1.Preconditions{UID: &old.uid}})
		switch {
		case err == nil:
			p.out.Removed++
		case apierrors.IsNotFound(err): // gone with its namespace
		default:
			if err := p.faults.add("delete", old.kind, place(old.namespace, old.name), err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *publisher) of(kind, namespace string) metadata.ResourceInterface {
	getter := p.client.Resource(schema.GroupVersionResource{Group: p.api.Group, Version: p.api.Version, Resource: resource(kind)})
	if namespace == "" {
		return getter
	}
	return getter.Namespace(namespace)
}

func resource(kind string) string { return strings.ToLower(kind) + "s" }

func place(namespace, name string) string {
	if namespace == "" {
		return name
	}
	return namespace + "/" + name
}
