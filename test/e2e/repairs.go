package main

import (
	"context"
	"encoding/base64"
	"os"
	"strings"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

const (
	lateCA       = stateDir + "/untrusted/unlisted.pem"
	lateFile     = "/etc/ssl/certs/tkg-late.pem"
	lateRegistry = "late-ca.corp.example:443"
	lateImage    = "late-ca.corp.example/apps/hello:1.0"
)

// checkRepairs follows one CA from its absence to a pod that runs. Each step has a
// pod of its own, because older ones wait for their next attempt.
func (l *lab) checkRepairs(ctx context.Context) error {
	ca, err := os.ReadFile(lateCA)
	if err != nil {
		return err
	}
	if err := l.repairWithBase64(ctx, ca); err != nil {
		return err
	}
	if err := l.repairWithoutRestart(ctx, ca); err != nil {
		return err
	}
	return l.repairWithRestart(ctx)
}

// repairWithBase64 leaves on the node what a secret that was encoded in another
// number of rounds leaves there.
func (l *lab) repairWithBase64(ctx context.Context, ca []byte) error {
	if err := pki.WriteFile(lateFile, []byte(base64.StdEncoding.EncodeToString(ca)), 0o644); err != nil {
		return err
	}
	if err := l.restartContainerd(ctx); err != nil {
		return err
	}
	if err := l.newPod(ctx, "base64", "default", "late-ca-1", false); err != nil {
		return err
	}
	doc, rep, err := l.judge(ctx, "base64")
	if err != nil {
		return err
	}
	l.tally.check("base64: pull of the new pod", doc.PullFailures["default/late-ca-1/app"].Cause, "unknown_authority")
	l.tally.check("base64: form of the file", doc.Nodes[nodeName].TrustFiles[lateFile].Form, "base64_of_pem")
	l.tally.check("base64: RT-NOD-003 for the file", rep.verdict("RT-NOD-003", map[string]string{"path": lateFile}), "fail")
	l.tally.check("base64: RT-TLS-002 for the registry", rep.verdict("RT-TLS-002", map[string]string{"name": lateRegistry}), "fail")
	return nil
}

// repairWithoutRestart: the node has the CA now, but the runtime read its roots
// before. The files verify the registry, the pods go on failing, and the times say
// why.
func (l *lab) repairWithoutRestart(ctx context.Context, ca []byte) error {
	if err := outliveTolerance(ctx, l, nil); err != nil {
		return err
	}
	if err := pki.WriteFile(lateFile, ca, 0o644); err != nil {
		return err
	}
	if err := l.newPod(ctx, "no-restart", "default", "late-ca-2", false); err != nil {
		return err
	}
	doc, rep, err := l.judge(ctx, "no-restart")
	if err != nil {
		return err
	}
	n := doc.Nodes[nodeName]
	l.tally.check("no-restart: pull of the new pod", doc.PullFailures["default/late-ca-2/app"].Cause, "unknown_authority")
	l.tally.check("no-restart: RT-EVT-002 for the new pod", rep.verdict("RT-EVT-002", map[string]string{"name": "late-ca-2"}), "fail")
	l.tally.check("no-restart: form of the file", n.TrustFiles[lateFile].Form, "pem")
	l.tally.check("no-restart: RT-NOD-007 for the node", rep.verdict("RT-NOD-007", map[string]string{"name": nodeName}), "fail")
	l.tally.check("no-restart: RT-NOD-003 for the file", rep.verdict("RT-NOD-003", map[string]string{"path": lateFile}), "pass")
	l.tally.check("no-restart: RT-TLS-002 for the registry", rep.verdict("RT-TLS-002", map[string]string{"name": lateRegistry}), "pass")
	l.tally.check("no-restart: the runtime is older than the file", n.Runtime.StartedAt.Before(n.TrustFiles[lateFile].ModifiedAt), true)
	return nil
}

// otherFaults are what the policies find on the node that is there for the sake of
// other cases: the whole node is judged with a namespace, and this does not go with
// the repair.
var otherFaults = []string{"RT-NOD-005", "RT-NOD-008", "RT-NOD-015", "RT-NOD-018"}

// repairWithRestart puts the new pod into a namespace of its own: judged alone, it
// is all green.
func (l *lab) repairWithRestart(ctx context.Context) error {
	if err := l.restartContainerd(ctx); err != nil {
		return err
	}
	const namespace = "repaired"
	if err := l.newNamespace(ctx, namespace, nil); err != nil {
		return err
	}
	if err := l.newPod(ctx, "restart", namespace, "late-ca-3", true); err != nil {
		return err
	}
	doc, rep, err := l.judge(ctx, "restart")
	if err != nil {
		return err
	}
	n := doc.Nodes[nodeName]
	_, failed := doc.PullFailures[namespace+"/late-ca-3/app"]
	l.tally.check("restart: the new pod has a pull failure", failed, false)
	l.tally.check("restart: RT-EVT-001 for the new pod", rep.verdict("RT-EVT-001", map[string]string{"name": "late-ca-3"}), "pass")
	l.tally.check("restart: RT-NOD-007 for the node", rep.verdict("RT-NOD-007", map[string]string{"name": nodeName}), "pass")
	for _, id := range otherFaults {
		l.tally.check("restart: "+id+" finds a fault", strings.Contains(rep.verdict(id, nil), "fail"), true)
	}
	l.tally.check("restart: the runtime is older than the file", n.Runtime.StartedAt.Before(n.TrustFiles[lateFile].ModifiedAt), false)
	args := l.overSSH("--kubeconfig", l.reader, "--namespace", namespace, "--ssh")
	for _, other := range otherFaults {
		args = append(args, "--exclude", other)
	}
	rep, err = l.eval(ctx, "repaired", 0, args...)
	if err != nil {
		return err
	}
	for _, policy := range []string{"RT-EVT-001", "RT-EVT-002", "RT-NOD-003", "RT-TLS-001", "RT-TLS-002", "RT-TLS-003"} {
		l.tally.check("repaired: "+policy, rep.verdict(policy, nil), "pass")
	}
	return nil
}

// newPod makes a pod that wants the late CA and waits for its end.
func (l *lab) newPod(ctx context.Context, step, namespace, name string, runs bool) error {
	if err := l.createPod(ctx, namespace, name, lateImage); err != nil {
		return err
	}
	states, err := l.settle(ctx, namespace, name)
	if err != nil {
		return err
	}
	l.tally.check(step+": the new pod runs", states[name].reason == running, runs, states[name].message)
	return nil
}

// judge collects anew and judges what was collected, a document of its own.
func (l *lab) judge(ctx context.Context, step string) (*document, *report, error) {
	doc, path, err := l.collect(ctx, step, l.overSSH("--kubeconfig", l.reader, "--ssh", "--vantage", "collector")...)
	if err != nil {
		return nil, nil, err
	}
	rep, err := l.eval(ctx, step, 1, path)
	return doc, rep, err
}
