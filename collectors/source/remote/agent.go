package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// listAgent asks an agent for its keys.
func listAgent(ctx context.Context, socket string, timeout time.Duration) ([]identity, error) {
	var keys []*agent.Key
	err := callAgent(ctx, socket, timeout, func(a agent.ExtendedAgent) (err error) {
		keys, err = a.List()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("asking the SSH agent at %q for its keys: %w", socket, err)
	}
	var ids []identity
	for _, k := range keys {
		public, err := ssh.ParsePublicKey(k.Blob)
		if err != nil {
			continue // a kind of key that x/crypto does not know
		}
		ids = append(ids, identity{
			key: public, source: fmt.Sprintf("the agent (%q)", clean(k.Comment)),
			signer: func(ctx context.Context) ssh.Signer {
				return &agentSigner{ctx: ctx, key: public, socket: socket, timeout: timeout}
			},
		})
	}
	return ids, nil
}

// callAgent talks to an agent over a connection of its own, so that one call
// that the agent leaves unanswered (a key that asks its owner) delays no other.
func callAgent(ctx context.Context, socket string, timeout time.Duration, call func(agent.ExtendedAgent) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	// Without a Close method the client starts no goroutine of its own.
	err = call(agent.NewClient(struct {
		io.Reader
		io.Writer
	}{conn, conn}))
	if ctx.Err() != nil {
		return fmt.Errorf("it does not answer: %w", ctx.Err())
	}
	return err
}

// agentSigner signs with a key that the agent holds, for one connection.
type agentSigner struct {
	ctx     context.Context
	key     ssh.PublicKey
	socket  string
	timeout time.Duration
}

func (s *agentSigner) PublicKey() ssh.PublicKey { return s.key }

func (s *agentSigner) Sign(rand io.Reader, data []byte) (*ssh.Signature, error) {
	return s.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm asks for SHA-2 signatures of RSA keys by flag
// (draft-miller-ssh-agent section 4.5.1); other keys have one algorithm.
func (s *agentSigner) SignWithAlgorithm(_ io.Reader, data []byte, algorithm string) (*ssh.Signature, error) {
	var flags agent.SignatureFlags
	switch algorithm {
	case ssh.KeyAlgoRSASHA256:
		flags = agent.SignatureFlagRsaSha256
	case ssh.KeyAlgoRSASHA512:
		flags = agent.SignatureFlagRsaSha512
	}
	var signature *ssh.Signature
	err := callAgent(s.ctx, s.socket, s.timeout, func(a agent.ExtendedAgent) (err error) {
		signature, err = a.SignWithFlags(s.key, data, flags)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("signing with the SSH agent: %w", err)
	}
	if signature == nil {
		return nil, errors.New("signing with the SSH agent: it gave no signature")
	}
	return signature, nil
}
