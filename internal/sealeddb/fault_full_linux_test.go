package sealeddb_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Real file systems of half a megabyte and more, mounted in a child process with its own user
// namespace, fill up: what the kernel says must reach the person as a full disk.
func TestRealDiskFull(t *testing.T) {
	attr := &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	runChild(t, "TestRealDiskFullChild", attr)
}

// A limit on the size of files is met in the same way as a full disk.
func TestFileSizeLimit(t *testing.T) {
	runChild(t, "TestFileSizeLimitChild", nil)
}

const cannot = "this system does not permit it"

func runChild(t *testing.T, name string, attr *syscall.SysProcAttr) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(os.Environ(), childVariable+"="+t.TempDir())
	cmd.SysProcAttr = attr
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Skipf("%s: %v", cannot, err)
	}
	if strings.Contains(string(out), cannot) {
		t.Skipf("%s:\n%s", cannot, out)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: "+name) {
		t.Errorf("want the child to pass, got %v:\n%s", err, out)
	}
}

func TestRealDiskFullChild(t *testing.T) {
	dir := childDir(t)
	for i := range 12 {
		size := fmt.Sprintf("size=%d", 512<<10+i*36<<10)
		if err := syscall.Mount("amparo", dir, "tmpfs", 0, size); err != nil {
			t.Skipf("%s: %v", cannot, err)
		}
		fillThenMakeRoom(t, dir, func() error {
			return syscall.Mount("amparo", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m")
		})
		fatal(t, syscall.Unmount(dir, 0))
	}
}

func fillThenMakeRoom(t *testing.T, dir string, room func() error) {
	t.Helper()
	s := &session{path: filepath.Join(dir, "a.db"), key: childKey()}
	f := &filler{s: s}
	f.fill(t)
	if f.err == nil {
		t.Fatal("want the disk to fill up, got no error")
	}
	wantFull(t, f.err)
	fatal(t, room())
	fatal(t, s.db.Write(t.Context(), rowsOf(700)))
	s.acked = append(s.acked, 700)
	fatal(t, s.db.Close())
	for _, err := range s.complaints(t.Context()) {
		t.Error(err)
	}
}

func TestFileSizeLimitChild(t *testing.T) {
	dir := childDir(t)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Skipf("%s: %v", cannot, err)
	}
	fatal(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 300_000, Max: was.Max}))
	fillThenMakeRoom(t, dir, func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was) })
}
