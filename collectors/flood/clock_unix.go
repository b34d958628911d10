//go:build unix

package flood

import (
	"syscall"
	"time"
)

// spent is the CPU time of the process so far: others on the machine take none of it.
func spent() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
