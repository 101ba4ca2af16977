package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
)

// keepOutside carries what is remembered of each use over a batch of acts: the desk records
// all day, and each account changes what is left out for a purpose by a few records, or by
// none. What is not carried over is computed anew when it is next asked for.
func (w *Workspace) keepOutside(ctx context.Context, b batch) {
	w.outside.Lock()
	uses := maps.Clone(w.outside.byUse)
	w.outside.Unlock()
	for use, l := range uses {
		l.later.add(b)
		if l.TryLock() { // else it is being computed, and looked at after that
			w.carry(ctx, use, l)
			l.Unlock()
		}
	}
}

// batch is acts that were applied at once, at a generation of the index, and the records
// they touched.
type batch struct {
	before  uint64
	changes []index.Change
	joined  [][2]id.ID // records that were linked
	whole   bool       // it may have changed anything
}

// mostChanges bounds the batches that are followed record by record.
const mostChanges = 500

// batchOf is what there is to follow of acts.
func batchOf(before uint64, acts []index.Opened, changes []index.Change) batch {
	b := batch{before: before, changes: changes, whole: len(changes) > mostChanges}
	kinds := map[id.ID]string{}
	for _, ch := range changes {
		kinds[ch.ID] = ch.After.Kind
	}
	for _, o := range acts {
		switch o.Act.Verb {
		case casebook.Read, casebook.Export, casebook.Enrol, casebook.Compartment, casebook.State, casebook.Choose, casebook.Store:
		case casebook.Link:
			b.joined = append(b.joined, [2]id.ID{o.Act.Record, o.Act.Other})
		case casebook.Retract:
			b.whole = b.whole || kinds[o.Act.Record] == "person" // it may have been of a link
		default:
			b.whole = true
		}
	}
	if b.whole {
		b.changes, b.joined = nil, nil
	}
	return b
}

// backlog is the batches that were applied and not followed yet.
type backlog struct {
	sync.Mutex
	batches []batch
}

// mostWaiting bounds the memory of batches. Where one is missing, all is computed anew.
const mostWaiting = 1000

func (t *backlog) add(b batch) {
	t.Lock()
	defer t.Unlock()
	if len(t.batches) < mostWaiting {
		t.batches = append(t.batches, b)
	}
}

// since takes the batches that follow on each other from a generation, as one, and returns
// the generation after them. What is remembered is a function of what the index holds now: it
// differs from what it was by what any of them touched.
func (t *backlog) since(gen uint64) (all batch, now uint64) {
	t.Lock()
	defer t.Unlock()
	for _, b := range t.batches {
		if b.before != gen {
			continue // of before it was computed
		}
		gen++
		all.changes, all.joined, all.whole = append(all.changes, b.changes...), append(all.joined, b.joined...), all.whole || b.whole
	}
	t.batches = nil
	return all, gen
}

// carry carries l over the batches that wait, and reports whether it is as things stand. The
// caller holds l.
func (w *Workspace) carry(ctx context.Context, use consent.Use, l *left) bool {
	b, gen := l.later.since(l.gen)
	if l.known && gen != l.gen {
		l.known = !b.whole && w.carried(ctx, use, l, b) == nil
		l.gen = gen
	}
	return l.known && gen == w.index.Generation()
}

// carried brings l up to date with a batch.
func (w *Workspace) carried(ctx context.Context, use consent.Use, l *left, b batch) error {
	asked, err := w.asked(ctx, use, b)
	if err != nil {
		return err
	}
	var again []id.ID
	reg := newRegister() // each is read once, though many are one person
	for _, p := range asked {
		was := standing{l.roots[p], l.silent[p]}
		is, err := w.standing(ctx, reg, use, p)
		if err != nil {
			return err
		}
		if is != was {
			is.put(l, p)
			again = append(again, p)
		}
	}
	hanging := w.hanging(l.silent)
	for _, ch := range b.changes {
		touched := l.out.Has(ch.ID)
		if !touched {
			for field, target := range ch.After.Links() {
				if touched = l.out.Has(target) && (field == index.PassageField || field == index.SourceField || w.subject(ch.After.Kind, field)); touched {
					break
				}
			}
		}
		if touched && !slices.Contains(again, ch.ID) {
			again = append(again, ch.ID)
		}
	}
	if len(again) == 0 {
		return nil
	}
	out, err := w.index.ReachAgain(ctx, l.out, again, func(rec id.ID) bool { return l.roots[rec] }, hanging)
	if err == nil {
		l.out = out
	}
	return err
}

func (w *Workspace) subject(kindName, field string) bool {
	k, ok := w.Schema().Kind(kindName)
	return !ok || slices.Contains(k.Subject, field)
}

// asked lists those whose consent a batch may have changed: who answered, or did so before;
// persons that were stated; who was found to be the same as another; and who is spoken of
// and nobody stated.
func (w *Workspace) asked(ctx context.Context, use consent.Use, b batch) (out []id.ID, err error) {
	seen := map[id.ID]bool{}
	add := func(p id.ID) {
		if !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	group := func(p id.ID) {
		same, _, e := w.index.SameAs(ctx, p)
		err = cmp.Or(err, e)
		add(p)
		for _, o := range same {
			add(o)
		}
	}
	for _, ch := range b.changes {
		for _, s := range []index.Stand{ch.Before, ch.After} {
			switch s.Kind {
			case "consent", "bip":
				for _, p := range s.Links() {
					group(p)
				}
			case "person", "":
				add(ch.ID)
			}
		}
		if desk(use) {
			continue
		}
		for _, target := range ch.After.Links() {
			if seen[target] || ch.Before.Names(target) {
				continue
			}
			if _, e := w.index.Row(ctx, target); fault.KindOf(e) == fault.NotFound {
				add(target)
			} else {
				err = cmp.Or(err, e)
			}
		}
	}
	for _, pair := range b.joined {
		group(pair[0])
		group(pair[1])
	}
	return out, err
}

// desk reports whether a use is the work of the desk itself.
func desk(use consent.Use) bool {
	return use.Purpose == consent.Documentation && use.Recipient == ""
}

// standing is how somebody stands to a use.
type standing struct {
	out    bool // not covered
	silent bool // and never asked anything
}

func (s standing) put(l *left, p id.ID) {
	delete(l.roots, p)
	delete(l.silent, p)
	if s.out {
		l.roots[p] = true
	}
	if s.silent {
		l.silent[p] = true
	}
}

// standing says of one record what [Workspace.notCovered] says of all.
func (w *Workspace) standing(ctx context.Context, reg *register, use consent.Use, rec id.ID) (standing, error) {
	if err := w.readPerson(ctx, reg, rec); err != nil {
		return standing{}, err
	}
	if desk(use) {
		return standing{out: reg.locked(rec, use)}, nil
	}
	row, err := w.index.Row(ctx, rec)
	bare := fault.KindOf(err) == fault.NotFound
	if err != nil && !bare {
		return standing{}, err
	}
	if len(reg.answers[rec]) == 0 && (bare || row.Kind != "person") {
		return standing{out: bare, silent: bare}, nil // nobody, or spoken of and not stated
	}
	if reg.decide(rec, use).Allowed {
		return standing{}, nil
	}
	return standing{out: true, silent: !reg.asked[rec]}, nil
}
