package index

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/fault"
	"example.org/amparo/internal/sealeddb"
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
	var page []int64
	x.mu.RLock()
	known := x.cols.has(kindName)
	if t := x.cols.of(kindName); t != nil {
		rows := t.newestRows(limit, func(row int32) bool { return !except.has(t.recs[row]) })
		for _, row := range rows[:min(limit, len(rows))] {
			page = append(page, t.recs[row])
		}
	}
	x.mu.RUnlock()
	if !known {
		var err error
		if page, err = x.newestInFile(ctx, kindName, limit, except); err != nil {
			return nil, err
		}
	}
	return x.rows(ctx, page)
}

// newestInFile finds them before the kind is read into memory, which takes longer.
func (x *Index) newestInFile(ctx context.Context, kindName string, limit int, except *Reached) (page []int64, err error) {
	n, known := x.words.number(kindName)
	if !known {
		return nil, nil
	}
	enough := errors.New("enough")
	err = x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT rec FROM record WHERE kind = ?1 ORDER BY last DESC, rec`, []any{n}, func(s *sqlite3.Stmt) error {
			if rec := s.ColumnInt64(0); !except.has(rec) {
				page = append(page, rec)
			}
			if len(page) >= limit {
				return enough
			}
			return nil
		})
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return page, err
}
