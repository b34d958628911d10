package source

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
)

// What kubectl cluster-info dump prints around a container's log when it writes to
// standard output.
const (
	logStart = "==== START logs for container "
	logEnd   = "==== END logs for container "
)

// withoutLogs is what kubectl cluster-info dump printed, with the logs blanked out,
// so that lines keep their numbers. dumped tells whether there were any.
func withoutLogs(data []byte) (text []byte, dumped bool, err error) {
	if !bytes.HasPrefix(data, []byte(logStart)) && !bytes.Contains(data, []byte("\n"+logStart)) {
		return data, false, nil
	}
	out := make([]byte, 0, len(data))
	var until []byte // the line that ends the log
	for line := range bytes.Lines(data) {
		text := bytes.TrimRight(line, "\r\n")
		switch {
		case until != nil:
			if bytes.Equal(text, until) {
				until = nil
			}
		case bytes.HasPrefix(text, []byte(logStart)):
			until = append([]byte(logEnd), text[len(logStart):]...)
		default:
			out = append(out, line...)
			continue
		}
		out = append(out, '\n')
	}
	if until != nil {
		return nil, true, errors.New("the dump ends within the log of a container")
	}
	return out, true, nil
}

// isDumpStream tells the lists of kubectl cluster-info dump where no pod had a log.
func isDumpStream(content manifest.Content) bool {
	for _, kind := range []string{"Node", "Event", "ReplicationController", "Pod"} {
		if !slices.Contains(content.Lists, kind) {
			return false
		}
	}
	return true
}

// dumpedAt records when the dump in a file was made.
func (o *opener) dumpedAt(from origin, name string, first int) {
	var file time.Time
	if info, err := os.Stat(name); err == nil && name != "-" && info.Mode().IsRegular() {
		file = info.ModTime()
	}
	at, how := madeAt(o.in.Objects[first:], file)
	o.collected(from, at, how)
}
