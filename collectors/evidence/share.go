package evidence

// shareTexts has the texts that a cluster's pods repeat stand in memory once: a
// hundred thousand pods have a few thousand nodes, images and names between them.
func shareTexts(d *Document) {
	t := texts{}
	for key, p := range d.Pods {
		t.share(&p.Node, &p.Phase, &p.ServiceAccount, &p.Platform)
		t.shareAll(p.Images)
		t.shareAll(p.PullSecrets)
		t.shareAll(p.MissingPullSecrets)
		d.Pods[key] = p
	}
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
