package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// process is one part of the cluster. It ends with the namespaces at the latest.
type process struct {
	name  string
	cmd   *exec.Cmd
	ended chan struct{}
}

// start runs a program whose output goes to the log of that name.
func (l *lab) start(name string, argv ...string) (*process, error) {
	return l.startWith(nil, name, argv...)
}

// startWith adds to its environment.
func (l *lab) startWith(env []string, name string, argv ...string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(l.logs, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{name: name, cmd: exec.Command(argv[0], argv[1:]...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = append(os.Environ(), env...)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // its log says why
	}()
	return p, nil
}

// stop asks a process to end and waits for it.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.ended:
		return nil
	case <-time.After(15 * time.Second):
		return fmt.Errorf("stopping %s: it goes on", p.name)
	}
}

// await tries until it works, the processes have ended, or the limit is over.
func await(ctx context.Context, limit time.Duration, what string, try func(context.Context) error, needs ...*process) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	last := errors.New("never tried")
	for {
		once, end := context.WithTimeout(ctx, 5*time.Second)
		err := try(once)
		end()
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err // not the mere end of the time
		}
		for _, p := range needs {
			select {
			case <-p.ended:
				return fmt.Errorf("waiting for %s: %s has ended", what, p.name)
			default:
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting %s for %s: %w", limit, what, last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// unitEnvironment is what the drop-ins of a unit set, as systemd would read them:
// NAME="VALUE" after Environment=.
func unitEnvironment(unit string) ([]string, error) {
	files, err := filepath.Glob("/etc/systemd/system/" + unit + ".service.d/*.conf")
	if err != nil {
		return nil, err
	}
	var env []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if setting, found := strings.CutPrefix(strings.TrimSpace(line), "Environment="); found {
				env = append(env, strings.Trim(setting, `"`))
			}
		}
	}
	return env, nil
}
