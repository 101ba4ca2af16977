package app

import (
	"cmp"
	"context"
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
)

// releasedBefore are the figures that a new one is held against, or for a figure that is
// computed again those that it was held against then. What a figure showed is read from the
// history of its record, which no later account changes.
func (w *Workspace) releasedBefore(ctx context.Context, again *figure.Figure) (figure.Releases, error) {
	var recs []id.ID
	if err := w.Desk().Each(ctx, "estimate_run", func(r index.Row) error {
		recs = append(recs, r.ID)
		return nil
	}); err != nil {
		return figure.Releases{}, err
	}
	var out figure.Releases
	for _, rec := range recs {
		if again != nil && !slices.Contains(again.Against, rec) {
			continue
		}
		f, err := w.showedBy(ctx, rec)
		if err != nil {
			return figure.Releases{}, err
		}
		if f != nil {
			out.Figures = append(out.Figures, f)
		}
	}
	slices.SortFunc(out.Figures, func(a, b *figure.Figure) int {
		return cmp.Or(a.Made.Compare(b.Made), len(a.Against)-len(b.Against), a.Record.Compare(b.Record))
	})
	return out, nil
}

// showedBy is what a record of an estimate showed, or nil. Once it has shown something, that
// never changes, and is remembered.
func (w *Workspace) showedBy(ctx context.Context, rec id.ID) (*figure.Figure, error) {
	if f, ok := w.shown.Load(rec); ok {
		return f.(*figure.Figure), nil
	}
	r, err := w.History(ctx, rec)
	if err != nil {
		return nil, err
	}
	f := figure.ShowedIn(r)
	if f != nil {
		w.shown.Store(rec, f)
	}
	return f, nil
}
