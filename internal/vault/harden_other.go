//go:build !linux

package vault

import "os"

// Harden does nothing here. On macOS and Windows other processes of the same person
// may read this one's memory while the workspace is unlocked: give the account to
// nobody else, and lock when leaving.
func Harden() error { return nil }

func secretPage() []byte { return make([]byte, 4096) }

func freeSecretPage(p []byte) { clear(p) }

// openForScrub returns nil: Windows does not rename over an open file, and macOS
// writes to other blocks.
func openForScrub(string) *os.File { return nil }

// syncDir does what the system can: some cannot sync a directory, and lose nothing.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	_ = d.Sync()
	return d.Close()
}
