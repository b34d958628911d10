package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"
)

func TestReasonsOfPlainErrors(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	channel := func(reason ssh.RejectionReason, message string) error {
		return &ssh.OpenChannelError{Reason: reason, Message: message}
	}
	tests := []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("whatever"), "internal"},
		{context.Canceled, "cancelled"},
		{fmt.Errorf("doing: %w", context.DeadlineExceeded), "timeout_connect"},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), "refused"},
		{dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), "unreachable"},
		{dial(os.NewSyscallError("connect", syscall.ENETUNREACH)), "unreachable"},
		{dial(os.NewSyscallError("connect", syscall.ETIMEDOUT)), "timeout_connect"},
		{dial(&net.DNSError{Err: "no such host", IsNotFound: true}), "dns"},
		{dial(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), "dns"},
		// As OpenSSH, Dropbear and Go's servers say it.
		{channel(ssh.Prohibited, "open failed"), "forwarding_prohibited"},
		{channel(ssh.Prohibited, ""), "forwarding_prohibited"},
		{channel(ssh.UnknownChannelType, "unknown channel type"), "forwarding_prohibited"},
		{channel(ssh.ConnectionFailed, "Connection refused"), "refused"},
		{channel(ssh.ConnectionFailed, "dial tcp 127.0.0.1:1: connect: connection refused"), "refused"},
		{channel(ssh.ConnectionFailed, "Connection timed out"), "timeout_connect"},
		{channel(ssh.ConnectionFailed, "No route to host"), "unreachable"},
		{channel(ssh.ConnectionFailed, "Network is unreachable"), "unreachable"},
		{channel(ssh.ConnectionFailed, "Name or service not known"), "dns"},
		{channel(ssh.ConnectionFailed, "Temporary failure in name resolution"), "dns"},
		{channel(ssh.ConnectionFailed, "dial tcp: lookup x: no such host"), "dns"},
		{channel(ssh.ConnectionFailed, ""), "unreachable"},
		{channel(ssh.ResourceShortage, ""), "unreachable"},
	}
	for _, tt := range tests {
		if got := Reason(tt.err); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.err, got, tt.want)
		}
	}
}

func TestForeignTextIsMadeFit(t *testing.T) {
	tests := []struct{ text, want string }{
		{"plain", "plain"},
		{"two\r\nlines\tand\x00more", "two lines and more"},
		{"\x1b[31mred\x1b[0m", "[31mred [0m"},
		{"right\u202eleft\u200b", "rightleft"},
		{"bad \xff\xfe bytes", "bad \uFFFD bytes"},
		{"https://u:p@registry.example/v2/", "https://registry.example/v2/"},
		{"password=hunter2 rest", "password=[removed] rest"},
		{"pass\x01word", "pass word"},
	}
	for _, tt := range tests {
		if got := clean(tt.text); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
	if long := clean(strings.Repeat("ü", 5000)); len(long) > maxForeign+4 || !strings.HasSuffix(long, "ü ...") {
		t.Errorf("%d bytes, ends with %q", len(long), long[len(long)-8:])
	}
}
