package nodecerts

import (
	"regexp"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const maxNoProxy = 500

var (
	proxyHost    = regexp.MustCompile(`(?i)^(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$`)
	noProxyEntry = regexp.MustCompile(`(?i)^[][a-z0-9*._:/-]{1,253}$`)
)

// proxyOf is the proxy setting of an environment, nil where there is none. As in
// x/net/http/httpproxy, the upper-case name of a variable wins. Of a URL only
// scheme and host are kept.
func proxyOf(variables map[string]string) *evidence.Proxy {
	value := func(name string) string {
		if v := variables[name]; v != "" {
			return v
		}
		return variables[strings.ToLower(name)]
	}
	var p evidence.Proxy
	var inHTTP, inHTTPS bool
	p.HTTP, inHTTP = proxyURL(value("HTTP_PROXY"))
	p.HTTPS, inHTTPS = proxyURL(value("HTTPS_PROXY"))
	p.HasCredentials = inHTTP || inHTTPS
	for entry := range strings.SplitSeq(value("NO_PROXY"), ",") {
		if entry = strings.TrimSpace(entry); noProxyEntry.MatchString(entry) && len(p.NoProxy) < maxNoProxy {
			p.NoProxy = append(p.NoProxy, entry)
		}
	}
	if p.HTTP == "" && p.HTTPS == "" && !p.HasCredentials && len(p.NoProxy) == 0 {
		return nil
	}
	return &p
}

// proxyURL is scheme and host of a proxy, and whether there was more that could
// be a user or a password. A password may hold any sign, so the host begins
// behind the last "@".
func proxyURL(text string) (url string, credentials bool) {
	text = strings.TrimSpace(text)
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "http", text // as Go reads it
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		credentials, rest = true, rest[at+1:]
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	scheme = strings.ToLower(scheme)
	switch scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return "", credentials
	}
	if !proxyHost.MatchString(rest) {
		return "", credentials
	}
	return scheme + "://" + rest, credentials
}
