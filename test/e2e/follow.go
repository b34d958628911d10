package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	runDirective = regexp.MustCompile(`^<!-- run exit=([0-9]+) -->$`)
	blockStart   = regexp.MustCompile("^```([a-z]+)$")
)

// follow does what a page says, word for word, as somebody with this home folder.
// Its blocks of sh behind a line <!-- run exit=N --> are run and must end so; each
// line of a block of text behind one must be among what was printed, but for "...".
func (l *lab) follow(ctx context.Context, page, home string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	work := filepath.Join(home, "work")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return err
	}
	exit, printed, ran := "", "", 0
	lines := strings.Split(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		if found := runDirective.FindStringSubmatch(lines[i]); found != nil {
			exit = found[1]
		}
		found := blockStart.FindStringSubmatch(lines[i])
		if found == nil {
			continue
		}
		var block []string
		for i++; i < len(lines) && lines[i] != "```"; i++ {
			block = append(block, lines[i])
		}
		switch {
		case found[1] == "sh" && exit != "":
			if printed, err = l.followBlock(ctx, strings.Join(block, "\n"), exit, home, work); err != nil {
				return err
			}
			ran++
			exit = ""
		case found[1] == "text" && printed != "":
			l.checkPrinted(block, printed)
			printed = ""
		}
	}
	l.tally.check(filepath.Base(page)+": blocks that were run", ran > 0, true)
	return nil
}

// followBlock gives a block to the shell.
func (l *lab) followBlock(ctx context.Context, block, exit, home, work string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var printed bytes.Buffer
	shell := exec.CommandContext(ctx, "sh", "-eu", "-c", block)
	shell.Dir, shell.Stdout, shell.Stderr = work, &printed, &printed
	shell.Env = []string{"HOME=" + home, "PATH=" + l.bin + ":" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	if err := shell.Run(); err != nil && shell.ProcessState == nil {
		return "", fmt.Errorf("running a block of the page: %w", err)
	}
	l.logTo("follow.log", []string{block}, printed.Bytes())
	l.tally.check("exit code of: "+strings.ReplaceAll(block, "\n", "; "), strconv.Itoa(shell.ProcessState.ExitCode()), exit, printed.String())
	return printed.String(), nil
}

func (l *lab) checkPrinted(block []string, printed string) {
	for _, line := range block {
		if line != "..." && strings.TrimSpace(line) != "" {
			l.tally.check("it prints: "+line, strings.Contains(printed, line), true, printed)
		}
	}
}
