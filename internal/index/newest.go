package index

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"example.org/amparo/fault"
)

// newest is the rows of a table in the order in which they changed last, the newest first, as
// of some moment, with those that changed since.
type newest struct {
	sync.Mutex
	rows  []int32 // nil: nobody asked yet
	moved map[int32]bool
}

// mostMoved is how many rows are put in their place anew at each question.
const mostMoved = 1000

func (n *newest) moves(row int32) {
	n.Lock()
	defer n.Unlock()
	if n.rows == nil {
		return
	}
	if n.moved[row] = true; len(n.moved) > mostMoved {
		n.rows, n.moved = nil, nil
	}
}

// newestRows are the first rows that may be shown of those that changed last. The caller holds
// the index for reading.
func (t *table) newestRows(limit int, shown func(row int32) bool) []int32 {
	later := func(a, b int32) int {
		return cmp.Or(cmp.Compare(t.last[b], t.last[a]), cmp.Compare(t.recs[a], t.recs[b]))
	}
	n := &t.newest
	n.Lock()
	defer n.Unlock()
	if n.rows == nil {
		n.rows, n.moved = make([]int32, len(t.recs)), map[int32]bool{}
		for row := range n.rows {
			n.rows[row] = int32(row)
		}
		slices.SortFunc(n.rows, later)
	}
	var out []int32
	for row := range n.moved {
		if t.live[row] && shown(row) {
			out = append(out, row)
		}
	}
	for _, row := range n.rows {
		if limit == 0 {
			break
		}
		if t.live[row] && !n.moved[row] && shown(row) {
			out = append(out, row)
			limit--
		}
	}
	slices.SortFunc(out, later)
	return out
}

// Newest returns the records of a kind that changed last, the newest first: as [Index.List]
// does in its own order, without counting the others.
func (x *Index) Newest(ctx context.Context, kindName string, limit int, except *Reached) ([]Row, error) {
	if _, ok := x.schema().Kind(kindName); !ok {
		return nil, fault.New(fault.NotFound, "index.Newest", "no kind %q", kindName)
	}
	noteKind(ctx, kindName)
	cs, err := x.loaded(ctx, kindName)
	if err != nil {
		return nil, err
	}
	var page []int64
	x.mu.RLock()
	if t := cs.tables[kindName]; t != nil {
		rows := t.newestRows(limit, func(row int32) bool { return !except.has(t.recs[row]) })
		for _, row := range rows[:min(limit, len(rows))] {
			page = append(page, t.recs[row])
		}
	}
	x.mu.RUnlock()
	return x.rows(ctx, page)
}
