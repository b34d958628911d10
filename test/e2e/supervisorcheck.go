package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkSupervisor reads clusters by a Supervisor that names five, of which one can be
// read, and follows docs/supervisor.md.
func (l *lab) checkSupervisor(ctx context.Context) error {
	s, err := l.startSupervisor(ctx)
	if err != nil {
		return err
	}
	if err := l.makeClusters(ctx, s); err != nil {
		return err
	}
	// The Roles leave the cluster "new" out.
	if err := s.grant(ctx, l.rbac, map[string][]string{"team-a": {"web", "gone"}, "team-b": {"bare", "legacy"}}); err != nil {
		return err
	}
	if err := s.writeHome(l.knownHosts); err != nil {
		return err
	}
	flags := []string{"--kubeconfig", filepath.Join(supervisorHome, ".kube", "config"), "--supervisor-context", "supervisor", "--all-clusters"}
	if err := l.checkClusters(ctx, s, flags); err != nil {
		return err
	}
	if err := l.checkClusterNodes(ctx, s, append(flags, "--ssh-known-hosts", l.knownHosts)); err != nil {
		return err
	}
	page := filepath.Join(filepath.Dir(l.rbac), "supervisor.md")
	if err := l.follow(ctx, page, supervisorHome); err != nil {
		return err
	}
	return l.checkClusterSecrecy(s)
}

// checkClusters: the cluster that can be read is judged as it is by its own
// kubeconfig, the others are gaps with their reasons, and what the Supervisor tells
// of them is judged all the same.
func (l *lab) checkClusters(ctx context.Context, s *supervisor, flags []string) error {
	rep, err := l.eval(ctx, "supervisor", 1, flags...)
	if err != nil {
		return err
	}
	l.checkPulled("supervisor", rep)
	for _, c := range supervised {
		verdict, reasons := rep.verdict("RT-EVT-001", map[string]string{"cluster": c.cluster, "kind": "section"}), rep.missing("RT-EVT-001", c.cluster)
		want := "inconclusive, " + c.reason
		if c.reason == "" {
			want = "none, none"
		}
		l.tally.check("RT-EVT-001 of "+c.cluster, verdict+", "+orNone(reasons), want)
	}
	encoding := func(cluster string) string { return rep.verdict("RT-CFG-001", map[string]string{"cluster": cluster}) }
	l.tally.check("RT-CFG-001 of the cluster that is read", encoding("team-a/web"), "pass")
	l.tally.check("RT-CFG-001 of one that is not, whose secret is encoded once", encoding("team-a/gone"), "fail")
	l.tally.check("RT-CFG-001 of one whose secret may not be read", encoding("team-b/new"), "inconclusive")
	var gapped []string
	for _, c := range supervised {
		if c.reason != "" {
			gapped = append(gapped, "section pods of "+c.cluster+": "+c.reason)
		}
	}
	var seen []string
	for _, g := range rep.Coverage["pods"].Gaps {
		seen = append(seen, fmt.Sprintf("%s %s of %s: %s", g.Subject["kind"], g.Subject["name"], g.Subject["cluster"], g.Reason))
	}
	slices.Sort(seen)
	l.tally.check("gaps of pods", orNone(seen), strings.Join(gapped, "; "))
	l.tally.check("nodes asked for", rep.Coverage["nodes"].Requested, false)
	_, err = os.Stat(ranByKubeconfig)
	l.tally.check("the program of a kubeconfig was run", !errors.Is(err, os.ErrNotExist), false)
	l.checkRequests(s, "without --ssh-from-supervisor", false)

	if _, err := l.eval(ctx, "supervisor-gaps", 3, append(flags, "--supervisor-namespace", "team-b")...); err != nil {
		return err
	}
	_, err = l.eval(ctx, "supervisor-empty", 4, append(flags, "--supervisor-namespace", "default")...)
	return err
}

// missing are the reasons for which a policy is inconclusive about a cluster, once
// each.
func (r *report) missing(id, cluster string) []string {
	var reasons []string
	for _, result := range r.Results {
		if result.ID != id || result.Subject["cluster"] != cluster {
			continue
		}
		for _, m := range result.Missing {
			if !slices.Contains(reasons, m.Reason) {
				reasons = append(reasons, m.Reason)
			}
		}
	}
	return reasons
}

// checkClusterNodes: with the key that the Supervisor holds the node is read, and it
// has the CA that the Supervisor says it should.
func (l *lab) checkClusterNodes(ctx context.Context, s *supervisor, flags []string) error {
	dir := filepath.Join(l.logs, "supervisor")
	r, err := l.regpolicy(ctx, append([]string{"collect", "-o", dir + "/", "--ssh-from-supervisor", "--vantage", "collector", "--no-probe"}, flags...)...)
	if err != nil {
		return err
	}
	l.tally.check("collect over SSH: exit code", r.exit, 0, r.stderr)
	files, err := filepath.Glob(dir + "/*.json")
	if err != nil {
		return err
	}
	l.tally.check("collect over SSH: documents", len(files), len(supervised))
	var doc document
	if err := readJSON(filepath.Join(dir, "team-a_web.json"), &doc); err != nil {
		return err
	}
	l.checkListing(doc.Nodes[nodeName])
	l.checkRequests(s, "with --ssh-from-supervisor", true)
	rep, err := l.eval(ctx, "supervisor-nodes", 1, files...)
	if err != nil {
		return err
	}
	l.tally.check("RT-XEV-001 of the node", rep.verdict("RT-XEV-001", map[string]string{"cluster": "team-a/web"}), "pass")
	// Somebody without that key, and without the flag, is not let in.
	rep, err = l.eval(ctx, "supervisor-keyless", 1, append(flags, "--ssh", "--no-probe", "--vantage", "collector")...)
	if err != nil {
		return err
	}
	var refused []string
	for _, g := range rep.Coverage["nodes"].Gaps {
		if g.Subject["name"] == nodeName {
			refused = append(refused, g.Reason)
		}
	}
	l.tally.check("with --ssh alone the node is a gap", orNone(refused), "auth_failed")
	return nil
}

// checkRequests reads in the Supervisor's own log what it was asked for so far.
func (l *lab) checkRequests(s *supervisor, when string, keys bool) {
	log, err := os.ReadFile(s.audit)
	l.tally.check(when+": the Supervisor's log", err, nil)
	lists, others, keysRead := map[string]int{}, 0, false
	for dec := json.NewDecoder(bytes.NewReader(log)); ; {
		var entry struct {
			Verb      string
			User      struct{ Username string }
			ObjectRef struct{ Resource, Name string }
		}
		if err := dec.Decode(&entry); err != nil {
			l.tally.check(when+": end of the log", errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), true)
			break
		}
		if entry.User.Username != "system:serviceaccount:regpolicy:regpolicy" {
			continue
		}
		switch {
		case entry.Verb == "list":
			lists[entry.ObjectRef.Resource]++
		case entry.Verb != "get":
			others++
		case entry.ObjectRef.Resource == "secrets" && strings.HasSuffix(entry.ObjectRef.Name, "-ssh"):
			keysRead = true
		}
	}
	l.tally.check(when+": the Supervisor was asked to list clusters", lists["clusters"] > 0, true)
	l.tally.check(when+": it was asked to list secrets", lists["secrets"], 0)
	l.tally.check(when+": it was asked for more than lists and single objects", others, 0)
	l.tally.check(when+": SSH keys were read", keysRead, keys)
}

// checkClusterSecrecy looks for tokens and keys in all that was written.
func (l *lab) checkClusterSecrecy(s *supervisor) error {
	needles := []string{l.token, s.token}
	for _, file := range []string{l.loginKey, filepath.Join(clusterDir, "admin.key")} {
		key, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(key)) {
			if !strings.HasPrefix(line, "-----") {
				needles = append(needles, strings.TrimSpace(line))
			}
		}
	}
	for _, secret := range slices.Clone(needles) {
		for offset := range 3 {
			inside := base64.StdEncoding.EncodeToString([]byte("xxx"[:offset] + secret))
			needles = append(needles, inside[4:len(inside)-4])
		}
	}
	searched, found := 0, []string{}
	for _, pattern := range []string{l.logs + "/*.json", l.logs + "/supervisor/*", l.logs + "/regpolicy.log", l.logs + "/follow.log", supervisorHome + "/work/*/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			searched++
			if slices.ContainsFunc(needles, func(n string) bool { return bytes.Contains(text, []byte(n)) }) {
				found = append(found, file)
			}
		}
	}
	l.tally.check("documents, reports and outputs searched", searched > 12, true)
	l.tally.check("those that hold a token or a key", orNone(found), "none")
	return nil
}
