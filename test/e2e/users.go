package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// makeUsers applies docs/rbac.yaml and makes two users: its service account, as
// its comments tell people to, and one who may not list events.
func (l *lab) makeUsers(ctx context.Context) error {
	roles, err := l.applyManifests(ctx)
	if err != nil {
		return err
	}
	var token struct{ Status struct{ Token string } }
	err = l.admin.post(ctx, "/api/v1/namespaces/regpolicy/serviceaccounts/regpolicy/token",
		object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": object{"expirationSeconds": 3600}}, &token)
	if err != nil {
		return err
	}
	l.token = token.Status.Token
	if l.reader, err = writeKubeconfig("reader", object{"token": l.token}); err != nil {
		return err
	}
	if err := l.checkLimits(ctx); err != nil {
		return err
	}
	if l.noEvents, err = writeKubeconfig("no-events", certificateOf("no-events")); err != nil {
		return err
	}
	return l.grantAllButEvents(ctx, roles["regpolicy-reader"])
}

// checkLimits asks the API server itself what the service account may do.
func (l *lab) checkLimits(ctx context.Context) error {
	for _, r := range []struct {
		verb, resource string
		allowed        bool
	}{{"list", "pods", true}, {"watch", "pods", false}, {"list", "secrets", false}, {"delete", "nodes", false}} {
		var review struct{ Status struct{ Allowed bool } }
		err := l.admin.post(ctx, "/apis/authorization.k8s.io/v1/subjectaccessreviews", object{
			"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
			"spec": object{"user": "system:serviceaccount:regpolicy:regpolicy", "resourceAttributes": object{"verb": r.verb, "resource": r.resource}},
		}, &review)
		if err != nil {
			return err
		}
		l.tally.check("may "+r.verb+" "+r.resource, review.Status.Allowed, r.allowed)
	}
	return nil
}

// applyManifests creates the objects of docs/rbac.yaml and returns its ClusterRoles.
func (l *lab) applyManifests(ctx context.Context) (map[string]object, error) {
	text, err := os.ReadFile(l.rbac)
	if err != nil {
		return nil, err
	}
	objects, err := readManifests(l.rbac, text)
	if err != nil {
		return nil, err
	}
	roles := map[string]object{}
	for _, o := range objects {
		if err := l.admin.create(ctx, o); err != nil {
			return nil, err
		}
		if o["kind"] == "ClusterRole" {
			metadata, _ := o["metadata"].(object)
			roles[fmt.Sprint(metadata["name"])] = o
		}
	}
	return roles, nil
}

// grantAllButEvents gives the user no-events a copy of the role without the rule
// for events.
func (l *lab) grantAllButEvents(ctx context.Context, role object) error {
	rules, _ := role["rules"].([]any)
	kept := slices.DeleteFunc(slices.Clone(rules), func(rule any) bool {
		r, _ := rule.(object)
		resources, _ := r["resources"].([]any)
		return slices.Contains(resources, any("events"))
	})
	l.tally.check("rules of docs/rbac.yaml for events", len(rules)-len(kept), 1)
	const group = "rbac.authorization.k8s.io"
	err := l.admin.post(ctx, "/apis/"+group+"/v1/clusterroles",
		object{"apiVersion": group + "/v1", "kind": "ClusterRole", "metadata": object{"name": "no-events"}, "rules": kept}, nil)
	if err != nil {
		return err
	}
	return l.admin.post(ctx, "/apis/"+group+"/v1/clusterrolebindings", object{
		"apiVersion": group + "/v1", "kind": "ClusterRoleBinding", "metadata": object{"name": "no-events"},
		"roleRef":  object{"apiGroup": group, "kind": "ClusterRole", "name": "no-events"},
		"subjects": []any{object{"apiGroup": group, "kind": "User", "name": "no-events"}},
	}, nil)
}

func certificateOf(user string) object {
	return object{
		"client-certificate": filepath.Join(clusterDir, user+".crt"),
		"client-key":         filepath.Join(clusterDir, user+".key"),
	}
}

// writeKubeconfig returns the path of a kubeconfig (JSON is YAML) for a user.
func writeKubeconfig(name string, user object) (string, error) {
	text, err := json.Marshal(object{
		"apiVersion": "v1", "kind": "Config", "current-context": "e2e",
		"clusters": []any{object{"name": "e2e", "cluster": object{"server": apiServer, "certificate-authority": filepath.Join(clusterDir, "ca.crt")}}},
		"users":    []any{object{"name": name, "user": user}},
		"contexts": []any{object{"name": "e2e", "context": object{"cluster": "e2e", "user": name}}},
	})
	if err != nil {
		return "", err
	}
	path := filepath.Join(clusterDir, name+".conf")
	return path, pki.WriteFile(path, text, 0o600)
}
