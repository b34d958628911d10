package supervisor

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

// The secrets that Cluster API and TKG make for a cluster in its namespace.
const (
	kubeconfigSuffix, kubeconfigKey = "-kubeconfig", "value"
	sshSuffix, sshKey               = "-ssh", "ssh-privatekey"
)

// connect reads the cluster's kubeconfig and asks its API server for a sign of
// life: a server that does not answer is then waited for once and not for each
// list.
func (r *run) connect(parent context.Context, c Cluster) (*kube.Cluster, error) {
	ctx, cancel := context.WithTimeout(parent, r.cfg.Timeout)
	defer cancel()
	kubeconfig, err := r.credential(ctx, c, kubeconfigSuffix, kubeconfigKey)
	if err != nil {
		if c.Phase != "" && c.Phase != "Provisioned" {
			err = fmt.Errorf("%w (the cluster is %s)", err, c.Phase)
		}
		return nil, err
	}
	api, err := kube.ConnectForeign(kubeconfig, r.cfg.Clusters)
	if err != nil {
		return nil, fmt.Errorf("using secret %q of namespace %q: %w", c.Name+kubeconfigSuffix, c.Namespace, err)
	}
	if _, err := api.Version(ctx); err != nil && !answered(err) {
		api.Close()
		return nil, err
	}
	return api, nil
}

// answered tells of a server that is there and may refuse more than it gives.
func answered(err error) bool {
	reason, _ := kube.Reason(err)
	return reason == "forbidden" || reason == "not_found"
}

// login reads the cluster's SSH key.
func (r *run) login(ctx context.Context, c Cluster) (*remote.Pool, error) {
	key, err := r.credential(ctx, c, sshSuffix, sshKey)
	if err != nil {
		return nil, err
	}
	pool, err := r.cfg.Login(remote.Key{Name: fmt.Sprintf("secret %q of namespace %q", c.Name+sshSuffix, c.Namespace), PEM: key})
	if err != nil {
		return nil, &unreadable{err}
	}
	return pool, nil
}

// credential is one value of the secret that is named after the cluster.
func (r *run) credential(ctx context.Context, c Cluster, suffix, key string) ([]byte, error) {
	name := c.Name + suffix
	o, err := r.cfg.API.Lookup()(ctx, "Secret", c.Namespace, name)
	if err != nil {
		return nil, err
	}
	broken := func(what string) error {
		return &unreadable{fmt.Errorf("reading secret %q of namespace %q: %s", name, c.Namespace, what)}
	}
	data, _ := o.Map["data"].(map[string]any)
	text, ok := data[key].(string)
	if !ok {
		return nil, broken(fmt.Sprintf("it has no key %q", key))
	}
	value, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, broken(fmt.Sprintf("its key %q is not base64", key)) // the error tells where, no more
	}
	return value, nil
}

// unreadable is something that was had and is not what it should be.
type unreadable struct{ err error }

func (u *unreadable) Error() string { return u.err.Error() }
func (u *unreadable) Unwrap() error { return u.err }

func unavailable(err error) *collectors.Unavailable {
	reason, detail := kube.Reason(err)
	if _, ok := errors.AsType[*unreadable](err); ok {
		reason = "parse_error"
	}
	return &collectors.Unavailable{Reason: reason, Detail: detail}
}
