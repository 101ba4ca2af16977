package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/internal/sealeddb"
)

// Spool holds a file on its way in, so that it can be read twice without lying anywhere
// in clear: an encrypted file whose key is only in this process. It reads from its
// beginning once it is made.
type Spool struct {
	path string
	db   *sealeddb.DB
	size int64
	off  int64
	part []byte // the part that off lies in
	at   int64  // number of that part
}

const spoolName = "spool-*.db"

// Spool takes in everything that in gives. More than [MaxFile] is fault.TooLarge. The
// caller closes it.
func (w *Workspace) Spool(ctx context.Context, in io.Reader) (_ *Spool, err error) {
	f, err := os.CreateTemp(w.dir, spoolName)
	if err != nil {
		return nil, fault.Because(fault.Storage, "app.Spool", "no file can be made in the workspace's folder", err)
	}
	s := &Spool{path: f.Name(), at: -1}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := f.Close(); err != nil {
		return nil, fault.Because(fault.Storage, "app.Spool", "no file can be made in the workspace's folder", err)
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails: it ends the program instead
	if s.db, err = sealeddb.Open(ctx, s.path, key, sealeddb.Options{Readers: 1, CacheKiB: 2048}); err != nil {
		return nil, err
	}
	if err := s.db.Write(ctx, func(c *sqlite3.Conn) error {
		return c.Exec(`CREATE TABLE part(n INTEGER PRIMARY KEY, data BLOB NOT NULL)`)
	}); err != nil {
		return nil, err
	}
	return s, s.fill(ctx, in)
}

func (s *Spool) fill(ctx context.Context, in io.Reader) error {
	data := make([]byte, partSize)
	for n := int64(0); ; n++ {
		got, err := io.ReadFull(in, data)
		if s.size += int64(got); s.size > MaxFile {
			return fault.New(fault.TooLarge, "app.Spool", "the file is larger than %d MB", MaxFile>>20).
				With("divide the recording, or reduce its quality on a copy").Coded("file.large", MaxFile>>20)
		}
		if got > 0 {
			if err := s.db.Write(ctx, func(c *sqlite3.Conn) error {
				return sealeddb.Run(c, `INSERT INTO part(n, data) VALUES (?1, ?2)`, n, data[:got])
			}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fault.New(fault.Invalid, "app.Spool", "the file did not arrive whole").From(err).Coded("file.broken")
		}
	}
}

// Size is the number of bytes taken in.
func (s *Spool) Size() int64 { return s.size }

// Read implements io.Reader.
func (s *Spool) Read(p []byte) (int, error) {
	if s.off >= s.size {
		return 0, io.EOF
	}
	if n := s.off / partSize; n != s.at {
		err := s.db.Read(context.Background(), func(c *sqlite3.Conn) error {
			return sealeddb.Each(c, `SELECT data FROM part WHERE n = ?1`, []any{n}, func(st *sqlite3.Stmt) error {
				s.part, s.at = st.ColumnBlob(0, s.part[:0]), n
				return nil
			})
		})
		if err == nil && s.at != n {
			err = fault.New(fault.Internal, "app.Spool", "a part is missing")
		}
		if err != nil {
			return 0, err
		}
	}
	n := copy(p, s.part[s.off%partSize:])
	s.off += int64(n)
	return n, nil
}

// Seek implements io.Seeker.
func (s *Spool) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.off
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 {
		return s.off, fmt.Errorf("spool: seek before the beginning")
	}
	s.off = offset
	return offset, nil
}

// Close removes the file.
func (s *Spool) Close() error {
	var errs []error
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(append(errs, removeSpool(s.path))...)
}

func removeSpool(path string) error {
	var errs []error
	for _, tail := range []string{"", "-wal", "-shm", "-journal"} {
		if err := os.Remove(path + tail); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fault.Because(fault.Storage, "app.Spool", "a temporary file cannot be removed", err))
		}
	}
	return errors.Join(errs...)
}

// sweep removes what a crash left of files on their way in. Nobody has their keys.
func sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, spoolName))
	if err != nil {
		return fault.Because(fault.Internal, "app.open", "the folder cannot be searched", err)
	}
	var errs []error
	for _, path := range left {
		errs = append(errs, removeSpool(path))
	}
	return errors.Join(errs...)
}
