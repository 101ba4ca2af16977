// Package file is the journal on a laptop: the embedded, encrypted SQLite file. It
// is a [hub.Hub], and beyond that gives the program random access to entries,
// appends of the device's own, and proofs.
//
// Entries and the Merkle hashes over them are written in one transaction, so a
// crash leaves both or neither. What Put and Append acknowledge is on the disk.
package file

import (
	"context"
	"crypto/ed25519"
	"errors"
	"iter"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/sealeddb"
)

// An entry's key is its device's local number and its own number, so the entries
// of a device lie together and in order. Tree hashes lie in pages of 128.
const ddl = `
CREATE TABLE IF NOT EXISTS meta(k TEXT PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS device(n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, pub BLOB NOT NULL, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS entry(k INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS hashes(k INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoint(dev INTEGER PRIMARY KEY, note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS fork(dev INTEGER NOT NULL, number INTEGER NOT NULL, first BLOB NOT NULL, data BLOB NOT NULL,
	PRIMARY KEY(dev, number, data)) WITHOUT ROWID;
`

const (
	numberBits = 40 // entries a device: 2^40
	maxDevice  = 1 << 20
)

func key(dev int64, number uint64) int64 { return dev<<numberBits | int64(number) }

// Hub is the embedded store.
type Hub struct {
	db        *sealeddb.DB
	workspace id.ID

	mu      sync.RWMutex // guards devices: written under the database's writer lock
	devices map[id.ID]*device
}

type device struct {
	hub.Device
	n    int64
	size uint64
}

var _ hub.Hub = (*Hub)(nil)

// Open opens the journal file at path with its page key, creating it if absent. A
// file of another workspace is fault.Foreign. The Hub owns db and closes it.
func Open(ctx context.Context, db *sealeddb.DB, workspace id.ID) (*Hub, error) {
	h := &Hub{db: db, workspace: workspace, devices: map[id.ID]*device{}}
	err := db.Write(ctx, func(c *sqlite3.Conn) error {
		if err := c.Exec(ddl); err != nil {
			return err
		}
		return h.claim(c)
	})
	if err != nil {
		return nil, err
	}
	return h, db.Read(ctx, h.loadDevices)
}

// claim writes the workspace into a new file, or checks it in an old one.
func (h *Hub) claim(c *sqlite3.Conn) error {
	var have []byte
	err := sealeddb.Each(c, `SELECT v FROM meta WHERE k = 'workspace'`, nil, func(s *sqlite3.Stmt) error {
		have = s.ColumnBlob(0, nil)
		return nil
	})
	switch {
	case err != nil:
		return err
	case have == nil:
		return sealeddb.Run(c, `INSERT INTO meta(k, v) VALUES ('workspace', ?1)`, h.workspace[:])
	case id.ID(have) != h.workspace:
		return fault.New(fault.Foreign, "hub.file", "this journal belongs to another workspace").
			With("put back the files of this workspace")
	}
	return nil
}

func (h *Hub) loadDevices(c *sqlite3.Conn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return sealeddb.Each(c, `SELECT n, id, pub, size FROM device`, nil, func(s *sqlite3.Stmt) error {
		d := &device{n: s.ColumnInt64(0), size: uint64(s.ColumnInt64(3))}
		d.ID = id.ID(s.ColumnBlob(1, nil))
		d.PublicKey = ed25519.PublicKey(s.ColumnBlob(2, nil))
		h.devices[d.ID] = d
		return nil
	})
}

// Workspace implements [hub.Hub].
func (h *Hub) Workspace() id.ID { return h.workspace }

// DB returns the file, for page checks.
func (h *Hub) DB() *sealeddb.DB { return h.db }

// Close closes the file.
func (h *Hub) Close() error { return h.db.Close() }

// Rest is [sealeddb.DB.Rest].
func (h *Hub) Rest() error { return h.db.Rest() }

// PutDevices implements [hub.Hub].
func (h *Hub) PutDevices(ctx context.Context, devices []hub.Device) error {
	var fresh []hub.Device
	for _, d := range devices {
		if err := d.Check(); err != nil {
			return err
		}
		if h.device(d.ID) == nil {
			fresh = append(fresh, d)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	err := h.db.Write(ctx, func(c *sqlite3.Conn) error {
		for _, d := range fresh {
			if err := sealeddb.Run(c, `INSERT INTO device(id, pub, size) VALUES (?1, ?2, 0) ON CONFLICT DO NOTHING`, d.ID[:], []byte(d.PublicKey)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return h.db.Read(ctx, h.loadNewDevices)
}

// loadNewDevices adds devices that are not known yet; sizes of known ones are not
// touched, because a writer may be ahead of this read.
func (h *Hub) loadNewDevices(c *sqlite3.Conn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return sealeddb.Each(c, `SELECT n, id, pub, size FROM device`, nil, func(s *sqlite3.Stmt) error {
		dev := id.ID(s.ColumnBlob(1, nil))
		if _, ok := h.devices[dev]; ok {
			return nil
		}
		d := &device{n: s.ColumnInt64(0), size: uint64(s.ColumnInt64(3))}
		d.ID, d.PublicKey = dev, ed25519.PublicKey(s.ColumnBlob(2, nil))
		if d.n >= maxDevice {
			return fault.New(fault.TooLarge, "hub.file", "more than %d devices", maxDevice)
		}
		h.devices[dev] = d
		return nil
	})
}

func (h *Hub) device(dev id.ID) *device {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.devices[dev]
}

// Devices implements [hub.Hub].
func (h *Hub) Devices(context.Context) ([]hub.Device, error) {
	var out []hub.Device
	for _, d := range h.sorted() {
		out = append(out, d.Device)
	}
	return out, nil
}

// Since implements [hub.Hub].
func (h *Hub) Since(ctx context.Context, have map[id.ID]uint64) iter.Seq2[*journal.Entry, error] {
	return func(yield func(*journal.Entry, error) bool) {
		for _, d := range h.sorted() {
			for from := have[d.ID]; from < d.size; {
				part, err := h.slice(ctx, d, from, min(d.size, from+1000))
				if err == nil && len(part) == 0 {
					err = missing(d.ID, from)
				}
				if err != nil {
					yield(nil, err)
					return
				}
				for _, e := range part {
					if !yield(e, nil) {
						return
					}
				}
				from += uint64(len(part))
			}
		}
	}
}

func missing(dev id.ID, number uint64) error {
	return fault.New(fault.Corrupt, "hub.file", "entry %d of device %s is not in the file", number, dev).
		With("run amparo verify, then restore from another device")
}

// slice reads entries from..to-1 of a device, or as many of them as fit in memory; at
// least one.
func (h *Hub) slice(ctx context.Context, d device, from, to uint64) ([]*journal.Entry, error) {
	out := make([]*journal.Entry, 0, to-from)
	size := 0
	err := h.db.Read(ctx, func(c *sqlite3.Conn) error {
		err := sealeddb.Each(c, `SELECT k, data FROM entry WHERE k >= ?1 AND k < ?2 ORDER BY k`,
			[]any{key(d.n, from), key(d.n, to)}, func(s *sqlite3.Stmt) error {
				e, err := journal.Load(s.ColumnBlob(1, nil))
				if err != nil {
					return err
				}
				if want := from + uint64(len(out)); e.Header.Number != want || s.ColumnInt64(0) != key(d.n, want) {
					return missing(d.ID, want)
				}
				out = append(out, e)
				if size += len(e.Sealed); size > sliceBytes {
					return errEnough
				}
				return nil
			})
		if errors.Is(err, errEnough) {
			return nil
		}
		return err
	})
	return out, err
}

// sliceBytes bounds how much one slice holds in memory: entries with parts of files are
// large.
const sliceBytes = 16 << 20

var errEnough = errors.New("enough")

// Get reads one entry. An entry that is not here is fault.NotFound.
func (h *Hub) Get(ctx context.Context, ref journal.Ref) (*journal.Entry, error) {
	d := h.device(ref.Device)
	if d == nil {
		return nil, fault.New(fault.NotFound, "hub.file", "no such entry")
	}
	var e *journal.Entry
	err := h.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT data FROM entry WHERE k = ?1`, []any{key(d.n, ref.Number)}, func(s *sqlite3.Stmt) error {
			var err error
			e, err = journal.Load(s.ColumnBlob(0, nil))
			return err
		})
	})
	if err == nil && e == nil {
		err = fault.New(fault.NotFound, "hub.file", "no such entry")
	}
	return e, err
}

// GetMany reads entries by their refs, in the order given, in one transaction. An
// entry that is not here is fault.Corrupt: whoever asks has seen it before.
func (h *Hub) GetMany(ctx context.Context, refs []journal.Ref) ([]*journal.Entry, error) {
	out := make([]*journal.Entry, 0, len(refs))
	if len(refs) == 0 {
		return out, nil
	}
	err := h.db.Read(ctx, func(c *sqlite3.Conn) error {
		get, _, err := c.Prepare(`SELECT data FROM entry WHERE k = ?1`)
		if err != nil {
			return err
		}
		defer get.Close()
		for _, ref := range refs {
			d := h.device(ref.Device)
			if d == nil {
				return missing(ref.Device, ref.Number)
			}
			n := len(out)
			err := sealeddb.EachOf(get, []any{key(d.n, ref.Number)}, func(s *sqlite3.Stmt) error {
				e, err := journal.Load(s.ColumnBlob(0, nil))
				out = append(out, e)
				return err
			})
			if err != nil {
				return err
			}
			if len(out) == n {
				return missing(ref.Device, ref.Number)
			}
		}
		return nil
	})
	return out, err
}

// Heads implements [hub.Hub].
func (h *Hub) Heads(ctx context.Context) ([]journal.Head, error) {
	var out []journal.Head
	err := h.db.Read(ctx, func(c *sqlite3.Conn) error {
		for _, d := range h.sorted() {
			root, err := journal.Root(d.size, newHashes(c, d.n))
			if err != nil {
				return err
			}
			out = append(out, journal.Head{Device: d.ID, Size: d.size, Root: root})
		}
		return nil
	})
	return out, err
}
