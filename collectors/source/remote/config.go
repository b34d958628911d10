// Package remote reaches nodes over SSH: it checks their host keys, goes through
// jump hosts, runs one command per session, and opens TCP connections from the
// node's point of view (direct-tcpip, RFC 4254 section 7.2).
//
// Every wait ends with its context or with a timeout of Config. The package
// looks up neither the environment nor a home directory: the caller passes
// every path. Errors carry one of evidence.Reasons, see Reason and Hint.
package remote

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The host key policies.
const (
	// PolicyStrict accepts keys that a known_hosts file holds, and no others.
	PolicyStrict = "strict"
	// PolicyAcceptNew also accepts, and records, the first key of a host that
	// is in no file. A key that differs from a recorded one is still refused.
	PolicyAcceptNew = "accept-new"
	// PolicyInsecure accepts every key and verifies none.
	PolicyInsecure = "insecure"
)

// The timeouts of a Config that sets none.
const (
	DefaultConnectTimeout = 10 * time.Second
	DefaultExecTimeout    = 20 * time.Second
)

// Config says how nodes are reached. Its own fields win over ConfigFile's.
type Config struct {
	// User is the login name. Without it ConfigFile's User is taken, then
	// DefaultUser.
	User, DefaultUser string
	// Port is the port where an address names none; 0 takes ConfigFile's, then 22.
	Port int

	// KeyFiles are private keys, in the order to offer them. Each must be
	// readable. Beside a key "id", "id-cert.pub" is offered too.
	KeyFiles []string
	// Keys are private keys that lie in no file. They are offered first, beside
	// all others.
	Keys []Key
	// DefaultKeyFiles are offered to hosts for which neither KeyFiles nor
	// ConfigFile names a key. Absent and encrypted ones are passed over.
	DefaultKeyFiles []string
	// UseAgent also offers the keys of the agent that listens on the unix
	// socket AgentSocket (the value of SSH_AUTH_SOCK), after those from files.
	// An agent that does not answer is a warning.
	UseAgent    bool
	AgentSocket string
	// Passphrase is asked, during NewPool only, for the passphrase of an
	// encrypted file of KeyFiles that the agent does not hold. nil: such a file
	// is an error.
	Passphrase func(keyFile string) ([]byte, error)

	// KnownHosts are known_hosts files. Absent ones are passed over unless all
	// are absent and the policy is strict. PolicyAcceptNew appends to the first.
	KnownHosts []string
	// HostKeyPolicy is PolicyStrict (also when empty), PolicyAcceptNew or
	// PolicyInsecure. It holds for nodes and jump hosts alike.
	HostKeyPolicy string

	// Jump is a comma list of [USER@]HOST[:PORT], the first being the nearest.
	// "none" goes directly whatever ConfigFile says.
	Jump string

	// ConfigFile is an OpenSSH client configuration, "" for none. HostName,
	// User, Port, IdentityFile, ProxyJump and Include are read as a hint; what
	// cannot be honoured is a warning. An absent file is none.
	ConfigFile string
	// Home stands for ~ and %d in ConfigFile. Without it such paths are passed
	// over.
	Home string

	// ConnectTimeout bounds reaching a host, and once more its handshake with
	// authentication. 0 is DefaultConnectTimeout.
	ConnectTimeout time.Duration
	// ExecTimeout bounds one command. 0 is DefaultExecTimeout.
	ExecTimeout time.Duration
}

// Key is a private key in memory.
type Key struct {
	// Name says where it is from, for people.
	Name string
	PEM  []byte
}

// complete returns the configuration with its defaults, or says what is wrong.
func (c Config) complete() (Config, error) {
	if c.HostKeyPolicy == "" {
		c.HostKeyPolicy = PolicyStrict
	}
	policies := []string{PolicyStrict, PolicyAcceptNew, PolicyInsecure}
	if !slices.Contains(policies, c.HostKeyPolicy) {
		return c, fmt.Errorf("reading host key policy %q: it is none of %s", c.HostKeyPolicy, strings.Join(policies, ", "))
	}
	if c.Port < 0 || c.Port > 65535 {
		return c, fmt.Errorf("reading SSH port %d: a port is between 1 and 65535", c.Port)
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = DefaultConnectTimeout
	}
	if c.ExecTimeout <= 0 {
		c.ExecTimeout = DefaultExecTimeout
	}
	return c, nil
}
