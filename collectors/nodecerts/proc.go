package nodecerts

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// userHZ is the unit of the start time in /proc/<pid>/stat. Linux shows user
// space 100 a second on every architecture that a node may have (proc(5)).
const userHZ = 100

var listedProcesses = []string{"containerd", "crio", "dockerd", "kubelet"}

// parseProc reads the line btime of /proc/stat and lines of /proc/<pid>/stat
// (proc(5)). Lines that it cannot read it passes over.
func parseProc(text string) *Proc {
	p := &Proc{}
	type started struct {
		Process
		ticks int64
	}
	var found []started
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if seconds, ok := strings.CutPrefix(line, "btime "); ok {
			p.Boot = unixTime(seconds)
			continue
		}
		if process, ticks, ok := parseStat(line); ok {
			found = append(found, started{process, ticks})
		}
	}
	for _, f := range found {
		if !p.Boot.IsZero() {
			f.Started = p.Boot.Add(time.Duration(f.ticks) * time.Second / userHZ).Truncate(time.Second)
		}
		p.Processes = append(p.Processes, f.Process)
	}
	slices.SortFunc(p.Processes, func(a, b Process) int { return a.PID - b.PID })
	return p
}

// parseStat reads one line: the name stands in parentheses and may hold anything,
// parentheses too; the fields behind it are counted from the last one.
func parseStat(line string) (p Process, ticks int64, ok bool) {
	open, shut := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || shut < open {
		return p, 0, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line[:open]))
	fields := strings.Fields(line[shut+1:])
	const parent, start = 4 - 3, 22 - 3 // fields 4 and 22; the first here is 3
	if err != nil || len(fields) <= start {
		return p, 0, false
	}
	p = Process{Name: line[open+1 : shut], PID: pid}
	p.Parent, err = strconv.Atoi(fields[parent])
	if err != nil || !slices.Contains(listedProcesses, p.Name) {
		return p, 0, false
	}
	ticks, err = strconv.ParseInt(fields[start], 10, 64)
	return p, ticks, err == nil && ticks >= 0 && ticks < 1<<40
}

// runtimeProcess is the running process of a runtime, or nil. Of several (a
// containerd within a container, too) it is the one that init started, else the
// oldest.
func (p *Proc) runtimeProcess(name string) *Process {
	if p == nil {
		return nil
	}
	var best *Process
	for i := range p.Processes {
		c := &p.Processes[i]
		if c.Name != name {
			continue
		}
		older := best == nil || c.Started.Before(best.Started)
		if best == nil || (c.Parent == 1) != (best.Parent == 1) {
			older = best == nil || c.Parent == 1
		}
		if older {
			best = c
		}
	}
	return best
}
