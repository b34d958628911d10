package handshake

import (
	"crypto/ed25519"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// node is a Vantage over a real SSH connection whose server opens direct-tcpip
// channels, unless they are prohibited.
func node(t *testing.T, prohibited bool, through func(net.Conn) net.Conn) (Vantage, *ssh.Client) {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	config := &ssh.ServerConfig{NoClientAuth: true}
	config.AddHostKey(signer)
	address := listen(t, func(conn net.Conn) { serveSSH(conn, config, prohibited) })
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	c, channels, requests, err := ssh.NewClientConn(through(conn), address, &ssh.ClientConfig{
		User: "collector", HostKeyCallback: ssh.FixedHostKey(signer.PublicKey()),
	})
	if err != nil {
		t.Fatal(err)
	}
	client := ssh.NewClient(c, channels, requests)
	t.Cleanup(func() { client.Close() })
	return Vantage{Name: "node/wk-1", Dial: client.DialContext}, client
}

func serveSSH(conn net.Conn, config *ssh.ServerConfig, prohibited bool) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	var works sync.WaitGroup
	defer works.Wait()
	works.Go(func() { ssh.DiscardRequests(requests) })
	for wanted := range channels {
		works.Go(func() { serveChannel(wanted, prohibited) })
	}
}

func serveChannel(wanted ssh.NewChannel, prohibited bool) {
	var payload struct {
		Host   string
		Port   uint32
		Origin string
		From   uint32
	}
	if prohibited || wanted.ChannelType() != "direct-tcpip" || ssh.Unmarshal(wanted.ExtraData(), &payload) != nil {
		_ = wanted.Reject(ssh.Prohibited, "open failed")
		return
	}
	far, err := net.Dial("tcp", net.JoinHostPort(payload.Host, strconv.Itoa(int(payload.Port))))
	if err != nil {
		_ = wanted.Reject(ssh.ConnectionFailed, "Connection refused")
		return
	}
	channel, requests, err := wanted.Accept()
	if err != nil {
		far.Close()
		return
	}
	var works sync.WaitGroup
	works.Go(func() { ssh.DiscardRequests(requests) })
	works.Go(func() { _, _ = io.Copy(far, channel); far.Close() })
	works.Go(func() { _, _ = io.Copy(channel, far); channel.Close() })
	works.Wait()
}

func unchanged(conn net.Conn) net.Conn { return conn }

func TestCollectOverSSH(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	registry := listenTLS(t, ca.Leaf(name).ServerConfig(ca), says(registryAnswer))
	silent := listen(t, swallow)
	closed := closedPort(t)
	v, _ := node(t, false, unchanged)
	opt := Options{Timeout: time.Second, ConnectTo: map[string]string{
		name + ":443": registry, "refused.corp.example:443": closed, "silent.corp.example:443": silent,
	}}
	targets := []Target{mustTarget(t, name), mustTarget(t, "refused.corp.example"), mustTarget(t, "silent.corp.example")}
	document := collect(t, t.Context(), targets, []Vantage{v}, opt)

	want := seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 2, Status: 401}
	if diff := cmp.Diff(want, look(document.Endpoints[name+":443"], "node/wk-1")); diff != "" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
	if got := document.Endpoints[name+":443"].Probes["node/wk-1"].Address; got != "" {
		t.Errorf("address = %q, want none: SSH does not tell", got)
	}
	want = seen{Scheme: "unknown", Cause: "refused", Stage: "dial"}
	if diff := cmp.Diff(want, look(document.Endpoints["refused.corp.example:443"], "node/wk-1")); diff != "" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
	found := gaps(document)
	if len(found) != 1 || found[0].Reason != "timeout_handshake" || found[0].Subject["name"] != "silent.corp.example:443" {
		t.Errorf("gaps = %+v", found)
	}
}

func TestCollectWhereForwardingIsProhibited(t *testing.T) {
	v, _ := node(t, true, unchanged)
	document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{v}, Options{})
	found := gaps(document)
	if len(found) != 1 || found[0].Reason != "forwarding_prohibited" {
		t.Errorf("gaps = %+v", found)
	}
}

// freezable is a connection that can stop to deliver, as that of a node that
// hangs: it accepts what is sent and says nothing more.
type freezable struct {
	net.Conn
	frozen chan bool
	closed chan bool
	once   sync.Once
}

func (f *freezable) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	select {
	case <-f.frozen:
		<-f.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (f *freezable) Close() error {
	f.once.Do(func() { close(f.closed) })
	return f.Conn.Close()
}

func TestProbesEndWhenANodeHangs(t *testing.T) {
	pipe := &freezable{frozen: make(chan bool), closed: make(chan bool)}
	registry := listen(t, func(conn net.Conn) {
		readHello(conn)
		close(pipe.frozen)
		swallow(conn)
	})
	v, client := node(t, false, func(conn net.Conn) net.Conn {
		pipe.Conn = conn
		return pipe
	})
	start := time.Now()
	opt := Options{Timeout: time.Second, ConnectTo: map[string]string{name + ":443": registry}}
	document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{v}, opt)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s, the deadline is 1 s", took)
	}
	found := gaps(document)
	if len(found) != 1 || found[0].Reason != "timeout_handshake" {
		t.Errorf("gaps = %+v", found)
	}
	client.Close()
}
