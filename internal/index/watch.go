package index

import (
	"context"
	"maps"
	"slices"
	"sync"

	"example.org/amparo/id"
)

// Watch notes what is read of the index under a context, and knows when any of it may read
// differently: a record that was read changed, or one came to name it, or let go of it, by a
// field that was asked for. What was computed from nothing else holds until then.
//
// A record is noted before it is read and a batch tells of its records after it is written,
// so that nothing falls between. A watch that ended holds no more.
type Watch struct {
	x *Index

	mu      sync.Mutex
	over    bool
	all     bool            // of everything, something was read
	records map[id.ID]bool  // that were read
	kinds   map[string]bool // of which all were read
	named   map[asked]bool
	seen    map[id.ID]bool // records that stood in what was read
}

// asked is who names a record, by a field; of any kind where that is empty.
type asked struct {
	target      id.ID
	kind, field string
}

type watchKey struct{}

// Watch begins to note what is read under the context it returns.
func (x *Index) Watch(ctx context.Context) (context.Context, *Watch) {
	w := &Watch{x: x, records: map[id.ID]bool{}, kinds: map[string]bool{}, named: map[asked]bool{}, seen: map[id.ID]bool{}}
	x.watches.add(w)
	return context.WithValue(ctx, watchKey{}, w), w
}

// Unwatched is ctx for what is read beside, and remembered elsewhere.
func Unwatched(ctx context.Context) context.Context {
	if WatchOf(ctx) == nil {
		return ctx
	}
	return context.WithValue(ctx, watchKey{}, (*Watch)(nil))
}

// WatchOf is the watch that notes what is read under ctx, or nil.
func WatchOf(ctx context.Context) *Watch {
	w, _ := ctx.Value(watchKey{}).(*Watch)
	return w
}

// Holds reports whether all that was read would read the same.
func (w *Watch) Holds() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.over
}

// Size is how much was noted.
func (w *Watch) Size() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.records) + len(w.named) + len(w.seen)
}

// Saw reports whether a record stood in what was read.
func (w *Watch) Saw(rec id.ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.records[rec] || w.seen[rec]
}

// Adopt notes all that another watch noted, and reports whether that one still holds.
func (w *Watch) Adopt(o *Watch) bool {
	w.x.watches.mu.Lock() // no batch tells of its records meanwhile
	defer w.x.watches.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if w.over || o.over {
		return false
	}
	w.all = w.all || o.all
	maps.Copy(w.records, o.records)
	maps.Copy(w.kinds, o.kinds)
	maps.Copy(w.named, o.named)
	maps.Copy(w.seen, o.seen)
	return true
}

// End ends the watch.
func (w *Watch) End() {
	w.x.watches.remove(w)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget()
}

// forget ends the watch; the caller holds w.mu.
func (w *Watch) forget() {
	w.over, w.records, w.kinds, w.named, w.seen = true, nil, nil, nil, nil
}

func (w *Watch) touched(ch Change) bool {
	if w.all || w.records[ch.ID] {
		return true
	}
	for _, s := range []Stand{ch.Before, ch.After} {
		if s.Kind == "" {
			continue
		}
		if w.kinds[s.Kind] {
			return true
		}
		for field, target := range s.Links() {
			if w.named[asked{target, s.Kind, field}] || w.named[asked{target, "", field}] || w.named[asked{target, "", ""}] {
				return true
			}
		}
	}
	return false
}

// Naming lets the watch of ctx, if there is one, note that those were read that name a record
// by a field, with their accounts: the records themselves need not be noted then.
func Naming(ctx context.Context, target id.ID, kindName, field string) {
	note(ctx, func(w *Watch) { w.named[asked{target, kindName, field}], w.seen[target] = true, true })
}

// Saw lets the watch of ctx, if there is one, note that it was asked of a record whether it
// is left out.
func Saw(ctx context.Context, rec id.ID) { note(ctx, func(w *Watch) { w.seen[rec] = true }) }

// note lets the watch of ctx, if there is one, note what is about to be read.
func note(ctx context.Context, fn func(w *Watch)) {
	if w := WatchOf(ctx); w != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !w.over {
			fn(w)
		}
	}
}

// noteRecord notes that a record is read.
func noteRecord(ctx context.Context, rec id.ID) { note(ctx, func(w *Watch) { w.records[rec] = true }) }

// noteKind notes that all records of a kind are read.
func noteKind(ctx context.Context, kindName string) {
	note(ctx, func(w *Watch) { w.kinds[kindName] = true })
}

// noteAll notes that what is read may change with any record.
func noteAll(ctx context.Context) { note(ctx, func(w *Watch) { w.all = true }) }

// noteRow notes the records that stand in a row that was read.
func noteRow(ctx context.Context, r *Row) {
	note(ctx, func(w *Watch) {
		w.seen[r.ID] = true
		for _, values := range r.Values {
			for _, v := range values {
				if t, ok := linkTarget(v); ok {
					w.seen[t] = true
				}
			}
		}
	})
}

// watches are those that have not ended.
type watches struct {
	mu  sync.Mutex
	all map[*Watch]bool
}

func (ws *watches) add(w *Watch) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.all == nil {
		ws.all = map[*Watch]bool{}
	}
	ws.all[w] = true
}

func (ws *watches) remove(w *Watch) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
}

// tell ends the watches of what changed.
func (ws *watches) tell(changed []Change) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		w.mu.Lock()
		if slices.ContainsFunc(changed, w.touched) {
			w.forget()
			delete(ws.all, w)
		}
		w.mu.Unlock()
	}
}

// end ends all of them: the index is read anew.
func (ws *watches) end() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		w.mu.Lock()
		w.forget()
		w.mu.Unlock()
	}
	clear(ws.all)
}
