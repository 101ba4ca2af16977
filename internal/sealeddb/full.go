package sealeddb

import (
	"errors"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"
)

// frankVFS is the system's files, which say that the disk is full when it is. The
// driver looks for that only in bare error numbers, and the system gives them wrapped,
// so a full disk would reach the person as some I/O error.
type frankVFS struct{ vfs.VFS }

func (v frankVFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpen(v.VFS, name, flags)
	return frank(f, flags, err)
}

func (v frankVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := vfsutil.WrapOpenFilename(v.VFS, name, flags)
	return frank(f, flags, err)
}

func frank(f vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	if err != nil {
		return nil, flags, full(err)
	}
	return &frankFile{f}, flags, nil
}

type frankFile struct{ vfs.File }

func (f *frankFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, full(err)
}

func (f *frankFile) Truncate(size int64) error      { return full(f.File.Truncate(size)) }
func (f *frankFile) Sync(flags vfs.SyncFlag) error  { return full(f.File.Sync(flags)) }
func (f *frankFile) SizeHint(size int64) error      { return full(vfsutil.WrapSizeHint(f.File, size)) }
func (f *frankFile) LockState() vfs.LockLevel       { return vfsutil.WrapLockState(f.File) }
func (f *frankFile) PersistWAL() bool               { return vfsutil.WrapPersistWAL(f.File) }
func (f *frankFile) SetPersistWAL(keep bool)        { vfsutil.WrapSetPersistWAL(f.File, keep) }
func (f *frankFile) HasMoved() (bool, error)        { return vfsutil.WrapHasMoved(f.File) }
func (f *frankFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }
func (f *frankFile) Unwrap() vfs.File               { return f.File }

// full gives SQLite its own code for a full disk, a quota that is used up, and a file
// as long as the system permits.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}
