package app

import (
	"context"

	"example.org/amparo/estimate"
	"example.org/amparo/id"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
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

// firstEvents reads the first event of a kind of each person that the reading holds. Records that
// people called the same are one person.
func (r *Reading) firstEvents(ctx context.Context, q figure.SpreadQuestion) (map[id.ID]figure.Event, error) {
	first := map[id.ID]figure.Event{}
	err := r.Each(ctx, q.Kind, func(row index.Row) error {
		e := figure.Event{ID: row.ID, Place: figure.NotKnown, Lo: when.End}
		if p := row.Values[q.Place]; len(p) == 1 && p[0].State == kind.Given {
			e.Place, e.HasPlace = p[0].Text, true
		}
		if d, err := when.Parse(row.Values.Get(q.Date)); err == nil && len(row.Values[q.Date]) == 1 {
			e.Date = d
			e.Lo, _ = d.Bounds()
		}
		for _, name := range q.People {
			for _, v := range row.Values[name] {
				p, err := id.Parse(v.Text)
				if err == nil && v.State == kind.Given {
					if was, ok := first[p]; !ok || e.Before(was) {
						first[p] = e
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.oneEach(ctx, first)
}

// oneEach keeps one event of those whose records are one person.
func (r *Reading) oneEach(ctx context.Context, first map[id.ID]figure.Event) (map[id.ID]figure.Event, error) {
	leads, err := r.w.index.Leads(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]figure.Event, len(first))
	for p, e := range first {
		lead, paired := leads[p]
		if !paired {
			lead = p
		}
		if was, ok := out[lead]; !ok || e.Before(was) {
			out[lead] = e
		}
	}
	return out, nil
}
