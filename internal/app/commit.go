package app

import (
	"context"
	"runtime"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/vault"
)

// draft is an act on its way into the journal: where it is sealed and for whom.
type draft struct {
	act     *casebook.Act
	room    *compartment
	subject id.ID // whose payload key seals it; zero: the compartment's own
}

// commit seals, signs and stores acts, in order, and folds them into the index. When
// it returns without error they survive a power cut. Keys are made durable before
// the entries that need them; the index may lag after a crash and catches up.
//
// The caller holds w.mu.
func (w *Workspace) commit(ctx context.Context, drafts []draft) ([]index.Opened, error) {
	if len(drafts) == 0 {
		return nil, nil
	}
	keys := make([]*vault.PayloadKey, len(drafts))
	keyIDs := make([]id.ID, len(drafts))
	for i, d := range drafts {
		var err error
		keyIDs[i] = d.room.keyFor(d.subject)
		if keys[i], err = w.keys.Ensure(ctx, d.room.id, keyIDs[i]); err != nil {
			return nil, err
		}
	}
	if err := w.keys.Flush(ctx); err != nil {
		return nil, err
	}
	entries, leaves, opened, err := w.seal(drafts, keyIDs, keys)
	if err != nil {
		return nil, err
	}
	if err := w.hub.Append(ctx, w.vault.Device(), entries, leaves); err != nil {
		return nil, err
	}
	w.tip.size += uint64(len(entries))
	w.tip.prev = leaves[len(leaves)-1]
	if err := w.learn(opened); err != nil {
		return nil, err
	}
	return opened, w.apply(ctx, opened, []journal.Head{{Device: w.vault.Device(), Size: w.tip.size}})
}

// seal turns drafts into signed entries. Encoding and signing run on all cores; the
// chain in between is short work, one seal and one hash an entry.
func (w *Workspace) seal(drafts []draft, keyIDs []id.ID, keys []*vault.PayloadKey) ([]*journal.Entry, []journal.Hash, []index.Opened, error) {
	dev := w.vault.Device()
	opened := make([]index.Opened, len(drafts))
	for i, d := range drafts {
		if d.act.At == 0 {
			d.act.At = w.clock.Next()
		}
		if d.act.Member.IsZero() {
			d.act.Member = w.vault.Member()
		}
		opened[i] = index.Opened{At: journal.Ref{Device: dev, Number: w.tip.size + uint64(i)}, Key: keyIDs[i], Act: d.act}
	}
	plain := make([][]byte, len(drafts))
	parallel(runtime.GOMAXPROCS(0), len(drafts), func(i int) { plain[i] = drafts[i].act.Encode() })
	entries := make([]*journal.Entry, len(drafts))
	leaves := make([]journal.Hash, len(drafts))
	prev := w.tip.prev
	for i, d := range drafts {
		e := &journal.Entry{Header: journal.Header{
			Version: journal.Version, Workspace: w.ID(), Device: dev, Number: w.tip.size + uint64(i), Prev: prev,
			Compartment: d.room.id, Epoch: w.keys.Epoch(d.room.id), Key: keyIDs[i],
		}}
		if len(plain[i]) > maxPlain {
			return nil, nil, nil, fault.New(fault.TooLarge, "app.commit", "one statement holds more than %d bytes", maxPlain).
				With("divide the text into passages").Coded("statement.large")
		}
		e.Sealed, e.Commitment = keys[i].Seal(nil, e.Header.AAD(), plain[i], w.opt.Rand)
		e.Header.Size = uint32(len(e.Sealed))
		entries[i], leaves[i] = e, e.LeafHash()
		prev = leaves[i]
	}
	parallel(runtime.GOMAXPROCS(0), len(entries), func(i int) { entries[i].SignLeaf(w.vault.Signer(), leaves[i]) })
	return entries, leaves, opened, nil
}

// maxPlain keeps a padded statement under the journal's limit.
const maxPlain = journal.MaxSealed / 2

// Checkpoint signs the present state of all logs and keeps it, in the journal and as
// a file beside it: what a later log must contain.
func (w *Workspace) Checkpoint(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.checkpoint(ctx)
}

func (w *Workspace) checkpoint(ctx context.Context) error {
	if w.hub == nil {
		return nil
	}
	heads, err := w.hub.Heads(ctx)
	if err != nil {
		return err
	}
	if w.covers(heads) {
		return nil // the journal was set back: the evidence is kept, and verify names it
	}
	note, err := journal.NewCheckpoint(w.ID(), heads).Sign(w.vault.Signer())
	if err != nil {
		return err
	}
	if err := w.hub.PutCheckpoint(ctx, w.vault.Device(), note); err != nil {
		return err
	}
	if err := w.apply(ctx, nil, w.foldedIn(heads)); err != nil {
		return err
	}
	return replaceFile(w.path(checkpointFile), note)
}

// foldedIn keeps the heads the index has reached: it may note their roots, but never
// claim entries it has not seen.
func (w *Workspace) foldedIn(heads []journal.Head) (out []journal.Head) {
	have := w.index.Heads()
	for _, h := range heads {
		if h.Size > 0 && have[h.Device].Size == h.Size {
			out = append(out, h)
		}
	}
	return out
}

// covers reports whether the last checkpoint speaks of entries that are not here.
func (w *Workspace) covers(heads []journal.Head) bool {
	now := map[id.ID]uint64{}
	for _, h := range heads {
		now[h.Device] = h.Size
	}
	for _, h := range w.last.Heads {
		if now[h.Device] < h.Size {
			return true
		}
	}
	return false
}
