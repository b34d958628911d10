// Package simulated makes the documents of a fleet that does not exist: many clusters,
// healthy ones and some broken in the ways of the fixture stories, each with nodes of
// its own and the CA of its site. The same call makes the same bytes.
package simulated

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Fleet is a simulated fleet.
type Fleet struct {
	// Expected are all clusters; Missing have no document, Truncated half of one, and
	// Twice an older one, too.
	Expected, Missing, Truncated, Twice []string
	// Broken are the clusters whose story fails.
	Broken []string
	// Site is the fingerprint of the site CA that expires first.
	Site  string
	Bytes int64
}

// at is when the first document was collected.
func at() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

// siteSize is how many clusters share a site and its CA.
const siteSize = 50

// brokenEvery is how many clusters there are for each that is broken.
const brokenEvery = 10

// Write writes n clusters' documents into a folder, made from the fixture stories, and
// the list of them beside it: folder.txt.
func Write(folder, fixtures string, n int) (*Fleet, error) {
	healthy, broken, err := stories(fixtures)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // nothing in it is secret
		return nil, err
	}
	list, err := os.Create(filepath.Clean(folder) + ".txt")
	if err != nil {
		return nil, err
	}
	defer list.Close() //nolint:errcheck // Flush tells of it
	out := bufio.NewWriter(list)
	f, maker := &Fleet{}, certtest.Seeded(at(), "fleet")
	var site *certtest.Pair
	for i := range n {
		if i%siteSize == 0 {
			// The sites' CAs end one after another, the last site's first.
			end := at().AddDate(0, 6, (n-i)/siteSize)
			site = maker.Root(fmt.Sprintf("Site %03d CA", i/siteSize), certtest.Validity(at().AddDate(-1, 0, 0), end))
			f.Site = site.Fingerprint()
		}
		name := fmt.Sprintf("cluster-%05d", i)
		f.Expected = append(f.Expected, name)
		fmt.Fprintln(out, name)
		story := healthy[i%len(healthy)]
		if i%brokenEvery == 3 {
			story = broken[i/brokenEvery%len(broken)]
			f.Broken = append(f.Broken, name)
		}
		if err := f.cluster(folder, name, i, story, site); err != nil {
			return nil, err
		}
	}
	return f, out.Flush()
}

// stories are the documents of the fixtures that have nodes.
func stories(fixtures string) (healthy, broken [][]byte, err error) {
	files, err := filepath.Glob(filepath.Join(fixtures, "*", "document.json"))
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		story := filepath.Base(filepath.Dir(file))
		if strings.HasPrefix(story, "manifests-only") {
			continue
		}
		data, err := os.ReadFile(file) //nolint:gosec // the caller names it
		if err != nil {
			return nil, nil, err
		}
		if strings.HasSuffix(story, "-repaired") || strings.HasSuffix(story, "-layout") {
			healthy = append(healthy, data)
		} else {
			broken = append(broken, data)
		}
	}
	if len(healthy) == 0 || len(broken) == 0 {
		return nil, nil, fmt.Errorf("reading the stories in %q: there are none", fixtures)
	}
	return healthy, broken, nil
}

// cluster writes the document of one cluster, or what became of it.
func (f *Fleet) cluster(folder, name string, i int, story []byte, site *certtest.Pair) error {
	doc, err := evidence.Decode(story)
	if err != nil {
		return err
	}
	doc.Cluster, doc.CollectedAt = name, evidence.At(at().Add(time.Duration(i)*time.Second))
	own(doc, name)
	holdSite(doc, site)
	text, err := evidence.Encode(doc)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, name+".json")
	switch {
	case i%97 == 50:
		f.Missing = append(f.Missing, name)
		return nil
	case i%101 == 51:
		f.Truncated = append(f.Truncated, name)
		text = text[:len(text)/2]
	case i%103 == 52:
		f.Twice = append(f.Twice, name)
		doc.CollectedAt = evidence.At(at().AddDate(0, 0, -1))
		old, err := evidence.Encode(doc)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name+"-yesterday.json"), old, 0o600); err != nil {
			return err
		}
	}
	f.Bytes += int64(len(text))
	return os.WriteFile(path, text, 0o600)
}

// own gives the cluster nodes of its own.
func own(doc *evidence.Document, name string) {
	renamed := map[string]string{}
	for i, node := range slices.Sorted(maps.Keys(doc.Nodes)) {
		renamed[node] = fmt.Sprintf("%s-node-%d", name, i)
	}
	rename := func(node string) string {
		if to, ok := renamed[node]; ok {
			return to
		}
		return node
	}
	nodes := map[string]evidence.Node{}
	for node := range doc.Nodes {
		nodes[rename(node)] = doc.Nodes[node]
	}
	doc.Nodes = nodes
	for key, pod := range doc.Pods {
		renamed := *pod
		renamed.Node = rename(pod.Node)
		doc.Pods[key] = &renamed
	}
	for key, failure := range doc.PullFailures {
		failure.Node = rename(failure.Node)
		doc.PullFailures[key] = failure
	}
	for _, endpoint := range doc.Endpoints {
		for vantage, probe := range endpoint.Probes {
			if node, ok := strings.CutPrefix(vantage, "node/"); ok {
				delete(endpoint.Probes, vantage)
				endpoint.Probes["node/"+rename(node)] = probe
			}
		}
	}
	evidence.Complete(doc)
}

// holdSite puts the site's CA onto each node that was read.
func holdSite(doc *evidence.Document, site *certtest.Pair) {
	fingerprint := site.Fingerprint()
	doc.Certificates[fingerprint] = certificate.Facts(site.Certificate)
	for _, node := range doc.Nodes {
		if !node.Read {
			continue
		}
		content, _ := certificate.Examine(site.PEM())
		node.TrustFiles["/etc/ssl/certs/site-ca.pem"] = evidence.TrustFile{Content: content, Place: "system", Status: "ok", RealPath: "/etc/ssl/certs/site-ca.pem"}
	}
}
