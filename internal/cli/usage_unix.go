//go:build unix

package cli

import (
	"runtime"
	"syscall"
)

// usageSoFar is the processor time of this process in seconds and the most memory it held.
func usageSoFar() (cpu float64, peak int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, 0
	}
	peak = int64(u.Maxrss)
	if runtime.GOOS != "darwin" { // kilobytes everywhere but there
		peak *= 1024
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6, peak
}
