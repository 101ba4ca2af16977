package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/hub"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/sealeddb"
	"example.org/amparo/internal/vault"
)

// Report is what a verification found. Without problems, every entry is what its
// device signed, nothing was changed, dropped or put back, and the index is the fold
// of the journal.
type Report struct {
	Workspace   id.ID          `json:"workspace"`
	Entries     int            `json:"entries"`
	Devices     int            `json:"devices"`
	Opened      int            `json:"opened"`      // entries whose commitment was checked
	Closed      int            `json:"closed"`      // entries of compartments not held here
	Erased      int            `json:"erased"`      // entries whose key was destroyed, as an act says
	Checkpoints int            `json:"checkpoints"` // signed states the logs were held against
	Pages       map[string]int `json:"pages"`       // pages checked, by file
	Heads       []HeadReport   `json:"heads"`
	Problems    []string       `json:"problems"`
}

// HeadReport is the state of one device's log, in text.
type HeadReport struct {
	Device string `json:"device"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"`
}

// OK reports whether nothing was found.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

func (r *Report) bad(format string, args ...any) {
	if len(r.Problems) < 200 {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Verify checks everything a workspace holds: every page of every file, the chain,
// signature and ciphertext hash of every entry, every hash of every Merkle tree, the
// checkpoints, the keys, the commitments of the entries that can be opened, and the
// index against a fold in memory. What is wrong is named in the report; the error says
// only that the check itself could not be done.
func (w *Workspace) Verify(ctx context.Context, progress Progress) (*Report, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := &Report{Workspace: w.ID(), Pages: map[string]int{}, Problems: slices.Clone(w.setBack)}
	if r.Problems == nil {
		r.Problems = []string{}
	}
	for _, db := range []*sealeddb.DB{w.keys.DB(), w.hub.DB(), w.index.DB()} {
		if err := r.pages(ctx, db); err != nil {
			return r, err
		}
	}
	if len(r.Problems) > len(w.setBack) {
		return r, nil // what stands on damaged pages says nothing more
	}
	heads, err := w.verifyLogs(ctx, r, progress)
	if err != nil {
		return r, err
	}
	if err := w.verifyCheckpoints(ctx, r, heads); err != nil {
		return r, err
	}
	if err := w.verifyKeys(ctx, r); err != nil {
		return r, err
	}
	return r, w.verifyIndex(ctx, r, heads)
}

func (r *Report) pages(ctx context.Context, db *sealeddb.DB) error {
	rep, err := db.CheckPages(ctx)
	if err != nil {
		return err
	}
	r.Pages[rep.File] = rep.Pages
	for _, p := range rep.Bad {
		r.bad("%s: page %d is not what was written", rep.File, p)
	}
	found, err := db.CheckStructure(ctx)
	for _, f := range found {
		r.bad("%s: %s", rep.File, f)
	}
	return err
}

// verifyLogs walks every device's log from the first entry to the last.
func (w *Workspace) verifyLogs(ctx context.Context, r *Report, progress Progress) (map[id.ID]*trail, error) {
	devices, err := w.hub.Devices(ctx)
	if err != nil {
		return nil, err
	}
	heads, err := w.hub.Heads(ctx)
	if err != nil {
		r.bad("journal: %v", err)
		return nil, nil
	}
	total := 0
	for _, h := range heads {
		total += int(h.Size)
	}
	keys := map[id.ID]hub.Device{}
	for _, d := range devices {
		keys[d.ID] = d
	}
	w.verifyForks(ctx, r)
	trails := map[id.ID]*trail{}
	erased := map[id.ID]bool{}
	for _, h := range heads {
		t := &trail{head: h, device: keys[h.Device]}
		trails[h.Device] = t
		if err := w.walk(ctx, r, t, erased, func(n int) { progress.tell(r.Entries, total) }); err != nil {
			return nil, err
		}
		if h.Size == 0 {
			continue
		}
		r.Devices++
		r.Heads = append(r.Heads, HeadReport{Device: h.Device.String(), Size: h.Size, Root: hex.EncodeToString(h.Root[:])})
		if t.b.Size() != h.Size || t.b.Root() != h.Root {
			r.bad("device %s: the root over the entries is not the root of its Merkle tree", h.Device)
		}
		if err := w.hub.CheckTree(ctx, h.Device, t.leaves); err != nil {
			r.bad("device %s: %v", h.Device, err)
		}
	}
	w.verifyErased(r, trails, erased)
	return trails, nil
}

func (w *Workspace) verifyForks(ctx context.Context, r *Report) {
	forks, err := w.hub.Forks(ctx)
	if err != nil {
		r.bad("forks: %v", err)
	}
	for _, f := range forks {
		r.bad("fork: device %s signed two different entries as number %d", f.Kept.Device, f.Kept.Number)
	}
}

// trail is one device's log as the walk has read it.
type trail struct {
	head    journal.Head
	device  hub.Device
	prev    journal.Hash
	leaves  []journal.Hash
	b       journal.Builder
	unnamed []journal.Ref // entries without a key, and which key
	keys    []id.ID
}

const verifyBatch = 2000

func (w *Workspace) walk(ctx context.Context, r *Report, t *trail, erased map[id.ID]bool, tell func(int)) error {
	have := map[id.ID]uint64{}
	for dev := range w.index.Heads() {
		have[dev] = 1 << 62
	}
	for _, d := range w.mustDevices(ctx) {
		have[d.ID] = 1 << 62
	}
	have[t.head.Device] = 0
	var part []*journal.Entry
	size := 0
	flush := func() error {
		err := w.checkPart(ctx, r, t, part, erased)
		r.Entries += len(part)
		tell(len(part))
		part, size = part[:0], 0
		return err
	}
	for e, err := range w.hub.Since(ctx, have) {
		if err != nil {
			r.bad("device %s: %v", t.head.Device, err)
			break
		}
		part = append(part, e)
		if size += len(e.Sealed); len(part) == verifyBatch || size > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (w *Workspace) mustDevices(ctx context.Context) []hub.Device {
	d, err := w.hub.Devices(ctx)
	if err != nil {
		return nil
	}
	return d
}

// checkPart checks a run of entries: signatures and commitments on all cores, the
// chain in order.
func (w *Workspace) checkPart(ctx context.Context, r *Report, t *trail, part []*journal.Entry, erased map[id.ID]bool) error {
	keys := make([]id.ID, len(part))
	for i, e := range part {
		keys[i] = e.Header.Key
	}
	if err := w.keys.Load(ctx, keys); err != nil {
		return err
	}
	type checked struct {
		leaf journal.Hash
		act  *casebook.Act
		err  error
		open error
	}
	out := make([]checked, len(part))
	workers := runtime.GOMAXPROCS(0)
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() {
			for i := k * len(part) / workers; i < (k+1)*len(part)/workers; i++ {
				c := &out[i]
				c.leaf, c.err = part[i].Check(t.device.PublicKey)
				c.act, c.open = w.checkContent(part[i])
			}
		})
	}
	wg.Wait()
	for i, e := range part {
		c := out[i]
		switch {
		case c.err != nil:
			r.bad("%v", c.err)
		case e.Header.Prev != t.prev:
			r.bad("entry %s does not follow the one before it", e.Ref())
		case e.Header.Workspace != w.ID():
			r.bad("entry %s belongs to another workspace", e.Ref())
		}
		t.prev = c.leaf
		t.b.Add(c.leaf)
		t.leaves = append(t.leaves, c.leaf)
		r.tally(t, e, c.act, c.open, erased)
	}
	return nil
}

// checkContent opens an entry where its key is held and checks what it committed to.
func (w *Workspace) checkContent(e *journal.Entry) (*casebook.Act, error) {
	key, err := w.keys.PayloadKey(e.Header.Key)
	if err != nil {
		return nil, err
	}
	aad := e.Header.AAD()
	plain, err := key.Open(nil, aad, e.Sealed)
	if err != nil {
		return nil, fault.New(fault.Corrupt, "app.Verify", "entry %s does not open with its key", e.Ref())
	}
	if !vault.CheckCommitment(key.CommitKey(e.Sealed), aad, plain, e.Commitment) {
		return nil, fault.New(fault.Corrupt, "app.Verify", "entry %s: the commitment is not to this content", e.Ref())
	}
	return casebook.DecodeAct(plain)
}

func (r *Report) tally(t *trail, e *journal.Entry, act *casebook.Act, err error, erased map[id.ID]bool) {
	switch {
	case err == nil:
		r.Opened++
		if act.Verb == casebook.Erase {
			var note erasureNote
			if journal.Unpack(act.Data, &note) == nil {
				for _, k := range note.Keys {
					erased[k] = true
				}
			}
		}
	case errors.Is(err, fault.Sealed):
		t.unnamed, t.keys = append(t.unnamed, e.Ref()), append(t.keys, e.Header.Key)
	default:
		r.bad("%v", err)
	}
}

// verifyErased holds entries without a key against the erasures the log speaks of: in
// a compartment this member holds, a key may be missing only if an act says so.
func (w *Workspace) verifyErased(r *Report, trails map[id.ID]*trail, erased map[id.ID]bool) {
	for _, t := range trails {
		for i, ref := range t.unnamed {
			if erased[t.keys[i]] {
				r.Erased++
				continue
			}
			e, err := w.hub.Get(context.Background(), ref)
			if err == nil && w.keys.Held(e.Header.Compartment) {
				r.bad("entry %s: its key is missing, and no erasure accounts for it", ref)
				continue
			}
			r.Closed++
		}
	}
}

// verifyCheckpoints holds the logs against every signed state: what was signed must be
// a beginning of what is there.
func (w *Workspace) verifyCheckpoints(ctx context.Context, r *Report, trails map[id.ID]*trail) error {
	notes, err := w.hub.Checkpoints(ctx)
	if err != nil {
		return err
	}
	for by, note := range notes {
		t := trails[by]
		if t == nil {
			r.bad("a checkpoint of device %s, which is not known", by)
			continue
		}
		w.verifyCheckpoint(ctx, r, "the checkpoint of device "+by.String(), note, t.device)
	}
	note, err := os.ReadFile(w.path(checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		if r.Entries > 0 {
			r.bad("the file %s is missing", checkpointFile)
		}
		return nil
	}
	if err != nil {
		return fault.Because(fault.Storage, "app.Verify", "the checkpoint cannot be read", err)
	}
	if own := notes[w.vault.Device()]; string(own) != string(note) {
		r.bad("the checkpoint in journal.db is not the one in the file %s: one of them was set back", checkpointFile)
	}
	w.verifyCheckpoint(ctx, r, "the file "+checkpointFile, note, hub.Device{ID: w.vault.Device(), PublicKey: w.vault.PublicKey()})
	return nil
}

func (w *Workspace) verifyCheckpoint(ctx context.Context, r *Report, what string, note []byte, dev hub.Device) {
	cp, err := journal.OpenCheckpoint(note, dev.PublicKey)
	if err != nil {
		r.bad("%s: %v", what, err)
		return
	}
	r.Checkpoints++
	for _, old := range cp.Heads {
		root, err := w.hub.RootAt(ctx, old.Device, old.Size)
		switch {
		case err != nil:
			r.bad("%s: device %s had %d entries, and they are not all here: %v", what, old.Device, old.Size, err)
		case root != old.Root:
			r.bad("%s: the first %d entries of device %s are not those that were signed", what, old.Size, old.Device)
		}
	}
}

func (w *Workspace) verifyKeys(ctx context.Context, r *Report) error {
	_, _, bad, err := w.keys.Check(ctx)
	if err != nil {
		r.bad("keys.db: %v", err)
		return nil
	}
	for _, k := range bad {
		r.bad("keys.db: payload key %s does not open", k.Short())
	}
	return nil
}

// verifyIndex folds the whole journal again in memory and compares the two dumps.
func (w *Workspace) verifyIndex(ctx context.Context, r *Report, trails map[id.ID]*trail) error {
	for dev, h := range w.index.Heads() {
		t := trails[dev]
		if t == nil || h.Size > t.head.Size {
			r.bad("the journal lacks entries of device %s that were in the index: %d entries were there", dev, h.Size)
		}
	}
	if len(r.Problems) > len(w.setBack) {
		return nil
	}
	db, err := sealeddb.Memory(ctx)
	if err != nil {
		return err
	}
	x, err := index.Open(ctx, db, w.Schema(), w)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	defer x.Close()
	heads := make([]journal.Head, 0, len(trails))
	for _, t := range trails {
		heads = append(heads, t.head)
	}
	for part, err := range w.entryBatches(ctx, nil) {
		if err != nil {
			return err
		}
		acts, err := w.openAll(ctx, part)
		if err != nil {
			return err
		}
		if _, err := x.Apply(ctx, acts, progressHeads(part, heads)); err != nil {
			return err
		}
	}
	if err := w.apply(ctx, nil, w.foldedIn(heads)); err != nil {
		return err
	}
	a, b := sha256.New(), sha256.New()
	if err := errors.Join(w.index.Dump(ctx, a), x.Dump(ctx, b)); err != nil {
		return err
	}
	if string(a.Sum(nil)) != string(b.Sum(nil)) {
		r.bad("index.db is not the fold of the journal: run amparo rebuild")
	}
	return nil
}

// lookBack compares the index with the last checkpoint before anything is folded in.
// The checkpoint is written after the index has caught up, so an index behind it was
// set back. It heals itself, but somebody has been at the disk, and verify says so.
func (w *Workspace) lookBack() error {
	note, err := os.ReadFile(w.path(checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Because(fault.Storage, "app.Open", "the checkpoint cannot be read", err)
	}
	cp, err := journal.OpenCheckpoint(note, w.vault.PublicKey())
	if err != nil {
		return nil // verify names it
	}
	w.last = cp
	have := w.index.Heads()
	for _, h := range cp.Heads {
		if got := have[h.Device]; len(have) > 0 && got.Size < h.Size || got.Size == h.Size && got.Root != (journal.Hash{}) && got.Root != h.Root {
			w.setBack = append(w.setBack, fmt.Sprintf("index.db was set back: it had folded in %d entries of device %s, and knew of %d", h.Size, h.Device, got.Size))
		}
	}
	return nil
}
