package index

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/sealeddb"
)

// Leads names, for every record that people have called the same as another, directly or
// through others, the lowest identifier of its group: what [Index.SameAs] says of one
// record, for all of them at once.
func (x *Index) Leads(ctx context.Context) (map[id.ID]id.ID, error) {
	noteAll(ctx)
	up := map[id.ID]id.ID{}
	find := func(r id.ID) id.ID {
		for {
			p, ok := up[r]
			if !ok || p == r {
				return r
			}
			if g, ok := up[p]; ok {
				up[r] = g
			}
			r = p
		}
	}
	err := x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, `SELECT a.id, b.id FROM pair JOIN record a ON a.rec = pair.a JOIN record b ON b.rec = pair.b
			WHERE pair.verdict = ?1 AND a.kind > 0 AND b.kind > 0`, []any{int64(casebook.Same)}, func(s *sqlite3.Stmt) error {
			a, b := find(id.ID(s.ColumnBlob(0, nil))), find(id.ID(s.ColumnBlob(1, nil)))
			if b.Compare(a) < 0 {
				a, b = b, a
			}
			up[a] = a
			up[b] = a
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]id.ID, len(up))
	for r := range up {
		out[r] = find(r)
	}
	return out, nil
}
