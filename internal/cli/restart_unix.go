//go:build unix

package cli

import "syscall"

// replaceProcess ends this process and runs another in its place: nothing of the old
// one's memory is left.
func replaceProcess(exe string, args, env []string) error { return syscall.Exec(exe, args, env) }
