package app

import (
	"context"
	"slices"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/vault"
)

// erasureNote is the content of an Erase act: which keys were destroyed. It stays in
// the log for ever and names nobody.
type erasureNote struct {
	_       struct{} `cbor:",toarray"`
	Keys    []id.ID
	Subject id.ID
}

// Erasure tells what was erased and what is still to come.
type Erasure struct {
	Keys    int
	Records int     // records that lost accounts
	Pending []id.ID // members who must exchange once before the erasure is complete
}

// Erase destroys the payload keys of a protected person or case: every account sealed
// with them becomes unreadable here at once, and everywhere once each member has
// exchanged. The log still verifies. There is no way back. Under a legal hold it is
// fault.Denied.
func (w *Workspace) Erase(ctx context.Context, subject id.ID, reason string) (Erasure, error) {
	if reason == "" {
		return Erasure{}, fault.New(fault.Invalid, "app.Erase", "an erasure needs a reason").With("say on whose wish and when").Coded("erase.reason")
	}
	if err := w.holdOn(ctx, subject); err != nil {
		return Erasure{}, err
	}
	var keys []id.ID
	for _, room := range w.rooms.all() {
		key := room.keyFor(subject)
		have, gone, err := w.keys.Known(ctx, key)
		if err != nil {
			return Erasure{}, err
		}
		if have && !gone {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return Erasure{}, fault.New(fault.NotFound, "app.Erase", "there is nothing sealed for this record").
			With("erase the person or case a record belongs to")
	}
	if err := w.dropUnsavedOf(ctx, func(s id.ID) bool { return s == subject }); err != nil {
		return Erasure{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	done, err := w.destroy(ctx, subject, keys, reason)
	if err != nil {
		return Erasure{}, err
	}
	e := Erasure{Keys: len(done.Keys), Pending: done.Pending}
	e.Records, err = w.refold(ctx, keys)
	return e, err
}

// destroy writes to the log which keys are destroyed, and destroys them. The caller holds
// w.mu, and folds again what they had sealed.
func (w *Workspace) destroy(ctx context.Context, subject id.ID, keys []id.ID, reason string) (vault.Erasure, error) {
	general, err := w.roomOf(generalRoom)
	if err != nil {
		return vault.Erasure{}, err
	}
	note := journal.Encode(erasureNote{Keys: keys, Subject: subject})
	if _, err := w.commit(ctx, []draft{{act: &casebook.Act{Verb: casebook.Erase, Data: note, Reason: reason}, room: general}}); err != nil {
		return vault.Erasure{}, err
	}
	return w.keys.Destroy(ctx, keys...)
}

// forget drops from the index what destroyed keys had sealed, and what was typed about those
// they belonged to.
func (w *Workspace) forget(ctx context.Context, keys []id.ID) error {
	if len(keys) == 0 {
		return nil
	}
	rooms := w.rooms.all()
	if err := w.dropUnsavedOf(ctx, func(s id.ID) bool {
		return slices.ContainsFunc(rooms, func(r *compartment) bool { return slices.Contains(keys, r.keyFor(s)) })
	}); err != nil {
		return err
	}
	_, err := w.refold(ctx, keys)
	return err
}

// refold folds again the records that lost accounts, and rewrites the index file so
// that no page of it keeps a word of them.
func (w *Workspace) refold(ctx context.Context, keys []id.ID) (int, error) {
	set := make(map[id.ID]bool, len(keys))
	for _, k := range keys {
		set[k] = true
	}
	n, err := w.index.Refold(ctx, set)
	w.linked.drop()
	w.hand.drop()
	w.wordings.forget()
	w.memos.drop()
	if err != nil {
		return n, err
	}
	return n, w.index.DB().Vacuum(ctx)
}
