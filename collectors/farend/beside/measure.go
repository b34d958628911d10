//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sampled is how often the memory of what runs is looked at.
const sampled = 100 * time.Millisecond

// bench is one run of all parts.
type bench struct {
	settings
	work  string
	out   io.Writer
	clock func() time.Time
	base  cost // of the first line of a part
}

type cost struct{ cpu, wall, megabytes float64 }

func (b *bench) path(name string) string { return filepath.Join(b.work, name) }

func (b *bench) write(name, text string) (string, error) {
	path := b.path(name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

func (b *bench) heading(format string, args ...any) {
	b.base = cost{}
	fmt.Fprintf(b.out, "\n%-52s %8s %8s %8s   %-20s %s\n", fmt.Sprintf(format, args...), "CPU s", "wall s", "MB", "ratios to the first", "seen at the far end")
}

// measure runs a command to its end and prints its cost and what the far end saw.
func (b *bench) measure(ctx context.Context, name string, far func() string, command ...string) error {
	c, err := b.cost(ctx, command)
	if err != nil {
		return fmt.Errorf("running %s: %w", name, err)
	}
	fmt.Fprintf(b.out, "%-52s %8.2f %8.2f %8.0f   ", name, c.cpu, c.wall, c.megabytes)
	if b.base == (cost{}) {
		b.base = c
		fmt.Fprintf(b.out, "%-20s", "")
	} else {
		fmt.Fprintf(b.out, "%6.2f %6.2f %6.2f", c.cpu/max(b.base.cpu, .01), c.wall/max(b.base.wall, .01), c.megabytes/max(b.base.megabytes, 1))
	}
	fmt.Fprintf(b.out, " %s\n", far())
	return nil
}

// cost runs a command in a process group of its own, with no more of the environment
// than it needs.
func (b *bench) cost(ctx context.Context, command []string) (cost, error) {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // to run what it is told is what it is for
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.work}
	for _, name := range []string{"GOGC", "GOMEMLIMIT", "GODEBUG"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	began := b.clock()
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	peak := watchMemory(cmd.Process.Pid)
	err := cmd.Wait()
	wall := b.clock().Sub(began)
	most := peak()
	if err != nil {
		last := said.Bytes()
		return cost{}, fmt.Errorf("%w: %s", err, bytes.TrimSpace(last[max(0, len(last)-500):]))
	}
	state := cmd.ProcessState
	return cost{(state.UserTime() + state.SystemTime()).Seconds(), wall.Seconds(), float64(most) / 1e6}, nil
}

// watchMemory samples what a process group has until its result is called for: the
// most that its processes had together, each shared page counted once, or one of them
// alone by the kernel's own mark. What the kernel tells when a process ends would
// count what this program had when it started it.
func watchMemory(group int) (most func() int64) {
	done, result := make(chan struct{}), make(chan int64)
	go func() {
		var peak int64
		ticker := time.NewTicker(sampled)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				result <- peak
				return
			case <-ticker.C:
				peak = max(peak, groupMemory(group))
			}
		}
	}()
	return func() int64 { close(done); return <-result }
}

func groupMemory(group int) int64 {
	var together, largest int64
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is good
	for _, folder := range folders {
		stat, err := os.ReadFile(folder + "/stat") //nolint:gosec // a folder of /proc
		if err != nil {
			continue // it has ended
		}
		// After the name in parentheses come the state, the parent and the group.
		_, after, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(after)
		if len(fields) < 3 || fields[2] != strconv.Itoa(group) {
			continue
		}
		together += kilobytes(folder+"/smaps_rollup", "Pss:") << 10
		largest = max(largest, kilobytes(folder+"/status", "VmHWM:")<<10)
	}
	return max(together, largest)
}

// kilobytes reads a number of a file in /proc, 0 where it is not there.
func kilobytes(path, name string) int64 {
	text, err := os.ReadFile(path) //nolint:gosec // a file of /proc
	if err != nil {
		return 0 // it has ended
	}
	for line := range strings.Lines(string(text)) {
		if number, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.ParseInt(strings.Fields(number)[0], 10, 64) // 0 where it is no number
			return n
		}
	}
	return 0
}
