package remote

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// maxJumps bounds a chain of jump hosts.
const maxJumps = 8

// endpoint is one SSH server and how to log in to it.
type endpoint struct {
	alias string // as it was named, in lower case
	host  string
	port  int
	user  string
	// keyFiles are the configuration's IdentityFiles for it.
	keyFiles []string
	// proxyCommand: the configuration has one for it, which is not supported.
	proxyCommand bool
}

func (e endpoint) address() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

func (e endpoint) String() string { return e.user + "@" + e.address() }

// route is the way to a node: its jump hosts, the nearest first, then itself.
type route struct {
	jumps  []endpoint
	target endpoint
}

// action is what is done with a route, for errors.
func (r route) action() string {
	text := "connecting to " + quote(r.target.address())
	if last := len(r.jumps) - 1; last >= 0 {
		text += " through " + quote(r.jumps[last].address())
	}
	return text
}

// jumpText is the chain as --ssh-jump writes it.
func jumpText(jumps []endpoint) string {
	hops := make([]string, 0, len(jumps))
	for _, j := range jumps {
		hops = append(hops, j.String())
	}
	return strings.Join(hops, ",")
}

// hop is a [USER@]HOST[:PORT] as it was written; port 0 where none is named.
type hop struct {
	user, host string
	port       int
}

// splitAddress splits HOST, HOST:PORT, IPv6, [IPv6] and [IPv6]:PORT.
func splitAddress(address string) (host string, port int, err error) {
	host = address
	if h, p, err := net.SplitHostPort(address); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", 0, fmt.Errorf("reading address %q: the port is not between 1 and 65535", address)
		}
		host, port = h, int(n)
	} else if inner, ok := strings.CutPrefix(address, "["); ok {
		if host, ok = strings.CutSuffix(inner, "]"); !ok {
			return "", 0, fmt.Errorf("reading address %q: want HOST, HOST:PORT or [IPV6]:PORT", address)
		}
	}
	if err := checkHost(host); err != nil {
		return "", 0, fmt.Errorf("reading address %q: %w", address, err)
	}
	return host, port, nil
}

// checkHost refuses what is no host name or address. What passes is safe in a
// known_hosts line, where commas, blanks, ! and * have a meaning.
func checkHost(host string) error {
	if host == "" {
		return errors.New("it names no host")
	}
	if strings.HasPrefix(host, "-") || len(host) > 255 {
		return errors.New("it is no host name")
	}
	for _, r := range host {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-:%", r):
		default:
			return fmt.Errorf("%q does not belong into a host name", r)
		}
	}
	if strings.Contains(host, ":") && net.ParseIP(strings.SplitN(host, "%", 2)[0]) == nil {
		return errors.New("want HOST, HOST:PORT or [IPV6]:PORT")
	}
	return nil
}

// parseJump reads a comma list of [USER@]HOST[:PORT]. "none" and "" are empty.
func parseJump(text string) ([]hop, error) {
	if text == "" || strings.EqualFold(text, "none") {
		return nil, nil
	}
	var hops []hop
	for part := range strings.SplitSeq(text, ",") {
		var h hop
		rest := strings.TrimSpace(part)
		if at := strings.LastIndex(rest, "@"); at >= 0 {
			h.user, rest = rest[:at], rest[at+1:]
			if h.user == "" || strings.ContainsAny(h.user, ": ") {
				return nil, fmt.Errorf("reading jump host %q: want [USER@]HOST[:PORT]", clean(part))
			}
		}
		var err error
		if h.host, h.port, err = splitAddress(rest); err != nil {
			return nil, fmt.Errorf("reading jump host: %w", err)
		}
		if hops = append(hops, h); len(hops) > maxJumps {
			return nil, fmt.Errorf("reading jump hosts: there are more than %d", maxJumps)
		}
	}
	return hops, nil
}

// router finds the way to nodes.
type router struct {
	cfg   Config
	jumps []hop
	hints *sshConfig
}

func (r *router) route(address string) (route, error) {
	host, port, err := splitAddress(address)
	if err != nil {
		return route{}, err
	}
	hint := r.hints.forHost(host)
	target, err := r.endpoint(hop{user: r.cfg.User, host: host, port: cmp.Or(port, r.cfg.Port)}, hint)
	if err != nil {
		return route{}, err
	}
	hops := r.jumps
	if r.cfg.Jump == "" {
		if hops, err = parseJump(hint.proxyJump); err != nil {
			return route{}, err
		}
	}
	jumps, err := r.chain(hops, []string{target.alias})
	if err != nil {
		return route{}, err
	}
	return route{jumps: jumps, target: target}, nil
}

// chain resolves jump hosts. The first may itself be behind others, by the
// configuration; a host that is already on the way ("Host *" with a ProxyJump
// applies to the jump host, too) adds nothing, as in ssh.
func (r *router) chain(hops []hop, onTheWay []string) ([]endpoint, error) {
	var jumps []endpoint
	for i, h := range hops {
		hint := r.hints.forHost(h.host)
		e, err := r.endpoint(h, hint)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			before, err := r.before(e.alias, hint, onTheWay)
			if err != nil {
				return nil, err
			}
			jumps = append(jumps, before...)
		}
		jumps = append(jumps, e)
	}
	return jumps, nil
}

func (r *router) before(alias string, hint hostHint, onTheWay []string) ([]endpoint, error) {
	onTheWay = append(slices.Clone(onTheWay), alias)
	hops, err := parseJump(hint.proxyJump)
	if err != nil || len(hops) == 0 {
		return nil, err
	}
	if slices.ContainsFunc(hops, func(h hop) bool { return slices.Contains(onTheWay, strings.ToLower(h.host)) }) {
		return nil, nil
	}
	if len(onTheWay) > maxJumps {
		return nil, fmt.Errorf("following ProxyJump of %q: there are more than %d hosts on the way", alias, maxJumps)
	}
	return r.chain(hops, onTheWay)
}

// endpoint fills what a hop leaves open: own settings, then the configuration's.
func (r *router) endpoint(h hop, hint hostHint) (endpoint, error) {
	e := endpoint{
		alias: strings.ToLower(h.host), host: h.host,
		port: cmp.Or(h.port, hint.port, 22), proxyCommand: hint.proxyCommand,
		user: cmp.Or(h.user, hint.user, r.cfg.User, r.cfg.DefaultUser),
	}
	if hint.hostName != "" {
		if err := checkHost(hint.hostName); err != nil {
			return e, fmt.Errorf("reading HostName %q of %q in %q: %w", clean(hint.hostName), h.host, r.cfg.ConfigFile, err)
		}
		e.host = hint.hostName
	}
	if e.user == "" {
		return e, fmt.Errorf("connecting to %q: no user name is known; name one with --ssh-user (TKG nodes: vmware-system-user)", e.address())
	}
	e.keyFiles = hint.keyFiles(r.hints.home, e.host, e.user)
	return e, nil
}
