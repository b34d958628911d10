package nodecerts

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// noMode stands for a mode in a listing that WriteStream writes without one.
const noMode = "?"

var modeText = regexp.MustCompile(`^[-a-zA-Z]([r-][w-][xsS-]){2}[r-][w-][xtT-][.+@]?$`)

// parseFile reads the head of a file frame: the status and, where ls told them,
// mode, owner, group, size and time. GNU's and busybox's --full-time give
// "2026-11-23 04:18:40.189776836 +0000"; an ls without that option gives the
// POSIX form, without seconds, which is then read against the node's own clock.
func parseFile(args string, now time.Time) *File {
	words := strings.Fields(args)
	f := &File{}
	if len(words) == 0 {
		return f
	}
	f.Status = Status(words[0])
	words = words[1:]
	if len(words) < 4 || words[0] != noMode && !modeText.MatchString(words[0]) {
		return f
	}
	owner, err1 := strconv.Atoi(words[1])
	group, err2 := strconv.Atoi(words[2])
	if err1 != nil || err2 != nil {
		return f
	}
	if words[0] != noMode {
		f.Mode, f.Owner, f.Group = strings.TrimRight(words[0], ".+@"), owner, group
	}
	f.Size, _ = strconv.ParseInt(words[3], 10, 64)
	f.ModTime = parseListTime(words[4:], now)
	return f
}

func parseListTime(words []string, now time.Time) time.Time {
	text := strings.Join(words, " ")
	for _, layout := range []string{"2006-01-02 15:04:05 -0700", "Jan 2 2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC().Truncate(time.Second)
		}
	}
	if len(words) > 1 { // toybox
		if t, err := time.Parse("2006-01-02 15:04", words[0]+" "+words[1]); err == nil {
			return t.UTC()
		}
	}
	// "Nov 23 04:18" is within the last six months or so (POSIX ls).
	t, err := time.Parse("Jan 2 15:04", text)
	if err != nil || now.IsZero() {
		return time.Time{}
	}
	t = t.AddDate(now.Year()-t.Year(), 0, 0)
	if t.After(now.Add(24 * time.Hour)) {
		t = t.AddDate(-1, 0, 0)
	}
	return t
}

// listMode writes a mode as ls does.
func listMode(m fs.FileMode) string {
	kind := byte('-')
	switch {
	case m.IsDir():
		kind = 'd'
	case m&fs.ModeNamedPipe != 0:
		kind = 'p'
	case m&fs.ModeSocket != 0:
		kind = 's'
	case m&fs.ModeCharDevice != 0:
		kind = 'c'
	case m&fs.ModeDevice != 0:
		kind = 'b'
	}
	text := []byte(m.Perm().String())
	text[0] = kind
	special := func(bit fs.FileMode, at int, set, bare byte) {
		if m&bit == 0 {
			return
		}
		if text[at] == 'x' {
			text[at] = set
		} else {
			text[at] = bare
		}
	}
	special(fs.ModeSetuid, 3, 's', 'S')
	special(fs.ModeSetgid, 6, 's', 'S')
	special(fs.ModeSticky, 9, 't', 'T')
	return string(text)
}

// octalMode turns ls's text into four octal digits, "0644".
func octalMode(text string) string {
	if len(text) != 10 {
		return ""
	}
	bits := 0
	for i, c := range text[1:] {
		if c != '-' && c != 'S' && c != 'T' {
			bits |= 1 << (8 - i)
		}
		if strings.ContainsRune("sStT", c) {
			bits |= 1 << (11 - i/3)
		}
	}
	return fmt.Sprintf("%04o", bits)
}
