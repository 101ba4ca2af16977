package app

import (
	"context"

	"example.org/amparo/id"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/figure"
	"example.org/amparo/internal/index"
)

// stays are the first stays of every type, by the number of the person's record.
func (w *Workspace) stays(ctx context.Context, g *ground) (map[string]map[int]chain.Duration, error) {
	rows, err := w.chainRows(ctx, g)
	if err != nil {
		return nil, err
	}
	out := map[string]map[int]chain.Duration{}
	for n, p := range g.Persons {
		for _, d := range chain.Durations(p, assemble(rows["episode"][p], rows["detention_stage"][p])) {
			if out[d.Type] == nil {
				out[d.Type] = map[int]chain.Duration{}
			}
			if _, ok := out[d.Type][n]; !ok {
				out[d.Type][n] = d
				g.Under[d.Stage], g.Under[p] = true, true
			}
		}
	}
	return out, nil
}

// chainRows reads the forced returns and stages of those who may be counted, by person.
func (w *Workspace) chainRows(ctx context.Context, g *ground) (map[string]map[id.ID][]index.Row, error) {
	rows := map[string]map[id.ID][]index.Row{}
	for _, name := range []string{"episode", "detention_stage"} {
		rows[name] = map[id.ID][]index.Row{}
		if err := g.read.Each(ctx, name, func(r index.Row) error {
			if n, ok := g.of(r.Values.Get("person")); ok {
				rows[name][g.Persons[n]] = append(rows[name][g.Persons[n]], r)
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

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
