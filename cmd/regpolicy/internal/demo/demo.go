package demo

import (
	"cmp"
	"context"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/regpolicy/regpolicy/collectors/source"
)

// User is the login name on the nodes of the embedded cluster.
const User = "vmware-system-user"

// Cluster is a running embedded cluster.
type Cluster struct {
	// APIServer is its URL.
	APIServer string
	// Name is the cluster's, where the story has one.
	Name string
	// Nodes are SSH addresses by node name.
	Nodes map[string]string
	// KeyFile and KnownHosts let one log in to them.
	KeyFile, KnownHosts string
	// ConnectTo maps registries to the addresses that they listen on.
	ConnectTo map[string]string

	stops []func()
}

// Start starts a story's cluster. Stop it when it is no longer needed.
func Start(ctx context.Context, stories fs.FS, s *Story) (c *Cluster, err error) {
	c = &Cluster{Nodes: map[string]string{}, ConnectTo: map[string]string{}}
	defer func() {
		if err != nil {
			c.Stop()
		}
	}()
	dir, err := os.MkdirTemp("", "regpolicy-demo-")
	if err != nil {
		return c, fmt.Errorf("making a folder for story %q: %w", s.Name, err)
	}
	c.stops = append(c.stops, func() { os.RemoveAll(dir) }) //nolint:errcheck,gosec // a temporary folder
	story, err := fs.Sub(stories, s.Name)
	if err != nil {
		return c, fmt.Errorf("reading story %q: %w", s.Name, err)
	}
	if err := os.CopyFS(filepath.Join(dir, "story"), story); err != nil {
		return c, fmt.Errorf("unpacking story %q: %w", s.Name, err)
	}
	in, err := source.Open(ctx, []string{filepath.Join(dir, "story", "source")}, strings.NewReader(""), source.DefaultLimits())
	if err != nil {
		return c, fmt.Errorf("reading story %q: %w", s.Name, err)
	}
	c.stops = append(c.stops, func() { in.Close() }) //nolint:errcheck,gosec // read only
	if err := c.startAPI(in.Objects); err != nil {
		return c, err
	}
	for _, r := range s.Registries {
		address, stop, err := serveRegistry(story, r)
		if err != nil {
			return c, err
		}
		c.stops = append(c.stops, stop)
		c.ConnectTo[net.JoinHostPort(r.Host, fmt.Sprint(cmp.Or(r.Port, 443)))] = address
	}
	if s.SSH {
		err = c.startNodes(dir, in.Nodes, s.At)
	}
	return c, err
}

// Stop ends all servers, the last started first, and waits for them.
func (c *Cluster) Stop() {
	for _, stop := range slices.Backward(c.stops) {
		stop()
	}
	c.stops = nil
}

func (c *Cluster) startAPI(objects []source.Object) error {
	url, stop, err := newAPIServer(objects).serve()
	if err != nil {
		return err
	}
	c.APIServer = url
	c.stops = append(c.stops, stop)
	for _, o := range objects {
		if o.Kind() == "Cluster" {
			c.Name = o.Name()
		}
	}
	return nil
}

// startNodes starts an SSH server per node, and writes the key that may log in
// and the host keys that are known.
func (c *Cluster) startNodes(dir string, trees map[string]source.NodeTree, now time.Time) error {
	key := keyFrom("user")
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return fmt.Errorf("making a login key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(key, "regpolicy demo")
	if err != nil {
		return fmt.Errorf("making a login key: %w", err)
	}
	c.KeyFile, c.KnownHosts = filepath.Join(dir, "id_ed25519"), filepath.Join(dir, "known_hosts")
	if err := os.WriteFile(c.KeyFile, pem.EncodeToMemory(block), 0o600); err != nil {
		return fmt.Errorf("writing a login key: %w", err)
	}
	var known strings.Builder
	for name, tree := range trees {
		n, err := startNode(name, tree.FS, now, signer.PublicKey(), c.ConnectTo)
		if err != nil {
			return err
		}
		c.stops = append(c.stops, n.stop)
		c.Nodes[name] = n.address()
		known.WriteString(knownhosts.Line([]string{knownhosts.Normalize(n.address())}, n.hostKey) + "\n")
	}
	if err := os.WriteFile(c.KnownHosts, []byte(known.String()), 0o600); err != nil {
		return fmt.Errorf("writing host keys: %w", err)
	}
	return nil
}
