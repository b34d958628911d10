package secrets

import (
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const skipVerifyKey = "dangerousSkipTLSVerify"

// verify keeps a switch that turns verification off, whichever way it stands.
// Where sources tell of one twice, off wins.
func (r *run) verify(o *object, domain string, f field, off bool, hosts []string) {
	key := strings.Join([]string{o.ref.Kind, o.ref.Namespace, o.ref.Name, f.path}, "/")
	keepSwitch(r.switches, key, evidence.VerificationSwitch{
		Domain: domain, Object: o.ref, Field: f.path, Off: off, Hosts: hosts, At: r.place(o, f), Provenance: o.provenance,
	})
}

func keepSwitch(switches map[string]evidence.VerificationSwitch, key string, s evidence.VerificationSwitch) {
	if old, known := switches[key]; !known || s.Off && !old.Off {
		switches[key] = s
	}
}

// skipList reads kapp-controller's dangerousSkipTLSVerify: hosts with commas
// between them, or true for all.
func (r *run) skipList(o *object, f field) {
	f = f.as("off")
	if on, ok := f.raw.(bool); ok {
		r.verify(o, evidence.DomainKapp, f, on, nil)
		return
	}
	s, _ := f.text()
	if f.faults.in("off") {
		return
	}
	switch s = strings.TrimSpace(s); strings.ToLower(s) {
	case "", "false":
		r.verify(o, evidence.DomainKapp, f, false, nil)
	case "true":
		r.verify(o, evidence.DomainKapp, f, true, nil)
	default:
		var hosts []string
		for host := range strings.SplitSeq(s, ",") {
			hosts = f.appendHost(hosts, host)
		}
		r.verify(o, evidence.DomainKapp, f, true, hosts)
	}
}

// insecureRegistries reads those of image.config.openshift.io.
func (r *run) insecureRegistries(o *object) {
	list := o.as("off").at("spec", "registrySources", "insecureRegistries")
	if list.raw != nil && list.list() == nil {
		list.items() // says what is wrong
		return
	}
	var hosts []string
	for _, item := range list.items() {
		if s, ok := item.text(); ok {
			hosts = item.appendHost(hosts, s)
		}
	}
	r.verify(o, evidence.DomainOpenShift, list, len(list.list()) > 0, hosts)
}

func (f field) list() []any {
	list, _ := f.raw.([]any)
	return list
}

// appendHost adds a host, with what may follow it: a port, a path.
func (f field) appendHost(hosts []string, host string) []string {
	host = strings.TrimSpace(host)
	switch {
	case host == "":
	case noProxyEntry.MatchString(host) && len(hosts) < maxItems:
		hosts = append(hosts, host)
	default:
		f.faults.add("hosts", "parse_error", f.path+" holds an entry that is no host")
	}
	return hosts
}

// The variables of TKGm's classes that turn verification off.
const (
	variableImageRepository = "imageRepository"
	variableMoreRegistries  = "additionalImageRegistries"
	variableSkipVerify      = "TKG_CUSTOM_IMAGE_REPOSITORY_SKIP_TLS_VERIFY"
)

// verification reads a variable that holds such a switch.
func (c *classReader) verification(v variable) {
	switch v.name {
	case variableImageRepository:
		c.repository(v.value)
	case variableMoreRegistries:
		for _, item := range v.value.items() {
			skip := item.at("skipTlsVerify")
			if off, ok := skip.truth(); ok {
				c.verify(c.object, evidence.DomainWorkload, skip, off, item.hostOf())
			}
		}
	case variableSkipVerify:
		if off, ok := v.value.truth(); ok {
			c.verify(c.object, evidence.DomainWorkload, v.whole, off, nil)
		}
	}
}

// verifiesByDefault tells of a cluster of TKGm's classes, which have the variable
// imageRepository, that it leaves the variable alone.
func (c *classReader) verifiesByDefault(class string, found []variable) {
	set := slices.ContainsFunc(found, func(v variable) bool { return v.name == variableImageRepository })
	if strings.HasPrefix(class, "tkg-") && !set {
		c.repository(field{path: "spec.topology.variables[" + variableImageRepository + "].value", faults: new(faults)})
	}
}

func (c *classReader) repository(value field) {
	validate := value.at("tlsCertificateValidation")
	on, ok := validate.truth()
	if validate.raw == nil {
		on = true // the default
	}
	if ok {
		c.verify(c.object, evidence.DomainWorkload, validate, !on, value.hostOf())
	}
}

// hostOf is the host of a registry's setting, without the path that may follow.
func (f field) hostOf() []string {
	host := f.as("hosts").at("host")
	s, _ := host.text()
	s, _, _ = strings.Cut(s, "/")
	return host.appendHost(nil, s)
}

// truth is a boolean, or a text that says the same; absent is false. ok is false
// where it is neither.
func (f field) truth() (on, ok bool) {
	if s, text := f.raw.(string); text {
		switch strings.ToLower(strings.TrimSpace(s)) {
		case "true":
			return true, true
		case "", "false":
			return false, true
		}
	}
	if on, ok = f.raw.(bool); ok || f.raw == nil {
		return on, true
	}
	f.wrong("true or false")
	return false, false
}
