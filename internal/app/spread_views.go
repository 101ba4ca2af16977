package app

import (
	"context"

	"example.org/amparo/estimate"
	"example.org/amparo/id"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/kind"
)

// Spread is the map and calendar of a kind of event as they were last counted, or nil where they
// never were. It reads no record of a person.
func (w *Workspace) Spread(ctx context.Context, kindName string) (*figure.Spread, error) {
	q, err := figure.SpreadOf(kindName)
	if err != nil {
		return nil, err
	}
	before, err := w.releasedBefore(ctx, nil)
	if err != nil {
		return nil, err
	}
	return before.Spread(q), nil
}

// CountSpread counts the map and calendar of a kind of event anew, under the consent of the day, and
// keeps what may be shown of it after everything shown before, under any question. The first time
// it shows places by period, later the totals of places, and of seasons and months. What may not be
// shown anew stays as it was last shown. It refuses, and keeps nothing, where too few people came in or left
// since, or where nothing new could be shown.
func (w *Workspace) CountSpread(ctx context.Context, kindName, program string) (*estimate.Refusal, error) {
	q, err := figure.SpreadOf(kindName)
	if err != nil {
		return nil, err
	}
	read, err := w.For(countingPurpose, "")
	if err != nil {
		return nil, err
	}
	w.figuring.Lock()
	defer w.figuring.Unlock()
	before, err := w.releasedBefore(ctx, nil)
	if err != nil {
		return nil, err
	}
	first, err := read.firstEvents(ctx, q)
	if err != nil {
		return nil, err
	}
	v, refused, err := before.CountView(q, first)
	if v == nil {
		return refused, err
	}
	f := w.newFigure(figure.Question{Ask: figure.AskMap, Stage: q.Kind}, countingPurpose)
	f.Program = program
	f.HeldAgainst(before)
	v.KeepIn(f)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.Record = w.NewRecord()
	return nil, w.keepRun(ctx, f, kind.Values{"model": {kind.Of(figure.AskMap + ": " + q.Kind)}})
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
