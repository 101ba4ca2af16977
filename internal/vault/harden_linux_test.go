package vault

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestHardenedProcessDumpsNoCore(t *testing.T) {
	ok(t, Harden())
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil || dumpable != 0 {
		t.Errorf("PR_GET_DUMPABLE = %d, %v; want 0", dumpable, err)
	}
	var l unix.Rlimit
	ok(t, unix.Getrlimit(unix.RLIMIT_CORE, &l))
	if l.Cur != 0 || l.Max != 0 {
		t.Errorf("RLIMIT_CORE = %+v, want 0", l)
	}
}
