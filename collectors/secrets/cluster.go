package secrets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// capi reads a Cluster of Cluster API, v1beta1 or v1beta2, with or without a
// ClusterClass.
func (r *run) capi(o *object) {
	r.look(evidence.DomainWorkload)
	topology := o.as("class").at("spec", "topology")
	class := topology.at("class").word()
	if class == "" {
		class = topology.at("classRef", "name").word() // v1beta2
	}
	c := newCluster(o, "clusterNetwork")
	c.Class = class
	c.KubernetesVersion = topology.as("kubernetes_version").at("version").word()
	r.misplacedFields(&c, o, anyKindMisplaced, clusterMisplaced)

	reader := &classReader{run: r, object: o, cluster: &c, class: classOf(class)}
	topology = topology.as("")
	found := variables(topology.at("variables"))
	for _, v := range found {
		reader.variable(v)
	}
	reader.verifiesByDefault(class, found)
	for _, overrides := range poolOverrides(topology) {
		for _, v := range variables(overrides) {
			reader.override(v)
		}
	}
	r.cluster(o.key(), c)
	r.byHabit = append(r.byHabit, objectID{kindSecret, o.ref.Namespace, o.ref.Name + userTrustSuffix})
}

// clusterClass is what a ClusterClass reads its trust from.
type clusterClass int

const (
	classOther   clusterClass = iota // unknown, or of one's own: either variable may be read
	classTanzu                       // tanzukubernetescluster: variable trust
	classBuiltin                     // builtin-generic-v3.x: variable osConfiguration
)

func classOf(name string) clusterClass {
	switch {
	case strings.HasPrefix(name, "tanzukubernetescluster"):
		return classTanzu
	case strings.HasPrefix(name, "builtin-generic"):
		return classBuiltin
	default:
		return classOther
	}
}

// variable is one variable of a topology, with the path of its value.
type variable struct {
	name  string
	whole field // with the path of the variable itself
	value field
}

// variables are those of a list that have to do with trust, verification or proxies.
func variables(list field) []variable {
	var out []variable
	for _, item := range list.items() {
		name, _ := item.at("name").text()
		record, known := variableRecords[name]
		if !known {
			continue
		}
		whole := item.as(record)
		whole.path = fmt.Sprintf("%s[%s]", list.path, name)
		out = append(out, variable{name: name, whole: whole, value: whole.at("value")})
	}
	return out
}

var variableRecords = map[string]string{
	"trust": "", "osConfiguration": "", "proxy": "proxy",
	variableImageRepository: "off", variableMoreRegistries: "off", variableSkipVerify: "off",
}

// poolOverrides are the lists of variables that a part of the topology replaces.
func poolOverrides(topology field) []field {
	lists := []field{topology.at("controlPlane", "variables", "overrides")}
	workers := topology.at("workers")
	for _, pools := range []string{"machineDeployments", "machinePools"} {
		for _, pool := range workers.at(pools).items() {
			lists = append(lists, pool.at("variables", "overrides"))
		}
	}
	return lists
}

// classReader reads the variables of one cluster as its class does.
type classReader struct {
	*run
	object  *object
	cluster *evidence.Cluster
	class   clusterClass
	entries []*entry
}

func (c *classReader) variable(v variable) {
	for _, e := range c.read(v) {
		c.entries = append(c.entries, e)
		c.add(e)
	}
	switch {
	case v.name == "proxy" && c.class != classBuiltin:
		c.setProxy(proxyFields(v.value, "httpProxy", "httpsProxy", "noProxy"))
	case v.name == "osConfiguration" && c.class != classTanzu:
		c.setProxy(proxyFields(v.value.as("proxy").at("systemProxy"), "http", "https", "noProxy"))
	}
}

// override reads a variable that a part of the topology replaces. What it only
// repeats is not one entry more.
func (c *classReader) override(v variable) {
	for _, e := range c.read(v) {
		if !slices.ContainsFunc(c.entries, e.repeats) {
			c.entries = append(c.entries, e)
			c.add(e)
		}
	}
}

func (e *entry) repeats(other *entry) bool {
	if (e.secret == nil) != (other.secret == nil) || e.secret != nil && *e.secret != *other.secret {
		return false
	}
	return e.rec.Name == other.rec.Name && e.value == other.value && slices.Equal(*e.faults, *other.faults)
}

func (c *classReader) setProxy(p proxySetting) {
	if key := c.proxy(c.object, "cluster/"+c.object.key(), p); key != "" {
		c.cluster.Proxy = key
	}
}

func (c *classReader) misplaced(f field) {
	if f.set() {
		c.misplace(c.cluster, c.object, f)
	}
}

func (c *classReader) read(v variable) []*entry {
	switch v.name {
	case "trust":
		if c.class == classBuiltin {
			if v.value.set() {
				c.misplaced(v.whole)
			}
			return nil
		}
		return c.trustVariable(v.value)
	case "osConfiguration":
		trust := v.value.at("trust")
		if c.class == classTanzu {
			c.misplaced(trust)
			return nil
		}
		c.misplaced(v.value.at("additionalTrustedCAs"))
		return c.osConfiguration(trust.at("additionalTrustedCAs"))
	default:
		c.verification(v)
		return nil
	}
}

// trustVariable reads a list of {name}: keys of <CLUSTER>-user-trusted-ca-secret.
// TKGm's own classes have {name, data} there, encoded once.
func (c *classReader) trustVariable(value field) []*entry {
	c.misplaced(value.at("trust"))
	list := value.at("additionalTrustedCAs")
	var out []*entry
	for i, item := range list.items() {
		e := newEntry(c.object, item, evidence.DomainWorkload, i, 2)
		item = item.under(e.faults).as("value")
		e.name(item.at("name"))
		data := item.at("data")
		if data.set() && c.class == classTanzu {
			c.misplaced(data)
		}
		if data.set() && c.class == classOther {
			e.rec.ExpectedLayers = []int{1}
			e.inline(data)
		} else {
			key, _ := item.as("name").at("name").text()
			e.reference(item.path, c.object.ref.Namespace, c.object.ref.Name+userTrustSuffix, key)
		}
		out = append(out, e)
	}
	return out
}

// osConfiguration reads a list of {caCert: {secretRef: {name, key}}} or
// {caCert: {content}}. One that has both is two entries.
func (c *classReader) osConfiguration(list field) []*entry {
	var out []*entry
	for i, item := range list.items() {
		// The old API's form in the new one's place.
		quiet := item.under(new(faults))
		c.misplaced(quiet.at("name"))
		c.misplaced(quiet.at("data"))

		caCert := quiet.at("caCert")
		hasRef, hasContent := caCert.at("secretRef").raw != nil, caCert.at("content").raw != nil
		if hasRef || !hasContent {
			e := newEntry(c.object, item, evidence.DomainWorkload, i, 2)
			out = append(out, e)
			caCert := item.under(e.faults).as("value").at("caCert")
			ref := caCert.at("secretRef")
			name, _ := ref.at("name").text()
			key, _ := ref.at("key").text()
			if e.rec.Field = caCert.path; hasRef {
				e.reference(ref.path, c.object.ref.Namespace, name, key)
			}
		}
		if hasContent {
			e := newEntry(c.object, item, evidence.DomainWorkload, i, 0)
			out = append(out, e)
			e.inline(item.under(e.faults).as("value").at("caCert", "content"))
		}
	}
	return out
}
