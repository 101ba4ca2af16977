package app

import (
	"context"

	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
)

// fates reads the first return of everybody, who was heard, and who is on a list.
func (w *Workspace) fates(ctx context.Context, g *ground) (figure.Fates, error) {
	rows, err := w.chainRows(ctx, g)
	if err != nil {
		return figure.Fates{}, err
	}
	out := figure.Fates{First: map[int]figure.Fate{}, Heard: map[int]bool{}, Listed: map[int]bool{}}
	for kindName, in := range map[string]map[int]bool{"interview": out.Heard, "list_capture": out.Listed} {
		if err := g.read.Each(ctx, kindName, func(r index.Row) error {
			if n, ok := g.of(r.Values.Get("person")); ok {
				in[n] = true
			}
			return nil
		}); err != nil {
			return figure.Fates{}, err
		}
	}
	for n, p := range g.Persons {
		if len(rows["episode"][p]) == 0 {
			continue
		}
		all := assemble(rows["episode"][p], rows["detention_stage"][p])
		out.First[n] = figure.FirstFate(p, all[0])
		g.Under[p], g.Under[all[0].Record] = true, true
		for _, s := range all[0].Stages {
			g.Under[s.Record] = true
		}
	}
	return out, nil
}
