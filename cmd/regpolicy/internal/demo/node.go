package demo

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// node is an SSH server over a story's copy of a node's files. It runs no
// commands: to the listing script it gives the script's answer for that tree.
type node struct {
	name    string
	tree    fs.FS
	now     time.Time
	config  *ssh.ServerConfig
	hostKey ssh.PublicKey
	// forward maps "host:port" to what is dialled for a forwarded connection.
	forward map[string]string

	listener net.Listener
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// keyFrom derives a key from a public text: a demo's host keys prove nothing.
func keyFrom(text string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("regpolicy demo " + text))
	return ed25519.NewKeyFromSeed(seed[:])
}

func startNode(name string, tree fs.FS, now time.Time, user ssh.PublicKey, forward map[string]string) (*node, error) {
	signer, err := ssh.NewSignerFromKey(keyFrom("host " + name))
	if err != nil {
		return nil, fmt.Errorf("making host key of node %q: %w", name, err)
	}
	n := &node{name: name, tree: tree, now: now, forward: forward, hostKey: signer.PublicKey()}
	n.config = &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), user.Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	n.config.AddHostKey(signer)
	if n.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("starting node %q: %w", name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.cancel = cancel
	n.running.Go(func() { n.accept(ctx) })
	return n, nil
}

func (n *node) address() string { return n.listener.Addr().String() }

func (n *node) stop() {
	n.cancel()
	n.listener.Close() //nolint:errcheck,gosec // nothing is lost
	n.running.Wait()
}

func (n *node) accept(ctx context.Context) {
	for {
		conn, err := n.listener.Accept()
		if err != nil {
			return
		}
		n.running.Go(func() {
			defer context.AfterFunc(ctx, func() { conn.Close() })() //nolint:errcheck,gosec // nothing is lost
			n.serve(ctx, conn)
		})
	}
}

func (n *node) serve(ctx context.Context, raw net.Conn) {
	defer raw.Close() //nolint:errcheck // nothing is lost
	conn, channels, requests, err := ssh.NewServerConn(raw, n.config)
	if err != nil {
		return
	}
	n.running.Go(func() { ssh.DiscardRequests(requests) })
	for c := range channels {
		switch c.ChannelType() {
		case "session":
			n.running.Go(func() { n.session(c) })
		case "direct-tcpip":
			n.running.Go(func() { n.direct(ctx, c) })
		default:
			c.Reject(ssh.UnknownChannelType, "only sessions and forwarding") //nolint:errcheck,gosec // the client may be gone
		}
	}
	conn.Close() //nolint:errcheck,gosec // nothing is lost
}

func (n *node) session(c ssh.NewChannel) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer channel.Close() //nolint:errcheck // nothing is lost
	for r := range requests {
		var exec struct{ Command string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &exec) != nil || exec.Command != nodecerts.Command() {
			r.Reply(false, nil) //nolint:errcheck,gosec // the client may be gone
			continue
		}
		r.Reply(true, nil) //nolint:errcheck,gosec // as above
		status := uint32(0)
		if err := n.list(channel); err != nil {
			status = 1
		}
		channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status})) //nolint:errcheck,gosec // as above
		return
	}
}

// list writes what the listing script would print over this tree: the files lie
// there since an hour and a half, and containerd started half an hour later.
func (n *node) list(w io.Writer) error {
	listing, err := nodecerts.ReadTree(context.Background(), n.tree)
	if err != nil {
		return fmt.Errorf("reading files of node %q: %w", n.name, err)
	}
	listing.Began, listing.Ended, listing.Live = n.now, n.now, true
	for _, f := range listing.Files {
		f.Mode, f.ModTime = "-rw-r--r--", n.now.Add(-90*time.Minute)
	}
	listing.Proc = &nodecerts.Proc{
		Boot:      n.now.Add(-2 * time.Hour),
		Processes: []nodecerts.Process{{Name: "containerd", PID: 412, Parent: 1, Started: n.now.Add(-time.Hour)}},
	}
	return nodecerts.WriteStream(w, listing)
}

// direct joins a forwarded connection to a registry of the story.
func (n *node) direct(ctx context.Context, c ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		Originator string
		From       uint32
	}
	if ssh.Unmarshal(c.ExtraData(), &to) != nil {
		c.Reject(ssh.ConnectionFailed, "no address") //nolint:errcheck,gosec // the client may be gone
		return
	}
	address := net.JoinHostPort(to.Host, fmt.Sprint(to.Port))
	if known, ok := n.forward[address]; ok {
		address = known
	} else if !slices.Contains(slices.Collect(maps.Values(n.forward)), address) {
		c.Reject(ssh.ConnectionFailed, "no such host") //nolint:errcheck,gosec // as above
		return
	}
	upstream, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address)
	if err != nil {
		c.Reject(ssh.ConnectionFailed, "connection refused") //nolint:errcheck,gosec // as above
		return
	}
	channel, requests, err := c.Accept()
	if err != nil {
		upstream.Close() //nolint:errcheck,gosec // as above
		return
	}
	n.running.Go(func() { ssh.DiscardRequests(requests) })
	done := make(chan struct{}, 2)
	pipe := func(dst io.Writer, src io.Reader) {
		io.Copy(dst, src) //nolint:errcheck,gosec // either end may hang up
		done <- struct{}{}
	}
	n.running.Go(func() { pipe(upstream, channel) })
	n.running.Go(func() { pipe(channel, upstream) })
	select {
	case <-done:
	case <-ctx.Done():
	}
	upstream.Close() //nolint:errcheck,gosec // as above
	channel.Close()  //nolint:errcheck,gosec // as above
}
