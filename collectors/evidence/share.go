package evidence

import (
	"strconv"
	"strings"
)

// shareTexts has what a cluster's pods repeat stand in memory once: a hundred thousand
// pods have a few thousand nodes, images and names between them, and those of a workload
// on a node differ by their names alone. Equal pods are one afterwards, so that none may
// be changed where it is.
func shareTexts(d *Document) {
	t := texts{}
	known := map[podKey]*Pod{}
	for name, p := range d.Pods {
		t.share(&p.Node, &p.Phase, &p.ServiceAccount, &p.Platform)
		t.shareAll(p.Images)
		t.shareAll(p.PullSecrets)
		t.shareAll(p.MissingPullSecrets)
		key := keyOf(p)
		if known[key] == nil {
			known[key] = p
		}
		d.Pods[name] = known[key]
	}
}

// podKey is all of a pod.
type podKey struct {
	node, phase, account, platform string
	images, secrets, missing       string
	counts                         [3]int
	always, observed               bool
}

func keyOf(p *Pod) podKey {
	return podKey{
		p.Node, p.Phase, p.ServiceAccount, p.Platform,
		joined(p.Images), joined(p.PullSecrets), joined(p.MissingPullSecrets),
		[3]int{len(p.Images), len(p.PullSecrets), len(p.MissingPullSecrets)},
		p.AlwaysPulls, p.Observed,
	}
}

// joined tells lists of one length apart: each text stands behind its length.
func joined(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	var out strings.Builder
	for _, text := range list {
		out.WriteString(strconv.Itoa(len(text)))
		out.WriteByte(':')
		out.WriteString(text)
	}
	return out.String()
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
