package remote_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

func TestCommandsThatGoWrong(t *testing.T) {
	const timeout = time.Second
	tests := []struct {
		name   string
		fault  sshtest.Fault
		reason string
		stdout string
	}{
		{"never ends", sshtest.NeverClose, "timeout_exec", "partial\n"},
		{"never answers the request", sshtest.IgnoreExec, "timeout_exec", ""},
		{"never opens the session", sshtest.IgnoreOpen, "timeout_exec", ""},
		{"floods stderr for ever", sshtest.FloodStderr, "timeout_exec", ""},
		{"ends without a status", sshtest.NoStatus, "internal", "hello\n"},
		{"loses the connection", sshtest.DropOnExec, "unreachable", ""},
		{"floods stdout", sshtest.Flood, "truncated", strings.Repeat("flood\n", 100)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sshtest.Start(t, sshtest.Options{Fault: tt.fault})
			conn := connect(t, trusting(t, remote.Config{ExecTimeout: timeout}, s), s.Addr())
			within(t, func() {
				stdout, err := conn.Exec(t.Context(), "hello", 600)
				wantReason(t, err, tt.reason, s.Addr())
				if string(stdout) != tt.stdout {
					t.Errorf("stdout %.100q, want %.100q", stdout, tt.stdout)
				}
			})
		})
	}
}

func TestSessionThatIsNotClosedAfterItsStatusCountsAsEnded(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Fault: sshtest.HalfClose})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	within(t, func() {
		if stdout, err := conn.Exec(t.Context(), "hello", 100); err != nil || string(stdout) != "hello\n" {
			t.Errorf("got %q, %v", stdout, err)
		}
	})
}

func TestConnectionServesOnAfterTruncation(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Fault: sshtest.Flood})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	_, err := conn.Exec(t.Context(), "flood", 10)
	wantReason(t, err, "truncated")
	s.SetFault(sshtest.None)
	if stdout, err := conn.Exec(t.Context(), "hello", 10); err != nil || string(stdout) != "hello\n" {
		t.Errorf("got %q, %v", stdout, err)
	}
}

func TestOutputOfExactlyTheLimitIsWhole(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	if stdout, err := conn.Exec(t.Context(), "hello", 6); err != nil || string(stdout) != "hello\n" {
		t.Errorf("got %q, %v", stdout, err)
	}
	stdout, err := conn.Exec(t.Context(), "hello", 5)
	wantReason(t, err, "truncated", "more than 5 bytes")
	if string(stdout) != "hello" {
		t.Errorf("got %q", stdout)
	}
}

func TestExitStatusAndStderrOfACommand(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Exec: func(_ string, stdout, stderr io.Writer) int {
		fmt.Fprint(stdout, "before")
		fmt.Fprint(stderr, strings.Repeat("x", 4000)+"\n\x1b[31mcannot fetch https://bob:hunter2@registry.example/ \u202etxt\n")
		return 42
	}})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	stdout, err := conn.Exec(t.Context(), "fail", 100)
	wantReason(t, err, "internal", "status 42", "cannot fetch https://registry.example/ txt")
	exit, ok := errors.AsType[*remote.ExitError](err)
	if !ok || exit.Status != 42 || string(stdout) != "before" {
		t.Errorf("got %q, %#v", stdout, exit)
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 1000 {
		t.Errorf("not clean: %q", err)
	}
}

func TestLimitsAtTheEnds(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	if stdout, err := conn.Exec(t.Context(), "hello", math.MaxInt64); err != nil || string(stdout) != "hello\n" {
		t.Errorf("got %q, %v", stdout, err)
	}
	stdout, err := conn.Exec(t.Context(), "hello", -5)
	wantReason(t, err, "truncated")
	if len(stdout) != 0 {
		t.Errorf("got %q", stdout)
	}
}
