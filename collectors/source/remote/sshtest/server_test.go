package sshtest_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServerRunsCommandsAndForwards(t *testing.T) {
	key := sshtest.NewKey(t)
	s := sshtest.Start(t, sshtest.Options{
		Authorized: []ssh.PublicKey{key.PublicKey()},
		Exec: func(command string, stdout, _ io.Writer) int {
			fmt.Fprintf(stdout, "ran %s", command)
			return 3
		},
	})
	client, err := ssh.Dial("tcp", s.Addr(), &ssh.ClientConfig{
		Auth:            []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: func(string, net.Addr, ssh.PublicKey) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.Output("this")
	if exit, ok := errors.AsType[*ssh.ExitError](err); string(out) != "ran this" || !ok || exit.ExitStatus() != 3 {
		t.Errorf("got %q, %v", out, err)
	}
	back, err := client.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	greeting := make([]byte, 4)
	if _, err := io.ReadFull(back, greeting); err != nil || string(greeting) != "SSH-" {
		t.Errorf("got %q, %v", greeting, err)
	}
	if s.Accepted() != 2 {
		t.Errorf("%d connections, want 2", s.Accepted())
	}
}
