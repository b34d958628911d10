package sshtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

const version = "SSH-2.0-sshtest"

func (s *Server) serve(raw net.Conn) {
	settle := sync.OnceFunc(s.settled)
	defer settle()
	if !s.sleep(s.options.HandshakeDelay) || s.spoil(raw) {
		return
	}
	conn, channels, requests, err := ssh.NewServerConn(raw, s.config(settle))
	settle()
	if err != nil {
		return
	}
	defer conn.Close()
	s.wg.Go(func() { ssh.DiscardRequests(requests) })
	for c := range channels {
		s.wg.Go(func() { s.channel(raw, c) })
	}
}

// sleep is false when the server ended meanwhile.
func (s *Server) sleep(d time.Duration) bool {
	if d == 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-s.done:
		return false
	}
}

// spoil does what faults do before the handshake; true when that was all.
func (s *Server) spoil(raw net.Conn) bool {
	switch Fault(s.fault.Load()) {
	case Silent:
	case Drop:
		return true
	case NotSSH:
		fmt.Fprint(raw, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
		return true
	case StallKeyExchange:
		fmt.Fprint(raw, version+"\r\n")
	case LieLength:
		fmt.Fprint(raw, version+"\r\n")
		_, _ = raw.Write(append([]byte{0xff, 0xff, 0xff, 0xf0, 4}, make([]byte, 64)...))
	case EndlessVersion:
		flood(raw)
		return true
	default:
		return false
	}
	_, _ = io.Copy(io.Discard, raw) // until the client gives up
	return true
}

func (s *Server) config(settle func()) *ssh.ServerConfig {
	cfg := &ssh.ServerConfig{
		NoClientAuth:  s.options.Authorized == nil,
		ServerVersion: version,
		AuthLogCallback: func(_ ssh.ConnMetadata, _ string, err error) {
			if err == nil {
				settle() // before the client hears of it
			}
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			for _, k := range s.options.Authorized {
				if bytes.Equal(k.Marshal(), key.Marshal()) {
					return nil, nil
				}
			}
			return nil, errors.New("not authorized")
		},
	}
	if s.has(StallLogin) {
		cfg.NoClientAuth = true
		cfg.NoClientAuthCallback = func(ssh.ConnMetadata) (*ssh.Permissions, error) {
			<-s.done
			return nil, errors.New("over")
		}
	}
	if s.has(FloodBanners) {
		cfg.NoClientAuth = true
		cfg.NoClientAuthCallback = func(conn ssh.ConnMetadata) (*ssh.Permissions, error) {
			before, ok := conn.(ssh.ServerPreAuthConn)
			for ok && before.SendAuthBanner(strings.Repeat("banner ", 1000)) == nil {
			}
			return nil, errors.New("over")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		cfg.AddHostKey(k)
	}
	return cfg
}

func (s *Server) channel(raw net.Conn, c ssh.NewChannel) {
	switch {
	case s.has(IgnoreOpen):
	case c.ChannelType() == "session":
		s.session(raw, c)
	case c.ChannelType() == "direct-tcpip" && s.options.NoForwarding:
		_ = c.Reject(ssh.Prohibited, "open failed")
	case c.ChannelType() == "direct-tcpip":
		s.forward(c)
	default:
		_ = c.Reject(ssh.UnknownChannelType, "unknown channel type")
	}
}

// forward connects to what the client asked for (RFC 4254 section 7.2).
func (s *Server) forward(c ssh.NewChannel) {
	var to struct {
		Host     string
		Port     uint32
		FromHost string
		FromPort uint32
	}
	if err := ssh.Unmarshal(c.ExtraData(), &to); err != nil {
		_ = c.Reject(ssh.ConnectionFailed, "malformed request")
		return
	}
	target, err := net.DialTimeout("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))), 5*time.Second)
	if err != nil {
		_ = c.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := c.Accept()
	if err != nil {
		target.Close()
		return
	}
	s.wg.Go(func() { ssh.DiscardRequests(requests) })
	s.wg.Go(func() {
		_, _ = io.Copy(target, channel)
		target.Close()
	})
	_, _ = io.Copy(channel, target)
	channel.Close()
	target.Close()
}

// session runs one command.
func (s *Server) session(raw net.Conn, c ssh.NewChannel) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	for r := range requests {
		var command struct{ Text string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &command) != nil {
			_ = r.Reply(false, nil)
			continue
		}
		if s.has(IgnoreExec) {
			continue
		}
		if s.has(DropOnExec) {
			raw.Close()
			continue
		}
		_ = r.Reply(true, nil)
		s.wg.Go(func() { s.run(channel, command.Text) })
	}
}

func (s *Server) run(channel ssh.Channel, command string) {
	switch Fault(s.fault.Load()) {
	case Flood:
		flood(channel)
		return
	case FloodStderr:
		flood(channel.Stderr())
		return
	case NeverClose:
		fmt.Fprintln(channel, "partial")
		return
	}
	status := 0
	if s.options.Exec != nil {
		status = s.options.Exec(command, channel, channel.Stderr())
	} else {
		fmt.Fprintln(channel, command)
	}
	if !s.has(NoStatus) {
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status)}))
	}
	if s.has(HalfClose) {
		_ = channel.CloseWrite()
		return
	}
	channel.Close()
}

func flood(w io.Writer) {
	block := bytes.Repeat([]byte("flood\n"), 4096)
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}
