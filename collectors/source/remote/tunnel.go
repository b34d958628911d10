package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	"golang.org/x/crypto/ssh"
)

// DialContext opens a TCP connection from the node: the node's SSH server
// resolves the name and connects. Unlike ssh.Client's, the connection has
// deadlines, and closing it waits for nobody. network is "tcp", "tcp4" or
// "tcp6" and does not bind the node. The error is an *Error; its reason is
// forwarding_prohibited where the server does not forward for this user, and
// refused, dns, timeout_connect or unreachable where it could not connect.
func (c *Conn) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	action := fmt.Sprintf("dialling %s from %s", quote(address), quote(c.address))
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, newError(reasonInternal, c.address, action, net.UnknownNetworkError(network))
	}
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return nil, newError(reasonInternal, c.address, action, err)
	}
	return c.open(ctx, action, address)
}

// open opens a direct-tcpip channel.
func (c *Conn) open(ctx context.Context, action, address string) (net.Conn, error) {
	wait, cancel := context.WithTimeout(ctx, c.connectTimeout)
	defer cancel()
	channel, err := c.client.DialContext(wait, "tcp", address)
	if err == nil {
		return newTunnel(channel, address), nil
	}
	refused, ok := errors.AsType[*ssh.OpenChannelError](err)
	switch {
	case ok && forwardReason(refused) == reasonForwarding:
		return nil, newError(reasonForwarding, c.address, action, fmt.Errorf("the server does not forward connections: %w", err)).
			withHint("set AllowTcpForwarding yes (or local) for this user in the server's sshd_config, or use another host")
	case ok:
		return nil, newError(forwardReason(refused), address, action, fmt.Errorf("the server could not connect: %w", err))
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, newError(reasonCancelled, address, action, err)
	case wait.Err() != nil:
		return nil, newError(reasonConnectTimeout, address, action, errors.New("the server did not answer in time whether it could connect"))
	default:
		return nil, newError(reasonUnreachable, c.address, action, fmt.Errorf("%w: %w", errGone, err))
	}
}

// tunnel is a connection over an SSH channel. A channel has no deadlines
// (golang/go#65930), and its reader waits for the peer also after Close; a
// net.Pipe in between has neither fault.
type tunnel struct {
	net.Conn
	remote tunnelAddr
}

// tunnelAddr is "host:port" as it was asked for. The node resolved it.
type tunnelAddr string

func (tunnelAddr) Network() string  { return "tcp" }
func (a tunnelAddr) String() string { return string(a) }

func (t *tunnel) RemoteAddr() net.Addr { return t.remote }

func newTunnel(channel net.Conn, address string) *tunnel {
	near, far := net.Pipe()
	go func() {
		_, _ = io.Copy(far, channel)
		far.Close() // the peer is done: near reads the end of file
	}()
	go func() {
		_, _ = io.Copy(channel, far)
		channel.Close() // near is closed, or the peer is done
		far.Close()
	}()
	return &tunnel{Conn: near, remote: tunnelAddr(address)}
}
