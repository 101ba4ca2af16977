package app

import (
	"cmp"
	"context"
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/index"
)

// Returns is a person's forced returns as the chain screen shows them.
type Returns struct {
	Episodes  []chain.Episode // stages told outside any return stand in one without a record
	Findings  []chain.Finding // what cannot be, what is seldom so, what is missing
	Totals    []chain.Total   // interrogation and holding, one an episode
	Questions map[id.ID][]chain.Question
	Durations []chain.Duration
}

// Returns reads a person's forced returns for the purpose.
func (r *Reading) Returns(ctx context.Context, person id.ID) (*Returns, error) {
	if _, err := r.Row(ctx, person); err != nil {
		return nil, err
	}
	out := &Returns{Questions: map[id.ID][]chain.Question{}}
	episodes, err := r.Linked(ctx, person, "episode", "person")
	if err != nil {
		return nil, err
	}
	stages, err := r.Linked(ctx, person, "detention_stage", "person")
	if err != nil {
		return nil, err
	}
	set := r.w.Schema()
	out.Episodes = assemble(episodes, stages)
	out.Findings = chain.Check(out.Episodes, set)
	for _, e := range out.Episodes {
		out.Totals = append(out.Totals, chain.Interrogation(e))
	}
	out.Durations = chain.Durations(person, out.Episodes)
	return out, r.questions(ctx, person, out)
}

// assemble puts stages into their episodes, in the order of their periods.
func assemble(episodes, stages []index.Row) []chain.Episode {
	var out []chain.Episode
	at := map[id.ID]int{}
	slices.SortFunc(episodes, func(a, b index.Row) int { return a.ID.Compare(b.ID) })
	for _, row := range episodes {
		at[row.ID] = len(out)
		out = append(out, chain.ReadEpisode(row.ID, row.Values))
	}
	var loose chain.Episode
	for _, row := range stages {
		s := chain.ReadStage(row.ID, row.Values)
		if i, ok := at[s.Episode]; ok {
			out[i].Stages = append(out[i].Stages, s)
			continue
		}
		loose.Stages = append(loose.Stages, s)
	}
	slices.SortStableFunc(out, func(a, b chain.Episode) int {
		x, _ := a.Period.Bounds()
		y, _ := b.Period.Bounds()
		if a.Number > 0 && b.Number > 0 {
			return cmp.Compare(a.Number, b.Number)
		}
		return cmp.Compare(x, y)
	})
	if len(loose.Stages) > 0 {
		out = append(out, loose)
	}
	return out
}

func (r *Reading) questions(ctx context.Context, person id.ID, out *Returns) error {
	rows, err := r.Linked(ctx, person, "question_asked", "person")
	for _, row := range rows {
		stage, _ := id.Parse(row.Values.Get("stage")) // none: asked at a stage nobody named
		q := chain.Nexus(r.w.Schema(), row.Values.Get("question"))
		q.Record = row.ID.String()
		out.Questions[stage] = append(out.Questions[stage], q)
	}
	return err
}

// Durations lists every stay of detention the purpose covers, as survival estimation takes
// it, person by person. Two records of one person are two persons here: the caller that
// has linked them says which to take.
func (r *Reading) Durations(ctx context.Context) ([]chain.Duration, error) {
	episodes, stages := map[id.ID][]index.Row{}, map[id.ID][]index.Row{}
	for name, into := range map[string]map[id.ID][]index.Row{"episode": episodes, "detention_stage": stages} {
		if err := r.Each(ctx, name, func(row index.Row) error {
			if p, err := id.Parse(row.Values.Get("person")); err == nil {
				into[p] = append(into[p], row)
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	people := make([]id.ID, 0, len(stages))
	for p := range stages {
		people = append(people, p)
	}
	slices.SortFunc(people, id.ID.Compare)
	var out []chain.Duration
	for _, p := range people {
		out = append(out, chain.Durations(p, assemble(episodes[p], stages[p]))...)
	}
	return out, nil
}
