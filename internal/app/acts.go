package app

import (
	"context"
	"errors"
	"iter"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/spare"
)

// OpenActs implements [index.Source]: it reads entries and opens those whose keys
// are held, on all cores, and keeps the order of refs.
func (w *Workspace) OpenActs(ctx context.Context, refs []journal.Ref) ([]index.Opened, error) {
	entries, err := w.hub.GetMany(ctx, refs)
	if err != nil {
		return nil, err
	}
	opened, _, err := w.openMatching(ctx, entries, nil)
	return opened, err
}

// OpenMatching implements [index.Source].
func (w *Workspace) OpenMatching(ctx context.Context, refs []journal.Ref, keep func(plain []byte) bool) ([]index.Opened, int, error) {
	entries, err := w.hub.GetMany(ctx, refs)
	if err != nil {
		return nil, 0, err
	}
	return w.openMatching(ctx, entries, keep)
}

// openAll opens entries; see openMatching.
func (w *Workspace) openAll(ctx context.Context, entries []*journal.Entry) ([]index.Opened, error) {
	opened, _, err := w.openMatching(ctx, entries, nil)
	return opened, err
}

// openMatching opens entries in parallel and keeps their order. An entry whose key is
// not held, or was destroyed, is left out: for this member it says nothing. One that is
// held and does not open is damage. With keep, only the plaintexts it wants are decoded;
// read counts all that were opened.
func (w *Workspace) openMatching(ctx context.Context, entries []*journal.Entry, keep func(plain []byte) bool) (out []index.Opened, read int, err error) {
	keys := make([]id.ID, 0, len(entries))
	for _, e := range entries {
		if len(keys) == 0 || keys[len(keys)-1] != e.Header.Key {
			keys = append(keys, e.Header.Key)
		}
	}
	if err := w.keys.Load(ctx, keys); err != nil {
		return nil, 0, err
	}
	slots := make([]index.Opened, len(entries))
	errs := make([]error, len(entries))
	workers := min(spare.Cores(ctx), 1+len(entries)/64)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() {
			for j := i * len(entries) / workers; j < (i+1)*len(entries)/workers; j++ {
				slots[j], errs[j] = w.openEntry(entries[j], keep)
			}
		})
	}
	wg.Wait()
	out = slots[:0]
	for i, s := range slots {
		switch {
		case errors.Is(errs[i], fault.Sealed):
		case errs[i] != nil:
			return nil, 0, errs[i]
		default:
			read++
			if s.Act != nil {
				out = append(out, s)
			}
		}
	}
	return out, read, nil
}

func (w *Workspace) openEntry(e *journal.Entry, keep func(plain []byte) bool) (index.Opened, error) {
	plain, err := w.openContent(e)
	if err != nil || keep != nil && !keep(plain) {
		return index.Opened{}, err
	}
	act, err := casebook.DecodeAct(plain)
	return index.Opened{At: e.Ref(), Key: e.Header.Key, Act: act}, err
}

func (w *Workspace) openContent(e *journal.Entry) ([]byte, error) {
	key, err := w.keys.PayloadKey(e.Header.Key)
	if err != nil {
		return nil, err
	}
	plain, err := key.Open(nil, e.Header.AAD(), e.Sealed)
	if err != nil {
		return nil, fault.Because(fault.Corrupt, "app.open", "entry "+e.Ref().String()+" does not open with its key", err)
	}
	return plain, nil
}

// Progress is told how far a long work has come; total is 0 while unknown.
type Progress func(done, total int)

func (p Progress) tell(done, total int) {
	if p != nil {
		p(done, total)
	}
}

// applyBatch is how many entries a catch-up or a rebuild takes in one transaction, and
// batchBytes how much of them: the parts of files are large.
const (
	applyBatch = 8000
	batchBytes = 32 << 20
)

// catchUp folds into the index what the journal holds beyond it, and learns the
// workspace's own acts: compartments, members, declared kinds. Reading, opening and
// folding overlap.
func (w *Workspace) catchUp(ctx context.Context, progress Progress) error {
	heads, err := w.hub.Heads(ctx)
	if err != nil {
		return err
	}
	have, total, done := w.indexed(heads)
	type batch struct {
		acts  []index.Opened
		heads []journal.Head
		n     int
		err   error
	}
	batches := make(chan batch, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(batches)
		for part, err := range w.entryBatches(ctx, have) {
			b := batch{n: len(part), err: err}
			if err == nil {
				b.acts, b.err = w.openAll(ctx, part)
				b.heads = progressHeads(part, heads)
			}
			select {
			case batches <- b:
			case <-ctx.Done():
				return
			}
		}
	}()
	for b := range batches {
		if b.err != nil {
			return b.err
		}
		if err := w.learn(b.acts); err != nil {
			return err
		}
		if err := w.apply(ctx, b.acts, b.heads); err != nil {
			return err
		}
		done += b.n
		progress.tell(done, total)
	}
	return ctx.Err()
}

// indexed returns how many entries of each device the index has folded in, how many
// there are in all, and how many of them are done.
func (w *Workspace) indexed(heads []journal.Head) (have map[id.ID]uint64, total, done int) {
	have = map[id.ID]uint64{}
	for dev, h := range w.index.Heads() {
		have[dev] = h.Size
	}
	for _, h := range heads {
		total += int(h.Size)
		have[h.Device] = min(have[h.Device], h.Size) // an index ahead of the journal is for verify to name
		done += int(have[h.Device])
	}
	return have, total, done
}

// entryBatches yields the entries beyond have, a batch at a time.
func (w *Workspace) entryBatches(ctx context.Context, have map[id.ID]uint64) iter.Seq2[[]*journal.Entry, error] {
	return func(yield func([]*journal.Entry, error) bool) {
		var part []*journal.Entry
		size := 0
		for e, err := range w.hub.Since(ctx, have) {
			if err != nil {
				yield(nil, err)
				return
			}
			part = append(part, e)
			if size += len(e.Sealed); len(part) == applyBatch || size > batchBytes {
				if !yield(part, nil) {
					return
				}
				part, size = make([]*journal.Entry, 0, applyBatch), 0
			}
		}
		if len(part) > 0 {
			yield(part, nil)
		}
	}
}

// progressHeads are the heads the index notes after a batch: the true head where the
// batch ends a device's log, else the size alone.
func progressHeads(part []*journal.Entry, final []journal.Head) []journal.Head {
	upTo := map[id.ID]uint64{}
	for _, e := range part {
		upTo[e.Header.Device] = e.Header.Number + 1
	}
	var out []journal.Head
	for _, h := range final {
		switch n := upTo[h.Device]; {
		case n == h.Size && n > 0:
			out = append(out, h)
		case n > 0:
			out = append(out, journal.Head{Device: h.Device, Size: n})
		}
	}
	return out
}

// Rebuild throws the index away and computes it again from the journal.
func (w *Workspace) Rebuild(ctx context.Context, progress Progress) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.index.Reset(ctx); err != nil {
		return err
	}
	return w.catchUp(ctx, progress)
}
