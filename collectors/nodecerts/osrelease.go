package nodecerts

import (
	"slices"
	"strings"
)

// osFacts are what os-release(5) tells.
type osFacts struct {
	name   string // PRETTY_NAME
	family string // "photon", "debian", "rhel" or "other"; empty where unknown
}

func parseOSRelease(text []byte) osFacts {
	fields := map[string]string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		words := shellWords(value)
		if len(words) == 0 {
			words = []string{""}
		}
		fields[key] = words[0]
	}
	facts := osFacts{name: printable(fields["PRETTY_NAME"])}
	if facts.name == "" {
		facts.name = printable(strings.TrimSpace(fields["NAME"] + " " + fields["VERSION"]))
	}
	ids := append([]string{fields["ID"]}, strings.Fields(fields["ID_LIKE"])...)
	facts.family = osFamily(ids)
	return facts
}

var osFamilies = map[string]string{
	"photon": "photon",
	"debian": "debian", "ubuntu": "debian",
	"rhel": "rhel", "fedora": "rhel", "centos": "rhel", "rocky": "rhel", "almalinux": "rhel", "ol": "rhel", "amzn": "rhel",
}

func osFamily(ids []string) string {
	for _, id := range ids {
		if family, ok := osFamilies[strings.ToLower(id)]; ok {
			return family
		}
	}
	if slices.ContainsFunc(ids, func(id string) bool { return id != "" }) {
		return "other"
	}
	return ""
}

// printable is foreign text on one line, cut to a length for people.
func printable(text string) string {
	const limit = 200
	text = strings.ToValidUTF8(text[:min(len(text), limit)], "?")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
