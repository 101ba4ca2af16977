//go:build unix

package app

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"example.org/amparo/fault"
)

// lockWorkspace takes the workspace for this process; the system gives it back when
// the process ends, however it ends.
func lockWorkspace(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Because(fault.Storage, "app.Open", "cannot open the lock file", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // the lock's refusal is what matters
		return nil, inUse()
	}
	return f, nil
}
