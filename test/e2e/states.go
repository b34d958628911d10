package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A state is one way in which trust breaks, on registries and in a namespace of its
// own that have its name. statesTable lists them.
type state struct {
	name   string
	broken string   // how, in the words of the table
	image  string   // of the pod; hello of the registry of that name where empty
	secret string   // the pull secret that the pod names
	breaks []action // what is done to the node; the registries are broken from the start
	source string   // manifests that regpolicy reads besides

	fails []string // policies and subjects that fail before, and no others
	leads string   // the policies that the report leads with

	repair []step
	after  string // what of the policies does not pass afterwards: "RT-XEV-007 skip"
}

// action does something about a state.
type action func(context.Context, *lab, *state) error

// step is one thing that the report tells to do: says must be among the words of its
// remediation, with {name}, {host} and {file} for the state's own.
type step struct {
	says string
	do   action
}

// The pod that fails, and the one that takes its place.
const (
	brokenPod   = "broken"
	repairedPod = "repaired"
)

// checkStates breaks trust in one way after the other, lets a pod fail, does what the
// report says, and has another pod run and the report green.
func (l *lab) checkStates(ctx context.Context) error {
	if err := l.clearNode(ctx); err != nil {
		return err
	}
	states := statesTable()
	for _, s := range states {
		if err := l.beginState(ctx, &s); err != nil {
			return fmt.Errorf("state %q: %w", s.name, err)
		}
	}
	var outcomes []outcome
	for _, s := range states {
		l.tally.heading("state " + s.name + ": " + s.broken)
		o, err := l.checkState(ctx, &s)
		if err != nil {
			return fmt.Errorf("state %q: %w", s.name, err)
		}
		outcomes = append(outcomes, o)
	}
	return l.tellStates(outcomes)
}

// beginState lets the pods fail side by side, but for those of states that do
// something to the node: that is for their own turn.
func (l *lab) beginState(ctx context.Context, s *state) error {
	if err := l.newNamespace(ctx, s.name, nil); err != nil || len(s.breaks) > 0 {
		return err
	}
	return l.statePod(ctx, s, brokenPod)
}

func (l *lab) checkState(ctx context.Context, s *state) (outcome, error) {
	o := outcome{state: s}
	started := time.Now()
	if err := l.breakState(ctx, s); err != nil {
		return o, err
	}
	before, err := l.evalState(ctx, s, "before", 1)
	if err != nil {
		return o, err
	}
	l.tally.check("what fails", strings.Join(before.failures(), "; "), strings.Join(s.fails, "; "))
	l.tally.check("what the report leads with", before.leads(), s.leads)
	if err := l.repairState(ctx, s, before); err != nil {
		return o, err
	}
	if o.after, err = l.evalState(ctx, s, "after", 0); err != nil {
		return o, err
	}
	l.tally.check("what fails after the repair", orNone(o.after.failures()), "none")
	l.tally.check("what failed and does not pass", strings.Join(o.others(), "; "), s.after)
	o.before, o.seconds = before, time.Since(started).Seconds()
	return o, nil
}

// breakState ends when the state's pod has failed.
func (l *lab) breakState(ctx context.Context, s *state) error {
	for _, do := range s.breaks {
		if err := do(ctx, l, s); err != nil {
			return err
		}
	}
	if len(s.breaks) > 0 {
		if err := l.statePod(ctx, s, brokenPod); err != nil {
			return err
		}
	}
	return l.checkPod(ctx, s, brokenPod, false)
}

// repairState does what the report says and nothing else, and replaces the pod.
func (l *lab) repairState(ctx context.Context, s *state, rep *report) error {
	for _, step := range s.repair {
		said := s.words(step.says)
		l.tally.check("the report says", strings.Contains(rep.remediation(), said), true, said, rep.remediation())
		if err := step.do(ctx, l, s); err != nil {
			return fmt.Errorf("doing %q: %w", said, err)
		}
	}
	if err := l.admin.do(ctx, http.MethodDelete, podsOf(s.name)+"/"+brokenPod, nil, nil); err != nil {
		return err
	}
	if err := l.statePod(ctx, s, repairedPod); err != nil {
		return err
	}
	if err := l.checkPod(ctx, s, repairedPod, true); err != nil {
		return err
	}
	return await(ctx, time.Minute, "the end of the pod that failed", func(ctx context.Context) error {
		pods, err := l.podStates(ctx, s.name)
		if _, there := pods[brokenPod]; err == nil && there {
			err = fmt.Errorf("it is still there")
		}
		return err
	})
}

func (l *lab) statePod(ctx context.Context, s *state, name string) error {
	image := s.image
	if image == "" {
		image = s.name + ".corp.example/apps/hello:1.0"
	}
	return l.createPodWith(ctx, s.name, name, image, s.secret)
}

// checkPod waits until the pod runs or has failed.
func (l *lab) checkPod(ctx context.Context, s *state, name string, runs bool) error {
	states, err := l.settle(ctx, s.name, name)
	if err != nil {
		return err
	}
	l.tally.check("the pod "+name+" runs", states[name].reason == running, runs, states[name].message)
	return nil
}

// evalState judges the state's namespace alone, with the node and what it sees.
func (l *lab) evalState(ctx context.Context, s *state, when string, exit int) (*report, error) {
	args := l.overSSH("--kubeconfig", l.reader, "--namespace", s.name, "--ssh", "--probe")
	if s.source != "" {
		args = append(args, s.source)
	}
	return l.eval(ctx, s.name+"-"+when, exit, args...)
}

// words puts the state's own in place of the placeholders.
func (s *state) words(text string) string {
	return strings.NewReplacer("{name}", s.name, "{host}", s.name+".corp.example", "{file}", s.file()).Replace(text)
}

// file is what a state that begins with a wrong file has on the node.
func (s *state) file() string { return "/usr/local/share/ca-certificates/" + s.name + ".crt" }

// policiesOf are the ids of failures, once each.
func policiesOf(failures []string) []string {
	var ids []string
	for _, f := range failures {
		id, _, _ := strings.Cut(f, " ")
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
