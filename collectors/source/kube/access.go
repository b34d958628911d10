package kube

import (
	"context"
	"encoding/json"
	"net/http"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type accessQuestion struct{ verb, group, resource, namespace string }

type accessAnswer struct{ allowed, known bool }

// Allowed asks the API server whether we may do something, once for each
// question; an empty namespace means all. known is false when the server does
// not tell. A right to some names only (resourceNames in RBAC) counts as not
// allowed, so don't ask before a get by name.
func (c *Cluster) Allowed(ctx context.Context, verb, group, resource, namespace string) (allowed, known bool) {
	question := accessQuestion{verb, group, resource, namespace}
	c.mu.Lock()
	told, asked := c.access[question]
	c.mu.Unlock()
	if asked {
		return told.allowed, told.known
	}
	allowed, err := c.review(ctx, question)
	if err != nil && code(err) == 0 {
		return false, false // no answer, which may be another next time
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.access[question] = accessAnswer{allowed: allowed, known: err == nil}
	return allowed, err == nil
}

// review creates a SelfSubjectAccessReview, which the server answers and does
// not keep.
func (c *Cluster) review(ctx context.Context, q accessQuestion) (bool, error) {
	body, err := json.Marshal(authorizationv1.SelfSubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"},
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: q.verb, Group: q.group, Resource: q.resource, Namespace: q.namespace,
		}},
	})
	if err != nil {
		return false, err
	}
	got, err := c.fetch(ctx, request{
		method: http.MethodPost, path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", accept: mediaJSON, body: body,
	})
	if err != nil {
		return false, err
	}
	var review authorizationv1.SelfSubjectAccessReview
	if err := decode(got, "SelfSubjectAccessReview", &review); err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}
