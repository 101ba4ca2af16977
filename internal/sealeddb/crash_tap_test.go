package sealeddb_test

import (
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"example.org/amparo/internal/sealeddb"
)

// op is a kind of call that SQLite makes to the disk, below the cipher.
type op string

const (
	opOpen     op = "open"
	opRead     op = "read"
	opWrite    op = "write"
	opSync     op = "sync"
	opTruncate op = "truncate"
	opGrow     op = "grow" // a size announced before the writes
	opDelete   op = "delete"
)

// call is one such call.
type call struct {
	op   op
	name string // base name of the file
	file uint64 // number of the open file; 0 for a deletion
	data []byte // what is written; valid during the call only
	off  int64
	size int64 // bytes read, or the size truncated or grown to
	// dirSync says that the call also makes the directory's entries durable.
	dirSync bool
	// journal says that the file opened is a log or a journal.
	journal bool
}

// A watcher stands between the cipher and the disk. It runs the call, or refuses it.
type watcher interface {
	do(c call, run func() (int, error)) (int, error)
}

// tapVFS hands the calls for files of watched directories to their watcher. Files
// elsewhere go straight to the system.
type tapVFS struct {
	vfs.VFS
	dirs sync.Map // directory -> watcher
	next atomic.Uint64
}

var tap = sync.OnceValue(func() *tapVFS {
	t := &tapVFS{VFS: vfs.Find("")}
	sealeddb.SetBase(t)
	return t
})

// watch hands every call for a file in dir to w, until another watcher comes.
func watch(dir string, w watcher) {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	tap().dirs.Store(dir, w)
}

func (t *tapVFS) watcher(path string) watcher {
	if w, ok := t.dirs.Load(filepath.Dir(path)); ok {
		return w.(watcher)
	}
	return nil
}

func (t *tapVFS) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	return vfsutil.WrapOpen(t.VFS, name, flags)
}

func (t *tapVFS) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	path := name.String()
	w := t.watcher(path)
	if w == nil {
		return vfsutil.WrapOpenFilename(t.VFS, name, flags)
	}
	journal := flags&(vfs.OPEN_WAL|vfs.OPEN_MAIN_JOURNAL) != 0
	c := call{op: opOpen, name: filepath.Base(path), file: t.next.Add(1), journal: journal}
	var file vfs.File
	_, err := w.do(c, func() (_ int, err error) {
		file, flags, err = vfsutil.WrapOpenFilename(t.VFS, name, flags)
		return 0, err
	})
	if err != nil {
		return nil, flags, err
	}
	return &tapFile{File: file, w: w, name: c.name, id: c.file}, flags, nil
}

func (t *tapVFS) Delete(name string, syncDir bool) error {
	w := t.watcher(name)
	if w == nil {
		return t.VFS.Delete(name, syncDir)
	}
	_, err := w.do(call{op: opDelete, name: filepath.Base(name), dirSync: syncDir}, func() (int, error) {
		return 0, t.VFS.Delete(name, false)
	})
	return err
}

// tapFile is an open file of a watched directory.
type tapFile struct {
	vfs.File
	w    watcher
	name string
	id   uint64
}

func (f *tapFile) do(c call, run func() (int, error)) (int, error) {
	c.name, c.file = f.name, f.id
	return f.w.do(c, run)
}

func (f *tapFile) ReadAt(p []byte, off int64) (int, error) {
	return f.do(call{op: opRead, off: off, size: int64(len(p))}, func() (int, error) { return f.File.ReadAt(p, off) })
}

func (f *tapFile) WriteAt(p []byte, off int64) (int, error) {
	return f.do(call{op: opWrite, off: off, data: p}, func() (int, error) { return f.File.WriteAt(p, off) })
}

func (f *tapFile) Truncate(size int64) error {
	_, err := f.do(call{op: opTruncate, size: size}, func() (int, error) { return 0, f.File.Truncate(size) })
	return err
}

// Sync does not reach the disk: these tests never cut the machine's own power, and
// real syncs would take most of their time.
func (f *tapFile) Sync(vfs.SyncFlag) error {
	_, err := f.do(call{op: opSync}, func() (int, error) { return 0, nil })
	return err
}

func (f *tapFile) SizeHint(size int64) error {
	_, err := f.do(call{op: opGrow, size: size}, func() (int, error) { return 0, vfsutil.WrapSizeHint(f.File, size) })
	return err
}

func (f *tapFile) SharedMemory() vfs.SharedMemory { return vfsutil.WrapSharedMemory(f.File) }
func (f *tapFile) LockState() vfs.LockLevel       { return vfsutil.WrapLockState(f.File) }
func (f *tapFile) PersistWAL() bool               { return vfsutil.WrapPersistWAL(f.File) }
func (f *tapFile) SetPersistWAL(keep bool)        { vfsutil.WrapSetPersistWAL(f.File, keep) }
func (f *tapFile) HasMoved() (bool, error)        { return vfsutil.WrapHasMoved(f.File) }
func (f *tapFile) Unwrap() vfs.File               { return f.File }

// unsynced runs every call: for files that only a test reads.
type unsynced struct{}

func (unsynced) do(_ call, run func() (int, error)) (int, error) { return run() }
