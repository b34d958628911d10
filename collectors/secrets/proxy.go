package secrets

import (
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// proxySetting is a proxy as an object configures it.
type proxySetting struct{ http, https, no field }

func proxyFields(f field, http, https, no string) proxySetting {
	f = f.as("proxy")
	return proxySetting{http: f.at(http), https: f.at(https), no: f.at(no)}
}

// proxy keeps a proxy setting under its scope and returns its key, or "" where
// none is configured. The first of a scope stays.
func (r *run) proxy(o *object, scope string, p proxySetting) string {
	if !p.http.set() && !p.https.set() && !p.no.set() {
		return ""
	}
	rec := evidence.Proxy{Scope: scope, NoProxy: noProxy(p.no), Provenance: o.provenance}
	var inHTTP, inHTTPS bool
	rec.HTTP, inHTTP = proxyURL(p.http)
	rec.HTTPS, inHTTPS = proxyURL(p.https)
	rec.HasCredentials = inHTTP || inHTTPS
	for _, f := range []field{p.no, p.https, p.http} {
		if f.set() {
			rec.At = r.place(o, f)
		}
	}
	if _, taken := r.proxies[scope]; !taken {
		r.proxies[scope] = rec
	}
	return scope
}

var (
	proxyScheme  = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]{0,15}://`)
	proxyHost    = regexp.MustCompile(`(?i)^(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$`)
	noProxyEntry = regexp.MustCompile(`(?i)^[][a-z0-9*._:/-]{1,253}$`)
)

// proxyURL is scheme and host of a proxy; what else the text holds is dropped.
// A password may hold any character, so the host begins behind the last "@".
func proxyURL(f field) (url string, credentials bool) {
	s, _ := f.text()
	s = strings.TrimSpace(s)
	if s == "" {
		return "", false
	}
	scheme := proxyScheme.FindString(s)
	host := s[len(scheme):]
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		credentials = true
		host = host[at+1:]
	}
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	if !proxyHost.MatchString(host) {
		f.faults.add(f.record, "parse_error", f.path+" is not a URL with a host")
		return "", credentials
	}
	return strings.ToLower(scheme) + host, credentials
}

// noProxy reads a list, or a text with commas as kapp-controller has it.
func noProxy(f field) []string {
	var out []string
	take := func(entry string) {
		entry = strings.TrimSpace(entry)
		switch {
		case entry == "":
		case noProxyEntry.MatchString(entry) && len(out) < maxItems:
			out = append(out, entry)
		default:
			f.faults.add(f.record, "parse_error", f.path+" holds an entry that is no host, domain or network")
		}
	}
	if s, ok := f.raw.(string); ok {
		for entry := range strings.SplitSeq(s, ",") {
			take(entry)
		}
		return out
	}
	for _, item := range f.items() {
		s, _ := item.text()
		take(s)
	}
	return out
}

// decoded is the field of a secret's data without the base64 that carries it.
func (f field) decoded(as layout) field {
	s, ok := f.text()
	if !ok || as != layoutData {
		return f
	}
	plain, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		f.faults.add(f.record, "parse_error", f.path+" is not base64")
		f.raw = nil
		return f
	}
	f.raw = string(plain)
	return f
}
