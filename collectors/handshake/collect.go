package handshake

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Vantage is a place that connections start from.
type Vantage struct {
	// Name is "collector" or "node/<name>".
	Name string
	// Dial connects from there: a *net.Dialer's DialContext, or an SSH client's
	// for direct-tcpip. It must return when its context ends. Deadlines are never
	// set on what it returns.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Proxy says which proxy clients at this place use for host:port, nil for
	// none. A URL's user and password are sent to the proxy and never recorded.
	Proxy func(hostport string) (*url.URL, error)
	// Versions: TLS versions are tried one by one from here, for up to three more
	// connections to each endpoint that completed a handshake.
	Versions bool
	// ProxyRoots are what an https proxy's certificate is verified with; nil
	// means the system's roots.
	ProxyRoots *x509.CertPool
	// Reason maps an error of Dial that is the vantage's own (its SSH connection
	// failed, its forwarding is prohibited) to one of evidence.Reasons, and any
	// other to "". Refusals of an SSH channel (*ssh.OpenChannelError) are sorted
	// before it is asked.
	Reason func(error) string
}

// Options are the settings of Collect.
type Options struct {
	// Timeout bounds one probe, its second attempt, GET /v2/ and the TLS versions
	// included; 10 s when zero.
	Timeout time.Duration
	// ConnectTo maps "host:port" to the "host:port" to dial instead, as curl's
	// --connect-to does: name and SNI stay.
	ConnectTo map[string]string
	// PerHost is how many probes of one endpoint run at a time (4 when zero),
	// Total how many in all (64 when zero).
	PerHost, Total int
	// Now stamps the probes; without it they bear no time.
	Now func() time.Time
	// Source is the key of Document.Sources that the records name.
	Source string
	// FollowRealm probes the token services that registries name, too.
	FollowRealm bool
	// Progress is told of each finished probe, one call at a time. It must
	// return quickly. total grows when token services are found.
	Progress func(done, total int)
}

const (
	defaultTimeout = 10 * time.Second
	defaultPerHost = 4
	defaultTotal   = 64
)

// Collect probes each target from each vantage and records endpoints, chains and
// certificates in b; verdicts on the chains are left to certificate.Settle. It
// returns when every probe has ended, and after ctx ends soon: what is left then
// becomes a gap.
func Collect(ctx context.Context, b *evidence.Builder, targets []Target, vantages []Vantage, opt Options) {
	b.Request(evidence.Handshakes)
	r := &collection{
		b: b, opt: opt, planned: map[plan]bool{}, agent: userAgent(b),
		queue: newQueue(orDefault(opt.PerHost, defaultPerHost), opt.Progress),
	}
	r.opt.Timeout = orDefault(opt.Timeout, defaultTimeout)
	for i := range vantages {
		vantage := &vantages[i]
		for _, t := range merge(targets) {
			r.plan(t, vantage, opt.FollowRealm)
		}
	}
	var workers sync.WaitGroup
	for range orDefault(opt.Total, defaultTotal) {
		workers.Go(func() { r.work(ctx) })
	}
	workers.Wait()
}

func orDefault[T int | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

func userAgent(b *evidence.Builder) string {
	agent := ""
	b.View(func(d *evidence.Document) { agent = d.Tool.Name + "/" + d.Tool.Version })
	return clean(agent)
}

// collection is one run of Collect.
type collection struct {
	b     *evidence.Builder
	opt   Options
	agent string
	queue *queue

	mu      sync.Mutex
	planned map[plan]bool
}

type plan struct{ endpoint, vantage string }

// plan records the endpoint with its roles and asks for a probe, unless it has
// been asked for.
func (r *collection) plan(t Target, v *Vantage, follow bool) {
	recordEndpoint(r.b, t)
	p := plan{t.Key(), v.Name}
	r.mu.Lock()
	known := r.planned[p]
	r.planned[p] = true
	r.mu.Unlock()
	if !known {
		task := r.b.Ask(evidence.Handshakes, subject(t.Key(), v.Name))
		r.queue.push(job{target: t, vantage: v, task: task, follow: follow})
	}
}

func (r *collection) work(ctx context.Context) {
	for {
		j, more := r.queue.take()
		if !more {
			return
		}
		r.do(ctx, j)
		r.queue.finish(j)
	}
}

func (r *collection) do(ctx context.Context, j job) {
	// A server chooses the bytes that the parsers below get: one of them failing
	// must not cost the other probes.
	defer func() {
		if p := recover(); p != nil {
			j.task.Gap("internal", clean(fmt.Sprintf("the probe panicked: %v", p)))
		}
	}()
	if ctx.Err() != nil {
		j.task.Gap("cancelled", "the run ended before the probe")
		return
	}
	probe, cancel := context.WithTimeout(ctx, r.opt.Timeout)
	defer cancel()
	d := &dialer{target: j.target, address: j.target.Key(), vantage: j.vantage, agent: r.agent}
	if elsewhere, ok := r.opt.ConnectTo[d.address]; ok {
		d.address = elsewhere
	}
	var at *evidence.Time
	if r.opt.Now != nil {
		at = evidence.MaybeAt(r.opt.Now())
	}
	o := d.probe(ctx, probe)
	if j.vantage.Versions {
		d.addVersions(ctx, probe, &o)
	}
	o.probe.ProbedAt = at
	o.probe.Provenance = evidence.Provenance{Source: r.opt.Source, Method: "handshake"}
	record(r.b, j.task, j.target, j.vantage.Name, o)
	if j.follow && o.probe.V2 != nil && o.probe.V2.RealmHost != "" {
		if t, err := ParseTarget(o.probe.V2.RealmHost); err == nil {
			t.Roles = []string{RoleToken}
			r.plan(t, j.vantage, false)
		}
	}
}

func subject(endpoint, vantage string) evidence.Subject {
	return evidence.Subject{"kind": "endpoint", "name": endpoint, "vantage": vantage}
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// recordEndpoint makes sure that the document has the endpoint and its roles.
func recordEndpoint(b *evidence.Builder, t Target) {
	b.Record(func(d *evidence.Document) {
		e, known := d.Endpoints[t.Key()]
		if !known {
			e = evidence.Endpoint{Host: t.Host, Port: t.Port, Probes: map[string]evidence.Probe{}, Chains: map[string]evidence.Chain{}}
		}
		e.Roles = addRoles(e.Roles, t.Roles)
		d.Endpoints[t.Key()] = e
	})
}

// record stores what a probe came to and ends its task.
func record(b *evidence.Builder, task *evidence.Task, t Target, vantage string, o outcome) {
	if o.gap != nil {
		task.Gap(o.gap.reason, o.gap.detail)
		return
	}
	var chain evidence.Chain
	if len(o.chain) > 0 {
		prints := certificate.Record(b, o.chain...)
		chain = certificate.Describe(o.chain, t.Host)
		o.probe.Chain = evidence.ChainKey(prints)
	}
	b.Record(func(d *evidence.Document) {
		e := d.Endpoints[t.Key()]
		if o.probe.Chain != "" {
			if _, known := e.Chains[o.probe.Chain]; !known {
				e.Chains[o.probe.Chain] = chain
			}
		}
		e.Probes[vantage] = o.probe
	})
	if o.untried != nil {
		b.Part(evidence.Handshakes, evidence.Gap{
			Subject: evidence.Subject{"kind": "endpoint", "name": t.Key()}, Field: "versions_accepted",
			Reason: o.untried.reason, Detail: o.untried.detail,
		})
	}
	for field, part := range o.parts {
		b.Part(evidence.Handshakes, evidence.Gap{Subject: subject(t.Key(), vantage), Field: field, Reason: part.reason, Detail: part.detail})
	}
	task.Answer()
}
