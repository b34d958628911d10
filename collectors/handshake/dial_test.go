package handshake

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/net/dns/dnsmessage"
)

// resolver is the collector's viewpoint with a DNS server that gives each
// question that answer; it does not answer at all for answer 0xffff.
func resolver(t *testing.T, answer dnsmessage.RCode) Vantage {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			n, from, err := socket.ReadFrom(buffer)
			if err != nil {
				return
			}
			var message dnsmessage.Message
			if message.Unpack(buffer[:n]) != nil || answer == 0xffff {
				continue
			}
			message.Response, message.RCode, message.Additionals = true, answer, nil
			packed, _ := message.Pack()
			_, _ = socket.WriteTo(packed, from)
		}
	}()
	var (
		mu        sync.Mutex
		questions []net.Conn
	)
	t.Cleanup(func() {
		socket.Close()
		<-done
		// A question that got no answer keeps Go's resolver waiting beyond its context.
		mu.Lock()
		defer mu.Unlock()
		for _, conn := range questions {
			conn.Close()
		}
	})
	dialer := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "udp", socket.LocalAddr().String())
		if err == nil {
			mu.Lock()
			questions = append(questions, conn)
			mu.Unlock()
		}
		return conn, err
	}}}
	return Vantage{Name: "collector", Dial: dialer.DialContext}
}

func TestNamesThatDNSDoesNotKnow(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer dnsmessage.RCode
		cause  string
		reason string
	}{
		{"no such name", dnsmessage.RCodeNameError, "dns", ""},
		{"the name server fails", dnsmessage.RCodeServerFailure, "dns", ""},
		{"the name server is silent", 0xffff, "", "timeout_connect"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{resolver(t, test.answer)}, Options{Timeout: time.Second})
			found := gaps(document)
			if test.reason != "" {
				if len(found) != 1 || found[0].Reason != test.reason {
					t.Errorf("gaps = %+v, want reason %q", found, test.reason)
				}
				return
			}
			want := seen{Scheme: "unknown", Cause: test.cause, Stage: "dial"}
			if diff := cmp.Diff(want, look(document.Endpoints[name+":443"], "collector")); diff != "" || len(found) > 0 {
				t.Errorf("gaps %+v, probe (-want +got):\n%s", found, diff)
			}
		})
	}
}

func TestErrorsOfADialAreSorted(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	call := func(errno syscall.Errno) error { return dial(os.NewSyscallError("connect", errno)) }
	channel := func(reason ssh.RejectionReason, message string) error {
		return &ssh.OpenChannelError{Reason: reason, Message: message}
	}
	own := func(err error) string {
		if errors.Is(err, errVantage) {
			return "host_key_changed"
		}
		return ""
	}
	for _, test := range []struct {
		name          string
		err           error
		cause, reason string
	}{
		{"refused", call(syscall.ECONNREFUSED), "refused", ""},
		{"reset", call(syscall.ECONNRESET), "reset", ""},
		{"no route to the host", call(syscall.EHOSTUNREACH), "unreachable", ""},
		{"no route to the network", call(syscall.ENETUNREACH), "unreachable", ""},
		{"the kernel's own timeout", call(syscall.ETIMEDOUT), "", "timeout_connect"},
		{"a local firewall", call(syscall.EPERM), "", "permission_denied"},
		{"no file descriptors left", dial(os.NewSyscallError("socket", syscall.EMFILE)), "", "unreachable"},
		{"a DNS timeout", dial(&net.DNSError{Err: "i/o timeout", Name: name, IsTimeout: true}), "", "dns"},
		{"the SSH connection is gone", fmt.Errorf("dialing over SSH: %w", net.ErrClosed), "", "unreachable"},
		{"the vantage's own error", fmt.Errorf("connecting to node %q: %w", "wk-1", errVantage), "", "host_key_changed"},
		{"sshd: refused", channel(ssh.ConnectionFailed, "Connection refused"), "refused", ""},
		{"sshd: no route", channel(ssh.ConnectionFailed, "No route to host"), "unreachable", ""},
		{"sshd: no network", channel(ssh.ConnectionFailed, "Network is unreachable"), "unreachable", ""},
		{"sshd: timed out", channel(ssh.ConnectionFailed, "Connection timed out"), "", "timeout_connect"},
		{"sshd: unknown name", channel(ssh.ConnectionFailed, "Name or service not known"), "dns", ""},
		{"sshd: name server down", channel(ssh.ConnectionFailed, "Temporary failure in name resolution"), "dns", ""},
		{"sshd: no reason", channel(ssh.ConnectionFailed, "open failed"), "", "unreachable"},
		{"sshd: forwarding off", channel(ssh.Prohibited, "open failed"), "", "forwarding_prohibited"},
		{"sshd: no such channels", channel(ssh.UnknownChannelType, ""), "", "forwarding_prohibited"},
		{"sshd: no resources", channel(ssh.ResourceShortage, ""), "", "unreachable"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := classifyDial(test.err, own)
			if got.cause != test.cause || got.reason != test.reason || got.stage != stageDial {
				t.Errorf("trouble = %+v, want cause %q, reason %q", got, test.cause, test.reason)
			}
		})
	}
}

var errVantage = errors.New("the host key changed")

func TestRemoteAlertsAreKnownByNumber(t *testing.T) {
	for _, code := range certificateAlerts {
		err := fmt.Errorf("handshake: %w", &net.OpError{Op: "remote error", Err: tls.AlertError(code)})
		if got, ok := remoteAlert(err); !ok || got != code {
			t.Errorf("alert %d is read as %d, %v", code, got, ok)
		}
	}
	if _, ok := remoteAlert(&net.OpError{Op: "local error", Err: tls.AlertError(40)}); ok {
		t.Error("our own alert is taken for the server's")
	}
}

func TestDetailsAreShortAndHoldNoSecrets(t *testing.T) {
	long := detail(errors.New("Get \"https://admin:hunter2@harbor/v2/\": \x00\n" + strings.Repeat("é", maxDetail)))
	if len(long) > maxDetail+3 || strings.Contains(long, "hunter2") || strings.ContainsAny(long, "\x00\n") {
		t.Errorf("detail = %q", long)
	}
	own := &net.OpError{Op: "read", Net: "tcp", Source: &net.TCPAddr{Port: 43210}, Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	if got := detail(own); got != "read: connection reset by peer" {
		t.Errorf("detail = %q, want it without our own port", got)
	}
}
