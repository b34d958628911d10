package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"gopkg.in/yaml.v3"
)

// right is one verb on one resource, for objects of one name or all.
type right struct {
	role                        string
	group, resource, verb, name string
}

func (r right) String() string {
	text := r.verb + " " + r.resource
	if r.group != "" {
		text += "." + r.group
	}
	return strings.TrimSpace(text + " " + r.name)
}

func (r right) rule() object {
	rule := object{"apiGroups": []string{r.group}, "resources": []string{r.resource}, "verbs": []string{r.verb}}
	if r.name != "" {
		rule["resourceNames"] = []string{r.name}
	}
	return rule
}

// role is a ClusterRole or Role of a manifest.
type role struct {
	Kind     string
	Metadata struct{ Name string }
	Rules    []struct {
		APIGroups     []string `yaml:"apiGroups"`
		Resources     []string `yaml:"resources"`
		Verbs         []string `yaml:"verbs"`
		ResourceNames []string `yaml:"resourceNames"`
	}
}

// rightsOf takes the roles of a YAML text apart.
func rightsOf(text []byte, kind string) ([]right, error) {
	var all []right
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var r role
		if err := dec.Decode(&r); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if r.Kind == kind {
			all = append(all, r.rights()...)
		}
	}
}

func (r *role) rights() []right {
	var all []right
	for _, rule := range r.Rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						all = append(all, right{r.Metadata.Name, group, resource, verb, name})
					}
				}
			}
		}
	}
	return all
}

// inComment is the role of this name that stands in a text's comments.
func inComment(text []byte, name string) ([]right, error) {
	var bare strings.Builder
	for line := range strings.Lines(string(text)) {
		content, _ := strings.CutPrefix(line, "# ")
		bare.WriteString(content)
	}
	_, after, found := strings.Cut(bare.String(), "kind: Role\nmetadata:\n  name: "+name+"\n")
	if !found {
		return nil, fmt.Errorf("no comment has the role %q", name)
	}
	body, _, _ := strings.Cut(after, "---\n")
	return rightsOf([]byte("kind: Role\nmetadata:\n  name: "+name+"\n"+body), "Role")
}

// without is a copy of the rights that lacks one, as rules.
func without(rights []right, lacking *right) []any {
	rules := []any{}
	for _, r := range rights {
		if lacking == nil || r != *lacking {
			rules = append(rules, r.rule())
		}
	}
	return rules
}

const grantsNamespace = "rights"

// granted are the objects that give a service account these rules: everywhere, where
// the namespace is "", or in one namespace.
func granted(account, suffix, namespace string, rules []any) []object {
	const api = "rbac.authorization.k8s.io"
	kind, metadata := "ClusterRole", object{"name": account + suffix}
	if namespace != "" {
		kind, metadata["namespace"] = "Role", namespace
	}
	return []object{
		{"apiVersion": api + "/v1", "kind": kind, "metadata": metadata, "rules": rules},
		{
			"apiVersion": api + "/v1", "kind": kind + "Binding", "metadata": metadata,
			"roleRef":  object{"apiGroup": api, "kind": kind, "name": account + suffix},
			"subjects": []any{object{"kind": "ServiceAccount", "name": account, "namespace": grantsNamespace}},
		},
	}
}

func serviceAccount(name string) object {
	return object{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": object{"name": name, "namespace": grantsNamespace}}
}

func namespaceObject(name string) object {
	return object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name}}
}

// kubeconfigOf is a kubeconfig of a service account with a token of an hour.
func (l *lab) kubeconfigOf(ctx context.Context, account string) (string, error) {
	var token struct{ Status struct{ Token string } }
	err := l.admin.post(ctx, "/api/v1/namespaces/"+grantsNamespace+"/serviceaccounts/"+account+"/token",
		object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": object{"expirationSeconds": 3600}}, &token)
	if err != nil {
		return "", err
	}
	return writeKubeconfig(account, object{"token": token.Status.Token})
}

func (l *lab) readRepository(path string) ([]byte, error) {
	text, err := os.ReadFile(l.repository() + "/" + path)
	if err != nil {
		return nil, fmt.Errorf("reading the repository: %w", err)
	}
	return text, nil
}
