// Package sealeddb opens the encrypted SQLite files of a workspace: Adiantum page
// encryption with a checksum inside every page, write-ahead log, every commit on the
// disk before it is acknowledged, deleted content overwritten.
//
// Page encryption is the second wall. It keeps a file unreadable without its key and
// notices a damaged page; it cannot notice an old page put back, which is what the
// journal's proofs are for.
package sealeddb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
)

// pageSize is the size of a page and of a cipher block, in bytes.
const pageSize = 4096

// Options are the limits of an open file. The zero value is right for a laptop.
type Options struct {
	Readers  int // connections that read beside the writer, 3
	CacheKiB int // page cache of each connection, 8192
}

// DB is an open file: one writer, several readers that see the last commit. It is
// safe for concurrent use.
type DB struct {
	path   string
	key    [32]byte
	handle string
	opt    Options

	write   sync.Mutex
	writer  *sqlite3.Conn
	secured bool // what an earlier process left in the log is in the file

	readers chan *sqlite3.Conn // idle readers; nil entries are opened on first use
	memory  bool
}

// Open opens the file at path with its page key, creating it if absent. A key that
// does not fit, or a damaged first page, is fault.Corrupt; a full disk is
// fault.Storage.
func Open(ctx context.Context, path string, key [32]byte, opt Options) (*DB, error) {
	if opt.Readers == 0 {
		opt.Readers = 3
	}
	if opt.CacheKiB == 0 {
		opt.CacheKiB = 8192
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fault.Because(fault.Storage, "sealeddb", "no such path", err)
	}
	for _, tail := range []string{"-wal", "-journal"} {
		if err := trimToBlocks(abs + tail); err != nil {
			return nil, err
		}
	}
	handle, err := registered().lend(key)
	if err != nil {
		return nil, fault.Because(fault.Internal, "sealeddb", "no randomness", err)
	}
	db := &DB{path: abs, key: key, handle: handle, opt: opt, readers: make(chan *sqlite3.Conn, opt.Readers)}
	for range opt.Readers {
		db.readers <- nil
	}
	if db.writer, err = db.connect(ctx, true); err != nil {
		registered().take(handle)
		return nil, db.explain(err)
	}
	if err := db.secure(); err != nil && !errors.Is(err, sqlite3.FULL) {
		return nil, errors.Join(db.explain(err), db.Close())
	}
	return db, nil
}

// secure folds what a power cut left in the log into the file. Such a log may end in a
// commit that was written but never synced: it would be seen now, built upon and handed
// to others, and lost when the next append rewrites its last block and the power goes
// again. A log that another process is using stays as it is: that process has synced it.
// On a full disk the file can be read, and the log is folded before the first write.
func (db *DB) secure() error {
	_, _, err := db.writer.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	db.secured = err == nil || errors.Is(err, sqlite3.BUSY)
	if db.secured {
		return nil
	}
	return err
}

// Memory opens a database that lives in memory, for verification and tests. It has
// one connection: readers wait for the writer.
func Memory(context.Context) (*DB, error) {
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		return nil, fault.Because(fault.Internal, "sealeddb", "cannot open a database in memory", err)
	}
	shelve(c)
	return &DB{path: "memory", writer: c, memory: true}, nil
}

// trimToBlocks cuts a log that a power cut left with a torn last block: SQLite
// would refuse the file although every acknowledged commit in it is whole.
func trimToBlocks(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && info.Size()%pageSize != 0 {
		err = os.Truncate(path, info.Size()/pageSize*pageSize)
	}
	return fault.Because(fault.Storage, "sealeddb", "cannot prepare "+filepath.Base(path), err)
}

func (db *DB) connect(ctx context.Context, writer bool) (*sqlite3.Conn, error) {
	u := url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(db.path)}
	u.RawQuery = url.Values{"vfs": {vfsName}, "hexkey": {db.handle}}.Encode()
	c, err := sqlite3.OpenContext(ctx, u.String())
	if err != nil {
		return nil, err
	}
	if err := db.settle(c, writer); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	shelve(c)
	return c, nil
}

// settle sets what every connection needs. synchronous=FULL is not a matter of
// taste: with a 4 KiB block cipher NORMAL corrupts files at a power cut.
func (db *DB) settle(c *sqlite3.Conn, writer bool) error {
	if err := c.BusyTimeout(10 * time.Second); err != nil {
		return err
	}
	if writer {
		fresh, err := isEmpty(c)
		if err != nil {
			return err
		}
		if fresh {
			if err := c.EnableChecksums("main"); err != nil {
				return err
			}
		}
		if err := c.Exec(`PRAGMA journal_mode=WAL`); err != nil {
			return err
		}
	}
	if err := c.Exec(fmt.Sprintf(`PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY;
		PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=67108864;
		PRAGMA checksum_verification=ON; PRAGMA cache_size=-%d`, db.opt.CacheKiB)); err != nil {
		return err
	}
	return c.WALAutoCheckpoint(4000)
}

func isEmpty(c *sqlite3.Conn) (bool, error) {
	pages := 0
	err := Each(c, `PRAGMA page_count`, nil, func(s *sqlite3.Stmt) error {
		pages = s.ColumnInt(0)
		return nil
	})
	return pages == 0, err
}

// Write runs fn in the one writing transaction. When Write returns nil, what fn
// wrote survives a power cut; when it returns an error, nothing was written.
func (db *DB) Write(ctx context.Context, fn func(c *sqlite3.Conn) error) error {
	db.write.Lock()
	defer db.write.Unlock()
	if db.writer == nil {
		return closed()
	}
	old := db.writer.SetInterrupt(ctx)
	defer db.writer.SetInterrupt(old)
	if !db.memory && !db.secured {
		if err := db.secure(); err != nil {
			return db.explain(err)
		}
	}
	return db.explain(inTxn(db.writer, `BEGIN IMMEDIATE`, fn))
}

func closed() error {
	return fault.New(fault.Conflict, "sealeddb", "the workspace is locked").With("unlock it again")
}

func inTxn(c *sqlite3.Conn, begin string, fn func(c *sqlite3.Conn) error) (err error) {
	if err := c.Exec(begin); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done && !c.GetAutocommit() {
			// Interrupted or failed: the transaction is undone whatever the context says.
			c.SetInterrupt(context.Background())
			err = errors.Join(err, c.Exec(`ROLLBACK`))
		}
	}()
	if err := fn(c); err != nil {
		return err
	}
	if err := c.Exec(`COMMIT`); err != nil {
		return err
	}
	done = true
	return nil
}

// Read runs fn in a reading transaction that sees one state of the file throughout.
func (db *DB) Read(ctx context.Context, fn func(c *sqlite3.Conn) error) error {
	if db.memory {
		db.write.Lock()
		defer db.write.Unlock()
		if db.writer == nil {
			return closed()
		}
		return db.explain(fn(db.writer))
	}
	var c *sqlite3.Conn
	select {
	case <-ctx.Done():
		return ctx.Err()
	case r, ok := <-db.readers:
		if !ok {
			return closed()
		}
		c = r
	}
	if c == nil {
		var err error
		if c, err = db.connect(context.WithoutCancel(ctx), false); err != nil {
			db.readers <- nil
			return db.explain(err)
		}
	}
	defer func() { db.readers <- c }()
	old := c.SetInterrupt(ctx)
	defer c.SetInterrupt(old)
	return db.explain(inTxn(c, `BEGIN`, fn))
}

// explain turns an engine's error into a fault with what to do; faults pass through.
func (db *DB) explain(err error) error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return err
	}
	name := filepath.Base(db.path)
	is := func(codes ...error) bool {
		for _, c := range codes {
			if errors.Is(err, c) {
				return true
			}
		}
		return false
	}
	switch {
	case is(sqlite3.NOTADB, sqlite3.CORRUPT):
		return &fault.Error{Kind: fault.Corrupt, Op: "sealeddb", Msg: name + " is damaged, or its key does not fit", Err: err,
			Remedy: "run amparo verify; restore the file from another device or a backup"}
	case is(sqlite3.IOERR_DATA, sqlite3.IOERR_SHORT_READ):
		return &fault.Error{Kind: fault.Corrupt, Op: "sealeddb", Msg: "a page of " + name + " is not what was written", Err: err,
			Remedy: "run amparo verify; restore the file from another device or a backup"}
	case is(sqlite3.FULL):
		return &fault.Error{Kind: fault.Storage, Op: "sealeddb", Msg: "the disk is full; nothing of the last step was stored", Err: err,
			Remedy: "make room and do it again"}
	case is(sqlite3.BUSY, sqlite3.LOCKED):
		return &fault.Error{Kind: fault.Conflict, Op: "sealeddb", Msg: name + " is in use by another process", Err: err,
			Remedy: "close the other program and try again"}
	case is(sqlite3.INTERRUPT):
		return context.Canceled
	case is(sqlite3.IOERR, sqlite3.CANTOPEN, sqlite3.READONLY):
		return &fault.Error{Kind: fault.Storage, Op: "sealeddb", Msg: name + " cannot be read or written", Err: err}
	}
	return err
}

// Truncate folds the write-ahead log into the file and empties it.
func (db *DB) Truncate(ctx context.Context) error {
	return db.alone(ctx, func(c *sqlite3.Conn) error {
		_, _, err := c.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
		return err
	})
}

// Vacuum rewrites the file without free pages, and empties the log: after it, what
// was deleted is in no page.
func (db *DB) Vacuum(ctx context.Context) error {
	return db.alone(ctx, func(c *sqlite3.Conn) error {
		if err := c.Exec(`VACUUM`); err != nil || db.memory {
			return err
		}
		_, _, err := c.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
		return err
	})
}

// alone runs fn on the writer, outside a transaction.
func (db *DB) alone(ctx context.Context, fn func(c *sqlite3.Conn) error) error {
	db.write.Lock()
	defer db.write.Unlock()
	if db.writer == nil {
		return closed()
	}
	old := db.writer.SetInterrupt(ctx)
	defer db.writer.SetInterrupt(old)
	return db.explain(fn(db.writer))
}

// Rest closes the connections that nobody reads by. What SQLite once sorted, or held of a file,
// it keeps for the next time; the memory comes back when the connection is closed, and the next
// reader opens another.
func (db *DB) Rest() error {
	if db.memory {
		return nil
	}
	var errs []error
	for range db.opt.Readers {
		select {
		case c, ok := <-db.readers:
			if !ok {
				return errors.Join(errs...)
			}
			if c != nil {
				errs = append(errs, closeWith(c))
			}
			db.readers <- nil
		default: // the others are read by
		}
	}
	return db.explain(errors.Join(errs...))
}

// Path is the file's path.
func (db *DB) Path() string { return db.path }

// Close folds the log into the file and closes it. Further use is fault.Conflict.
func (db *DB) Close() error {
	var errs []error
	if db.readers != nil {
		for range db.opt.Readers {
			c, ok := <-db.readers
			if !ok {
				return nil
			}
			if c != nil {
				errs = append(errs, closeWith(c))
			}
		}
		close(db.readers)
	}
	db.write.Lock()
	defer db.write.Unlock()
	if db.writer == nil {
		return errors.Join(errs...)
	}
	if !db.memory {
		_, _, err := db.writer.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
		errs = append(errs, err)
	}
	errs = append(errs, closeWith(db.writer))
	db.writer = nil
	if !db.memory {
		registered().take(db.handle)
	}
	clear(db.key[:])
	return db.explain(errors.Join(errs...))
}
