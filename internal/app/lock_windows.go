package app

import (
	"io"
	"os"

	"golang.org/x/sys/windows"

	"example.org/amparo/fault"
)

// lockWorkspace takes the workspace for this process; the system gives it back when
// the process ends, however it ends.
func lockWorkspace(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Because(fault.Storage, "app.Open", "cannot open the lock file", err)
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{}); err != nil {
		_ = f.Close() // the lock's refusal is what matters
		return nil, inUse()
	}
	return f, nil
}
