package nodecerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	defaultJobs    = 48
	defaultTimeout = 20 * time.Second
)

// Target is a node to be listed over SSH.
type Target struct {
	Name    string // as the API has it
	Address string // host or host:port, as connect wants it
}

// Session is a connection to a node.
type Session interface {
	// Exec runs one command and returns what it wrote to its standard output, at
	// most limit bytes, with an error too.
	Exec(ctx context.Context, command string, limit int64) ([]byte, error)
	HostKey() string // "SHA256:..."
	Verified() bool  // the host key was known before
	User() string
	Close()
}

// Options are the settings of CollectSSH.
type Options struct {
	// Jobs is how many nodes are listed at once, 48 when zero; Timeout bounds one
	// node, 20 s when zero.
	Jobs    int
	Timeout time.Duration
	// Now is the collector's clock; without it no node's clock is compared.
	Now func() time.Time
	// Access is what all nodes' access records share: HostKeyPolicy.
	Access evidence.Access
	// Source is the key of Document.Sources that the records name, "ssh" when
	// empty. It is added to the document if it is not there.
	Source string
	// Progress is told of each finished node, one call at a time.
	Progress func(done, total int)
}

// CollectSSH lists nodes, each over a connection of its own with one exec of
// Command, and records what came. A node that could not be listed is a gap with
// the reason that reason gives for the error, and no more than that: the others
// go on. What an interrupted listing had is recorded, and the rest is gaps. It
// returns when all connections are closed, soon after ctx ends.
func CollectSSH(ctx context.Context, b *evidence.Builder, targets []Target, connect func(ctx context.Context, address string) (Session, error), reason func(error) string, opt Options) {
	c := &sshCollection{
		recorder: NewRecorder(b), connect: connect, reason: reason, opt: opt,
		jobs: make(chan sshJob), total: len(targets),
	}
	c.opt.Timeout = cmp.Or(opt.Timeout, defaultTimeout)
	c.opt.Source = cmp.Or(opt.Source, "ssh")
	b.Request(evidence.Nodes)
	b.Record(func(d *evidence.Document) {
		if _, ok := d.Sources[c.opt.Source]; !ok {
			d.Sources[c.opt.Source] = evidence.Source{Kind: evidence.SourceSSH, URI: "nodes"}
		}
	})
	var workers sync.WaitGroup
	for range min(cmp.Or(opt.Jobs, defaultJobs), len(targets)) {
		workers.Go(c.work)
	}
	jobs := make([]sshJob, 0, len(targets))
	for _, t := range targets { // all are asked for before any is looked at
		jobs = append(jobs, sshJob{ctx, t, b.Ask(evidence.Nodes, nodeSubject(t.Name))})
	}
	for _, job := range jobs {
		c.jobs <- job
	}
	close(c.jobs)
	workers.Wait()
}

type sshCollection struct {
	recorder *Recorder
	connect  func(ctx context.Context, address string) (Session, error)
	reason   func(error) string
	opt      Options
	jobs     chan sshJob

	mu          sync.Mutex // held while Progress is told
	done, total int
}

type sshJob struct {
	ctx    context.Context
	target Target
	task   *evidence.Task
}

func (c *sshCollection) work() {
	for job := range c.jobs {
		c.node(job)
		if c.opt.Progress != nil {
			c.mu.Lock()
			c.done++
			c.opt.Progress(c.done, c.total)
			c.mu.Unlock()
		}
	}
}

// node lists one node. A panic over what a node sent must not take the others
// down.
func (c *sshCollection) node(job sshJob) {
	defer func() {
		if p := recover(); p != nil {
			job.task.Gap("internal", fmt.Sprintf("reading the listing of %q: %v", job.target.Name, p))
		}
	}()
	if err := job.ctx.Err(); err != nil {
		job.task.Gap("cancelled", "the run ended before this node's turn")
		return
	}
	ctx, cancel := context.WithTimeout(job.ctx, c.opt.Timeout)
	defer cancel()
	session, err := c.connect(ctx, job.target.Address)
	if err != nil {
		c.gap(job, err)
		return
	}
	defer session.Close()
	var clock Clock
	clock.Sent = c.now()
	out, execErr := session.Exec(ctx, Command(), MaxStream)
	clock.Received = c.now()
	l, err := parseListing(out, MaxStream)
	switch {
	case l == nil && execErr != nil:
		c.gap(job, execErr)
		return
	case l == nil:
		job.task.Gap("parse_error", err.Error())
		return
	case errors.Is(err, ErrTruncated) && execErr != nil:
		l.TruncatedBy = c.reasonOf(job, execErr)
	}
	c.recorder.Record(job.target.Name, l, c.access(session), evidence.Provenance{Source: c.opt.Source, Method: "exec"}, clock)
	c.recorder.address(job.target)
	job.task.Answer()
}

func (c *sshCollection) now() time.Time {
	if c.opt.Now == nil {
		return time.Time{}
	}
	return c.opt.Now()
}

func (c *sshCollection) gap(job sshJob, err error) {
	job.task.Gap(c.reasonOf(job, err), err.Error())
}

func (c *sshCollection) reasonOf(job sshJob, err error) string {
	if errors.Is(job.ctx.Err(), context.Canceled) {
		return "cancelled"
	}
	if reason := c.reason(err); slices.Contains(evidence.Reasons, reason) {
		return reason
	}
	return "internal"
}

func (c *sshCollection) access(s Session) evidence.Access {
	access := c.opt.Access
	verified := s.Verified()
	access.Method, access.User, access.HostKey, access.HostKeyVerified = "ssh", s.User(), s.HostKey(), &verified
	if j, ok := s.(interface{ Jump() string }); ok {
		access.Jump = orElse(j.Jump(), access.Jump)
	}
	return access
}

// address keeps where a node was reached, where the API did not tell.
func (r *Recorder) address(t Target) {
	host, _, err := net.SplitHostPort(t.Address)
	if err != nil {
		host = t.Address
	}
	r.b.Record(func(d *evidence.Document) {
		if n := d.Nodes[t.Name]; n.Address == "" {
			n.Address = host
			d.Nodes[t.Name] = n
		}
	})
}
