package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"
)

// Builder gathers one document from many goroutines. Its zero value is not
// usable; call NewBuilder.
type Builder struct {
	mu    sync.Mutex
	doc   Document
	tasks []*Task
}

// NewBuilder starts a document that is collected at the given time.
func NewBuilder(tool Tool, at time.Time) *Builder {
	return &Builder{
		doc: Document{
			SchemaVersion: SchemaVersion,
			CollectedAt:   At(at),
			Tool:          tool,
			Sources:       map[string]Source{},
			Certificates:  map[string]Certificate{},
			TrustStores:   map[string]TrustStore{},
			Domains:       map[string]Domain{},
			Pods:          map[string]*Pod{},
			PullFailures:  map[string]PullFailure{},
			Registries:    map[string]Registry{},
			Nodes:         map[string]Node{},
			Endpoints:     map[string]Endpoint{},
			Trust:         map[string]TrustEntry{},
			Secrets:       map[string]Secret{},
			Clusters:      map[string]Cluster{},
			Machines:      map[string]Machine{},
			Proxies:       map[string]Proxy{},
			EventWindows:  map[string]EventWindow{},
			Verification:  map[string]VerificationSwitch{},
			Coverage:      map[string]Coverage{},
		},
	}
}

// Record changes the document under the builder's lock. Do the work before the
// call: fn should only store.
func (b *Builder) Record(fn func(d *Document)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fn(&b.doc)
}

// View reads the document under the builder's lock. fn must keep nothing.
func (b *Builder) View(fn func(d *Document)) { b.Record(fn) }

// CollectedAt is the document's time.
func (b *Builder) CollectedAt() time.Time { return b.doc.CollectedAt.Time }

// TrustStore records a store and returns its key. Anchors may be unsorted and
// hold doubles.
func (b *Builder) TrustStore(verifier string, anchors []string) string {
	sorted := slices.Clone(anchors)
	sort.Strings(sorted)
	sorted = slices.Compact(sorted)
	key := TrustStoreKey(verifier, sorted)
	b.Record(func(d *Document) {
		if _, ok := d.TrustStores[key]; !ok {
			d.TrustStores[key] = TrustStore{Anchors: sorted, Verifier: verifier}
		}
	})
	return key
}

// TrustStoreKey is the key of a store: its verifier and the digest of its sorted
// fingerprints. The verifier is part of it because the same set reads
// differently to another verifier.
func TrustStoreKey(verifier string, sorted []string) string {
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\n")))
	return verifier + ":" + hex.EncodeToString(sum[:16])
}

// ChainKey is the key of a chain: the digest of its fingerprints in order.
func ChainKey(certificates []string) string {
	sum := sha256.Sum256([]byte(strings.Join(certificates, "\n")))
	return hex.EncodeToString(sum[:16])
}

// PullFailureKey is the key of a pull failure: pod and its first container.
func PullFailureKey(namespace, pod, container string) string {
	return namespace + "/" + pod + "/" + container
}

// TrustEntryKey is the key of a trust entry: "workload/Cluster/ns/name/entry".
func TrustEntryKey(domain string, object ObjectRef, entry string) string {
	return strings.Join([]string{domain, object.Kind, object.Namespace, object.Name, entry}, "/")
}

// A Task is one thing that was asked for. Exactly one of Answer, Gap and Skip
// ends it; a later call is ignored. A task that nobody ended becomes a gap.
type Task struct {
	b         *Builder
	collector string
	subject   Subject
	field     string
	ended     bool
	outcome   taskOutcome
	gap       Gap
}

type taskOutcome int

const (
	pending taskOutcome = iota
	answered
	gapped
	skipped
)

// Request marks a kind of evidence as asked for, also where it turns out that
// there is nothing of it.
func (b *Builder) Request(collector string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.doc.Coverage[collector]
	c.Requested, c.Hint = true, ""
	b.doc.Coverage[collector] = c
}

// NotAsked says how a kind of evidence that nobody asked for could be had. It
// does nothing when the evidence was requested.
func (b *Builder) NotAsked(collector, hint string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.doc.Coverage[collector]
	if !c.Requested && c.Hint == "" {
		c.Hint = hint
		b.doc.Coverage[collector] = c
	}
}

// Requested tells whether a kind of evidence was asked for.
func (b *Builder) Requested(collector string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.doc.Coverage[collector].Requested
}

// Ask plans one thing; it marks its collector as requested.
func (b *Builder) Ask(collector string, subject Subject) *Task {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.doc.Coverage[collector]
	c.Requested, c.Hint = true, ""
	b.doc.Coverage[collector] = c
	t := &Task{b: b, collector: collector, subject: subject}
	b.tasks = append(b.tasks, t)
	return t
}

// Section is the subject of a whole section, for a gap that leaves nothing.
func Section(name string) Subject { return Subject{"kind": "section", "name": name} }

// Part records that a part of an answered thing is missing: one more thing was
// asked for, and it is a gap. The same part is recorded once.
func (b *Builder) Part(collector string, gap Gap) {
	t := b.Ask(collector, gap.Subject)
	t.field = gap.Field
	t.Gap(gap.Reason, gap.Detail)
}

func (t *Task) end(outcome taskOutcome) bool {
	if t.ended {
		return false
	}
	t.ended, t.outcome = true, outcome
	return true
}

// Answer ends the task: the thing was had.
func (t *Task) Answer() {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.end(answered)
}

// Skip ends the task: the user asked to leave the thing out.
func (t *Task) Skip() {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	t.end(skipped)
}

// Gap ends the task: the thing was not had, for one of Reasons.
func (t *Task) Gap(reason, detail string) {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	if t.end(gapped) {
		if !slices.Contains(Reasons, reason) {
			reason, detail = "internal", fmt.Sprintf("reason %q is not in the list: %s", reason, detail)
		}
		t.gap = Gap{Subject: t.subject, Field: t.field, Reason: reason, Detail: Scrub(detail)}
	}
}

// Build ends the gathering: open tasks become gaps of the given reason
// ("cancelled" or "internal"), derived views are made, and the document is
// returned. The builder must not be used afterwards.
func (b *Builder) Build(openReason string) *Document {
	b.mu.Lock()
	open := slices.Clone(b.tasks)
	b.mu.Unlock()
	for _, t := range open {
		t.Gap(openReason, "it was not finished when the run ended")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.settleCoverage()
	redact(&b.doc)
	b.doc.Views = deriveViews(&b.doc)
	fillEmpty(&b.doc)
	return &b.doc
}

func (b *Builder) settleCoverage() {
	for _, name := range Collectors {
		c := b.doc.Coverage[name]
		c.Gaps = []Gap{}
		b.doc.Coverage[name] = c
	}
	seen := map[string]bool{}
	for _, t := range b.tasks {
		c := b.doc.Coverage[t.collector]
		switch t.outcome {
		case gapped:
			key := t.collector + "\x00" + t.gap.Subject.String() + "\x00" + t.gap.Field + "\x00" + t.gap.Reason
			if seen[key] {
				continue
			}
			seen[key] = true
			c.Gaps = append(c.Gaps, t.gap)
		case answered:
			c.Answered++
		default:
			c.Skipped++
		}
		c.Asked++
		b.doc.Coverage[t.collector] = c
	}
	for name, c := range b.doc.Coverage {
		sort.Slice(c.Gaps, func(i, j int) bool {
			x, y := c.Gaps[i], c.Gaps[j]
			return x.Subject.String()+"\x00"+x.Field+"\x00"+x.Reason < y.Subject.String()+"\x00"+y.Field+"\x00"+y.Reason
		})
		b.doc.Coverage[name] = c
	}
}
