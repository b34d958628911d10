package evidence

import (
	"hash/maphash"
	"slices"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// podReader has what a cluster's pods repeat stand in memory once: a hundred thousand
// pods have a few thousand nodes, images and names between them, and those of a workload
// on a node differ by their names alone. Equal pods are one, so that none may be changed
// where it is. A pod is kept only if none was like it before.
type podReader struct {
	scratch Pod
	images  []string        // scratch's, between two pods
	known   map[uint64]*Pod // by hash; of two with the same hash that differ, the first
	hash    maphash.Hash
	texts   texts
}

func newPodReader() *podReader { return &podReader{known: map[uint64]*Pod{}, texts: texts{}} }

// read reads a pod.
func (r *podReader) read(from *jsontext.Decoder, pod **Pod) error {
	clear(r.images)
	r.scratch = Pod{Images: r.images[:0]}
	if err := jsonv2.UnmarshalDecode(from, &r.scratch); err != nil {
		return err
	}
	r.images = r.scratch.Images
	hash := r.hashOf(&r.scratch)
	known := r.known[hash]
	if known == nil || !samePod(known, &r.scratch) {
		kept := r.scratch
		kept.Images = slices.Clone(kept.Images)
		fillPod(&kept)
		r.share(&kept)
		if known == nil {
			r.known[hash] = &kept
		}
		known = &kept
	}
	*pod = known
	return nil
}

func (r *podReader) share(p *Pod) {
	r.texts.share(&p.Node, &p.Phase, &p.ServiceAccount, &p.Platform)
	r.texts.shareAll(p.Images)
	r.texts.shareAll(p.PullSecrets)
	r.texts.shareAll(p.MissingPullSecrets)
}

func (r *podReader) hashOf(p *Pod) uint64 {
	r.hash.Reset()
	write := func(texts ...string) {
		for _, text := range texts {
			_, _ = r.hash.WriteString(text) // it never fails
			_ = r.hash.WriteByte(0)
		}
		_ = r.hash.WriteByte(1)
	}
	write(p.Node, p.Phase, p.ServiceAccount, p.Platform)
	write(p.Images...)
	write(p.PullSecrets...)
	write(p.MissingPullSecrets...)
	return r.hash.Sum64()
}

// samePod compares all of two pods.
func samePod(a, b *Pod) bool {
	return a.Node == b.Node && a.Phase == b.Phase && a.ServiceAccount == b.ServiceAccount && a.Platform == b.Platform &&
		a.AlwaysPulls == b.AlwaysPulls && a.Observed == b.Observed &&
		slices.Equal(a.Images, b.Images) && slices.Equal(a.PullSecrets, b.PullSecrets) && slices.Equal(a.MissingPullSecrets, b.MissingPullSecrets)
}

type texts map[string]string

func (t texts) share(places ...*string) {
	for _, place := range places {
		known, ok := t[*place]
		if !ok {
			known = *place
			t[known] = known
		}
		*place = known
	}
}

func (t texts) shareAll(list []string) {
	for i := range list {
		t.share(&list[i])
	}
}
