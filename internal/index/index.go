package index

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
)

// Opened is an act that this member could open, at its place in the journal.
type Opened struct {
	At  journal.Ref // place in this workspace's journal
	Key id.ID       // payload key that seals it
	Act *casebook.Act
}

// Stated gives the act its lasting name, as the fold wants it.
func (o Opened) Stated() casebook.Stated {
	return casebook.Stated{Ref: o.Act.Place(o.At), Act: o.Act}
}

// Source opens acts again when a record must be folded anew. Acts whose key is
// gone are left out of the answer: they no longer exist for this member.
type Source interface {
	OpenActs(ctx context.Context, refs []journal.Ref) ([]Opened, error)
	// OpenMatching opens acts and decodes only those whose plaintext keep wants; keep
	// is called from several goroutines. read is how many were opened.
	OpenMatching(ctx context.Context, refs []journal.Ref, keep func(plain []byte) bool) (kept []Opened, read int, err error)
}

// Index is the computed view of a workspace for one member.
type Index struct {
	db  *sealeddb.DB
	src Source
	set atomic.Pointer[kind.Set] // what records are made of

	words   *words
	devs    *devices
	watches watches

	mu    sync.RWMutex    // guards what follows; held for writing while a batch is applied
	recs  map[id.ID]int64 // a bounded memory of record numbers
	heads map[id.ID]journal.Head
	next  int64
	cols  *columns // nil until loaded
	names *nameCache
	gen   uint64 // counts what was applied, so that a view made meanwhile is made again

	loading, naming sync.Mutex // held while the columns, the names are read in
}

// Open opens the index in db, creating its tables. A file of another version, or
// one made under another schema, is emptied: heads then say that nothing is folded
// in, and the caller applies the whole journal.
func Open(ctx context.Context, db *sealeddb.DB, schema *kind.Set, src Source) (*Index, error) {
	x := &Index{db: db, src: src, words: &words{}, devs: &devices{}}
	x.set.Store(schema)
	if err := create(ctx, db); err != nil {
		return nil, err
	}
	stamp := fmt.Sprintf("%d %s", Version, kind.Builtin().Digest())
	var have string
	err := db.Write(ctx, func(c *sqlite3.Conn) error {
		err := sealeddb.Each(c, `SELECT v FROM meta WHERE k = 'stamp'`, nil, func(s *sqlite3.Stmt) error {
			have = s.ColumnText(0)
			return nil
		})
		if err != nil || have == stamp {
			return err
		}
		if err := wipe(c); err != nil {
			return err
		}
		return sealeddb.Run(c, `INSERT INTO meta(k, v) VALUES ('stamp', ?1)`, stamp)
	})
	if err != nil {
		return nil, err
	}
	return x, db.Read(ctx, x.load)
}

func (x *Index) load(c *sqlite3.Conn) error {
	x.recs, x.heads = map[id.ID]int64{}, map[id.ID]journal.Head{}
	x.cols, x.names = nil, nil
	x.gen++
	x.watches.end()
	if err := x.words.load(c); err != nil {
		return err
	}
	if err := x.devs.load(c); err != nil {
		return err
	}
	if err := sealeddb.Each(c, `SELECT dev, size, root FROM head`, nil, func(s *sqlite3.Stmt) error {
		h := journal.Head{Device: x.devs.device(s.ColumnInt64(0)), Size: uint64(s.ColumnInt64(1))}
		copy(h.Root[:], s.ColumnRawBlob(2))
		x.heads[h.Device] = h
		return nil
	}); err != nil {
		return err
	}
	return sealeddb.Each(c, `SELECT coalesce(max(rec), 0) FROM record`, nil, func(s *sqlite3.Stmt) error {
		x.next = s.ColumnInt64(0) + 1
		return nil
	})
}

// Reset empties the index, as the start of a rebuild.
func (x *Index) Reset(ctx context.Context) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	stamp := fmt.Sprintf("%d %s", Version, kind.Builtin().Digest())
	err := x.db.Write(ctx, func(c *sqlite3.Conn) error {
		if err := wipe(c); err != nil {
			return err
		}
		return sealeddb.Run(c, `INSERT INTO meta(k, v) VALUES ('stamp', ?1)`, stamp)
	})
	if err != nil {
		return err
	}
	return x.db.Read(ctx, x.load)
}

func (x *Index) schema() *kind.Set { return x.set.Load() }

// SetSchema lets the index know of kinds the workspace has declared. Records that are
// indexed already are not projected anew: the caller rebuilds.
func (x *Index) SetSchema(set *kind.Set) { x.set.Store(set) }

// Heads returns how much of each device's log is folded in.
func (x *Index) Heads() map[id.ID]journal.Head {
	x.mu.RLock()
	defer x.mu.RUnlock()
	out := make(map[id.ID]journal.Head, len(x.heads))
	for d, h := range x.heads {
		out[d] = h
	}
	return out
}

// DB returns the index file, for page checks and erasure.
func (x *Index) DB() *sealeddb.DB { return x.db }

// Close closes the index file.
func (x *Index) Close() error { return x.db.Close() }

// Rest is [sealeddb.DB.Rest].
func (x *Index) Rest() error { return x.db.Rest() }

const numberBits = 40

func actKey(dev int64, number uint64) int64 { return dev<<numberBits | int64(number) }

// devices numbers the devices of an index file. Like [words] it has its own lock.
type devices struct {
	mu   sync.RWMutex
	nums map[id.ID]int64
	ids  map[int64]id.ID
}

func (d *devices) load(c *sqlite3.Conn) error {
	nums, ids := map[id.ID]int64{}, map[int64]id.ID{}
	err := sealeddb.Each(c, `SELECT n, id FROM dev`, nil, func(s *sqlite3.Stmt) error {
		dev := id.ID(s.ColumnBlob(1, nil))
		nums[dev], ids[s.ColumnInt64(0)] = s.ColumnInt64(0), dev
		return nil
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nums, d.ids = nums, ids
	return err
}

func (d *devices) number(dev id.ID) (int64, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	n, ok := d.nums[dev]
	return n, ok
}

func (d *devices) device(n int64) id.ID {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.ids[n]
}

func (d *devices) add(dev id.ID, n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nums[dev], d.ids[n] = n, dev
}

func (x *Index) refOf(k int64) (journal.Ref, error) {
	dev := x.devs.device(k >> numberBits)
	if dev.IsZero() {
		return journal.Ref{}, fault.New(fault.Corrupt, "index", "the index names a device it does not know; rebuild the index")
	}
	return journal.Ref{Device: dev, Number: uint64(k & (1<<numberBits - 1))}, nil
}
