package podevents

import "strings"

// lookup reads net.DNSError: "[dial tcp: ]lookup NAME[ on SERVER]: REASON". All
// reasons are DNS's, a timeout and a refused connection to the server too.
func lookup(c *classifier, s segment) verdict {
	rest := strings.TrimPrefix(line(c.m.from(s)), "dial tcp: ")
	name, reason, _ := strings.Cut(strings.TrimPrefix(rest, "lookup "), ": ")
	name = strings.TrimSuffix(firstWord(name), ".")
	if strings.HasPrefix(reason, "context canceled") || strings.HasPrefix(reason, "operation was canceled") {
		return verdict{cause: "stalled"}
	}
	v := verdict{cause: "dns"}
	// Where the name is not the request's own host, it is another host's.
	if asked := c.around.request.host; !strings.HasPrefix(asked, strings.ToLower(name)+":") {
		v.host, _ = hostPort(name, "443")
	}
	return v
}

// dial reads "dial tcp ADDRESS: REASON".
func dial(c *classifier, s segment) verdict {
	_, reason, _ := strings.Cut(line(c.m.from(s)), ": ")
	return verdict{cause: dialCause(reason)}
}

func dialCause(reason string) string {
	reason = strings.TrimPrefix(reason, "connect: ")
	if v := findLeaf(reason); v.cause != "" {
		return v.cause
	}
	switch {
	case strings.HasPrefix(reason, "socket: "): // the node's own limits
		return causeUnknown
	case reason == "":
		return "timeout" // cut off: nothing else takes so long a text
	default: // "permission denied", "operation not permitted", "invalid argument", ...
		return "unreachable"
	}
}

// badAddress reads "dial tcp: address 99999: invalid port", of an image reference
// or a redirection that no one can follow.
func badAddress(c *classifier, _ segment) verdict {
	if c.around.stage == "blob" || c.around.token {
		return verdict{cause: "not_a_registry"}
	}
	return verdict{cause: "invalid_image_name", stage: "name", hostless: true}
}

// proxyConnect reads errors of the way to the proxy: "proxyconnect tcp: ..." of
// net/http and "socks connect tcp PROXY->HOST: ...".
func proxyConnect(c *classifier, s segment) verdict {
	rest := line(c.m.from(s))
	v := verdict{cause: "proxy"}
	if socks, ok := strings.CutPrefix(rest, "socks connect tcp "); ok {
		proxy, _, _ := strings.Cut(socks, "->")
		v.host, _ = hostPort(proxy, "1080")
		return v
	}
	_, rest, _ = strings.Cut(rest, ": ")
	if name, ok := strings.CutPrefix(rest, "dial tcp: lookup "); ok {
		name, _, _ = strings.Cut(name, ": ")
		v.host = strings.ToLower(strings.TrimSuffix(firstWord(name), "."))
	} else if address, ok := strings.CutPrefix(rest, "dial tcp "); ok {
		address, _, _ = strings.Cut(address, ": ")
		v.host, _ = hostPort(address, "80")
	}
	return v
}

// connectAnswer reads a proxy's refusal of CONNECT: net/http passes on the
// reason phrase and nothing else, `Head "https://...": Forbidden`. Its own texts
// begin with a small letter.
func (c *classifier) connectAnswer(s segment, last bool) verdict {
	words := c.m.words(s)
	if !last || !c.around.afterURL || c.around.request.scheme != "https" || words == "" || words[0] < 'A' || words[0] > 'Z' {
		return verdict{}
	}
	return verdict{cause: "proxy"}
}

// malformedResponse tells a TLS server that was asked by HTTP (it answers with
// an alert or a handshake record) from what is no HTTP server at all.
func malformedResponse(c *classifier, s segment) verdict {
	for _, t := range c.m.cutOut(s) {
		if strings.HasPrefix(t.text, `\x15\x03`) || strings.HasPrefix(t.text, `\x16\x03`) ||
			strings.HasPrefix(t.text, "\x15\x03") || strings.HasPrefix(t.text, "\x16\x03") {
			return verdict{cause: "https_not_http"}
		}
	}
	return verdict{cause: "not_a_registry"}
}

// connectionError is one of HTTP/2 or, of gRPC, that the kubelet could not reach
// the runtime.
func connectionError(c *classifier, s segment) verdict {
	if strings.HasPrefix(c.m.from(s), "connection error: desc = ") {
		return verdict{cause: causeUnknown, hostless: true}
	}
	return verdict{cause: "reset"}
}

// endOfFile is a connection that was closed or, in a layer, a broken layer.
func endOfFile(c *classifier, s segment) verdict {
	rest := strings.TrimPrefix(c.m.from(s), "unexpected ")
	if !endsHere(strings.TrimPrefix(rest, "EOF")) {
		return verdict{}
	}
	if c.around.extracting {
		return verdict{cause: "corrupt_content"}
	}
	return verdict{cause: "reset"}
}

// badURL is a URL that cannot be asked for: a configured one, or one that the
// registry named.
func badURL(c *classifier, s segment) verdict {
	if strings.HasPrefix(c.m.from(s), "parse ") && c.m.words(s) != `parse ""` && c.m.words(s) != "parse <>" {
		return verdict{}
	}
	if c.around.token || c.around.stage == "blob" {
		return verdict{cause: "not_a_registry"}
	}
	return verdict{cause: "registry_configuration", hostless: true}
}
