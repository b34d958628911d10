package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

func podsOf(namespace string) string { return "/api/v1/namespaces/" + namespace + "/pods" }

func (l *lab) createPod(ctx context.Context, namespace, name, image string) error {
	return l.createPodWith(ctx, namespace, name, image, "")
}

// createPodWith lets the pod name a pull secret, and its image be pulled always, so
// that none pulled before answers for a secret that is wrong.
func (l *lab) createPodWith(ctx context.Context, namespace, name, image, secret string) error {
	container := object{"name": "app", "image": image}
	spec := object{
		"nodeName": nodeName, "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": false,
		"tolerations": []any{object{"operator": "Exists"}},
		"containers":  []any{container},
	}
	if secret != "" {
		container["imagePullPolicy"] = "Always"
		spec["imagePullSecrets"] = []any{object{"name": secret}}
	}
	return l.admin.post(ctx, podsOf(namespace), object{"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": name}, "spec": spec}, nil)
}

// podState is "running", or the reason and the words of why not; empty while the
// kubelet is at it.
type podState struct{ reason, message string }

func (l *lab) podStates(ctx context.Context, namespace string) (map[string]podState, error) {
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct {
				ContainerStatuses []struct {
					State struct {
						Running *struct{}
						Waiting *struct{ Reason, Message string }
					}
				}
			}
		}
	}
	if err := l.admin.get(ctx, podsOf(namespace), &list); err != nil {
		return nil, err
	}
	states := map[string]podState{}
	for _, p := range list.Items {
		state := podState{}
		for _, c := range p.Status.ContainerStatuses {
			switch {
			case c.State.Running != nil:
				state = podState{reason: running}
			case c.State.Waiting != nil && !slices.Contains([]string{"ContainerCreating", "PodInitializing"}, c.State.Waiting.Reason):
				state = podState{c.State.Waiting.Reason, c.State.Waiting.Message}
			}
		}
		states[p.Metadata.Name] = state
	}
	return states, nil
}

// settle waits until each of the pods runs or has failed.
func (l *lab) settle(ctx context.Context, namespace string, pods ...string) (map[string]podState, error) {
	var states map[string]podState
	err := await(ctx, time.Minute, "the pods", func(ctx context.Context) error {
		var err error
		if states, err = l.podStates(ctx, namespace); err != nil {
			return err
		}
		pending := slices.DeleteFunc(slices.Clone(pods), func(name string) bool { return states[name].reason != "" })
		if len(pending) > 0 {
			return fmt.Errorf("still pending: %s", strings.Join(pending, ", "))
		}
		return nil
	})
	return states, err
}

// createCases makes a pod for every case. Whether it runs is the premise of all
// that follows; why it does not is for regpolicy to say.
func (l *lab) createCases(ctx context.Context) error {
	var names []string
	for _, c := range l.cases {
		if err := l.createPod(ctx, "default", c.pod, c.image); err != nil {
			return err
		}
		names = append(names, c.pod)
	}
	states, err := l.settle(ctx, "default", names...)
	if err != nil {
		return err
	}
	for _, c := range l.cases {
		l.tally.check(c.pod+" runs", states[c.pod].reason == running, c.pull == running, states[c.pod].message)
	}
	return nil
}
