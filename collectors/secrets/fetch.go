package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// atOnce is how many look-ups run at the same time: a Kubernetes API is asked
// for no more.
const atOnce = 4

// outcome is what the source said of a Secret or ConfigMap.
type outcome struct {
	object *object
	err    error
}

// fetch gets every secret that an entry names, and those named by habit.
func (r *run) fetch(ctx context.Context) {
	named := map[objectID]bool{}
	for _, e := range r.entries {
		if e.secret != nil && e.secret.Name != "" {
			named[objectID{kindSecret, e.secret.Namespace, e.secret.Name}] = true
		}
	}
	ids := slices.Collect(maps.Keys(named))
	for _, id := range r.byHabit {
		if !named[id] {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)

	outcomes := lookupAll(ctx, r.lookup, ids, r.opt.Source)
	for i, id := range ids {
		got := outcomes[i]
		if got.err != nil {
			got = r.unplaced(id, got)
		}
		if !named[id] && got.err != nil {
			continue // nobody asked for it
		}
		r.fetched[id] = got
		recordAsked(r.b, id, got, usedAsTrust)
	}
}

func compareIDs(a, b objectID) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
}

// lookupAll asks for each id and returns the answers in the same order.
func lookupAll(ctx context.Context, lookup source.Lookup, ids []objectID, defaultSource string) []outcome {
	out := make([]outcome, len(ids))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, id := range ids {
		group.Go(func() error {
			out[i] = lookupOne(ctx, lookup, id, defaultSource)
			return nil
		})
	}
	_ = group.Wait() // the functions return no errors; each has its own
	return out
}

func lookupOne(ctx context.Context, lookup source.Lookup, id objectID, defaultSource string) outcome {
	if err := ctx.Err(); err != nil {
		return outcome{err: err}
	}
	if !validName(id.name) || id.namespace != "" && !validName(id.namespace) {
		return outcome{err: fmt.Errorf("no object can have that name: %w", source.ErrNotFound)}
	}
	o, err := lookup(ctx, id.kind, id.namespace, id.name)
	if err != nil {
		return outcome{err: err}
	}
	return outcome{object: newObject(o, defaultSource).named(id)}
}

// named fills in what an answer may leave out: the name it was asked by, and the
// kind, which typed clients do not give.
func (o *object) named(id objectID) *object {
	if o.ref.Name == "" {
		o.ref.Namespace, o.ref.Name = id.namespace, id.name
	}
	if o.ref.Kind == "" {
		o.ref.Kind = id.kind
	}
	return o
}

// lookupHeld looks among the objects only.
func (r *run) lookupHeld(_ context.Context, kind, namespace, name string) (source.Object, error) {
	o, ok := r.held[objectID{kind, namespace, name}]
	if !ok {
		return source.Object{}, fmt.Errorf("looking up %s %q: %w", kind, namespace+"/"+name, source.ErrNotCollected)
	}
	m, _ := o.raw.(map[string]any)
	return source.Object{Map: m, Provenance: o.provenance}, nil
}

// unplaced finds the secret among manifests that name no namespace: theirs is
// the one they are applied to.
func (r *run) unplaced(id objectID, got outcome) outcome {
	if !errors.Is(got.err, source.ErrNotFound) && !errors.Is(got.err, source.ErrNotCollected) {
		return got
	}
	if o, ok := r.held[objectID{id.kind, "", id.name}]; ok {
		return outcome{object: o}
	}
	if id.namespace != "" {
		return got
	}
	if places := r.namespacesOf(id.kind, id.name); len(places) == 1 {
		return outcome{object: r.held[objectID{id.kind, places[0], id.name}]}
	}
	return got
}

// namespacesOf are the namespaces in which the source holds an object of that
// name, sorted.
func (r *run) namespacesOf(kind, name string) []string {
	var out []string
	for id := range r.held {
		if id.kind == kind && id.name == name {
			out = append(out, id.namespace)
		}
	}
	slices.Sort(out)
	return out
}

// gapReason tells why a look-up gave nothing, as one of evidence.Reasons. It is
// empty for an object that does not exist, which is an answer.
func gapReason(err error) string {
	switch {
	case errors.Is(err, source.ErrNotFound):
		return ""
	case errors.Is(err, source.ErrForbidden):
		return "forbidden"
	case errors.Is(err, source.ErrNotCollected):
		return "not_in_source"
	case errors.Is(err, source.ErrUnclear):
		return "parse_error"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "cancelled"
	default:
		return "internal"
	}
}

// recordAsked records the shape of a secret that was asked for, that it is
// missing, or the gap.
func recordAsked(b *evidence.Builder, id objectID, got outcome, usedAs string) {
	recordFound(b, b.Ask(evidence.Secrets, secretSubject(id)), got, id, usedAs)
}

func recordFound(b *evidence.Builder, task *evidence.Task, got outcome, id objectID, usedAs ...string) {
	if got.err == nil && got.object.untold() {
		// That it exists is all that is known, and more was not asked for.
		got.err = source.ErrNotCollected
	}
	if got.err != nil {
		if errors.Is(got.err, source.ErrNotCollected) {
			task.Skip() // files that hold no secrets were not asked for one
			return
		}
		if reason := gapReason(got.err); reason != "" {
			task.Gap(reason, got.err.Error())
			return
		}
		recordSecret(b, id.key(), evidence.Secret{Missing: true, UsedAs: usedAs})
		task.Answer()
		return
	}
	recordShape(b, got.object, id, usedAs...)
	task.Answer()
}

func secretSubject(id objectID) evidence.Subject {
	return evidence.Subject{"kind": "secret", "namespace": clean(id.namespace), "name": clean(id.name)}
}
