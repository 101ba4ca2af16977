package app

import (
	"context"
	"maps"
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
)

// keepOutside carries what is remembered of each use over a batch of acts, where the batch
// cannot have changed it but by records that newly hang on somebody left out: the desk
// records all day, and most of it is not about consent. What is not carried over is
// computed anew when it is next asked for.
func (w *Workspace) keepOutside(ctx context.Context, before uint64, acts []index.Opened) {
	after := w.index.Generation()
	if after != before+1 {
		return
	}
	w.outside.Lock()
	uses := maps.Clone(w.outside.byUse)
	w.outside.Unlock()
	for use, l := range uses {
		l.waiting.Lock()
		if len(l.waiting.batches) < mostWaiting {
			l.waiting.batches = append(l.waiting.batches, batch{before, acts})
		}
		l.waiting.Unlock()
		if l.TryLock() { // else it is being computed, and looked at after that
			w.carry(ctx, use, l)
			l.Unlock()
		}
	}
}

// batch is acts that were applied at once, at a generation of the index.
type batch struct {
	before uint64
	acts   []index.Opened
}

// mostWaiting bounds the memory of batches. Where one is missing, all is computed anew.
const mostWaiting = 1000

// carry carries over the batches that wait. The caller holds l.
func (w *Workspace) carry(ctx context.Context, use consent.Use, l *left) {
	l.waiting.Lock()
	batches := l.waiting.batches
	l.waiting.batches = nil
	l.waiting.Unlock()
	for _, b := range batches {
		if !l.known || l.gen != b.before {
			continue // of before it was computed
		}
		out, ok := w.carried(ctx, use, l, b.acts)
		if !ok {
			l.known = false
			return
		}
		l.out, l.gen = out, b.before+1
	}
}

// carried is what a use leaves out after the acts; not ok where that must be computed anew.
func (w *Workspace) carried(ctx context.Context, use consent.Use, l *left, acts []index.Opened) (*index.Reached, bool) {
	out := l.out
	for _, o := range acts {
		switch o.Act.Verb {
		case casebook.Read, casebook.Export, casebook.Enrol, casebook.Compartment:
			continue
		case casebook.State:
		default:
			return nil, false
		}
		var ok bool
		if out, ok = w.carriedOver(ctx, use, out, l.silent, o.Act); !ok {
			return nil, false
		}
	}
	return out, true
}

// carriedOver is carried for one statement.
func (w *Workspace) carriedOver(ctx context.Context, use consent.Use, out *index.Reached, silent map[id.ID]bool, a *casebook.Act) (*index.Reached, bool) {
	asks := a.Kind == "consent" || a.Kind == "bip" || a.Kind == "person" && use.Purpose != consent.Documentation
	if asks {
		return nil, false
	}
	named, accounts, err := w.index.Edges(ctx, a.Record)
	if err == nil && accounts == 1 && out.Has(a.Record) && !silent[a.Record] {
		return out, true // found when it was computed, which was after this was applied
	}
	if err != nil || out.Has(a.Record) || accounts != 1 && slices.ContainsFunc(namedBy(a), out.Has) {
		return nil, false // an account beside others may also have let go of somebody
	}
	for _, e := range named {
		_, err := w.index.Row(ctx, e.Target)
		if all := use.Purpose == consent.Documentation && use.Recipient == ""; err != nil && !all && !out.Has(e.Target) {
			return nil, false // whoever is spoken of and not stated gave nothing
		}
	}
	for _, e := range named {
		if !out.Has(e.Target) {
			continue
		}
		hangs, err := w.hangs(e, silent)
		if err != nil {
			return nil, false
		}
		if hangs {
			out, err = w.index.ReachOn(ctx, out, a.Record, w.hanging(silent))
			return out, err == nil
		}
	}
	return out, true
}

// namedBy lists the records that a statement names in any way.
func namedBy(a *casebook.Act) (out []id.ID) {
	for _, values := range a.Fields {
		for _, v := range values {
			if target, err := id.Parse(v.Text); err == nil {
				out = append(out, target)
			}
		}
	}
	if out = append(out, a.Source); a.Passage != nil {
		out = append(out, a.Passage.Record)
	}
	return out
}
