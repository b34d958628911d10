package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// stage is a part of the test that can be run without the others, but for those
// that it needs.
type stage struct {
	name, title string
	needs       []string
	run         func(context.Context) error
}

// stages are those of these names with all that they need, in the order in which
// they are run.
func (l *lab) stages(names []string) ([]stage, error) {
	all := []stage{
		{"cluster", "registries, API server, containerd and kubelet start", nil, l.startCluster},
		{"users", "users and their rights", []string{"cluster"}, l.makeUsers},
		{"cases", "every pod comes to its end", []string{"cluster"}, l.createCases},
		{"live", "live, with the rights of docs/rbac.yaml", []string{"users", "cases"}, l.checkLive},
		{"forbidden", "live, with one list forbidden", []string{"users", "cases"}, l.checkForbidden},
		{"ssh", "the node's SSH server starts", []string{"cluster"}, l.openNode},
		{"node", "live, with the node read over SSH", []string{"users", "cases", "ssh"}, l.checkNode},
		{"nodes", "three good nodes and three bad ones", []string{"node"}, l.checkNodes},
		{"supervisor", "a Supervisor's clusters, by the kubeconfigs that it holds", []string{"node"}, l.checkSupervisor},
		{"agent", "the node read through pods", []string{"node"}, l.checkAgent},
		{"fleet", "a fleet of two clusters, collected by an Indexed Job", []string{"users", "cases"}, l.checkFleet},
		{"repairs", "repairs", []string{"node"}, l.checkRepairs},
		{"incluster", "the CronJob of docs/in-cluster.md", []string{"users", "cases"}, l.checkInCluster},
		{"publishing", "each right to publish, taken away", []string{"users", "cases"}, l.checkPublishing},
		{"states", "every broken state, repaired as the report says", []string{"users", "ssh"}, l.checkStates},
		// After it the cluster has the kinds of TKG, and trust is looked at that is not there.
		{"rbac", "each right of docs/rbac.yaml, taken away", []string{"node"}, l.checkRights},
		{"secrecy", "what all these runs wrote", []string{"users"}, l.checkSecrecy},
	}
	if len(names) == 0 {
		return all, nil
	}
	wanted := map[string]bool{}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(s stage) bool { return s.name == name }) {
			return nil, fmt.Errorf("no stage is called %q; there are: %s", name, strings.Join(namesOf(all), " "))
		}
		wanted[name] = true
	}
	// What a stage needs stands before it.
	for _, s := range slices.Backward(all) {
		if wanted[s.name] {
			for _, name := range s.needs {
				wanted[name] = true
			}
		}
	}
	return slices.DeleteFunc(all, func(s stage) bool { return !wanted[s.name] }), nil
}

func namesOf(stages []stage) []string {
	var names []string
	for _, s := range stages {
		names = append(names, s.name)
	}
	return names
}
