package app

import (
	"cmp"
	"context"
	"slices"

	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/chain"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/kind"
)

// Returns is a person's forced returns as the chain screen shows them.
type Returns struct {
	Episodes  []chain.Episode // stages told outside any return stand in one without a record
	Findings  []chain.Finding // what cannot be, what is seldom so, what is missing
	Totals    []chain.Total   // interrogation and holding, one an episode
	Questions map[id.ID][]chain.Question
	Durations []chain.Duration
	// Table lays the tellings of the person's chain, under all records found to be the same
	// person, beside each other.
	Table chain.Table
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
	if err := r.questions(ctx, person, out); err != nil {
		return nil, err
	}
	tellings, err := r.tellings(ctx, person)
	out.Table = chain.Align(tellings)
	return out, err
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

// tellings takes the stages of a person apart by who told them: one telling an interview,
// else one a source, else the documenter's own.
func (r *Reading) tellings(ctx context.Context, person id.ID) ([]chain.Telling, error) {
	same, _, err := r.w.index.SameAs(ctx, person)
	if err != nil {
		return nil, err
	}
	told := map[id.ID]map[id.ID]kind.Values{} // teller -> stage record -> what it says
	for _, p := range append([]id.ID{person}, same...) {
		rows, err := r.Linked(ctx, p, "detention_stage", "person")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if err := r.takeApart(ctx, row.ID, told); err != nil {
				return nil, err
			}
		}
	}
	var out []chain.Telling
	for teller, records := range told {
		t := chain.Telling{Source: teller}
		for rec, vs := range records {
			t.Stages = append(t.Stages, chain.ReadStage(rec, vs))
		}
		slices.SortFunc(t.Stages, func(a, b chain.Stage) int { return a.Record.Compare(b.Record) })
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b chain.Telling) int { return a.Source.Compare(b.Source) })
	return out, nil
}

// takeApart gives each standing answer of a stage to whoever gave it.
func (r *Reading) takeApart(ctx context.Context, stage id.ID, told map[id.ID]map[id.ID]kind.Values) error {
	f, err := r.Fold(ctx, stage)
	if err != nil {
		return err
	}
	tellers := map[casebook.Ref]id.ID{}
	for _, a := range f.Accounts {
		tellers[a.Ref] = r.teller(ctx, a)
	}
	for name, st := range f.Fields {
		for _, c := range st.Claims {
			for _, ref := range c.Accounts {
				teller, known := tellers[ref]
				if !known {
					continue // a source the purpose leaves out
				}
				if told[teller] == nil {
					told[teller] = map[id.ID]kind.Values{}
				}
				if told[teller][stage] == nil {
					told[teller][stage] = kind.Values{}
				}
				told[teller][stage][name] = append(told[teller][stage][name], c.Values...)
			}
		}
	}
	return nil
}

// teller is the interview an account rests on, else its source.
func (r *Reading) teller(ctx context.Context, a casebook.Account) id.ID {
	if a.Act.Passage == nil {
		return a.Act.Source
	}
	row, err := r.Row(ctx, a.Act.Passage.Record)
	if err != nil {
		return a.Act.Source
	}
	if interview, err := id.Parse(row.Values.Get("interview")); err == nil {
		return interview
	}
	return row.ID
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
