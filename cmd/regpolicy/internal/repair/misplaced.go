package repair

import (
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const listKey = "additionalTrustedCAs"

var errByHand = errors.New("trust stands at both places, or in a form that is not moved: move it by hand")

// misplaced moves trust from a field that the API of its kind does not read to the
// one that it reads.
func (p *planner) misplaced(w *wanted) error {
	cluster, ok := p.doc.Clusters[w.key]
	if !ok || len(cluster.MisplacedTrust) != 1 {
		return errByHand
	}
	object, err := p.manifests.find(cluster.Object, cluster.Provenance)
	if err != nil {
		return err
	}
	m := &move{object: object, secret: cluster.Object.Name + userTrust, from: cluster.MisplacedTrust[0]}
	if m.path, err = pathOf(object.node, m.from); err != nil {
		return err
	}
	switch {
	case cluster.Object.Kind == "TanzuKubernetesCluster":
		err = m.toNetwork()
	case strings.HasPrefix(cluster.Class, "builtin-generic"):
		err = m.toOSConfiguration()
	case strings.HasPrefix(cluster.Class, "tanzukubernetescluster"):
		err = m.toTrustVariable()
	default:
		err = errByHand
	}
	if err != nil {
		return err
	}
	p.add(&Repair{
		Of:      fmt.Sprintf("%s/%s", cluster.Object.Kind, cluster.Object.Name),
		Does:    fmt.Sprintf("move the CAs from %s, which nothing reads, to %s", m.from, m.to),
		Notes:   m.notes,
		changes: []change{{object, m.edits}},
		moves:   true,
	}, w.results...)
	return nil
}

// move is trust on its way from one field to another.
type move struct {
	object   *Object
	secret   string
	from, to string
	path     Path
	edits    []Edit
	notes    []string
}

// items are the entries at the place that is left.
func (m *move) items() ([]*yaml.Node, error) {
	n, err := at(m.object.node, m.path)
	if err != nil {
		return nil, err
	}
	if v := child(n, "value"); v != nil {
		n = v
	}
	if list := child(n, listKey); list != nil {
		n = list
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		return nil, errByHand
	}
	return n.Content, nil
}

// leave takes out the field, and what would be empty without it.
func (m *move) leave() error {
	path := m.path
	for ; len(path) > 1; path = path[:len(path)-1] {
		above := path[:len(path)-1]
		parent, err := at(m.object.node, above)
		if err != nil {
			return err
		}
		switch step := path[len(path)-1].(type) {
		case int:
			if len(parent.Content) > 1 {
				m.edits = append(m.edits, RemoveItem{above, step})
				return nil
			}
		case string:
			// A variable without its value is none.
			if len(parent.Content) > 2 && (step != "value" || child(parent, "name") == nil) {
				m.edits = append(m.edits, RemoveKey{above, step})
				return nil
			}
		}
	}
	return errByHand
}

// toNetwork moves trust to spec.settings.network.trust of a TanzuKubernetesCluster.
func (m *move) toNetwork() error {
	m.to = "spec.settings.network.trust." + listKey
	items, err := m.items()
	if err != nil {
		return err
	}
	var moved []*yaml.Node
	for _, item := range items {
		name, data := word(item, "name"), word(item, "data")
		if name == "" || data == "" {
			return errByHand
		}
		if data, err = m.encoded(data, 1); err != nil {
			return err
		}
		moved = append(moved, mapping(scalar("name"), scalar(name), scalar("data"), scalar(data)))
	}
	tree := mapping(scalar(listKey), sequence(moved...))
	settings := Path{"spec", "settings"}
	for _, step := range []string{"network", "trust"} {
		n, err := at(m.object.node, settings)
		if err != nil {
			return errByHand
		}
		if child(n, step) != nil {
			settings = settings.With(step)
			continue
		}
		if step == "network" {
			tree = mapping(scalar("trust"), tree)
		}
		m.edits = append(m.edits, AddTree{settings, step, tree})
		return m.leave()
	}
	return errByHand
}

// encoded is a value with layers of base64; one that has them stays as it is.
func (m *move) encoded(raw string, layers int) (string, error) {
	certs, err := certificatesOf(raw)
	if err != nil {
		return "", err
	}
	if len(certs) != 1 {
		return "", errors.New("a value holds several certificates: split it first")
	}
	note, err := certificateNote(certs[0])
	if err != nil {
		return "", err
	}
	m.notes = append(m.notes, note)
	if content, found := certificate.Examine([]byte(raw)); content.Base64Layers == layers && len(found) == 1 && content.Inner == evidence.FormPEM {
		return raw, nil
	}
	return encode(certs[0], layers), nil
}

// toOSConfiguration moves trust to the variable osConfiguration: a name becomes a
// reference to the cluster's trust secret, data the PEM file itself.
func (m *move) toOSConfiguration() error {
	m.to = "the variable osConfiguration, below trust." + listKey
	items, err := m.items()
	if err != nil {
		return err
	}
	var moved []*yaml.Node
	for _, item := range items {
		ca := clone(item)
		switch name, data := word(item, "name"), word(item, "data"); {
		case child(item, "caCert") != nil:
		case data != "":
			content, err := m.encoded(data, 0)
			if err != nil {
				return err
			}
			text := scalar(content)
			text.Style = yaml.LiteralStyle
			ca = mapping(scalar("caCert"), mapping(scalar("content"), text))
		case name != "":
			ca = mapping(scalar("caCert"), mapping(scalar("secretRef"), mapping(scalar("name"), scalar(m.secret), scalar("key"), scalar(name))))
		default:
			return errByHand
		}
		moved = append(moved, ca)
	}
	return m.toVariable("osConfiguration", "trust", mapping(scalar(listKey), sequence(moved...)))
}

// toTrustVariable moves references to the cluster's trust secret to the variable
// trust, which names its keys.
func (m *move) toTrustVariable() error {
	m.to = "the variable trust"
	items, err := m.items()
	if err != nil {
		return err
	}
	var moved []*yaml.Node
	for _, item := range items {
		name := word(item, "name")
		if ref := child(child(item, "caCert"), "secretRef"); ref != nil && word(ref, "name") == m.secret {
			name = word(ref, "key")
		}
		if name == "" || word(item, "data") != "" {
			return errors.New("the variable trust takes names only: put the CA, encoded twice, into the cluster's trust secret")
		}
		moved = append(moved, mapping(scalar("name"), scalar(name)))
	}
	return m.toVariable("trust", listKey, sequence(moved...))
}

// toVariable sets a key below a variable's value: in the variable itself, in place
// of one that was named wrongly, or in a new one.
func (m *move) toVariable(name, key string, tree *yaml.Node) error {
	variables := Path{"spec", "topology", "variables"}
	list, err := at(m.object.node, variables)
	if err != nil || list.Kind != yaml.SequenceNode {
		return errByHand
	}
	whole := mapping(scalar("name"), scalar(name), scalar("value"), mapping(scalar(key), tree))
	_, existing := stepTo(list, name)
	path, inVariable := m.variable(variables, list)
	switch {
	case existing != nil:
		found, _ := pathOf(list, "["+name+"]")
		value := variables.With(found...).With("value")
		if n, err := at(m.object.node, value); err != nil || child(n, key) != nil {
			return errByHand
		}
		m.edits = append(m.edits, AddTree{value, key, tree})
		return m.leave()
	case inVariable:
		m.edits = append(m.edits, ReplaceTree{path, whole})
		return nil
	default:
		m.edits = append(m.edits, AddItem{variables, whole})
		return m.leave()
	}
}

// variable is the variable that the field stands in, if it holds nothing else.
func (m *move) variable(variables Path, list *yaml.Node) (Path, bool) {
	if len(m.path) <= len(variables) || m.path[:len(variables)].String() != variables.String() {
		return nil, false
	}
	path := m.path[:len(variables)+1]
	index, ok := path[len(path)-1].(int)
	if !ok || index >= len(list.Content) {
		return nil, false
	}
	value := child(list.Content[index], "value")
	return path, value != nil && len(value.Content) == 2
}
