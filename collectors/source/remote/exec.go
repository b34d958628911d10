package remote

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	maxStderr  = 512 // bytes of its end that an error repeats
	closeGrace = time.Second
	maxRoom    = 512 << 10 // made before a byte has come
)

// ExitError says that a command ran and did not end with status 0.
type ExitError struct {
	// Status is the exit status, -1 where a signal or nothing ended the command.
	Status int
	// Signal is the signal's name without SIG, "KILL".
	Signal string
	// Stderr is the end of what the command wrote there, scrubbed, one line.
	Stderr string
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("the command ended with status %d", e.Status)
	if e.Signal != "" {
		text = fmt.Sprintf("the command was ended by signal %s", e.Signal)
	} else if e.Status < 0 {
		text = "the command ended without a status"
	}
	if e.Stderr != "" {
		text += ": " + e.Stderr
	}
	return text
}

// Exec runs one command in a session of its own and returns what it wrote to its
// standard output, at most limit bytes; its standard input is empty. Commands of
// one connection run one after another. What was read is returned with an error,
// too. The error is an *Error:
//   - truncated: there was more than limit; the rest is thrown away
//   - timeout_exec, cancelled: Config.ExecTimeout or ctx ended; the connection is
//     then closed, since nothing else surely stops the far end
//   - refused: the server does not open a session or does not run the command
//   - unreachable: the connection was lost
//   - internal, wrapping an *ExitError: the command failed
func (c *Conn) Exec(ctx context.Context, command string, limit int64) ([]byte, error) {
	action := "running a command on " + quote(c.address)
	limit = min(max(limit, 0), math.MaxInt64-1)
	select {
	case c.exec <- struct{}{}:
		defer func() { <-c.exec }()
	case <-ctx.Done():
		return nil, newError(execReason(ctx), c.address, action, fmt.Errorf("waiting for the command before it: %w", ctx.Err()))
	}
	if err := ctx.Err(); err != nil {
		return nil, newError(execReason(ctx), c.address, action, err)
	}
	run, cancel := context.WithTimeout(ctx, c.execTimeout)
	defer cancel()
	defer context.AfterFunc(run, c.abort)()

	stdout, reason, err := c.run(command, limit)
	switch {
	case err == nil:
		return stdout, nil
	case reason != reasonTruncated && run.Err() != nil:
		return stdout, newError(execReason(ctx), c.address, action, fmt.Errorf("it did not end in time: %w", run.Err()))
	default:
		return stdout, newError(reason, c.address, action, err)
	}
}

func execReason(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.Canceled) {
		return reasonCancelled
	}
	return reasonExecTimeout
}

// run waits for the far end without a limit of its own: Exec closes the
// connection when the time is over, which ends every wait here.
func (c *Conn) run(command string, limit int64) (stdout []byte, reason string, err error) {
	channel, requests, err := c.openSession()
	if err != nil {
		if refused, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
			return nil, reasonRefused, fmt.Errorf("the server opens no session (MaxSessions?): %w", refused)
		}
		return nil, reasonUnreachable, fmt.Errorf("%w: %w", errGone, err)
	}
	defer channel.Close()
	exit := make(chan *ExitError, 1) // at most one; closed when the channel is
	go watchExit(requests, exit)

	payload := ssh.Marshal(struct{ Command string }{command}) // RFC 4254 section 6.5
	if ok, err := channel.SendRequest("exec", true, payload); err != nil {
		return nil, reasonUnreachable, fmt.Errorf("%w: %w", errGone, err)
	} else if !ok {
		return nil, reasonRefused, errors.New("the server does not run commands for this user")
	}
	if err := channel.CloseWrite(); err != nil && !errors.Is(err, io.EOF) {
		return nil, reasonUnreachable, fmt.Errorf("%w: %w", errGone, err)
	}
	stderr := make(chan string, 1)
	go func() {
		var end tail
		_, _ = io.CopyBuffer(&end, channel.Stderr(), make([]byte, 2*maxStderr))
		stderr <- clean(string(end.bytes))
	}()
	stdout, err = c.readAll(io.LimitReader(channel, limit+1))
	if int64(len(stdout)) > limit {
		return stdout[:limit], reasonTruncated, fmt.Errorf("it wrote more than %d bytes", limit)
	}
	if err != nil {
		return stdout, reasonUnreachable, fmt.Errorf("reading its output: %w", err)
	}
	result, ended := <-exit
	if !ended {
		// A connection that goes away ends its channels as if the command had.
		if err := c.ping(); err != nil {
			return stdout, reasonUnreachable, fmt.Errorf("%w: %w", errGone, err)
		}
		return stdout, reasonInternal, &ExitError{Status: -1, Stderr: <-stderr}
	}
	_ = channel.Close()
	waitClosed(exit)
	if result.Status == 0 && result.Signal == "" {
		return stdout, "", nil
	}
	select {
	case result.Stderr = <-stderr:
	case <-time.After(closeGrace):
	}
	return stdout, reasonInternal, result
}

// readAll is io.ReadAll into as much room as the command before has needed.
func (c *Conn) readAll(r io.Reader) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, c.usual.Load()))
	_, err := out.ReadFrom(r)
	c.usual.Store(int64(min(out.Len()*17/16+bytes.MinRead, maxRoom)))
	return out.Bytes(), err
}

// openSession opens a session. OpenSSH may still count the one before for a
// moment after it has closed it, and with MaxSessions 1 opens none then.
func (c *Conn) openSession() (ssh.Channel, <-chan *ssh.Request, error) {
	pause := 10 * time.Millisecond
	for {
		channel, requests, err := c.client.OpenChannel("session", nil)
		if _, refused := errors.AsType[*ssh.OpenChannelError](err); !refused || !c.ran || pause > closeGrace/2 {
			c.ran = c.ran || err == nil
			return channel, requests, err
		}
		time.Sleep(pause)
		pause *= 2
	}
}

// watchExit reads a channel's requests to their end (RFC 4254 section 6.10) and
// passes the first exit on.
func watchExit(requests <-chan *ssh.Request, exit chan<- *ExitError) {
	defer close(exit)
	told := false
	for r := range requests {
		if r.WantReply {
			_ = r.Reply(false, nil)
		}
		if result := parseExit(r.Type, r.Payload); result != nil && !told {
			told = true
			exit <- result
		}
	}
}

func parseExit(kind string, payload []byte) *ExitError {
	switch kind {
	case "exit-status":
		if len(payload) >= 4 {
			return &ExitError{Status: int(binary.BigEndian.Uint32(payload))}
		}
	case "exit-signal":
		var signal struct {
			Name       string
			CoreDumped bool
			Message    string
			Language   string
		}
		if ssh.Unmarshal(payload, &signal) == nil {
			return &ExitError{Status: -1, Signal: clean(signal.Name)}
		}
	}
	return nil
}

// waitClosed gives the server a moment to close the session, so that the next
// one does not meet MaxSessions.
func waitClosed(exit <-chan *ExitError) {
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-exit: //nolint:errcheck // how the command ended is no longer of interest
	case <-timer.C:
	}
}

// tail keeps the last maxStderr bytes.
type tail struct{ bytes []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.bytes = append(t.bytes, p[max(0, len(p)-maxStderr):]...)
	t.bytes = t.bytes[max(0, len(t.bytes)-maxStderr):]
	return len(p), nil
}
