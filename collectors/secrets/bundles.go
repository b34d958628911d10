package secrets

import (
	"context"
	"errors"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// fetcherBundle looks the Supervisor's bundle up where it is not among the
// objects. That there is none is an answer; what the source never gathered was
// not looked at.
func (r *run) fetcherBundle(ctx context.Context) {
	id := objectID{kindConfigMap, fetcherNamespace, fetcherName}
	if !r.opt.Supervisor || r.held[id] != nil {
		return
	}
	got := lookupAll(ctx, r.lookup, []objectID{id}, r.opt.Source)[0]
	if errors.Is(got.err, source.ErrNotCollected) {
		return
	}
	subject := evidence.Subject{"kind": "config_map", "namespace": id.namespace, "name": id.name}
	if reason := gapReason(got.err); got.err != nil && reason != "" {
		// Who manages clusters may seldom read kube-system of a Supervisor. What
		// is missing is this domain and no other: its entries.
		r.b.Part(evidence.Trust, evidence.Gap{Subject: subject, Field: "entries", Reason: reason, Detail: got.err.Error()})
		return
	}
	r.b.Ask(evidence.Trust, subject).Answer()
	r.look(evidence.DomainSupervisor)
	if got.err == nil {
		r.imageFetcher(got.object)
		r.report(evidence.Trust, subject, got.object.faults)
	}
}

// imageFetcher reads the bundle that the Supervisor's image fetcher, which pulls
// for vSphere Pods, trusts.
func (r *run) imageFetcher(o *object) {
	r.look(evidence.DomainSupervisor)
	e := newEntry(o, field{}, evidence.DomainSupervisor, 0, 0)
	if !e.fromKey(o, fetcherKey) {
		e.rec.Field = "data[" + fetcherKey + "]"
		if o.withholds(fetcherKey) {
			e.failed = "not_collected"
		} else if !e.faults.in("value") {
			e.failed = "key_not_found"
		}
		for _, key := range o.keys() {
			if foldKey(key) == foldKey(fetcherKey) {
				e.rec.Elsewhere = clean("key " + key)
			}
		}
	}
	r.add(e)
}

// fromKey takes the entry's value from a key of the Secret or ConfigMap that the
// entry stands in.
func (e *entry) fromKey(o *object, key string) bool {
	f, as, found := o.valueOf(key, e.faults)
	if !found {
		return false
	}
	e.inline(f)
	e.stands, e.value.layout = f, as
	if as != layoutPlain {
		// What the API wants is counted without the layer that carries it.
		for i := range e.rec.ExpectedLayers {
			e.rec.ExpectedLayers[i]++
		}
	}
	return true
}

// kappConfig reads a KappControllerConfig: kapp-controller's trust in one
// cluster.
func (r *run) kappConfig(o *object) {
	r.look(evidence.DomainKapp)
	config := o.at("spec", "kappController", "config")
	e := newEntry(o, config.at("caCerts"), evidence.DomainKapp, 0, 0)
	if certs := config.under(e.faults).as("value").at("caCerts"); certs.set() {
		e.inline(certs)
		r.add(e)
	}
	r.proxy(o, "kapp/"+o.key(), proxyFields(config.as("proxy"), "httpProxy", "httpsProxy", "noProxy"))
	r.skipList(o, config.as("off").at(skipVerifyKey))
}

// kappKeys reads a Secret or ConfigMap kapp-controller-config.
func (r *run) kappKeys(o *object) {
	r.look(evidence.DomainKapp)
	e := newEntry(o, field{}, evidence.DomainKapp, 0, 0)
	found := e.fromKey(o, "caCerts")
	if o.ref.Kind == kindSecret {
		e.rec.Secret = &evidence.KeyRef{Namespace: o.ref.Namespace, Name: o.ref.Name, Key: "caCerts"}
	}
	if !found && o.withholds("caCerts") {
		e.failed = "not_collected"
	}
	if found && (e.value.text != "" || e.faults.in("value")) || e.failed != "" {
		r.add(e)
	}
	plain := func(key, record string) field {
		f, as, _ := o.valueOf(key, o.faults)
		return f.as(record).decoded(as)
	}
	r.proxy(o, "kapp/"+o.key(), proxySetting{
		http: plain("httpProxy", "proxy"), https: plain("httpsProxy", "proxy"), no: plain("noProxy", "proxy"),
	})
	skip := plain(skipVerifyKey, "off")
	if skip.path == "" {
		skip = field{path: "data[" + skipVerifyKey + "]", faults: o.faults}
	}
	r.skipList(o, skip)
}

// openShift reads what image.config.openshift.io/cluster names: a ConfigMap with
// a registry's "host" or "host..port" for each key and PEM for its value.
func (r *run) openShift(ctx context.Context, o *object) {
	named := o.as("").at("spec", "additionalTrustedCA", "name")
	name, _ := named.text()
	r.look(evidence.DomainOpenShift)
	r.insecureRegistries(o)
	if name == "" {
		return
	}
	id := objectID{kindConfigMap, openShiftNamespace, name}
	got := lookupAll(ctx, r.lookup, []objectID{id}, r.opt.Source)[0]
	if got.err != nil {
		e := newEntry(o, named, evidence.DomainOpenShift, 0, 0)
		e.rec.Field = "spec.additionalTrustedCA.name"
		reason := gapReason(got.err)
		e.failed = notHad(reason, "config_map_not_found")
		if reason != "" && !errors.Is(got.err, source.ErrNotCollected) {
			e.faults.add("value", reason, got.err.Error())
		}
		r.add(e)
		return
	}
	keys := got.object.keys()
	if len(keys) > maxItems {
		o.faults.add("", "truncated", "the config map has too many keys")
		keys = keys[:maxItems]
	}
	for i, key := range keys {
		e := newEntry(got.object, field{}, evidence.DomainOpenShift, i, 0)
		e.rec.Name, e.label = clean(key), clean(key)
		if !e.fromKey(got.object, key) && got.object.withholds(key) {
			e.failed = "not_collected"
		}
		r.add(e)
	}
	r.report(evidence.Trust, got.object.subject(), got.object.faults)
}
