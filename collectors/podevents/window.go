package podevents

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// window is how far the events of one namespace reach.
type window struct {
	count          int
	oldest, newest time.Time
}

// widen takes an event into the window of its namespace, whatever it is about. One
// that comes twice, as core/v1 and as events.k8s.io/v1, counts once.
func (c *Collector) widen(e *corev1.Event) {
	namespace := e.Namespace
	if namespace == "" {
		namespace = namespaceOr(e.InvolvedObject.Namespace)
	}
	first, last, _ := eventTimes(e)
	c.mu.Lock()
	defer c.mu.Unlock()
	namespace = c.word(namespace)
	w := c.windows[namespace]
	if uid := digestOf(e.UID); uid == 0 {
		w.count++
	} else if _, again := c.seen[uid]; !again {
		c.seen[uid] = 0
		w.count++
	}
	if !first.IsZero() && (w.oldest.IsZero() || first.Before(w.oldest)) {
		w.oldest = first
	}
	if last.After(w.newest) {
		w.newest = last
	}
	c.windows[namespace] = w
}

func (c *Collector) writeWindows(d *evidence.Document) {
	for namespace, w := range c.windows {
		d.EventWindows[evidence.Scrub(namespace)] = evidence.EventWindow{
			Count: w.count, Oldest: evidence.MaybeAt(w.oldest), Newest: evidence.MaybeAt(w.newest),
		}
	}
}
