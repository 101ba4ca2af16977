package vault

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"example.org/amparo/fault"
)

// Harden makes the process keep its memory to itself: no core dump, and no other
// process of the same person may attach to it or read /proc/<pid>/mem. It is called
// once at start, before a key is in memory. It does not keep memory out of swap or
// hibernation; only the pages of [Vault] are locked.
func Harden() error {
	err := errors.Join(
		unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0),
		unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}),
	)
	return fault.Because(fault.Internal, "vault.Harden", "the process cannot be closed to others", err)
}

// secretPage returns memory that is not swapped and is in no core dump, or ordinary
// memory where the system refuses (a limit on locked memory).
func secretPage() []byte {
	p, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return make([]byte, 4096)
	}
	_ = unix.Mlock(p) // best effort: the page is private either way
	_ = unix.Madvise(p, unix.MADV_DONTDUMP)
	return p
}

// freeSecretPage wipes the page. It stays mapped: a slice into it that somebody still
// holds must read zeros, not end the process.
func freeSecretPage(p []byte) {
	clear(p)
	if len(p) > 0 {
		_ = unix.Munlock(p)
	}
}

// openForScrub opens the file that is about to be replaced, or returns nil.
func openForScrub(path string) *os.File {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil
	}
	return f
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
