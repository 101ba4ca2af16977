package app

import (
	"cmp"
	"context"
	"strings"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// What follows answers the questions of [index.Index] for one purpose. Each method says
// and fails as the method of the same name there does.

var errOutside = fault.New(fault.NotFound, "app", "no such record")

// List is [index.Index.List] for the purpose.
func (r *Reading) List(ctx context.Context, q index.Query) (*index.Result, error) {
	out, err := r.out(ctx)
	if err != nil {
		return nil, err
	}
	q.Except = out
	res, err := r.w.index.List(ctx, q)
	if err == nil {
		r.prune(out, res.Rows)
	}
	return res, err
}

// Newest is [index.Index.Newest] for the purpose.
func (r *Reading) Newest(ctx context.Context, kindName string, limit int) ([]index.Row, error) {
	out, err := r.out(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := r.w.index.Newest(ctx, kindName, limit, out)
	if err == nil {
		r.prune(out, rows)
	}
	return rows, err
}

// Search is [index.Index.Search] for the purpose. That this member searched, and which files
// were found by a name, is durable before it returns, and is in the log (R23).
func (r *Reading) Search(ctx context.Context, text string, limit int) (*index.Found, error) {
	return r.search(ctx, text, limit, r.w.index.SearchExcept)
}

// SearchNow is [Reading.Search] by [index.Index.SearchNow]: it does not wait for what is still
// being read into memory, and is in the log all the same.
func (r *Reading) SearchNow(ctx context.Context, text string, limit int) (*index.Found, error) {
	return r.search(ctx, text, limit, r.w.index.SearchNow)
}

func (r *Reading) search(ctx context.Context, text string, limit int, find func(context.Context, string, int, *index.Reached) (*index.Found, error)) (*index.Found, error) {
	out, err := r.out(ctx)
	if err != nil {
		return nil, err
	}
	f, err := find(ctx, text, limit, out)
	if err != nil {
		return nil, err
	}
	r.prune(out, f.Rows)
	if _, err := r.w.noteSearch(ctx, text, id.ID{}, r.w.namesIn(f.Named)); err != nil {
		return nil, err
	}
	return f, nil
}

// Narratives is [index.Index.Narratives] for the purpose; what is left out counts as not
// read. That words were found in a restricted record is durable before hit is called, and is
// in the log (R23).
func (r *Reading) Narratives(ctx context.Context, text string, hit func(index.Narrative) bool) (scanned int, err error) {
	out, err := r.out(ctx)
	if err != nil {
		return 0, err
	}
	var failed error
	var number id.ID // of the search, once it found something that is restricted
	scanned, err = r.w.index.Narratives(ctx, text, func(n index.Narrative) bool {
		if out.Has(n.Record) {
			return true
		}
		number, failed = r.w.notePassage(ctx, text, number, n)
		return failed == nil && hit(n)
	})
	return scanned, cmp.Or(failed, err)
}

// Counts is [index.Index.Counts] for the purpose.
func (r *Reading) Counts(ctx context.Context) (map[string]int, error) {
	out, err := r.out(ctx)
	if err != nil {
		return nil, err
	}
	return r.w.index.CountsExcept(ctx, out)
}

// Contested is [index.Index.Contested] for the purpose.
func (r *Reading) Contested(ctx context.Context) (map[string]int, error) {
	out, err := r.out(ctx)
	if err != nil {
		return nil, err
	}
	return r.w.index.ContestedExcept(ctx, out)
}

// Each is [index.Index.Each] for the purpose.
func (r *Reading) Each(ctx context.Context, kindName string, fn func(index.Row) error) error {
	return r.each(ctx, kindName, r.w.index.Each, fn)
}

// Scan is [index.Index.Scan] for the purpose.
func (r *Reading) Scan(ctx context.Context, kindName string, fn func(index.Row) error) error {
	return r.each(ctx, kindName, r.w.index.Scan, fn)
}

func (r *Reading) each(ctx context.Context, kindName string, all func(context.Context, string, func(index.Row) error) error, fn func(index.Row) error) error {
	out, err := r.out(ctx)
	if err != nil {
		return err
	}
	return all(ctx, kindName, func(row index.Row) error {
		if out.Has(row.ID) {
			return nil
		}
		r.pruneValues(out, row.Values)
		return fn(row)
	})
}

// Row is [index.Index.Row] for the purpose: what is left out does not exist.
func (r *Reading) Row(ctx context.Context, rec id.ID) (*index.Row, error) {
	index.Saw(ctx, rec)
	out, err := r.out(ctx)
	if err != nil {
		return nil, err
	}
	if out.Has(rec) {
		return nil, errOutside
	}
	row, err := r.w.index.Row(ctx, rec)
	if err == nil {
		r.pruneValues(out, row.Values)
	}
	return row, err
}

// Linked is [index.Index.Linked] for the purpose.
func (r *Reading) Linked(ctx context.Context, rec id.ID, kindName, field string) ([]index.Row, error) {
	return r.linked(ctx, rec, kindName, field, r.w.index.Linked)
}

// LinkedWithWords is [index.Index.LinkedWithWords] for the purpose.
func (r *Reading) LinkedWithWords(ctx context.Context, rec id.ID, kindName, field string) ([]index.Row, error) {
	return r.linked(ctx, rec, kindName, field, r.w.index.LinkedWithWords)
}

func (r *Reading) linked(ctx context.Context, rec id.ID, kindName, field string, find func(context.Context, id.ID, string, string) ([]index.Row, error)) ([]index.Row, error) {
	index.Saw(ctx, rec)
	out, err := r.out(ctx)
	if err != nil || out.Has(rec) {
		return nil, err
	}
	rows, err := find(ctx, rec, kindName, field)
	kept := rows[:0]
	for _, row := range rows {
		if !out.Has(row.ID) {
			kept = append(kept, row)
		}
	}
	r.prune(out, kept)
	return kept, err
}

// Fold is [index.Index.Fold] for the purpose: the fields as they stand and who says them,
// without links to what is left out and without the history, which may name it.
func (r *Reading) Fold(ctx context.Context, rec id.ID) (*casebook.Record, error) {
	index.Saw(ctx, rec)
	out, err := r.out(ctx)
	if err != nil {
		return nil, err
	}
	if out.Has(rec) {
		return nil, errOutside
	}
	f, err := r.w.index.Fold(ctx, rec)
	if err != nil {
		return nil, err
	}
	kept := &casebook.Record{ID: f.ID, Kind: f.Kind, First: f.First, Last: f.Last, Fields: map[string]*casebook.FieldState{}}
	for name, st := range f.Fields {
		if st = pruneState(out, st); st != nil {
			kept.Fields[name] = st
		}
	}
	for _, a := range f.Accounts {
		if out.Has(a.Act.Source) {
			continue
		}
		act := *a.Act
		act.Fields = pruned(out, act.Fields)
		kept.Accounts = append(kept.Accounts, casebook.Account{Ref: a.Ref, Act: &act, CorrectedBy: a.CorrectedBy})
	}
	return kept, nil
}

// Title is [Workspace.Title] for the purpose.
func (r *Reading) Title(ctx context.Context, row index.Row, lang string) string {
	return r.w.title(ctx, r.Row, row, lang, 0)
}

// ValueText is [Workspace.ValueText] for the purpose.
func (r *Reading) ValueText(ctx context.Context, f *kind.Field, v kind.Value, lang string) (text, link string, ok bool) {
	return r.w.valueText(ctx, r.Row, f, v, lang)
}

// Has reports whether the purpose covers a record.
func (r *Reading) Has(ctx context.Context, rec id.ID) (bool, error) {
	index.Saw(ctx, rec)
	out, err := r.out(ctx)
	return err == nil && !out.Has(rec), err
}

func (r *Reading) prune(out *index.Reached, rows []index.Row) {
	for i := range rows {
		r.pruneValues(out, rows[i].Values)
	}
}

func (r *Reading) pruneValues(out *index.Reached, vs kind.Values) {
	for name, values := range vs {
		kept := pruneLinks(out, values)
		if len(kept) == 0 && len(values) > 0 {
			delete(vs, name)
			continue
		}
		vs[name] = kept
	}
}

// pruneLinks drops the values that name a record left out. Any text that reads as an
// identifier is looked at, whatever the type of its field.
func pruneLinks(out *index.Reached, values []kind.Value) []kind.Value {
	names := func(v kind.Value) bool {
		text, _, _ := strings.Cut(v.Text, "#") // a passage names its record so
		target, err := id.Parse(text)
		return err == nil && out.Has(target)
	}
	keep := values
	for i, v := range values {
		if !names(v) {
			continue
		}
		keep = append([]kind.Value(nil), values[:i]...)
		for _, o := range values[i+1:] {
			if !names(o) {
				keep = append(keep, o)
			}
		}
		return keep
	}
	return keep
}

func pruned(out *index.Reached, vs kind.Values) kind.Values {
	kept := make(kind.Values, len(vs))
	for name, values := range vs {
		if v := pruneLinks(out, values); len(v) > 0 || len(values) == 0 {
			kept[name] = v
		}
	}
	return kept
}

func pruneState(out *index.Reached, st *casebook.FieldState) *casebook.FieldState {
	kept := &casebook.FieldState{Contested: st.Contested}
	for _, c := range st.Claims {
		if v := pruneLinks(out, c.Values); len(v) > 0 {
			kept.Claims = append(kept.Claims, casebook.Claim{Values: v, Accounts: c.Accounts, Chosen: c.Chosen})
		}
	}
	if st.Choice != nil {
		choice := *st.Choice
		kept.Choice = &choice
	}
	if len(kept.Claims) == 0 {
		return nil
	}
	return kept
}
