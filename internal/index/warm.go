package index

import (
	"cmp"
	"context"

	"github.com/ncruces/go-sqlite3"

	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
	"example.org/amparo/internal/sealeddb"
)

// build makes an in-memory view from the file without holding up readers: it is made
// apart and put in place only if no batch was applied meanwhile. After two tries that
// were overtaken the batches wait.
//
// one is held while building, so that two requests do not build the same view; have says
// whether the view is there; make reads the file and returns what puts it in place.
func (x *Index) build(have func() bool, make func() (install func(), err error)) error {
	for try := 0; ; try++ {
		x.mu.RLock()
		ok, gen := have(), x.gen
		x.mu.RUnlock()
		if ok {
			return nil
		}
		if try == 2 {
			x.mu.Lock()
			defer x.mu.Unlock()
			install, err := make()
			if err == nil {
				install()
			}
			return err
		}
		install, err := make()
		if err != nil {
			return err
		}
		x.mu.Lock()
		if x.gen == gen {
			install()
			x.mu.Unlock()
			return nil
		}
		x.mu.Unlock()
	}
}

// loaded returns the columns with those of one kind in place, or of every kind where
// name is empty. The caller holds no lock.
func (x *Index) loaded(ctx context.Context, name string) (*columns, error) {
	have := func() bool { return x.cols.has(name) }
	x.mu.RLock()
	cs, ok := x.cols, have()
	x.mu.RUnlock()
	if ok {
		return cs, nil
	}
	x.loading.Lock()
	defer x.loading.Unlock()
	err := x.build(have, func() (func(), error) {
		if name != "" {
			return x.loadKind(ctx, name)
		}
		fresh := newColumns(x.schema(), x.words)
		fresh.all = true
		var err error
		if fresh.expect, err = x.Counts(Unwatched(ctx)); err != nil {
			return nil, err
		}
		err = x.eachDoc(ctx, `kind > 0 ORDER BY rec`, nil, fresh.set)
		return func() { x.cols = fresh }, err
	})
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.cols, err
}

// loadKind reads one kind's records, which for a small kind takes no time.
func (x *Index) loadKind(ctx context.Context, name string) (func(), error) {
	fresh := newColumns(x.schema(), x.words)
	var err error
	if fresh.expect, err = x.Counts(Unwatched(ctx)); err != nil {
		return nil, err
	}
	if n, known := x.words.number(name); known {
		if err := x.eachDoc(ctx, `kind = ?1`, []any{n}, fresh.set); err != nil {
			return nil, err
		}
	}
	return func() {
		if x.cols == nil {
			x.cols = newColumns(x.schema(), x.words)
		}
		x.cols.adopt(fresh.tables[name])
		x.cols.ready[name] = true
	}, nil
}

// eachDoc reads the records of a condition.
func (x *Index) eachDoc(ctx context.Context, where string, args []any, fn func(rec int64, k *kind.Kind, flags uint8, last journal.HLC, d doc)) error {
	query := `SELECT rec, kind, flags | 2 * (accounts > 1), last, doc FROM record WHERE ` + where // 2 is flagSeveral
	return x.db.Read(ctx, func(c *sqlite3.Conn) error {
		return sealeddb.Each(c, query, args, func(s *sqlite3.Stmt) error {
			k, ok := x.kindOf(s.ColumnInt64(1))
			if !ok {
				return nil
			}
			d, err := decodeDoc(s.ColumnRawBlob(4))
			if err != nil {
				return err
			}
			fn(s.ColumnInt64(0), k, uint8(s.ColumnInt64(2)), journal.HLC(s.ColumnInt64(3)), d)
			return nil
		})
	})
}

// loadedNames returns the name cache, building it on first use.
func (x *Index) loadedNames(ctx context.Context) (*nameCache, error) {
	have := func() bool { return x.names != nil }
	x.mu.RLock()
	n, ok := x.names, have()
	x.mu.RUnlock()
	if ok {
		return n, nil
	}
	x.naming.Lock()
	defer x.naming.Unlock()
	err := x.build(have, func() (func(), error) {
		fresh := newNameCache()
		err := x.eachNamed(ctx, fresh)
		return func() { x.names = fresh }, err
	})
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.names, err
}

// Warm reads the columns and the name cache, both at once, so that the first search does not
// wait.
func (x *Index) Warm(ctx context.Context) error {
	named := make(chan error, 1)
	go func() {
		_, err := x.loadedNames(ctx)
		named <- err
	}()
	_, err := x.loaded(ctx, "")
	return cmp.Or(<-named, err)
}
