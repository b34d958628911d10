package secrets

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// Ref names a secret.
type Ref struct {
	Namespace string
	Name      string
}

// PullSecrets records the shapes of the pull secrets that pods name, with the
// hosts they have credentials for. A secret that does not exist is recorded as
// missing. sourceID is the key of Document.Sources for objects that name none.
// Lookup is called from up to four goroutines at once.
func PullSecrets(ctx context.Context, b *evidence.Builder, refs []Ref, lookup source.Lookup, sourceID string) {
	b.Request(evidence.Secrets)
	var ids []objectID
	for _, ref := range refs {
		id := objectID{kindSecret, ref.Namespace, ref.Name}
		if ref.Name != "" && !markPull(b, id) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	for i, got := range lookupAll(ctx, lookup, ids, sourceID) {
		recordAsked(b, ids[i], got, usedAsPull)
	}
}

// markPull notes that a secret which is known already is used as a pull secret.
func markPull(b *evidence.Builder, id objectID) (known bool) {
	b.Record(func(d *evidence.Document) {
		key := id.key()
		rec, ok := d.Secrets[key]
		if known = ok; known {
			rec.UsedAs = append(slices.Clip(rec.UsedAs), usedAsPull)
			slices.Sort(rec.UsedAs)
			rec.UsedAs = slices.Compact(rec.UsedAs)
			d.Secrets[key] = rec
		}
	})
	return known
}

const (
	typeDockerConfigJSON = "kubernetes.io/dockerconfigjson"
	typeDockercfg        = "kubernetes.io/dockercfg"
)

func isPullType(t string) bool { return t == typeDockerConfigJSON || t == typeDockercfg }

// pullHosts are the registries a pull secret has credentials for, sorted. Like
// the kubelet it goes by the secret's type. What is malformed becomes a fault
// that tells the place and never quotes.
func pullHosts(o *object) (hosts []string, holds bool) {
	var key string
	switch quietText(o, "type") {
	case typeDockerConfigJSON:
		key = ".dockerconfigjson"
	case typeDockercfg:
		key = ".dockercfg"
	default:
		return nil, false
	}
	broken := func(reason, why string) ([]string, bool) {
		o.faults.add("registries", reason, fmt.Sprintf("%s %s", key, why))
		return nil, true
	}
	f, as, found := o.valueOf(key, o.faults)
	if !found {
		return broken("parse_error", "is missing")
	}
	text, ok := f.as("registries").text()
	if !ok {
		return nil, true
	}
	if len(text) > 2*maxValue {
		return broken("truncated", "is too large")
	}
	raw := []byte(text)
	if as == layoutData {
		var err error
		if raw, err = base64.StdEncoding.DecodeString(text); err != nil {
			return broken("parse_error", "is not base64")
		}
	}
	auths, err := dockerAuths(raw, key == ".dockerconfigjson")
	if err != nil {
		return broken("parse_error", err.Error())
	}
	return hostsOf(auths, key, o.faults), true
}

// dockerAuths reads a Docker configuration. Its errors quote nothing.
func dockerAuths(raw []byte, nested bool) (map[string]json.RawMessage, error) {
	if nested {
		var config struct {
			Auths json.RawMessage `json:"auths"`
		}
		if json.Unmarshal(raw, &config) != nil {
			return nil, fmt.Errorf("is not a JSON object")
		}
		raw = config.Auths
		if len(raw) == 0 {
			return nil, fmt.Errorf("has no auths")
		}
	}
	var auths map[string]json.RawMessage
	if json.Unmarshal(raw, &auths) != nil {
		return nil, fmt.Errorf("does not map registries to credentials")
	}
	return auths, nil
}

func hostsOf(auths map[string]json.RawMessage, key string, faults *faults) []string {
	hosts := []string{}
	for _, name := range slices.Sorted(maps.Keys(auths)) {
		host := registryHost(name)
		if host == "" {
			faults.add("registries", "parse_error", key+" names a registry that is no host")
			continue
		}
		if !goodAuth(auths[name]) {
			faults.add("registries", "parse_error", fmt.Sprintf("%s: the credentials for %s cannot be read", key, host))
		}
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	if len(hosts) > maxItems {
		faults.add("registries", "truncated", key+" names too many registries")
		hosts = hosts[:maxItems]
	}
	return hosts
}

// goodAuth tells whether an entry's auth is base64 of "user:password", where it
// has one at all.
func goodAuth(entry json.RawMessage) bool {
	var fields struct {
		Auth string `json:"auth"`
	}
	if json.Unmarshal(entry, &fields) != nil {
		return false
	}
	if fields.Auth == "" {
		return true
	}
	decoded, ok := decodeAuth(fields.Auth)
	return ok && bytes.ContainsRune(decoded, ':')
}

// decodeAuth takes either alphabet of RFC 4648, with or without padding: tools
// write all four.
func decodeAuth(s string) ([]byte, bool) {
	s = strings.TrimRight(strings.TrimSpace(s), "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if decoded, err := encoding.DecodeString(s); err == nil {
			return decoded, true
		}
	}
	return nil, false
}

var hostPattern = regexp.MustCompile(`^(?:[a-z0-9*_](?:[a-z0-9*._-]{0,252}[a-z0-9*_])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$`)

// registryHost is the host[:port] of a key of auths, which may be a URL
// ("https://index.docker.io/v1/"), or "".
func registryHost(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.TrimPrefix(strings.TrimPrefix(name, "https://"), "http://")
	name, _, _ = strings.Cut(name, "/")
	if name == "index.docker.io" {
		name = "docker.io" // as image references have it
	}
	if !hostPattern.MatchString(name) {
		return ""
	}
	return name
}
