package handshake

import (
	"slices"
	"sync"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// job is one endpoint to be probed from one vantage.
type job struct {
	target  Target
	vantage *Vantage
	task    *evidence.Task
	// follow: the token service that the answer names is probed as well.
	follow bool
}

// queue hands jobs to workers, no more than perHost of one endpoint at a time. A
// worker is never held up by a busy endpoint while another one has work.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	perHost int
	waiting map[string][]job
	busy    map[string]int
	// hosts are the keys of waiting in the order they came; next is where the
	// round over them goes on.
	hosts []string
	next  int
	// open counts jobs that are waiting or under way.
	open     int
	done     int
	total    int
	progress func(done, total int)
}

func newQueue(perHost int, progress func(done, total int)) *queue {
	q := &queue{perHost: perHost, waiting: map[string][]job{}, busy: map[string]int{}, progress: progress}
	q.changed = sync.NewCond(&q.mu)
	return q
}

func (q *queue) push(j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := j.target.Key()
	if _, known := q.waiting[key]; !known {
		q.hosts = append(q.hosts, key)
	}
	q.waiting[key] = append(q.waiting[key], j)
	q.open++
	q.total++
	q.changed.Signal()
}

// take waits for a job. It returns false when all are done.
func (q *queue) take() (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.open > 0 {
		for i := range q.hosts {
			at := (q.next + i) % len(q.hosts)
			key := q.hosts[at]
			if len(q.waiting[key]) == 0 || q.busy[key] >= q.perHost {
				continue
			}
			j := q.waiting[key][0]
			q.waiting[key] = slices.Delete(q.waiting[key], 0, 1)
			q.busy[key]++
			q.next = at + 1
			return j, true
		}
		q.changed.Wait()
	}
	return job{}, false
}

// finish ends a job that take gave. Jobs that it leads to are pushed before.
func (q *queue) finish(j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy[j.target.Key()]--
	q.open--
	q.done++
	if q.progress != nil {
		q.progress(q.done, q.total)
	}
	q.changed.Broadcast()
}
