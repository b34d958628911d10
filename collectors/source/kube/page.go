package kube

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// maxIdlePages is how many pages in a row may bring nothing new.
	maxIdlePages = 3
	// maxExpired is how often in a row a list may expire.
	maxExpired = 3
)

// chunk is one page of a list.
type chunk[T any] struct {
	items []T
	meta  metav1.ListMeta
}

// listing is one list to read.
type listing[T any] struct {
	path     string
	selector string // of labels, empty for all
	accept   string
	decode   func(answer) (chunk[T], error)
	// identity is the object's UID, or another text that no other object has.
	identity func(T) string
	page     func(items []T, resourceVersion string) error
}

// run reads a list to its end in pages, the first from the newest state
// (resourceVersion unset; with "0" the API server ignores the limit).
//
// A continue token lives about five minutes. When it has expired (410), the
// token that comes with that answer continues the list from the same key at a
// newer state. Where there is none, the list is read once more from its start,
// and what was delivered before is left out. Either way objects that came or
// went meanwhile may be missing or outdated, but none comes twice.
//
// What was delivered before an error stays delivered.
func (l listing[T]) run(ctx context.Context, c *Cluster) error {
	seen := map[[16]byte]struct{}{}
	w := walk{patience: maxIdlePages}
	var room []byte // what is decoded shares no bytes with the answer
	for range c.options.MaxPages {
		query := w.query(c.options.PageSize)
		if l.selector != "" {
			query.Set("labelSelector", l.selector)
		}
		got, err := c.fetch(ctx, request{path: l.path, query: query, accept: l.accept, into: room})
		if err != nil {
			if err = w.expired(err); err != nil {
				return err
			}
			continue
		}
		room = got.body
		part, err := l.decode(got)
		if err != nil {
			return err
		}
		fresh := slices.DeleteFunc(part.items, func(item T) bool { return !add(seen, l.identity(item)) })
		if err := l.page(fresh, part.meta.ResourceVersion); err != nil {
			return err
		}
		more, err := w.advance(part.meta.Continue, len(fresh))
		if !more {
			return err
		}
	}
	return &failure{reason: "truncated", err: fmt.Errorf("the list has no end: gave up after %d pages", c.options.MaxPages)}
}

// add tells whether an identity is new. A digest of 16 bytes keeps 150,000 pods
// at 5 MB.
func add(seen map[[16]byte]struct{}, identity string) bool {
	sum := sha256.Sum256([]byte(identity))
	key := [16]byte(sum[:16])
	if _, ok := seen[key]; ok {
		return false
	}
	seen[key] = struct{}{}
	return true
}

// walk is the way through the pages of one list.
type walk struct {
	token    string
	pages    int // pages had
	patience int // pages without anything new that are still allowed
	expiries int // in a row
	restarts int
}

func (w *walk) query(limit int64) url.Values {
	q := url.Values{"limit": {strconv.FormatInt(limit, 10)}}
	if w.token != "" {
		q.Set("continue", w.token)
	}
	return q
}

// expired finds another way after a 410 in mid-list, or returns err.
func (w *walk) expired(err error) error {
	var status apierrors.APIStatus
	if w.token == "" || !errors.As(err, &status) || status.Status().Code != http.StatusGone {
		return err
	}
	w.expiries++
	next := status.Status().Continue
	switch {
	case w.expiries > maxExpired:
		return err
	case next != "" && next != w.token:
		w.token = next
	case w.restarts == 0:
		w.restarts++
		w.token = ""
		w.patience += w.pages
	default:
		return err
	}
	return nil
}

// advance goes on to the next page. more is false at the end and when the server
// leads in circles.
func (w *walk) advance(next string, fresh int) (more bool, err error) {
	w.pages++
	w.expiries = 0
	if fresh > 0 {
		w.patience = max(w.patience, maxIdlePages)
	} else {
		w.patience--
	}
	switch {
	case next == "":
		return false, nil
	case next == w.token:
		return false, &failure{reason: "truncated", err: errors.New("the server gives the same continue token again")}
	case w.patience < 0:
		return false, &failure{reason: "truncated", err: errors.New("the server's next pages bring nothing new")}
	}
	w.token = next
	return true, nil
}
