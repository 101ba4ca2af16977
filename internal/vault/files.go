package vault

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"example.org/amparo/fault"
)

// readBounded reads a small file; of a larger one it reads one byte too many, which
// the check of the size then refuses.
func readBounded(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(limit)+1))
}

// replaceFile writes data beside path, makes it durable and puts it in the place of
// path, so that a crash leaves the old file or the new one. The blocks of the old
// file are then overwritten where the system allows it; whether flash memory keeps
// copies is unknown.
func replaceFile(path string, data []byte, rand io.Reader) error {
	const msg = "vault.keys cannot be written"
	tmp := path + ".tmp"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fault.Because(fault.Storage, "vault", msg, err)
	}
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fault.Because(fault.Storage, "vault", msg, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fault.Because(fault.Storage, "vault", msg, errors.Join(err, os.Remove(tmp)))
	}
	old := openForScrub(path)
	if err := os.Rename(tmp, path); err != nil {
		return fault.Because(fault.Storage, "vault", msg, errors.Join(err, closeQuiet(old), os.Remove(tmp)))
	}
	err = syncDir(filepath.Dir(path))
	if old != nil {
		_ = scrub(old, rand) // the new file is in place; a failure here leaves what any file system may keep
	}
	return fault.Because(fault.Storage, "vault", msg, err)
}

func closeQuiet(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// scrub overwrites an open file of the size of vault.keys with noise and closes it.
func scrub(f *os.File, rand io.Reader) error {
	noise := make([]byte, fileSize)
	err := fill(rand, noise)
	if err == nil {
		_, err = f.WriteAt(noise, 0)
	}
	return errors.Join(err, f.Sync(), f.Close())
}
