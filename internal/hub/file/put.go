package file

import (
	"context"
	"slices"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/sealeddb"
)

// Put implements [hub.Hub].
func (h *Hub) Put(ctx context.Context, entries []*journal.Entry) (hub.Put, error) {
	var out hub.Put
	if len(entries) == 0 {
		return out, nil
	}
	sizes := map[id.ID]uint64{}
	err := h.db.Write(ctx, func(c *sqlite3.Conn) error {
		out = hub.Put{}
		clear(sizes)
		for _, r := range hub.Runs(entries) {
			size, err := h.putRun(c, r, &out)
			if err != nil {
				return err
			}
			sizes[r.Device] = size
		}
		return nil
	})
	if err != nil {
		return hub.Put{}, err
	}
	h.grow(sizes)
	return out, nil
}

func (h *Hub) putRun(c *sqlite3.Conn, r hub.Run, out *hub.Put) (size uint64, err error) {
	d := h.device(r.Device)
	if d == nil {
		return 0, fault.New(fault.Foreign, "hub.Put", "entries of device %s, which this workspace does not know", r.Device).
			With("exchange again: the device's key comes before its entries")
	}
	tree := newHashes(c, d.n)
	if size, err = storedSize(c, d.n); err != nil {
		return 0, err
	}
	div, err := hub.Divide(r, size, tree.leaf)
	if err != nil {
		return 0, err
	}
	if err := hub.CheckForks(d.Device, div.Forks); err != nil {
		return 0, err
	}
	for _, f := range div.Forks {
		if err := sealeddb.Run(c, `INSERT INTO fork(dev, number, first, data) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
			d.n, int64(f.Kept.Number), f.First[:], f.Second.Marshal()); err != nil {
			return 0, err
		}
	}
	out.Known += div.Known
	out.Forks = append(out.Forks, div.Forks...)
	var prev journal.Hash
	if size > 0 {
		if prev, err = tree.leaf(size - 1); err != nil {
			return 0, err
		}
	}
	leaves, err := hub.Admit(h.workspace, d.Device, size, prev, div.Fresh)
	if err != nil {
		return 0, err
	}
	out.Stored += len(div.Fresh)
	return h.write(c, d.n, tree, div.Fresh, leaves)
}

// Append stores the device's own new entries, in order, signed already. leaves are
// their leaf hashes, which signing gave; they are not computed a second time.
func (h *Hub) Append(ctx context.Context, dev id.ID, entries []*journal.Entry, leaves []journal.Hash) error {
	if len(entries) == 0 {
		return nil
	}
	d := h.device(dev)
	if d == nil {
		return fault.New(fault.Internal, "hub.Append", "device %s is not enrolled", dev)
	}
	var size uint64
	err := h.db.Write(ctx, func(c *sqlite3.Conn) error {
		have, err := storedSize(c, d.n)
		if err != nil {
			return err
		}
		if have != entries[0].Header.Number {
			return fault.New(fault.Conflict, "hub.Append", "the log of this device has moved on").
				With("another process wrote to this workspace: close it and open the workspace again")
		}
		size, err = h.write(c, d.n, newHashes(c, d.n), entries, leaves)
		return err
	})
	if err != nil {
		return err
	}
	h.grow(map[id.ID]uint64{dev: size})
	return nil
}

func (h *Hub) write(c *sqlite3.Conn, dev int64, tree *hashes, entries []*journal.Entry, leaves []journal.Hash) (uint64, error) {
	ins, _, err := c.Prepare(`INSERT INTO entry(k, data) VALUES (?1, ?2)`)
	if err != nil {
		return 0, err
	}
	defer ins.Close()
	for i, e := range entries {
		if err := sealeddb.Exec(ins, key(dev, e.Header.Number), e.Marshal()); err != nil {
			return 0, err
		}
		if err := tree.append(e.Header.Number, leaves[i]); err != nil {
			return 0, err
		}
	}
	if err := tree.flush(); err != nil {
		return 0, err
	}
	size, err := storedSize(c, dev)
	if err != nil || len(entries) == 0 {
		return size, err
	}
	size = entries[len(entries)-1].Header.Number + 1
	return size, sealeddb.Run(c, `UPDATE device SET size = ?2 WHERE n = ?1`, dev, int64(size))
}

func storedSize(c *sqlite3.Conn, dev int64) (size uint64, err error) {
	err = sealeddb.Each(c, `SELECT size FROM device WHERE n = ?1`, []any{dev}, func(s *sqlite3.Stmt) error {
		size = uint64(s.ColumnInt64(0))
		return nil
	})
	return size, err
}

func (h *Hub) grow(sizes map[id.ID]uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for dev, n := range sizes {
		if d := h.devices[dev]; d != nil {
			d.size = max(d.size, n)
		}
	}
}

// sorted returns copies of the devices, by identifier.
func (h *Hub) sorted() []device {
	h.mu.RLock()
	defer h.mu.RUnlock()
	out := make([]device, 0, len(h.devices))
	for _, d := range h.devices {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b device) int { return a.ID.Compare(b.ID) })
	return out
}

// Tip returns the size of a device's log and the leaf hash of its last entry,
// which the next entry carries as Prev.
func (h *Hub) Tip(ctx context.Context, dev id.ID) (size uint64, prev journal.Hash, err error) {
	d := h.device(dev)
	if d == nil {
		return 0, prev, nil
	}
	err = h.db.Read(ctx, func(c *sqlite3.Conn) error {
		if size, err = storedSize(c, d.n); err != nil || size == 0 {
			return err
		}
		prev, err = newHashes(c, d.n).leaf(size - 1)
		return err
	})
	return size, prev, err
}

// PutCheckpoint implements [hub.Hub].
func (h *Hub) PutCheckpoint(ctx context.Context, by id.ID, signed []byte) error {
	d := h.device(by)
	if d == nil {
		return fault.New(fault.Foreign, "hub.PutCheckpoint", "a checkpoint of device %s, which this workspace does not know", by)
	}
	cp, err := journal.OpenCheckpoint(signed, d.PublicKey)
	if err != nil {
		return err
	}
	if cp.Workspace != h.workspace {
		return fault.New(fault.Foreign, "hub.PutCheckpoint", "the checkpoint belongs to another workspace")
	}
	return h.db.Write(ctx, func(c *sqlite3.Conn) error {
		old, err := checkpointOf(c, d.n)
		if err != nil {
			return err
		}
		if old != nil {
			if o, err := journal.OpenCheckpoint(old, d.PublicKey); err == nil && total(o) > total(cp) {
				return nil
			}
		}
		return sealeddb.Run(c, `INSERT INTO checkpoint(dev, note) VALUES (?1, ?2) ON CONFLICT(dev) DO UPDATE SET note = excluded.note`, d.n, signed)
	})
}

func total(c journal.Checkpoint) (n uint64) {
	for _, h := range c.Heads {
		n += h.Size
	}
	return n
}

func checkpointOf(c *sqlite3.Conn, dev int64) (b []byte, err error) {
	err = sealeddb.Each(c, `SELECT note FROM checkpoint WHERE dev = ?1`, []any{dev}, func(s *sqlite3.Stmt) error {
		b = s.ColumnBlob(0, nil)
		return nil
	})
	return b, err
}

// Checkpoints implements [hub.Hub].
func (h *Hub) Checkpoints(ctx context.Context) (map[id.ID][]byte, error) {
	out := map[id.ID][]byte{}
	err := h.db.Read(ctx, func(c *sqlite3.Conn) error {
		for _, d := range h.sorted() {
			b, err := checkpointOf(c, d.n)
			if err != nil {
				return err
			}
			if b != nil {
				out[d.ID] = b
			}
		}
		return nil
	})
	return out, err
}

// Forks implements [hub.Hub].
func (h *Hub) Forks(ctx context.Context) ([]hub.Fork, error) {
	var out []hub.Fork
	err := h.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT first, data FROM fork`, nil, func(s *sqlite3.Stmt) error {
			e, err := journal.Unmarshal(s.ColumnBlob(1, nil))
			if err != nil {
				return err
			}
			f := hub.Fork{Kept: e.Ref(), Second: e}
			copy(f.First[:], s.ColumnRawBlob(0))
			out = append(out, f)
			return nil
		})
	})
	slices.SortFunc(out, func(a, b hub.Fork) int { return a.Kept.Compare(b.Kept) })
	return out, err
}

// Prove gives the inclusion proof of an entry in its device's present log.
func (h *Hub) Prove(ctx context.Context, ref journal.Ref) (p journal.Inclusion, err error) {
	d := h.device(ref.Device)
	if d == nil {
		return p, fault.New(fault.NotFound, "hub.file", "no such entry")
	}
	err = h.db.Read(ctx, func(c *sqlite3.Conn) error {
		tree := newHashes(c, d.n)
		size, err := storedSize(c, d.n)
		if err != nil {
			return err
		}
		root, err := journal.Root(size, tree)
		if err != nil {
			return err
		}
		p, err = journal.ProveInclusion(journal.Head{Device: d.ID, Size: size, Root: root}, ref.Number, tree)
		return err
	})
	return p, err
}

// ProveGrowth gives the proof that a device's present log only adds to an old head.
func (h *Hub) ProveGrowth(ctx context.Context, old journal.Head) (p journal.Consistency, err error) {
	d := h.device(old.Device)
	if d == nil {
		return p, fault.New(fault.NotFound, "hub.file", "no such device")
	}
	err = h.db.Read(ctx, func(c *sqlite3.Conn) error {
		tree := newHashes(c, d.n)
		size, err := storedSize(c, d.n)
		if err != nil {
			return err
		}
		root, err := journal.Root(size, tree)
		if err != nil {
			return err
		}
		p, err = journal.ProveConsistency(old, journal.Head{Device: d.ID, Size: size, Root: root}, tree)
		return err
	})
	return p, err
}

// RootAt computes the root over the first size entries of a device's log. Fewer
// entries than that are fault.Corrupt: they were there.
func (h *Hub) RootAt(ctx context.Context, dev id.ID, size uint64) (root journal.Hash, err error) {
	d := h.device(dev)
	if d == nil || h.sizeOf(dev) < size {
		return root, missing(dev, h.sizeOf(dev))
	}
	err = h.db.Read(ctx, func(c *sqlite3.Conn) error {
		root, err = journal.Root(size, newHashes(c, d.n))
		return err
	})
	return root, err
}

func (h *Hub) sizeOf(dev id.ID) uint64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if d := h.devices[dev]; d != nil {
		return d.size
	}
	return 0
}

// CheckTree compares every stored tree hash of a device with the one its leaves give:
// an old page put back shows here even where no proof would touch it.
func (h *Hub) CheckTree(ctx context.Context, dev id.ID, leaves []journal.Hash) error {
	d := h.device(dev)
	if d == nil {
		return missing(dev, 0)
	}
	return h.db.Read(ctx, func(c *sqlite3.Conn) error {
		tree := newHashes(c, d.n)
		at := int64(0)
		for n, leaf := range leaves {
			fresh, err := journal.AppendHashes(uint64(n), leaf, tree)
			if err != nil {
				return err
			}
			for _, f := range fresh {
				have, err := tree.ReadHashes([]int64{at})
				if err != nil {
					return err
				}
				if have[0] != f {
					return fault.New(fault.Corrupt, "hub.file", "hash %d of the Merkle tree is not the one its entries give", at)
				}
				at++
			}
			tree.keep(64)
		}
		return tree.ends(at)
	})
}
