package podevents

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/distribution/reference"
)

// maxReference bounds what is parsed as an image reference: a name of 255
// characters, a tag of 128 and a digest fit in well.
const maxReference = 1024

// RegistryOf returns the registry that an image reference names, as host:port
// in lower case. A reference without a host names docker.io, one without a port
// means 443. IPv6 addresses come in brackets. It fails for what is no image
// reference.
func RegistryOf(image string) (string, error) {
	if len(image) > maxReference {
		return "", fmt.Errorf("reading image reference: it has %d characters, %d are allowed", len(image), maxReference)
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", fmt.Errorf("reading image reference %q: %w", image, err)
	}
	hostport, ok := hostPort(reference.Domain(named), "443")
	if !ok {
		return "", fmt.Errorf("reading image reference %q: the registry %q is no host with a port", image, reference.Domain(named))
	}
	return hostport, nil
}

// registryOfAny is RegistryOf for references that need not be valid: of
// "harbor.example/Upper/Case" the registry is plain to see. Empty where it is not.
func registryOfAny(image string) string {
	if hostport, err := RegistryOf(image); err == nil {
		return hostport
	}
	first, rest, found := strings.Cut(image, "/")
	if !found || rest == "" || !strings.ContainsAny(first, ".:") || len(image) > maxReference {
		return ""
	}
	hostport, _ := hostPort(first, "443")
	return hostport
}

// hostPort normalises "host", "host:port", "[v6]" or "[v6]:port". It tells
// whether that is what it was given.
func hostPort(host, defaultPort string) (string, bool) {
	port := defaultPort
	if at := strings.LastIndexByte(host, ':'); at >= 0 && (!strings.Contains(host[:at], ":") || strings.HasSuffix(host[:at], "]")) {
		host, port = host[:at], host[at+1:]
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 || host == "" || strings.ContainsAny(host, " \t/\\\"'@[]<>\x00") {
		return "", false
	}
	return net.JoinHostPort(strings.ToLower(host), strconv.FormatUint(number, 10)), true
}

// sameImage tells whether two references mean the same: "nginx" and
// "docker.io/library/nginx:latest" do.
func sameImage(a, b string) bool {
	return a == b || normalised(a) == normalised(b)
}

func normalised(image string) string {
	if len(image) > maxReference {
		return image
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	return reference.TagNameOnly(named).String()
}
