package app

import (
	"context"
	"strings"
	"sync"

	"example.org/amparo/internal/consent"
	"example.org/amparo/internal/index"
)

// memos remember what pages computed from many records, each with all that was read for it,
// until one of those records changes or is no longer covered by the purpose it was read for.
// They live in memory and hold no sealed words but those that the page shows.
type memos struct {
	sync.Mutex
	byKey map[string]*memo
	clock uint64
	size  int // of all watches
}

// memo is one of them. It is locked while it is computed, so that two pages do not compute
// the same.
type memo struct {
	sync.Mutex
	value any
	watch *index.Watch
	size  int
	used  uint64
	uses  *usesRead
}

// usesRead are the uses that something was read for, each with what it left out then.
type usesRead struct {
	sync.Mutex
	outs  map[consent.Use]*index.Reached
	moved bool // one of them left out something else before it was all read
}

func (u *usesRead) note(use consent.Use, out *index.Reached) {
	u.Lock()
	defer u.Unlock()
	was, ok := u.outs[use]
	u.moved = u.moved || ok && was != out
	u.outs[use] = out
}

type usesKey struct{}

// mostNotes bounds what is remembered, by the records it was read from.
const mostNotes = 300_000

// remembered is what compute makes under key, or made before where it would make the same
// again. What it makes is shared and must not be changed. Inside another computation, what it
// was made from is noted there too.
func remembered[T any](ctx context.Context, w *Workspace, key string, compute func(context.Context) (T, error)) (T, error) {
	outer := index.WatchOf(ctx)
	m := w.memos.at(key)
	m.Lock()
	defer m.Unlock()
	value, err := fromMemo(index.Unwatched(ctx), w, m, key, compute)
	if outer == nil || err != nil {
		return value, err
	}
	read, _ := ctx.Value(usesKey{}).(*usesRead)
	if m.watch == nil || read == nil || !outer.Adopt(m.watch) { // it does not hold, or is too much to keep
		return compute(ctx)
	}
	for use, out := range m.uses.outs {
		read.note(use, out)
	}
	return value, nil
}

// fromMemo is remembered for a memo that the caller has locked.
func fromMemo[T any](ctx context.Context, w *Workspace, m *memo, key string, compute func(context.Context) (T, error)) (T, error) {
	if ok, err := w.holds(ctx, m); err != nil {
		var none T
		return none, err
	} else if ok {
		return m.value.(T), nil
	}
	if m.watch != nil {
		m.watch.End()
	}
	m.value, m.watch, m.uses = nil, nil, &usesRead{outs: map[consent.Use]*index.Reached{}}
	under, watch := w.index.Watch(ctx)
	value, err := compute(context.WithValue(under, usesKey{}, m.uses))
	keep := err == nil && !m.uses.moved && watch.Holds()
	size := 0
	if keep {
		size = watch.Size()
	}
	if !w.memos.sized(key, m, size) || !keep {
		watch.End()
		return value, err
	}
	m.value, m.watch = value, watch
	return value, nil
}

// holds reports whether what is remembered would be made the same again.
func (w *Workspace) holds(ctx context.Context, m *memo) (bool, error) {
	if m.watch == nil || !m.watch.Holds() {
		return false, nil
	}
	for use, was := range m.uses.outs {
		now, err := (&Reading{w: w, use: use}).out(ctx)
		if err != nil {
			return false, err
		}
		for rec := range was.Between(now) {
			if m.watch.Saw(rec) {
				return false, nil
			}
		}
		m.uses.outs[use] = now
	}
	return m.watch.Holds(), nil
}

func (s *memos) at(key string) *memo {
	s.Lock()
	defer s.Unlock()
	if s.byKey == nil {
		s.byKey = map[string]*memo{}
	}
	m := s.byKey[key]
	if m == nil {
		m = &memo{}
		s.byKey[key] = m
	}
	s.clock++
	m.used = s.clock
	return m
}

// sized notes how much m holds, and lets go of those longest unused where all are too much.
// It is false where m was let go of while it was made.
func (s *memos) sized(key string, m *memo, size int) bool {
	s.Lock()
	defer s.Unlock()
	if s.byKey[key] != m {
		return false
	}
	s.size += size - m.size
	m.size = size
	for s.size > mostNotes {
		oldest, at := m, ""
		for k, o := range s.byKey {
			if o != m && (at == "" || o.used < oldest.used) {
				oldest, at = o, k
			}
		}
		if at == "" {
			return true
		}
		s.forget(at, oldest)
	}
	return true
}

// forget lets go of m; the caller holds s.
func (s *memos) forget(key string, m *memo) {
	delete(s.byKey, key)
	s.size -= m.size
	m.size = 0
	if !m.TryLock() {
		return // it is being made, and nobody will find it
	}
	defer m.Unlock()
	if m.watch != nil {
		m.watch.End()
	}
	m.value, m.watch = nil, nil
}

// ended lists the keys of what no longer holds and was made for a page before, and lets go of
// its values.
func (s *memos) ended(prefix string) (out []string) {
	s.Lock()
	defer s.Unlock()
	for key, m := range s.byKey {
		if !strings.HasPrefix(key, prefix) || !m.TryLock() {
			continue
		}
		if m.watch != nil && !m.watch.Holds() {
			out = append(out, key)
			m.value, m.watch = nil, nil
		}
		m.Unlock()
	}
	return out
}

// dropOne forgets one.
func (s *memos) dropOne(key string) {
	s.Lock()
	defer s.Unlock()
	if m := s.byKey[key]; m != nil {
		s.forget(key, m)
	}
}

// drop forgets all.
func (s *memos) drop() {
	s.Lock()
	defer s.Unlock()
	for key, m := range s.byKey {
		s.forget(key, m)
	}
}
