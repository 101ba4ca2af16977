// Package folder is a hub in a directory: a USB stick, a shared folder, an unpacked
// bundle. It holds sealed entries in immutable segment files, so that copying the
// directory in any order, by any tool, loses nothing: what is there twice is the
// same, what is missing is fetched at the next exchange.
//
//	workspace            identifier of the workspace
//	devices/ID.pub       public key of a device, base64
//	entries/ID/FROM-TO-SUM.seg   entries FROM to TO-1 of a device
//	checkpoints/ID.note  newest signed checkpoint of a device
//	keys/ID.keys         key set a device leaves for the others (hub.KeyBox)
//	forks/ID-NUMBER-SUM.entry    evidence
//
// Every file is written to a temporary name, synced and renamed. The directory
// shows what a hub may see: sizes, device numbers, file times.
package folder

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/journal"
)

// Hub is a directory of sealed entries.
type Hub struct {
	root      *os.Root
	workspace id.ID

	mu   sync.Mutex
	logs map[id.ID]*log // what has been read of each device
}

// log is what is known of one device's entries: leaf hashes and where each entry
// lies.
type log struct {
	leaves []journal.Hash
	where  []place
	tree   journal.Builder
	read   map[string]bool // segments taken in
}

type place struct {
	segment string
	index   int
}

var (
	_ hub.Hub    = (*Hub)(nil)
	_ hub.KeyBox = (*Hub)(nil)
)

// Open opens the hub in dir, creating it if dir is absent or empty. A directory
// that holds another workspace is fault.Foreign, one that holds something else is
// refused rather than written into.
func Open(dir string, workspace id.ID) (*Hub, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fault.Because(fault.Storage, "hub.folder", "cannot make the folder", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.Because(fault.Storage, "hub.folder", "cannot open the folder", err)
	}
	h := &Hub{root: root, workspace: workspace, logs: map[id.ID]*log{}}
	if err := h.claim(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return h, nil
}

// OpenAny opens the hub in dir whatever its workspace is, to verify or restore.
func OpenAny(dir string) (*Hub, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.Because(fault.NotFound, "hub.folder", "cannot open the folder", err)
	}
	h := &Hub{root: root, logs: map[id.ID]*log{}}
	b, err := root.ReadFile("workspace")
	if err == nil {
		h.workspace, err = id.Parse(strings.TrimSpace(string(b)))
	}
	if err != nil || h.workspace.IsZero() {
		return nil, errors.Join(notABundle(), root.Close())
	}
	return h, nil
}

func notABundle() error {
	return fault.New(fault.Foreign, "hub.folder", "this folder is not an exchange folder of Amparo").
		With("choose an empty folder, or one made by amparo bundle")
}

func (h *Hub) claim() error {
	b, err := h.root.ReadFile("workspace")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		entries, err := fs.ReadDir(h.root.FS(), ".")
		if err != nil {
			return storage(err)
		}
		if len(entries) > 0 {
			return notABundle()
		}
		for _, d := range []string{"devices", "entries", "checkpoints", "keys", "forks"} {
			if err := h.root.Mkdir(d, 0o700); err != nil {
				return storage(err)
			}
		}
		return h.write("workspace", []byte(h.workspace.String()+"\n"))
	case err != nil:
		return storage(err)
	}
	ws, err := id.Parse(strings.TrimSpace(string(b)))
	if err != nil {
		return notABundle()
	}
	if ws != h.workspace {
		return fault.New(fault.Foreign, "hub.folder", "this folder holds another workspace").
			With("choose the folder of this workspace, or an empty one")
	}
	return nil
}

func storage(err error) error {
	return fault.Because(fault.Storage, "hub.folder", "the folder cannot be read or written", err)
}

// Workspace implements [hub.Hub].
func (h *Hub) Workspace() id.ID { return h.workspace }

// Close implements [hub.Hub].
func (h *Hub) Close() error { return h.root.Close() }

// PutDevices implements [hub.Hub].
func (h *Hub) PutDevices(_ context.Context, devices []hub.Device) error {
	for _, d := range devices {
		if err := d.Check(); err != nil {
			return err
		}
		name := path.Join("devices", d.ID.String()+".pub")
		if _, err := h.root.Stat(name); err == nil {
			continue
		}
		if err := h.write(name, []byte(base64.StdEncoding.EncodeToString(d.PublicKey)+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// Devices implements [hub.Hub].
func (h *Hub) Devices(context.Context) ([]hub.Device, error) {
	names, err := h.list("devices", ".pub")
	if err != nil {
		return nil, err
	}
	var out []hub.Device
	for _, n := range names {
		b, err := h.root.ReadFile(path.Join("devices", n))
		if err != nil {
			return nil, storage(err)
		}
		pub, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
		dev, err2 := id.Parse(strings.TrimSuffix(n, ".pub"))
		d := hub.Device{ID: dev, PublicKey: ed25519.PublicKey(pub)}
		if err != nil || err2 != nil || d.Check() != nil {
			return nil, fault.New(fault.Corrupt, "hub.folder", "file devices/%s is damaged", n).
				With("take the folder from its sender again")
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b hub.Device) int { return a.ID.Compare(b.ID) })
	return out, nil
}

// list names the files of a directory with an ending, leaving out temporary ones.
func (h *Hub) list(dir, ending string) ([]string, error) {
	entries, err := fs.ReadDir(h.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, storage(err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ending) {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// write replaces a file as a whole and makes it last: temporary file, sync, rename,
// sync of the directory.
func (h *Hub) write(name string, data []byte) error {
	tmp := name + ".tmp"
	f, err := h.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return storage(err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = h.root.Rename(tmp, name)
	}
	if err != nil {
		return storage(errors.Join(err, h.root.Remove(tmp)))
	}
	return h.syncDir(path.Dir(name))
}

// syncDir makes a rename last. Systems that cannot sync a directory say so with an
// error that means nothing for us.
func (h *Hub) syncDir(dir string) error {
	d, err := h.root.Open(dir)
	if err != nil {
		return storage(err)
	}
	_ = d.Sync()
	return d.Close()
}

// Heads implements [hub.Hub].
func (h *Hub) Heads(ctx context.Context) ([]journal.Head, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	devices, err := h.Devices(ctx)
	if err != nil {
		return nil, err
	}
	var out []journal.Head
	for _, d := range devices {
		l, err := h.load(d.ID)
		if err != nil {
			return nil, err
		}
		head := journal.Head{Device: d.ID, Size: uint64(len(l.leaves))}
		if head.Size > 0 {
			head.Root = l.tree.Root()
		}
		out = append(out, head)
	}
	return out, nil
}

// Since implements [hub.Hub].
func (h *Hub) Since(ctx context.Context, have map[id.ID]uint64) iter.Seq2[*journal.Entry, error] {
	return func(yield func(*journal.Entry, error) bool) {
		devices, err := h.Devices(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, d := range devices {
			for e, err := range h.sinceOf(ctx, d.ID, have[d.ID]) {
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
	}
}

func (h *Hub) sinceOf(ctx context.Context, dev id.ID, from uint64) iter.Seq2[*journal.Entry, error] {
	return func(yield func(*journal.Entry, error) bool) {
		h.mu.Lock()
		l, err := h.load(dev)
		var where []place
		if err == nil {
			where = slices.Clone(l.where)
		}
		h.mu.Unlock()
		if err != nil {
			yield(nil, err)
			return
		}
		var open string
		var entries []*journal.Entry
		for n := from; n < uint64(len(where)); n++ {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if w := where[n]; w.segment != open {
				if entries, err = h.readSegment(dev, w.segment); err != nil {
					yield(nil, err)
					return
				}
				open = w.segment
			}
			if !yield(entries[where[n].index], nil) {
				return
			}
		}
	}
}

// PutCheckpoint implements [hub.Hub].
func (h *Hub) PutCheckpoint(ctx context.Context, by id.ID, signed []byte) error {
	dev, err := h.deviceOf(ctx, by)
	if err != nil {
		return err
	}
	cp, err := journal.OpenCheckpoint(signed, dev.PublicKey)
	if err != nil {
		return err
	}
	if cp.Workspace != h.workspace {
		return fault.New(fault.Foreign, "hub.PutCheckpoint", "the checkpoint belongs to another workspace")
	}
	name := path.Join("checkpoints", by.String()+".note")
	if old, err := h.root.ReadFile(name); err == nil {
		if o, err := journal.OpenCheckpoint(old, dev.PublicKey); err == nil && entriesUnder(o) > entriesUnder(cp) {
			return nil
		}
	}
	return h.write(name, signed)
}

func entriesUnder(c journal.Checkpoint) (n uint64) {
	for _, h := range c.Heads {
		n += h.Size
	}
	return n
}

// Checkpoints implements [hub.Hub].
func (h *Hub) Checkpoints(context.Context) (map[id.ID][]byte, error) {
	return h.byDevice("checkpoints", ".note")
}

// PutKeys implements [hub.KeyBox].
func (h *Hub) PutKeys(_ context.Context, by id.ID, keys []byte) error {
	return h.write(path.Join("keys", by.String()+".keys"), keys)
}

// Keys implements [hub.KeyBox].
func (h *Hub) Keys(context.Context) (map[id.ID][]byte, error) { return h.byDevice("keys", ".keys") }

func (h *Hub) byDevice(dir, ending string) (map[id.ID][]byte, error) {
	names, err := h.list(dir, ending)
	if err != nil {
		return nil, err
	}
	out := map[id.ID][]byte{}
	for _, n := range names {
		dev, err := id.Parse(strings.TrimSuffix(n, ending))
		if err != nil {
			continue // not ours: a person may keep a note on the stick
		}
		if out[dev], err = h.root.ReadFile(path.Join(dir, n)); err != nil {
			return nil, storage(err)
		}
	}
	return out, nil
}

// Forks implements [hub.Hub].
func (h *Hub) Forks(ctx context.Context) ([]hub.Fork, error) {
	names, err := h.list("forks", ".entry")
	if err != nil {
		return nil, err
	}
	found := map[string]hub.Fork{}
	for _, n := range names {
		b, err := h.root.ReadFile(path.Join("forks", n))
		if err != nil {
			return nil, storage(err)
		}
		e, err := journal.Unmarshal(b)
		if err != nil {
			return nil, err
		}
		f := hub.Fork{Kept: e.Ref(), Second: e}
		h.mu.Lock()
		if l, err := h.load(e.Header.Device); err == nil && e.Header.Number < uint64(len(l.leaves)) {
			f.First = l.leaves[e.Header.Number]
		}
		h.mu.Unlock()
		found[n] = f
	}
	out := slices.Collect(maps.Values(found))
	slices.SortFunc(out, func(a, b hub.Fork) int { return a.Kept.Compare(b.Kept) })
	return out, nil
}

func (h *Hub) deviceOf(ctx context.Context, dev id.ID) (hub.Device, error) {
	devices, err := h.Devices(ctx)
	if err != nil {
		return hub.Device{}, err
	}
	for _, d := range devices {
		if d.ID == dev {
			return d, nil
		}
	}
	return hub.Device{}, fault.New(fault.Foreign, "hub.folder", "device %s is not known here", dev).
		With("exchange again: the device's key comes before its entries")
}
