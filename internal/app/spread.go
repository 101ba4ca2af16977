package app

import (
	"context"

	"example.org/amparo/id"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
	"example.org/amparo/when"
)

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
